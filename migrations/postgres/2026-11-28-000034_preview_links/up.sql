-- Links by which somebody without a token reads an article that is not public, or not so yet. The token of a link is its
-- id, signed. `version` is the revision that it shows; null for the newest text.
CREATE TABLE preview_links (
    id uuid PRIMARY KEY,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version bigint,
    note text COLLATE "C",
    created_at timestamptz NOT NULL,
    created_by_kind text COLLATE "C" NOT NULL,
    created_by_id uuid,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX preview_links_of_article ON preview_links (article_id, created_at, id);
