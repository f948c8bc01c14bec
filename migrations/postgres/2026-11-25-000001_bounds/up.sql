-- How many published articles a tag, a section or an author has, those that are scheduled or under
-- embargo included: written with each change, so that no read counts them.
ALTER TABLE tags ADD COLUMN published_articles bigint NOT NULL DEFAULT 0;
ALTER TABLE authors ADD COLUMN published_articles bigint NOT NULL DEFAULT 0;
UPDATE tags SET published_articles =
    (SELECT count(*) FROM article_tags x WHERE x.tag_id = tags.id AND x.published_at IS NOT NULL)
    + (SELECT count(*) FROM articles a WHERE a.section_id = tags.id AND a.status = 'published');
UPDATE authors SET published_articles =
    (SELECT count(*) FROM article_authors x WHERE x.author_id = authors.id AND x.published_at IS NOT NULL);
CREATE INDEX tags_by_articles ON tags (published_articles DESC, id);
CREATE INDEX tags_by_kind_and_articles ON tags (kind, published_articles DESC, id);
CREATE INDEX authors_by_articles ON authors (published_articles DESC, id);
CREATE INDEX articles_by_address ON articles (canonical_url) WHERE canonical_url IS NOT NULL;

-- Of these, those that the public may not see yet: few.
CREATE VIEW hidden_articles AS
SELECT id, section_id FROM articles WHERE status = 'published' AND published_at > now()
UNION ALL
SELECT id, section_id FROM articles
WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > now()
  AND published_at <= now();
CREATE VIEW hidden_article_counts AS
SELECT owner_id, count(*) AS articles FROM (
    SELECT x.tag_id AS owner_id FROM hidden_articles h JOIN article_tags x ON x.article_id = h.id
    UNION ALL SELECT x.author_id FROM hidden_articles h JOIN article_authors x ON x.article_id = h.id
    UNION ALL SELECT section_id FROM hidden_articles WHERE section_id IS NOT NULL
) AS owned GROUP BY owner_id;
DROP VIEW hidden_matches;
CREATE VIEW hidden_matches AS
SELECT s.words AS words, s.position AS position
FROM hidden_articles h
JOIN search_entries e ON e.article_id = h.id
JOIN article_search s ON s.position = e.position;

-- The shares of each hour and day, of all articles together and of those shared most: what trends is
-- made of these. `network` is empty for all networks; `articles` has of each its id (16 bytes) and its
-- shares (8 bytes, the most significant first), the most shared first.
CREATE TABLE share_rollups (
    span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    network text COLLATE "C" NOT NULL,
    shares bigint NOT NULL,
    articles bytea NOT NULL,
    PRIMARY KEY (span, starts_at, network)
);
