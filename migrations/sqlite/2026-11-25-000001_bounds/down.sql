DROP TABLE share_rollups;
DROP VIEW hidden_matches;
CREATE VIEW hidden_matches AS
SELECT s.article_search AS words, s.rowid AS position
FROM (SELECT id FROM articles WHERE status = 'published' AND published_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      UNION
      SELECT id FROM articles
      WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) h
CROSS JOIN search_entries e ON e.article_id = h.id
CROSS JOIN article_search s ON s.rowid = e.position;
DROP VIEW hidden_article_counts;
DROP VIEW hidden_articles;
DROP INDEX articles_by_address;
DROP INDEX authors_by_articles;
DROP INDEX tags_by_kind_and_articles;
DROP INDEX tags_by_articles;
ALTER TABLE authors DROP COLUMN published_articles;
ALTER TABLE tags DROP COLUMN published_articles;
