-- People who sign in. E-mail addresses are stored in lower case.
CREATE TABLE users (
    id uuid PRIMARY KEY NOT NULL,
    email text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL CHECK (role IN ('admin', 'editor', 'author', 'viewer')),
    password_hash text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

-- Keys the service makes for itself: JWT signing, cursor signing, visitor hashing.
CREATE TABLE secrets (
    id uuid PRIMARY KEY NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX secrets_by_purpose ON secrets (purpose, created_at);

-- One row per refresh token ever handed out; a family is one sign-in.
CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY NOT NULL,
    family_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY NOT NULL,
    name text COLLATE "C" NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    scopes text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE tags (
    id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('topic', 'person', 'organisation', 'place', 'event', 'series', 'section')),
    description text COLLATE "C",
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX tags_by_name ON tags (sort_name, id);
CREATE INDEX tags_by_kind ON tags (kind, sort_name, id);

CREATE TABLE authors (
    id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    role text COLLATE "C",
    bio text COLLATE "C",
    avatar_url text COLLATE "C",
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX authors_by_name ON authors (sort_name, id);

CREATE TABLE articles (
    id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    status text COLLATE "C" NOT NULL CHECK (status IN ('draft', 'in_review', 'published', 'unpublished', 'retracted', 'trashed')),
    version bigint NOT NULL,
    headline text COLLATE "C",
    standfirst text COLLATE "C",
    dateline text COLLATE "C",
    language text COLLATE "C" NOT NULL,
    byline text COLLATE "C",
    canonical_url text COLLATE "C",
    section_id uuid REFERENCES tags (id),
    lead_image json,
    body json NOT NULL,
    word_count integer NOT NULL,
    seo json NOT NULL,
    custom json NOT NULL,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    published_at timestamptz,
    embargo_until timestamptz,
    retraction_reason text COLLATE "C",
    trashed_from text COLLATE "C",
    CHECK (status <> 'published' OR (published_at IS NOT NULL AND headline IS NOT NULL))
);
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
  AND published_at <= now()
  AND (embargo_until IS NULL OR embargo_until <= now());

CREATE TABLE article_tags (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags (id),
    position integer NOT NULL,
    PRIMARY KEY (article_id, tag_id)
);
CREATE INDEX article_tags_by_tag ON article_tags (tag_id, article_id);

CREATE TABLE article_authors (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES authors (id),
    position integer NOT NULL,
    PRIMARY KEY (article_id, author_id)
);
CREATE INDEX article_authors_by_author ON article_authors (author_id, article_id);

-- Slugs that once named a resource and now answer 301.
CREATE TABLE slug_redirects (
    resource text COLLATE "C" NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    slug text COLLATE "C" NOT NULL,
    target_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (resource, slug)
);
CREATE INDEX slug_redirects_by_target ON slug_redirects (target_id);

CREATE TABLE corrections (
    id uuid PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('correction', 'clarification', 'update')),
    text text COLLATE "C" NOT NULL,
    published_at timestamptz NOT NULL
);
CREATE INDEX corrections_by_article ON corrections (article_id, published_at);

-- Shares counted here; no row means none counted yet.
CREATE TABLE share_counts (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network text COLLATE "C" NOT NULL,
    first_party bigint NOT NULL,
    PRIMARY KEY (article_id, network)
);

-- Who shared what within the counting window, as a keyed hash that nothing can be read from.
CREATE TABLE share_visitors (
    visitor bytea PRIMARY KEY NOT NULL,
    counted_at timestamptz NOT NULL
);
CREATE INDEX share_visitors_by_time ON share_visitors (counted_at);
