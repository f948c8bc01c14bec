-- How many articles of each month are published, those that readers do not see yet or any more included, and when
-- readers last saw any of them change: the sums of rows, which are only ever added, so that no two changes wait for each
-- other, and summed up by the server now and then.
CREATE TABLE month_counts (
    id BLOB PRIMARY KEY NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    articles INTEGER NOT NULL,
    changed_at TEXT
) WITHOUT ROWID;
INSERT INTO month_counts (id, starts_at, ends_at, articles, changed_at)
SELECT randomblob(16), strftime('%Y-%m-%dT00:00:00.000Z', month || '-01'),
       coalesce(strftime('%Y-%m-%dT00:00:00.000Z', month || '-01', '+1 month'), '9999-12-31T23:59:59.999Z'),
       articles, changed_at
FROM (SELECT substr(published_at, 1, 7) AS month, count(*) AS articles,
             max(CASE WHEN published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now') THEN updated_at END) AS changed_at
      FROM articles WHERE status = 'published' GROUP BY 1);
