-- People who sign in. E-mail addresses are stored in lower case.
CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'editor', 'author', 'viewer')),
    password_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    disabled_at TEXT
) STRICT;

-- Keys the service makes for itself: JWT signing, cursor signing, visitor hashing.
CREATE TABLE secrets (
    id BLOB PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX secrets_by_purpose ON secrets (purpose, created_at);

-- One row per refresh token ever handed out; a family is one sign-in.
CREATE TABLE refresh_tokens (
    token_hash BLOB PRIMARY KEY NOT NULL,
    family_id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    revoked_at TEXT
) STRICT;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_tokens (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE TABLE tags (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('topic', 'person', 'organisation', 'place', 'event', 'series', 'section')),
    description TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX tags_by_name ON tags (sort_name, id);
CREATE INDEX tags_by_kind ON tags (kind, sort_name, id);

CREATE TABLE authors (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    role TEXT,
    bio TEXT,
    avatar_url TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX authors_by_name ON authors (sort_name, id);

CREATE TABLE articles (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('draft', 'in_review', 'published', 'unpublished', 'retracted', 'trashed')),
    version INTEGER NOT NULL,
    headline TEXT,
    standfirst TEXT,
    dateline TEXT,
    language TEXT NOT NULL,
    byline TEXT,
    canonical_url TEXT,
    section_id BLOB REFERENCES tags (id),
    lead_image TEXT,
    body TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    seo TEXT NOT NULL,
    custom TEXT NOT NULL,
    created_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    published_at TEXT,
    embargo_until TEXT,
    retraction_reason TEXT,
    trashed_from TEXT,
    CHECK (status <> 'published' OR (published_at IS NOT NULL AND headline IS NOT NULL))
) STRICT;
CREATE INDEX articles_public_by_publication ON articles (published_at, id) WHERE status = 'published';
CREATE INDEX articles_public_by_update ON articles (updated_at, id) WHERE status = 'published';
CREATE INDEX articles_public_by_section ON articles (section_id, published_at, id) WHERE status = 'published';
CREATE INDEX articles_by_section ON articles (section_id);
CREATE INDEX articles_by_update ON articles (updated_at, id);
CREATE INDEX articles_by_status ON articles (status, updated_at, id);
CREATE INDEX articles_by_creator ON articles (created_by, updated_at, id);

-- What the public may see now. Delivery reads articles through this view only;
-- its clock is the database's, so a scheduled article appears without a job.
CREATE VIEW public_articles AS
SELECT id, slug, version, headline, standfirst, dateline, language, byline, canonical_url,
       section_id, lead_image, body, word_count, seo, custom, updated_at, published_at
FROM articles
WHERE status = 'published'
  AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  AND (embargo_until IS NULL OR embargo_until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

CREATE TABLE article_tags (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id BLOB NOT NULL REFERENCES tags (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, tag_id)
) STRICT;
CREATE INDEX article_tags_by_tag ON article_tags (tag_id, article_id);

CREATE TABLE article_authors (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES authors (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, author_id)
) STRICT;
CREATE INDEX article_authors_by_author ON article_authors (author_id, article_id);

-- Slugs that once named a resource and now answer 301.
CREATE TABLE slug_redirects (
    resource TEXT NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    slug TEXT NOT NULL,
    target_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (resource, slug)
) STRICT;
CREATE INDEX slug_redirects_by_target ON slug_redirects (target_id);

CREATE TABLE corrections (
    id BLOB PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('correction', 'clarification', 'update')),
    text TEXT NOT NULL,
    published_at TEXT NOT NULL
) STRICT;
CREATE INDEX corrections_by_article ON corrections (article_id, published_at);

-- Shares counted here; no row means none counted yet.
CREATE TABLE share_counts (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    first_party INTEGER NOT NULL,
    PRIMARY KEY (article_id, network)
) STRICT;

-- Who shared what within the counting window, as a keyed hash that nothing can be read from.
CREATE TABLE share_visitors (
    visitor BLOB PRIMARY KEY NOT NULL,
    counted_at TEXT NOT NULL
) STRICT;
CREATE INDEX share_visitors_by_time ON share_visitors (counted_at);
