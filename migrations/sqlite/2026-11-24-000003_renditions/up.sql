-- What readers see of a published article, as JSON: reading it converts nothing. `summary_json` has the
-- members of its summary after those that name it, `details_json` those that summaries leave out but
-- for the body, `made_of` the marks of all that it shows, eight bytes each, and `rendered_changed_at` when
-- any of that was last changed. It holds for the version that it was made of, and while no tag and no
-- author is outdated.
ALTER TABLE articles ADD COLUMN summary_json TEXT;
ALTER TABLE articles ADD COLUMN details_json TEXT;
ALTER TABLE articles ADD COLUMN made_of BLOB;
ALTER TABLE articles ADD COLUMN rendered_changed_at TEXT;
ALTER TABLE articles ADD COLUMN rendered_version INTEGER;

-- Tags and authors that changed, until the articles that show them are rendered again, and articles
-- that never were. `serial` counts the changes.
CREATE TABLE outdated_renditions (
    kind TEXT NOT NULL CHECK (kind IN ('article', 'tag', 'author')),
    id BLOB NOT NULL,
    serial INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
INSERT INTO outdated_renditions (kind, id, serial)
SELECT 'article', id, 1 FROM articles WHERE status = 'published';

DROP VIEW public_articles_by_search;
DROP VIEW public_articles_by_tag;
DROP VIEW public_articles_by_author;
DROP VIEW public_articles;
DROP VIEW full_articles;

-- Every article with what it refers to, as JSON, so that one query reads it whole.
CREATE VIEW full_articles AS
SELECT a.*,
       b.blocks AS body,
       b.html AS body_html,
       (SELECT json_group_array(json_object('id', lower(hex(w.id)), 'slug', w.slug, 'name', w.name,
                                            'role', w.role, 'bio', w.bio, 'avatar_url', w.avatar_url)
                                ORDER BY x.position)
        FROM article_authors x JOIN authors w ON w.id = x.author_id
        WHERE x.article_id = a.id) AS authors,
       (SELECT json_group_array(json_object('id', lower(hex(t.id)), 'slug', t.slug, 'name', t.name,
                                            'kind', t.kind)
                                ORDER BY x.position)
        FROM article_tags x JOIN tags t ON t.id = x.tag_id
        WHERE x.article_id = a.id) AS tags,
       (SELECT json_object('id', lower(hex(s.id)), 'slug', s.slug, 'name', s.name)
        FROM tags s WHERE s.id = a.section_id) AS section,
       (SELECT json_group_array(json_object('id', lower(hex(c.id)), 'kind', c.kind, 'text', c.text,
                                            'published_at', c.published_at)
                                ORDER BY c.published_at, c.id)
        FROM corrections c WHERE c.article_id = a.id) AS corrections,
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

-- What the public may see now. Delivery reads articles through this view only;
-- its clock is the database's, so a scheduled article appears without a job. Nearly all articles of
-- an archive are published: told so, SQLite walks the index in the order that is asked for, and
-- does not collect all that are published first; and of two ends of that walk, the clock and a
-- cursor, of which it uses one, it takes the cursor, which is the nearer one.
CREATE VIEW public_articles AS
SELECT id, slug, canonical_url, language, section_id, public_updated_at AS updated_at, published_at,
       substr(published_at, 1, 10) AS published_on, body, body_html,
       summary_json, details_json, made_of, rendered_changed_at,
       coalesce(f.rendered_version = f.version, 0) AND NOT EXISTS (SELECT 1 FROM outdated_renditions) AS is_rendered
FROM full_articles f
WHERE likelihood(status = 'published', 0.9375)
  AND likelihood(published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0.9375)
  AND (embargo_until IS NULL OR embargo_until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- The same in the order of the indexes of one tag and of one author.
CREATE VIEW public_articles_by_tag AS
SELECT x.tag_id, x.article_id AS id, p.slug, p.language, p.section_id, p.updated_at, x.published_at
FROM article_tags x JOIN public_articles p ON p.id = x.article_id
WHERE x.published_at IS NOT NULL;

CREATE VIEW public_articles_by_author AS
SELECT x.author_id, x.article_id AS id, p.slug, p.language, p.section_id, p.updated_at, x.published_at
FROM article_authors x JOIN public_articles p ON p.id = x.article_id
WHERE x.published_at IS NOT NULL;

-- What the public may see now, in the order of the index.
CREATE VIEW public_articles_by_search AS
SELECT s.article_search AS words, s.rowid AS position, p.id, p.slug, p.language, p.section_id,
       p.updated_at, p.published_at
FROM article_search s
CROSS JOIN search_entries e ON e.position = s.rowid
CROSS JOIN public_articles p ON p.id = e.article_id;

-- How many articles are public: from two indexes, since nearly all that are published are.
CREATE VIEW public_count AS
SELECT 1 AS id,
       (SELECT count(*) FROM articles
        WHERE status = 'published' AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
       - (SELECT count(*) FROM articles
          WHERE status = 'published' AND embargo_until IS NOT NULL
            AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) AS articles;

-- What is in the search index and not public yet: what a count of all matches has too many.
CREATE VIEW hidden_matches AS
SELECT s.article_search AS words, s.rowid AS position
FROM (SELECT id FROM articles WHERE status = 'published' AND published_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      UNION
      SELECT id FROM articles
      WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) h
CROSS JOIN search_entries e ON e.article_id = h.id
CROSS JOIN article_search s ON s.rowid = e.position;
