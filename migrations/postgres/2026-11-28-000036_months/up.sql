-- How many articles of each month are published, those that readers do not see yet or any more included, and when
-- readers last saw any of them change: the sums of rows, which are only ever added, so that no two changes wait for each
-- other, and summed up by the server now and then.
CREATE TABLE month_counts (
    id uuid PRIMARY KEY NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    articles bigint NOT NULL,
    changed_at timestamptz
);
INSERT INTO month_counts (id, starts_at, ends_at, articles, changed_at)
SELECT gen_random_uuid(), month AT TIME ZONE 'UTC', least((month + interval '1 month') AT TIME ZONE 'UTC', '9999-12-31T23:59:59.999Z'), articles, changed_at
FROM (SELECT date_trunc('month', published_at AT TIME ZONE 'UTC') AS month, count(*) AS articles,
             max(updated_at) FILTER (WHERE published_at <= now()) AS changed_at
      FROM articles WHERE status = 'published' GROUP BY 1) months;
