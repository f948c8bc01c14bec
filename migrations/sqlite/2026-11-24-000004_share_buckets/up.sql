-- Shares counted here, by the hour (UTC) in which they came; what is older than hours are kept for has
-- been folded into days. All counts are sums of these.
CREATE TABLE share_buckets (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    shares INTEGER NOT NULL CHECK (shares > 0),
    PRIMARY KEY (article_id, network, starts_at, span)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_buckets_by_time ON share_buckets (span, starts_at);

-- When what was counted before came is not known: on the day of publication.
INSERT INTO share_buckets (article_id, network, starts_at, span, shares)
SELECT c.article_id, c.network,
       substr(coalesce(a.published_at, a.created_at), 1, 10) || 'T00:00:00.000Z', 'day', c.first_party
FROM share_counts c JOIN articles a ON a.id = c.article_id
WHERE c.first_party > 0;

-- `first_party` is the sum of the buckets, written with them; `counted_at` when the last one came.
ALTER TABLE share_counts ADD COLUMN counted_at TEXT;

-- Who shared what within the counting window, as the first half of a keyed hash that nothing can be
-- read from.
DROP TABLE share_visitors;
CREATE TABLE share_visitors (
    visitor BLOB PRIMARY KEY NOT NULL,
    counted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX share_visitors_by_time ON share_visitors (counted_at);
