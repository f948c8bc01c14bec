-- When readers were last told of a change, of articles that were changed silently since; null where that is `updated_at`.
ALTER TABLE articles ADD COLUMN told_updated_at TEXT;
DROP INDEX articles_public_by_update;
-- To readers an article has changed when it appears, however long before it was written.
CREATE INDEX articles_public_by_update
    ON articles (max(coalesce(told_updated_at, updated_at), published_at, coalesce(embargo_until, '')), id)
    WHERE status = 'published';
-- 1 where readers were not told of it, otherwise 0.
ALTER TABLE revisions ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
