-- How many published articles a tag, a section or an author has, those that are scheduled or under
-- embargo included: written with each change, so that no read counts them.
ALTER TABLE tags ADD COLUMN published_articles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authors ADD COLUMN published_articles INTEGER NOT NULL DEFAULT 0;
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
SELECT id, section_id FROM articles INDEXED BY articles_public_by_publication
WHERE status = 'published' AND published_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
UNION ALL
SELECT id, section_id FROM articles INDEXED BY articles_by_embargo
WHERE status = 'published' AND embargo_until IS NOT NULL
  AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
CREATE VIEW hidden_article_counts AS
SELECT owner_id, count(*) AS articles FROM (
    SELECT x.tag_id AS owner_id FROM hidden_articles h CROSS JOIN article_tags x ON x.article_id = h.id
    UNION ALL SELECT x.author_id FROM hidden_articles h CROSS JOIN article_authors x ON x.article_id = h.id
    UNION ALL SELECT section_id FROM hidden_articles WHERE section_id IS NOT NULL
) GROUP BY owner_id;
DROP VIEW hidden_matches;
CREATE VIEW hidden_matches AS
SELECT s.article_search AS words, s.rowid AS position
FROM hidden_articles h
CROSS JOIN search_entries e ON e.article_id = h.id
CROSS JOIN article_search s ON s.rowid = e.position;

-- The shares of each hour and day, of all articles together and of those shared most: what trends is
-- made of these. `network` is empty for all networks; `articles` has of each its id (16 bytes) and its
-- shares (8 bytes, the most significant first), the most shared first.
CREATE TABLE share_rollups (
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at TEXT NOT NULL,
    network TEXT NOT NULL,
    shares INTEGER NOT NULL,
    articles BLOB NOT NULL,
    PRIMARY KEY (span, starts_at, network)
) STRICT;

-- As before, in SQL that SQLite 3.40 reads as well: an aggregate takes no ORDER BY there.
DROP VIEW full_articles;
CREATE VIEW full_articles AS
SELECT a.*,
       b.blocks AS body,
       b.html AS body_html,
       (SELECT json_group_array(json_object('id', lower(hex(w.id)), 'slug', w.slug, 'name', w.name,
                                            'role', w.role, 'bio', w.bio, 'avatar_url', w.avatar_url))
        FROM (SELECT author_id FROM article_authors WHERE article_id = a.id ORDER BY position) x
        CROSS JOIN authors w ON w.id = x.author_id) AS authors,
       (SELECT json_group_array(json_object('id', lower(hex(t.id)), 'slug', t.slug, 'name', t.name,
                                            'kind', t.kind))
        FROM (SELECT tag_id FROM article_tags WHERE article_id = a.id ORDER BY position) x
        CROSS JOIN tags t ON t.id = x.tag_id) AS tags,
       (SELECT json_object('id', lower(hex(s.id)), 'slug', s.slug, 'name', s.name)
        FROM tags s WHERE s.id = a.section_id) AS section,
       (SELECT json_group_array(json_object('id', lower(hex(c.id)), 'kind', c.kind, 'text', c.text,
                                            'published_at', c.published_at))
        FROM (SELECT * FROM corrections WHERE article_id = a.id ORDER BY published_at, id) c) AS corrections,
       -- When readers may see what it says now, and when anything that it shows was last changed;
       -- of published articles.
       max(a.updated_at, a.published_at, coalesce(a.embargo_until, '')) AS public_updated_at,
       max(max(a.updated_at, a.published_at, coalesce(a.embargo_until, '')),
           coalesce((SELECT max(t.updated_at) FROM article_tags x JOIN tags t ON t.id = x.tag_id
                     WHERE x.article_id = a.id), ''),
           coalesce((SELECT max(w.updated_at) FROM article_authors x JOIN authors w ON w.id = x.author_id
                     WHERE x.article_id = a.id), ''),
           coalesce((SELECT s.updated_at FROM tags s WHERE s.id = a.section_id), '')) AS public_changed_at
FROM articles a LEFT JOIN article_bodies b ON b.article_id = a.id;
