DROP TABLE share_rollups;
DROP VIEW hidden_matches;
CREATE VIEW hidden_matches AS
SELECT s.words AS words, s.position AS position
FROM (SELECT id FROM articles WHERE status = 'published' AND published_at > now()
      UNION
      SELECT id FROM articles
      WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > now()) h
JOIN search_entries e ON e.article_id = h.id
JOIN article_search s ON s.position = e.position;
DROP VIEW hidden_article_counts;
DROP VIEW hidden_articles;
DROP INDEX articles_by_address;
DROP INDEX authors_by_articles;
DROP INDEX tags_by_kind_and_articles;
DROP INDEX tags_by_articles;
ALTER TABLE authors DROP COLUMN published_articles;
ALTER TABLE tags DROP COLUMN published_articles;
