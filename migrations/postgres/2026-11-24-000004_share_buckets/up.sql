-- Shares counted here, by the hour (UTC) in which they came; what is older than hours are kept for has
-- been folded into days. All counts are sums of these. Room is left on pages, so that counting writes no
-- index.
CREATE TABLE share_buckets (
    span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network text COLLATE "C" NOT NULL,
    shares bigint NOT NULL CHECK (shares > 0),
    PRIMARY KEY (span, starts_at, article_id, network)
) WITH (fillfactor = 80);
CREATE INDEX share_buckets_by_article ON share_buckets (article_id, starts_at);

-- When what was counted before came is not known: on the day of publication.
INSERT INTO share_buckets (article_id, network, starts_at, span, shares)
SELECT c.article_id, c.network,
       date_trunc('day', coalesce(a.published_at, a.created_at), 'UTC'), 'day', c.first_party
FROM share_counts c JOIN articles a ON a.id = c.article_id
WHERE c.first_party > 0;

-- `first_party` is the sum of the buckets, written with them; `counted_at` when the last one came.
-- `external` is what a tool saw elsewhere for the article's present address, `observed_at` when; null is
-- unknown. `former_external` is the sum of what was seen for its former addresses, `former_observed_at`
-- when the last of them was.
ALTER TABLE share_counts ADD COLUMN counted_at timestamptz;
ALTER TABLE share_counts ADD COLUMN external bigint CHECK (external >= 0);
ALTER TABLE share_counts ADD COLUMN former_external bigint CHECK (former_external >= 0);
ALTER TABLE share_counts ADD COLUMN observed_at timestamptz;
ALTER TABLE share_counts ADD COLUMN former_observed_at timestamptz;
ALTER TABLE share_counts SET (fillfactor = 80);

-- Addresses that articles had elsewhere or before, and the counts that were seen for addresses,
-- whether or not an article is known to have had them.
CREATE TABLE former_urls (
    url text COLLATE "C" PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position integer NOT NULL
);
CREATE INDEX former_urls_by_article ON former_urls (article_id);
CREATE TABLE url_share_counts (
    url text COLLATE "C" NOT NULL,
    network text COLLATE "C" NOT NULL,
    external bigint CHECK (external >= 0),
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (url, network)
);

-- The sum of an article's counts, for lists in that order: brought up to date every few seconds.
-- Every article has a row.
CREATE TABLE share_totals (
    article_id uuid PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    total bigint NOT NULL
);
CREATE INDEX share_totals_by_total ON share_totals (total, article_id);
INSERT INTO share_totals (article_id, total)
SELECT a.id, coalesce((SELECT sum(c.first_party) FROM share_counts c WHERE c.article_id = a.id), 0)
FROM articles a;

-- What the public may see now, in the order of share counts, which is that of an index.
CREATE VIEW public_articles_by_shares AS
SELECT t.total, t.article_id AS id, p.slug, p.language, p.section_id, p.updated_at, p.published_at
FROM share_totals t JOIN public_articles p ON p.id = t.article_id;

-- Shares as they were counted, all of one batch in a row, for as long as visitors must be known again: of each
-- a part of a keyed hash of the visitor that nothing can be read from (8 bytes), the article (16) and the
-- network (1). Batches are numbered without gaps.
DROP TABLE share_visitors;
CREATE TABLE share_journal (
    batch bigint PRIMARY KEY NOT NULL,
    counted_at timestamptz NOT NULL,
    shares bytea NOT NULL
);

-- The last batch that buckets and counts have.
CREATE TABLE share_journal_applied (
    id bigint PRIMARY KEY NOT NULL CHECK (id = 1),
    batch bigint NOT NULL
);
INSERT INTO share_journal_applied (id, batch) VALUES (1, 0);
