-- From when on readers do not see an article any more, although it is published: by the clock of the view, until the
-- server has taken it back.
ALTER TABLE articles ADD COLUMN unpublish_at timestamptz;
-- When readers first knew it, noted where that can no longer be told by when it is published.
ALTER TABLE articles ADD COLUMN first_public_at timestamptz;
CREATE INDEX articles_by_expiry ON articles (unpublish_at) WHERE status = 'published' AND unpublish_at IS NOT NULL;

-- What readers are told of articles that they knew and that were retracted; null where editors gave no notice. It
-- outlives the article.
CREATE TABLE retractions (
    article_id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    notice text COLLATE "C",
    published_at timestamptz NOT NULL,
    retracted_at timestamptz NOT NULL
);
CREATE INDEX retractions_by_time ON retractions (retracted_at, article_id);
INSERT INTO retractions (article_id, slug, notice, published_at, retracted_at)
SELECT id, slug, NULL, published_at, updated_at FROM articles
WHERE (status = 'retracted' OR status = 'trashed' AND trashed_from = 'retracted') AND published_at IS NOT NULL;

-- Slugs of articles that readers knew and that were deleted for good: nothing else takes them.
CREATE TABLE retired_slugs (
    slug text COLLATE "C" PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL,
    retired_at timestamptz NOT NULL
);

-- The newest corrections first.
CREATE INDEX corrections_by_time ON corrections (published_at, id);
