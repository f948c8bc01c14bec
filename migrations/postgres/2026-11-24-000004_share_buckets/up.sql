-- Shares counted here, by the hour (UTC) in which they came; what is older than hours are kept for has
-- been folded into days. All counts are sums of these. Room is left on pages, so that counting writes no
-- index.
CREATE TABLE share_buckets (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network text COLLATE "C" NOT NULL,
    starts_at timestamptz NOT NULL,
    span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    shares bigint NOT NULL CHECK (shares > 0),
    PRIMARY KEY (article_id, network, starts_at, span)
) WITH (fillfactor = 80);
CREATE INDEX share_buckets_by_time ON share_buckets (span, starts_at);

-- When what was counted before came is not known: on the day of publication.
INSERT INTO share_buckets (article_id, network, starts_at, span, shares)
SELECT c.article_id, c.network,
       date_trunc('day', coalesce(a.published_at, a.created_at), 'UTC'), 'day', c.first_party
FROM share_counts c JOIN articles a ON a.id = c.article_id
WHERE c.first_party > 0;

-- `first_party` is the sum of the buckets, written with them; `counted_at` when the last one came.
ALTER TABLE share_counts ADD COLUMN counted_at timestamptz;
ALTER TABLE share_counts SET (fillfactor = 80);

-- Who shared what within the counting window, as the first half of a keyed hash that nothing can be
-- read from: older, longer ones match nothing any more.
TRUNCATE share_visitors;
