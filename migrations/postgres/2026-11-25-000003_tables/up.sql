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

-- Keys that the service makes for itself: for access tokens, for cursors, for hashes of visitors.
CREATE TABLE secrets (
    id uuid PRIMARY KEY NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX secrets_by_purpose ON secrets (purpose, created_at);

-- One row for each refresh token that was ever handed out; a family is one sign-in.
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

-- `published_articles` counts those that are scheduled or under embargo as well: it is written with
-- each change, so that no read counts them.
CREATE TABLE tags (
    id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL
        CHECK (kind IN ('topic', 'person', 'organisation', 'place', 'event', 'series', 'section')),
    description text COLLATE "C",
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    published_articles bigint NOT NULL DEFAULT 0
);
CREATE INDEX tags_by_name ON tags (sort_name, id);
CREATE INDEX tags_by_kind ON tags (kind, sort_name, id);
CREATE INDEX tags_by_articles ON tags (published_articles DESC, id);
CREATE INDEX tags_by_kind_and_articles ON tags (kind, published_articles DESC, id);

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
    updated_at timestamptz NOT NULL,
    published_articles bigint NOT NULL DEFAULT 0
);
CREATE INDEX authors_by_name ON authors (sort_name, id);
CREATE INDEX authors_by_articles ON authors (published_articles DESC, id);

-- The last six columns are what readers see of a published article, as JSON, so that reading it
-- converts nothing. `summary_json` has the members of its summary after those that name it,
-- `details_json` those that summaries leave out but for the body, `made_of` the cache tags of all that it
-- shows, eight bytes each, and `rendered_changed_at` when any of that was last changed. They hold for
-- the version that they were made of, for the version of the code that made them, and while no tag and no
-- author is stale.
CREATE TABLE articles (
    id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    status text COLLATE "C" NOT NULL
        CHECK (status IN ('draft', 'in_review', 'published', 'unpublished', 'retracted', 'trashed')),
    version bigint NOT NULL,
    headline text COLLATE "C",
    standfirst text COLLATE "C",
    dateline text COLLATE "C",
    language text COLLATE "C" NOT NULL,
    byline text COLLATE "C",
    canonical_url text COLLATE "C",
    section_id uuid REFERENCES tags (id),
    lead_image json,
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
    summary_json text,
    details_json text,
    made_of bytea,
    rendered_changed_at timestamptz,
    rendered_version bigint,
    rendered_by bigint,
    CHECK (status <> 'published' OR (published_at IS NOT NULL AND headline IS NOT NULL))
);
CREATE INDEX articles_public_by_publication ON articles (published_at, id) WHERE status = 'published';
-- To readers an article has changed when it appears, however long before it was written.
CREATE INDEX articles_public_by_update ON articles (greatest(updated_at, published_at, embargo_until), id)
    WHERE status = 'published';
CREATE INDEX articles_public_by_section ON articles (section_id, published_at, id)
    WHERE status = 'published';
-- When the clock alone makes an article public.
CREATE INDEX articles_by_embargo ON articles (embargo_until)
    WHERE status = 'published' AND embargo_until IS NOT NULL;
CREATE INDEX articles_by_section ON articles (section_id);
CREATE INDEX articles_by_update ON articles (updated_at, id);
CREATE INDEX articles_by_status ON articles (status, updated_at, id);
CREATE INDEX articles_by_creator ON articles (created_by, updated_at, id);
CREATE INDEX articles_by_address ON articles (canonical_url) WHERE canonical_url IS NOT NULL;

-- Apart from the articles: lists and counts read these without their bodies. The HTML is made of the
-- blocks when they are written.
CREATE TABLE article_bodies (
    article_id uuid PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    blocks json NOT NULL,
    html text COLLATE "C" NOT NULL
);
-- They are read far more often than they are written: unpacking them costs more than their space.
ALTER TABLE article_bodies ALTER COLUMN blocks SET STORAGE EXTERNAL;
ALTER TABLE article_bodies ALTER COLUMN html SET STORAGE EXTERNAL;

-- `published_at` is that of the article while it is published: the articles of one tag or author are
-- read in the order of an index, however many there are.
CREATE TABLE article_tags (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id uuid NOT NULL REFERENCES tags (id),
    position integer NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (article_id, tag_id)
);
CREATE INDEX article_tags_by_tag ON article_tags (tag_id, published_at, article_id);

CREATE TABLE article_authors (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES authors (id),
    position integer NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (article_id, author_id)
);
CREATE INDEX article_authors_by_author ON article_authors (author_id, published_at, article_id);

CREATE TABLE corrections (
    id uuid PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('correction', 'clarification', 'update')),
    text text COLLATE "C" NOT NULL,
    published_at timestamptz NOT NULL
);
CREATE INDEX corrections_by_article ON corrections (article_id, published_at);

-- Slugs that once named something, which readers are led on from (301).
CREATE TABLE slug_redirects (
    resource text COLLATE "C" NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    slug text COLLATE "C" NOT NULL,
    target_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (resource, slug)
);
CREATE INDEX slug_redirects_by_target ON slug_redirects (target_id);

-- What happened, in the order of the commits and numbered without gaps (src/events/log.rs). `readers_see`
-- is null for what readers see nothing of; `detail` is JSON.
CREATE TABLE events (
    sequence bigint PRIMARY KEY NOT NULL,
    recorded_at timestamptz NOT NULL,
    kind text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    resource_id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    actor_kind text COLLATE "C" NOT NULL CHECK (actor_kind IN ('user', 'token', 'system')),
    actor_id uuid,
    request_id uuid,
    readers_see text COLLATE "C" CHECK (readers_see IN ('appeared', 'changed', 'disappeared')),
    detail text COLLATE "C" NOT NULL
);
CREATE INDEX events_by_resource ON events (resource_id, sequence);

-- The number of the last event: one row, which each transaction that has events writes last.
CREATE TABLE event_sequence (
    id bigint PRIMARY KEY NOT NULL CHECK (id = 1),
    last bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO event_sequence (id, last) VALUES (1, 0);

-- Published articles that the clock will make public, until the log says that it has.
CREATE TABLE appearances (
    article_id uuid PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    due_at timestamptz NOT NULL
);
CREATE INDEX appearances_by_time ON appearances (due_at, article_id);

-- What is to be done again in a projection: tags and authors that changed, until the articles that show them
-- are rendered again. `serial` counts the changes.
CREATE TABLE stale (
    projection text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    id uuid NOT NULL,
    serial bigint NOT NULL,
    PRIMARY KEY (projection, resource, id)
);

-- The version of the code that a projection is of. While it is being rebuilt for another one (`target`), how far
-- that has come: all rows before, and of this kind those up to `position`, are done.
CREATE TABLE projections (
    name text COLLATE "C" PRIMARY KEY NOT NULL,
    version bigint NOT NULL,
    target bigint NOT NULL,
    resource text COLLATE "C" NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    position uuid
);

-- What published articles are found by. The words come ready-made, folded and marked, as a
-- `tsvector` without any dictionary. Rows are in the order of publication: `position` is the
-- millisecond of publication times 16,384, and a number that tells apart those of one.
CREATE TABLE article_search (
    position bigint PRIMARY KEY NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX article_search_by_words ON article_search USING gin (words);
CREATE TABLE search_entries (
    position bigint PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX search_entries_by_article ON search_entries (article_id);

-- The words of the names of tags and authors.
CREATE TABLE name_words (
    word text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('tag', 'author')),
    owner_id uuid NOT NULL,
    PRIMARY KEY (word, kind, owner_id)
);
CREATE INDEX name_words_by_owner ON name_words (owner_id);

-- Tags and authors that were merged into others, which articles are still found by.
CREATE TABLE merged_names (
    id uuid PRIMARY KEY NOT NULL,
    into_id uuid NOT NULL
);
CREATE INDEX merged_names_by_target ON merged_names (into_id);

-- Shares counted here, by the hour (UTC) in which they came; what is older than hours are kept for has
-- been folded into days. All counts are sums of these. Room is left on pages, so
-- that counting writes no index.
CREATE TABLE share_buckets (
    span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network text COLLATE "C" NOT NULL,
    shares bigint NOT NULL CHECK (shares > 0),
    PRIMARY KEY (span, starts_at, article_id, network)
) WITH (fillfactor = 80);
CREATE INDEX share_buckets_by_article ON share_buckets (article_id, starts_at);

-- `first_party` is the sum of the buckets, written with them; `counted_at` when the last one came.
-- `external` is what a tool saw elsewhere for the article's present address, `observed_at` when; null is
-- unknown. `former_external` is the sum of what was seen for its former addresses, `former_observed_at`
-- when the last of them was.
CREATE TABLE share_counts (
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network text COLLATE "C" NOT NULL,
    first_party bigint NOT NULL,
    counted_at timestamptz,
    external bigint CHECK (external >= 0),
    former_external bigint CHECK (former_external >= 0),
    observed_at timestamptz,
    former_observed_at timestamptz,
    PRIMARY KEY (article_id, network)
) WITH (fillfactor = 80);

-- Addresses that articles had elsewhere or before, and the counts that were seen for addresses,
-- whether or not an article is known to have had them.
CREATE TABLE former_urls (
    url text COLLATE "C" PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position integer NOT NULL
);
CREATE INDEX former_urls_by_article ON former_urls (article_id);
CREATE TABLE url_share_counts (
    url text COLLATE "C" NOT NULL,
    network text COLLATE "C" NOT NULL,
    external bigint CHECK (external >= 0),
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (url, network)
);

-- The sum of an article's counts, for lists in that order: brought up to date every few seconds.
-- Every article has a row.
CREATE TABLE share_totals (
    article_id uuid PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    total bigint NOT NULL
);
CREATE INDEX share_totals_by_total ON share_totals (total, article_id);

-- Shares as they were counted, all of one batch in a row, for as long as visitors must be known again: of
-- each a part of a keyed hash of the visitor that nothing can be read from (8 bytes), the article (16)
-- and the network (1). Batches are numbered without gaps.
CREATE TABLE share_journal (
    batch bigint PRIMARY KEY NOT NULL,
    counted_at timestamptz NOT NULL,
    shares bytea NOT NULL
);

-- The last batch that buckets and counts have.
CREATE TABLE share_journal_applied (
    id bigint PRIMARY KEY NOT NULL CHECK (id = 1),
    batch bigint NOT NULL
);
INSERT INTO share_journal_applied (id, batch) VALUES (1, 0);

-- The shares of each hour and day, of all articles together and of those shared most: what trends is
-- made of these. `network` is empty for all networks; `articles` has of each its id (16 bytes) and its
-- shares (8 bytes, the most significant first), the most shared first.
CREATE TABLE share_rollups (
    span text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    network text COLLATE "C" NOT NULL,
    shares bigint NOT NULL,
    articles bytea NOT NULL,
    PRIMARY KEY (span, starts_at, network)
);

-- A random mark for each timeline of a Postgres primary, by which replicas of another history are
-- recognised (src/db/replica.rs). Empty without a replica.
CREATE TABLE primary_timelines (
    system bigint NOT NULL,
    timeline bigint NOT NULL,
    mark text COLLATE "C" NOT NULL,
    PRIMARY KEY (system, timeline)
);

-- The views that stand (views.sql): their names in the order in which they were made, and the SHA-256 of the text.
CREATE TABLE applied_views (
    id bigint PRIMARY KEY NOT NULL CHECK (id = 1),
    names text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL
);
