-- Links by which somebody without a token reads an article that is not public, or not so yet. The token of a link is its
-- id, signed. `version` is the revision that it shows; null for the newest text.
CREATE TABLE preview_links (
    id BLOB PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version INTEGER,
    note TEXT,
    created_at TEXT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by_id BLOB,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;
CREATE INDEX preview_links_of_article ON preview_links (article_id, created_at, id);
