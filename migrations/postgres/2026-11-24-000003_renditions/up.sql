-- What readers see of a published article, as JSON: reading it converts nothing. `summary_json` has the
-- members of its summary after those that name it, `details_json` those that summaries leave out but
-- for the body, `made_of` the marks of all that it shows, eight bytes each, and `rendered_changed_at` when
-- any of that was last changed. It holds for the version that it was made of, and while no tag and no
-- author is outdated.
ALTER TABLE articles ADD COLUMN summary_json text;
ALTER TABLE articles ADD COLUMN details_json text;
ALTER TABLE articles ADD COLUMN made_of bytea;
ALTER TABLE articles ADD COLUMN rendered_changed_at timestamptz;
ALTER TABLE articles ADD COLUMN rendered_version bigint;

-- Bodies are read far more often than they are written: unpacking them costs more than their space.
ALTER TABLE article_bodies ALTER COLUMN blocks SET STORAGE EXTERNAL;
ALTER TABLE article_bodies ALTER COLUMN html SET STORAGE EXTERNAL;

-- Tags and authors that changed, until the articles that show them are rendered again, and articles
-- that never were. `serial` counts the changes.
CREATE TABLE outdated_renditions (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('article', 'tag', 'author')),
    id uuid NOT NULL,
    serial bigint NOT NULL,
    PRIMARY KEY (kind, id)
);
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
       (SELECT coalesce(json_agg(json_build_object('id', w.id, 'slug', w.slug, 'name', w.name,
                                                   'role', w.role, 'bio', w.bio,
                                                   'avatar_url', w.avatar_url)
                                 ORDER BY x.position), '[]')
        FROM article_authors x JOIN authors w ON w.id = x.author_id
        WHERE x.article_id = a.id) AS authors,
       (SELECT coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'name', t.name,
                                                   'kind', t.kind)
                                 ORDER BY x.position), '[]')
        FROM article_tags x JOIN tags t ON t.id = x.tag_id
        WHERE x.article_id = a.id) AS tags,
       (SELECT json_build_object('id', s.id, 'slug', s.slug, 'name', s.name)
        FROM tags s WHERE s.id = a.section_id) AS section,
       (SELECT coalesce(json_agg(json_build_object('id', c.id, 'kind', c.kind, 'text', c.text,
                                                   'published_at', c.published_at)
                                 ORDER BY c.published_at, c.id), '[]')
        FROM corrections c WHERE c.article_id = a.id) AS corrections,
       -- When readers may see what it says now, and when anything that it shows was last changed;
       -- of published articles.
       greatest(a.updated_at, a.published_at, a.embargo_until) AS public_updated_at,
       greatest(a.updated_at, a.published_at, a.embargo_until,
           (SELECT max(t.updated_at) FROM article_tags x JOIN tags t ON t.id = x.tag_id
            WHERE x.article_id = a.id),
           (SELECT max(w.updated_at) FROM article_authors x JOIN authors w ON w.id = x.author_id
            WHERE x.article_id = a.id),
           (SELECT s.updated_at FROM tags s WHERE s.id = a.section_id)) AS public_changed_at
FROM articles a LEFT JOIN article_bodies b ON b.article_id = a.id;

-- What the public may see now. Delivery reads articles through this view only;
-- its clock is the database's, so a scheduled article appears without a job.
CREATE VIEW public_articles AS
SELECT id, slug, canonical_url, language, section_id, public_updated_at AS updated_at, published_at,
       to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS published_on, body, body_html,
       summary_json, details_json, made_of, rendered_changed_at,
       coalesce(f.rendered_version = f.version, false) AND NOT EXISTS (SELECT 1 FROM outdated_renditions) AS is_rendered
FROM full_articles f
WHERE status = 'published'
  AND published_at <= now()
  AND (embargo_until IS NULL OR embargo_until <= now());

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
SELECT s.words, s.position, p.id, p.slug, p.language, p.section_id, p.updated_at, p.published_at
FROM article_search s
JOIN search_entries e ON e.position = s.position
JOIN public_articles p ON p.id = e.article_id;

-- How many articles are public: from two indexes, since nearly all that are published are.
CREATE VIEW public_count AS
SELECT 1 AS id,
       (SELECT count(*) FROM articles
        WHERE status = 'published' AND published_at <= now())
       - (SELECT count(*) FROM articles
          WHERE status = 'published' AND embargo_until IS NOT NULL
            AND embargo_until > now()
            AND published_at <= now()) AS articles;

-- What is in the search index and not public yet: what a count of all matches has too many.
CREATE VIEW hidden_matches AS
SELECT s.words AS words, s.position AS position
FROM (SELECT id FROM articles WHERE status = 'published' AND published_at > now()
      UNION
      SELECT id FROM articles
      WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > now()) h
JOIN search_entries e ON e.article_id = h.id
JOIN article_search s ON s.position = e.position;
