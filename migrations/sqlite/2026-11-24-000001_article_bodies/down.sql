DROP VIEW public_horizon;
DROP VIEW public_articles_by_author;
DROP VIEW public_articles_by_tag;
DROP VIEW public_articles;
DROP VIEW full_articles;
DROP INDEX articles_by_embargo;
DROP INDEX articles_public_by_update;
CREATE INDEX articles_public_by_update ON articles (updated_at, id) WHERE status = 'published';
DROP INDEX article_tags_by_tag;
DROP INDEX article_authors_by_author;
CREATE INDEX article_tags_by_tag ON article_tags (tag_id, article_id);
CREATE INDEX article_authors_by_author ON article_authors (author_id, article_id);
ALTER TABLE article_tags DROP COLUMN published_at;
ALTER TABLE article_authors DROP COLUMN published_at;
ALTER TABLE articles ADD COLUMN body TEXT NOT NULL DEFAULT '[]';
UPDATE articles SET body = (SELECT blocks FROM article_bodies WHERE article_id = articles.id);
DROP TABLE article_bodies;
CREATE VIEW public_articles AS
SELECT id, slug, version, headline, standfirst, dateline, language, byline, canonical_url,
       section_id, lead_image, body, word_count, seo, custom, updated_at, published_at
FROM articles
WHERE status = 'published'
  AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  AND (embargo_until IS NULL OR embargo_until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
