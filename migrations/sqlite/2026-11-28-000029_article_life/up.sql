-- From when on readers do not see an article any more, although it is published: by the clock of the view, until the
-- server has taken it back.
ALTER TABLE articles ADD COLUMN unpublish_at TEXT;
-- When readers first knew it, noted where that can no longer be told by when it is published.
ALTER TABLE articles ADD COLUMN first_public_at TEXT;
CREATE INDEX articles_by_expiry ON articles (unpublish_at) WHERE status = 'published' AND unpublish_at IS NOT NULL;

-- What readers are told of articles that they knew and that were retracted; null where editors gave no notice. It
-- outlives the article.
CREATE TABLE retractions (
    article_id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    notice TEXT,
    published_at TEXT NOT NULL,
    retracted_at TEXT NOT NULL
) STRICT;
CREATE INDEX retractions_by_time ON retractions (retracted_at, article_id);
INSERT INTO retractions (article_id, slug, notice, published_at, retracted_at)
SELECT id, slug, NULL, published_at, updated_at FROM articles
WHERE (status = 'retracted' OR status = 'trashed' AND trashed_from = 'retracted') AND published_at IS NOT NULL;

-- Slugs of articles that readers knew and that were deleted for good: nothing else takes them.
CREATE TABLE retired_slugs (
    slug TEXT PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL,
    retired_at TEXT NOT NULL
) STRICT;

-- The newest corrections first.
CREATE INDEX corrections_by_time ON corrections (published_at, id);
