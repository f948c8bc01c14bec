-- Pictures, audio, video and documents that the newsroom has uploaded. `name` names the file in the store and in its URLs
-- and cannot be guessed; `hash` is that of the file as it is served, `upload_hash` of the bytes as they came (SHA-256).
-- `renditions` is JSON: those that were made with the upload. `words` and `credit_words` are what a
-- search looks in.
CREATE TABLE media (
    id uuid PRIMARY KEY NOT NULL,
    name text COLLATE "C" NOT NULL UNIQUE,
    hash text COLLATE "C" NOT NULL,
    upload_hash bytea NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL,
    mime text COLLATE "C" NOT NULL,
    bytes bigint NOT NULL,
    width integer,
    height integer,
    duration_ms bigint,
    is_animated integer NOT NULL,
    thumbhash text COLLATE "C",
    renditions text COLLATE "C" NOT NULL,
    file_name text COLLATE "C",
    alt text COLLATE "C",
    caption text COLLATE "C",
    credit text COLLATE "C",
    copyright_notice text COLLATE "C",
    usage_terms text COLLATE "C",
    licence_url text COLLATE "C",
    rights_expire_at timestamptz,
    digital_source_type text COLLATE "C",
    focal_x integer,
    focal_y integer,
    words text COLLATE "C" NOT NULL,
    credit_words text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by_kind text COLLATE "C" NOT NULL,
    created_by_id uuid,
    updated_at timestamptz NOT NULL
);
CREATE INDEX media_by_creation ON media (created_at, id);
CREATE INDEX media_by_expiry ON media (rights_expire_at) WHERE rights_expire_at IS NOT NULL;

-- Which articles use what: as they are written (`in_copy` 0), and in their working copies (1). What is used is not deleted.
CREATE TABLE media_uses (
    media_id uuid NOT NULL REFERENCES media (id),
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    in_copy integer NOT NULL,
    PRIMARY KEY (media_id, article_id, in_copy)
);
CREATE INDEX media_uses_of_article ON media_uses (article_id, in_copy);

-- Below which address readers find the files: one row, written when a server starts with another one.
CREATE TABLE media_base (
    url text COLLATE "C" NOT NULL
);

-- Articles that show an item which says something else are stale as well.
ALTER TABLE stale DROP CONSTRAINT stale_resource_check;
ALTER TABLE stale ADD CONSTRAINT stale_resource_check CHECK (resource IN ('article', 'tag', 'author', 'media'));
