-- Bodies in a table of their own: lists and counts read articles without them, and a body is kept
-- as HTML too, so that reading it converts nothing. `rendering` is the version of the code that
-- made the HTML; what an older one made is made again after the migrations.
CREATE TABLE article_bodies (
    article_id uuid PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    blocks json NOT NULL,
    html text COLLATE "C" NOT NULL,
    rendering integer NOT NULL
);
CREATE INDEX article_bodies_by_rendering ON article_bodies (rendering);
INSERT INTO article_bodies (article_id, blocks, html, rendering)
SELECT id, body, '', 0 FROM articles;

DROP VIEW public_articles;
ALTER TABLE articles DROP COLUMN body;

-- When the article was published, while it is: the order of the articles of one tag or author is
-- read from an index, however many there are.
ALTER TABLE article_tags ADD COLUMN published_at timestamptz;
ALTER TABLE article_authors ADD COLUMN published_at timestamptz;
UPDATE article_tags SET published_at =
    (SELECT published_at FROM articles WHERE id = article_id AND status = 'published');
UPDATE article_authors SET published_at =
    (SELECT published_at FROM articles WHERE id = article_id AND status = 'published');
DROP INDEX article_tags_by_tag;
DROP INDEX article_authors_by_author;
CREATE INDEX article_tags_by_tag ON article_tags (tag_id, published_at, article_id);
CREATE INDEX article_authors_by_author ON article_authors (author_id, published_at, article_id);

-- To readers an article has changed when it appears, however long before it was written.
DROP INDEX articles_public_by_update;
CREATE INDEX articles_public_by_update
ON articles (greatest(updated_at, published_at, embargo_until), id)
WHERE status = 'published';

-- The next instant at which the clock alone changes what is public.
CREATE INDEX articles_by_embargo ON articles (embargo_until)
WHERE status = 'published' AND embargo_until IS NOT NULL;

-- Every article with what it refers to, as JSON, so that one query reads it whole.
CREATE VIEW full_articles AS
SELECT a.*,
       (SELECT b.blocks FROM article_bodies b WHERE b.article_id = a.id) AS body,
       (SELECT b.html FROM article_bodies b WHERE b.article_id = a.id) AS body_html,
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
        FROM corrections c WHERE c.article_id = a.id) AS corrections
FROM articles a;

-- What the public may see now. Delivery reads articles through this view only;
-- its clock is the database's, so a scheduled article appears without a job.
CREATE VIEW public_articles AS
SELECT id, slug, version, headline, standfirst, dateline, language, byline, canonical_url,
       section_id, lead_image, word_count, seo, custom,
       greatest(updated_at, published_at, embargo_until) AS updated_at,
       published_at, to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS published_on, body, body_html, authors, tags, section, corrections,
       greatest(updated_at, published_at, embargo_until,
           (SELECT max(t.updated_at) FROM article_tags x JOIN tags t ON t.id = x.tag_id
            WHERE x.article_id = f.id),
           (SELECT max(w.updated_at) FROM article_authors x JOIN authors w ON w.id = x.author_id
            WHERE x.article_id = f.id),
           (SELECT s.updated_at FROM tags s WHERE s.id = f.section_id)) AS changed_at
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

-- In how many milliseconds the clock alone changes what is public; null when never.
CREATE VIEW public_horizon AS
SELECT 1 AS id,
       CAST(floor(extract(epoch FROM min(instant) - now()) * 1000) AS bigint) AS milliseconds
FROM (SELECT min(published_at) AS instant FROM articles
      WHERE status = 'published' AND published_at > now()
      UNION ALL
      SELECT min(embargo_until) FROM articles
      WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > now()) AS next;
