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

-- Keys that the service makes for itself: for access tokens, for cursors, for hashes of visitors.
CREATE TABLE secrets (
    id BLOB PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX secrets_by_purpose ON secrets (purpose, created_at);

-- One row for each refresh token that was ever handed out; a family is one sign-in.
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

-- `published_articles` counts those that are scheduled or under embargo as well: it is written with
-- each change, so that no read counts them.
CREATE TABLE tags (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    kind TEXT NOT NULL
        CHECK (kind IN ('topic', 'person', 'organisation', 'place', 'event', 'series', 'section')),
    description TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    published_articles INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX tags_by_name ON tags (sort_name, id);
CREATE INDEX tags_by_kind ON tags (kind, sort_name, id);
CREATE INDEX tags_by_articles ON tags (published_articles DESC, id);
CREATE INDEX tags_by_kind_and_articles ON tags (kind, published_articles DESC, id);

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
    updated_at TEXT NOT NULL,
    published_articles INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX authors_by_name ON authors (sort_name, id);
CREATE INDEX authors_by_articles ON authors (published_articles DESC, id);

-- The last six columns are what readers see of a published article, as JSON, so that reading it
-- converts nothing. `summary_json` has the members of its summary after those that name it,
-- `details_json` those that summaries leave out but for the body, `made_of` the cache tags of all that it
-- shows, eight bytes each, and `rendered_changed_at` when any of that was last changed. They hold for
-- the version that they were made of, for the version of the code that made them, and while no tag and no
-- author is stale.
CREATE TABLE articles (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL
        CHECK (status IN ('draft', 'in_review', 'published', 'unpublished', 'retracted', 'trashed')),
    version INTEGER NOT NULL,
    headline TEXT,
    standfirst TEXT,
    dateline TEXT,
    language TEXT NOT NULL,
    byline TEXT,
    canonical_url TEXT,
    section_id BLOB REFERENCES tags (id),
    lead_image TEXT,
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
    summary_json TEXT,
    details_json TEXT,
    made_of BLOB,
    rendered_changed_at TEXT,
    rendered_version INTEGER,
    rendered_by INTEGER,
    CHECK (status <> 'published' OR (published_at IS NOT NULL AND headline IS NOT NULL))
) STRICT;
CREATE INDEX articles_public_by_publication ON articles (published_at, id) WHERE status = 'published';
-- To readers an article has changed when it appears, however long before it was written.
CREATE INDEX articles_public_by_update ON articles (max(updated_at, published_at, coalesce(embargo_until, '')), id)
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
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    blocks TEXT NOT NULL,
    html TEXT NOT NULL
) STRICT;

-- `published_at` is that of the article while it is published: the articles of one tag or author are
-- read in the order of an index, however many there are.
CREATE TABLE article_tags (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id BLOB NOT NULL REFERENCES tags (id),
    position INTEGER NOT NULL,
    published_at TEXT,
    PRIMARY KEY (article_id, tag_id)
) STRICT;
CREATE INDEX article_tags_by_tag ON article_tags (tag_id, published_at, article_id);

CREATE TABLE article_authors (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES authors (id),
    position INTEGER NOT NULL,
    published_at TEXT,
    PRIMARY KEY (article_id, author_id)
) STRICT;
CREATE INDEX article_authors_by_author ON article_authors (author_id, published_at, article_id);

CREATE TABLE corrections (
    id BLOB PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('correction', 'clarification', 'update')),
    text TEXT NOT NULL,
    published_at TEXT NOT NULL
) STRICT;
CREATE INDEX corrections_by_article ON corrections (article_id, published_at);

-- Slugs that once named something, which readers are led on from (301).
CREATE TABLE slug_redirects (
    resource TEXT NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    slug TEXT NOT NULL,
    target_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (resource, slug)
) STRICT;
CREATE INDEX slug_redirects_by_target ON slug_redirects (target_id);

-- What happened, in the order of the commits and numbered without gaps (src/events/log.rs). `readers_see`
-- is null for what readers see nothing of; `detail` is JSON.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    recorded_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    resource TEXT NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    resource_id BLOB NOT NULL,
    slug TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'token', 'system')),
    actor_id BLOB,
    request_id BLOB,
    readers_see TEXT CHECK (readers_see IN ('appeared', 'changed', 'disappeared')),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_resource ON events (resource_id, sequence);

-- Published articles that the clock will make public, until the log says that it has.
CREATE TABLE appearances (
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    due_at TEXT NOT NULL
) STRICT;
CREATE INDEX appearances_by_time ON appearances (due_at, article_id);

-- What is to be done again in a projection: tags and authors that changed, until the articles that show them
-- are rendered again. `serial` counts the changes.
CREATE TABLE stale (
    projection TEXT NOT NULL,
    resource TEXT NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    id BLOB NOT NULL,
    serial INTEGER NOT NULL,
    PRIMARY KEY (projection, resource, id)
) STRICT;

-- The version of the code that a projection is of. While it is being rebuilt for another one (`target`), how far
-- that has come: all rows before, and of this kind those up to `position`, are done.
CREATE TABLE projections (
    name TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    target INTEGER NOT NULL,
    resource TEXT NOT NULL CHECK (resource IN ('article', 'tag', 'author')),
    position BLOB
) STRICT;

-- What published articles are found by. The words come ready-made, folded and marked, so the
-- tokenizer only parts them at spaces. Rows are in the order of publication: `position` is the
-- millisecond of publication times 16,384, and a number that tells apart those of one. Beginnings of
-- two and three letters have lists of their own: they would stand for too many words.
CREATE VIRTUAL TABLE article_search USING fts5(
    words, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3 4'
);
CREATE TABLE search_entries (
    position INTEGER PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX search_entries_by_article ON search_entries (article_id);

-- The words of the names of tags and authors.
CREATE TABLE name_words (
    word TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('tag', 'author')),
    owner_id BLOB NOT NULL,
    PRIMARY KEY (word, kind, owner_id)
) STRICT;
CREATE INDEX name_words_by_owner ON name_words (owner_id);

-- Tags and authors that were merged into others, which articles are still found by.
CREATE TABLE merged_names (
    id BLOB PRIMARY KEY NOT NULL,
    into_id BLOB NOT NULL
) STRICT;
CREATE INDEX merged_names_by_target ON merged_names (into_id);

-- Shares counted here, by the hour (UTC) in which they came; what is older than hours are kept for has
-- been folded into days. All counts are sums of these.
CREATE TABLE share_buckets (
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at TEXT NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    shares INTEGER NOT NULL CHECK (shares > 0),
    PRIMARY KEY (span, starts_at, article_id, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_buckets_by_article ON share_buckets (article_id, starts_at);

-- `first_party` is the sum of the buckets, written with them; `counted_at` when the last one came.
-- `external` is what a tool saw elsewhere for the article's present address, `observed_at` when; null is
-- unknown. `former_external` is the sum of what was seen for its former addresses, `former_observed_at`
-- when the last of them was.
CREATE TABLE share_counts (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    first_party INTEGER NOT NULL,
    counted_at TEXT,
    external INTEGER CHECK (external >= 0),
    former_external INTEGER CHECK (former_external >= 0),
    observed_at TEXT,
    former_observed_at TEXT,
    PRIMARY KEY (article_id, network)
) STRICT;

-- Addresses that articles had elsewhere or before, and the counts that were seen for addresses,
-- whether or not an article is known to have had them.
CREATE TABLE former_urls (
    url TEXT PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_urls_by_article ON former_urls (article_id);
CREATE TABLE url_share_counts (
    url TEXT NOT NULL,
    network TEXT NOT NULL,
    external INTEGER CHECK (external >= 0),
    observed_at TEXT NOT NULL,
    PRIMARY KEY (url, network)
) STRICT, WITHOUT ROWID;

-- The sum of an article's counts, for lists in that order: brought up to date every few seconds.
-- Every article has a row.
CREATE TABLE share_totals (
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    total INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX share_totals_by_total ON share_totals (total, article_id);

-- Shares as they were counted, all of one batch in a row, for as long as visitors must be known again: of
-- each a part of a keyed hash of the visitor that nothing can be read from (8 bytes), the article (16)
-- and the network (1). Batches are numbered without gaps.
CREATE TABLE share_journal (
    batch INTEGER PRIMARY KEY NOT NULL,
    counted_at TEXT NOT NULL,
    shares BLOB NOT NULL
) STRICT;

-- The last batch that buckets and counts have.
CREATE TABLE share_journal_applied (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    batch INTEGER NOT NULL
) STRICT;
INSERT INTO share_journal_applied (id, batch) VALUES (1, 0);

-- The shares of each hour and day, of all articles together and of those shared most: what trends is
-- made of these. `network` is empty for all networks; `articles` has of each its id (16 bytes) and its
-- shares (8 bytes, the most significant first), the most shared first.
CREATE TABLE share_rollups (
    span TEXT NOT NULL CHECK (span IN ('hour', 'day')),
    starts_at TEXT NOT NULL,
    network TEXT NOT NULL,
    shares INTEGER NOT NULL,
    articles BLOB NOT NULL,
    PRIMARY KEY (span, starts_at, network)
) STRICT;

-- A random mark for each timeline of a Postgres primary, by which replicas of another history are
-- recognised (src/db/replica.rs). Empty without a replica.
CREATE TABLE primary_timelines (
    system INTEGER NOT NULL,
    timeline INTEGER NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (system, timeline)
) STRICT, WITHOUT ROWID;

-- The views that stand (views.sql): their names in the order in which they were made, and the SHA-256 of the text.
CREATE TABLE applied_views (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    names TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
