-- Bodies of saved versions, compressed: blocks as JSON. One that comes back, or stays as it is, is stored once.
CREATE TABLE revision_bodies (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    hash bytea NOT NULL,
    blocks bytea NOT NULL,
    PRIMARY KEY (article_id, hash)
);
-- They are compressed already.
ALTER TABLE revision_bodies ALTER COLUMN blocks SET STORAGE EXTERNAL;

-- Every saved version of an article as it was written; `document` is compressed JSON without the body. `thinned_from`
-- is when it was saved, of those that need not be kept for ever and have not been looked at yet.
CREATE TABLE revisions (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    step text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    actor_kind text COLLATE "C" NOT NULL,
    actor_id uuid,
    note text COLLATE "C",
    restored_from bigint,
    headline text COLLATE "C",
    word_count integer NOT NULL,
    document bytea NOT NULL,
    body_hash bytea NOT NULL,
    thinned_from timestamptz,
    PRIMARY KEY (article_id, version),
    FOREIGN KEY (article_id, body_hash) REFERENCES revision_bodies (article_id, hash)
);
ALTER TABLE revisions ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX revisions_by_body ON revisions (article_id, body_hash);
CREATE INDEX revisions_to_thin ON revisions (thinned_from, article_id, version) WHERE thinned_from IS NOT NULL;
