-- Bodies of saved versions, compressed: blocks as JSON. One that comes back, or stays as it is, is stored once.
CREATE TABLE revision_bodies (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    blocks BLOB NOT NULL,
    PRIMARY KEY (article_id, hash)
) STRICT;

-- Every saved version of an article as it was written; `document` is compressed JSON without the body. `thinned_from`
-- is when it was saved, of those that need not be kept for ever and have not been looked at yet.
CREATE TABLE revisions (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    step TEXT NOT NULL,
    status TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BLOB,
    note TEXT,
    restored_from INTEGER,
    headline TEXT,
    word_count INTEGER NOT NULL,
    document BLOB NOT NULL,
    body_hash BLOB NOT NULL,
    thinned_from TEXT,
    PRIMARY KEY (article_id, version),
    FOREIGN KEY (article_id, body_hash) REFERENCES revision_bodies (article_id, hash)
) STRICT;
CREATE INDEX revisions_by_body ON revisions (article_id, body_hash);
CREATE INDEX revisions_to_thin ON revisions (thinned_from, article_id, version) WHERE thinned_from IS NOT NULL;
