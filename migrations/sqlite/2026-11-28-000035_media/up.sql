-- Pictures, audio, video and documents that the newsroom has uploaded. `name` names the file in the store and in its URLs
-- and cannot be guessed; `hash` is that of the file as it is served, `upload_hash` of the bytes as they came (SHA-256).
-- `renditions` is JSON: those that were made with the upload. `words` and `credit_words` are what a
-- search looks in.
CREATE TABLE media (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    upload_hash BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    mime TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    duration_ms INTEGER,
    is_animated INTEGER NOT NULL,
    thumbhash TEXT,
    renditions TEXT NOT NULL,
    file_name TEXT,
    alt TEXT,
    caption TEXT,
    credit TEXT,
    copyright_notice TEXT,
    usage_terms TEXT,
    licence_url TEXT,
    rights_expire_at TEXT,
    digital_source_type TEXT,
    focal_x INTEGER,
    focal_y INTEGER,
    words TEXT NOT NULL,
    credit_words TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by_id BLOB,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX media_by_creation ON media (created_at, id);
CREATE INDEX media_by_expiry ON media (rights_expire_at) WHERE rights_expire_at IS NOT NULL;

-- Which articles use what: as they are written (`in_copy` 0), and in their working copies (1). What is used is not deleted.
CREATE TABLE media_uses (
    media_id BLOB NOT NULL REFERENCES media (id),
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    in_copy INTEGER NOT NULL,
    PRIMARY KEY (media_id, article_id, in_copy)
) STRICT;
CREATE INDEX media_uses_of_article ON media_uses (article_id, in_copy);

-- Below which address readers find the files: one row, written when a server starts with another one.
CREATE TABLE media_base (
    url TEXT NOT NULL
) STRICT;

-- Articles that show an item which says something else are stale as well.
CREATE TABLE stale_things (
    projection TEXT NOT NULL,
    resource TEXT NOT NULL CHECK (resource IN ('article', 'tag', 'author', 'media')),
    id BLOB NOT NULL,
    serial INTEGER NOT NULL,
    PRIMARY KEY (projection, resource, id)
) STRICT;
INSERT INTO stale_things SELECT projection, resource, id, serial FROM stale;
DROP TABLE stale;
-- The views of the version before are still there and name the table: they are not looked at.
PRAGMA legacy_alter_table = ON;
ALTER TABLE stale_things RENAME TO stale;
PRAGMA legacy_alter_table = OFF;
