//! The tables as Diesel sees them, the same for both databases. A test holds them against what the
//! migrations make.

#![expect(missing_docs, reason = "the migrations describe the columns")]

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    users (id) {
        id -> IdSql,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> TimestampSql,
        disabled_at -> Nullable<TimestampSql>,
        version -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    events (sequence) {
        sequence -> BigInt,
        recorded_at -> TimestampSql,
        kind -> Text,
        resource -> Text,
        resource_id -> IdSql,
        slug -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<IdSql>,
        request_id -> Nullable<IdSql>,
        readers_see -> Nullable<Text>,
        detail -> Text,
        previous_hash -> Nullable<Binary>,
        hash -> Nullable<Binary>,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};

    appearances (article_id) {
        article_id -> IdSql,
        due_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    followers (name) {
        name -> Text,
        sequence -> BigInt,
        holder -> Nullable<IdSql>,
        held_until -> Nullable<TimestampSql>,
        failing_since -> Nullable<TimestampSql>,
        failure -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::db::types::{IdSql, TimestampSql};

    /// What was published in the last 48 hours and the public may see now: a view.
    public_news (id) {
        id -> IdSql,
        published_at -> TimestampSql,
        leaves_in -> BigInt,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};

    due_appearances (article_id) {
        article_id -> IdSql,
        due_at -> TimestampSql,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};

    due_expiries (article_id) {
        article_id -> IdSql,
        due_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable};

    next_clock_event (id) {
        id -> BigInt,
        milliseconds -> Nullable<BigInt>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Text};

    applied_views (id) {
        id -> BigInt,
        names -> Text,
        hash -> Text,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::db::types::{IdSql, TimestampSql};

    secrets (id) {
        id -> IdSql,
        purpose -> Text,
        secret -> Binary,
        created_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    refresh_tokens (token_hash) {
        token_hash -> Binary,
        family_id -> IdSql,
        user_id -> IdSql,
        created_at -> TimestampSql,
        expires_at -> TimestampSql,
        used_at -> Nullable<TimestampSql>,
        revoked_at -> Nullable<TimestampSql>,
        begun_at -> Nullable<TimestampSql>,
        user_agent -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    api_tokens (id) {
        id -> IdSql,
        name -> Text,
        token_hash -> Binary,
        scopes -> Text,
        created_at -> TimestampSql,
        expires_at -> Nullable<TimestampSql>,
        last_used_at -> Nullable<TimestampSql>,
        revoked_at -> Nullable<TimestampSql>,
        created_by -> Nullable<IdSql>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    tags (id) {
        id -> IdSql,
        slug -> Text,
        name -> Text,
        sort_name -> Text,
        kind -> Text,
        description -> Nullable<Text>,
        version -> BigInt,
        created_at -> TimestampSql,
        updated_at -> TimestampSql,
        published_articles -> BigInt,
        position -> Integer,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, JsonSql, TimestampSql};

    authors (id) {
        id -> IdSql,
        slug -> Text,
        name -> Text,
        sort_name -> Text,
        role -> Nullable<Text>,
        bio -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        version -> BigInt,
        created_at -> TimestampSql,
        updated_at -> TimestampSql,
        published_articles -> BigInt,
        website -> Nullable<Text>,
        social -> JsonSql,
        contact_email -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::db::types::{IdSql, JsonSql, TimestampSql};

    articles (id) {
        id -> IdSql,
        slug -> Text,
        status -> Text,
        version -> BigInt,
        kicker -> Nullable<Text>,
        genre -> Nullable<Text>,
        headline -> Nullable<Text>,
        standfirst -> Nullable<Text>,
        dateline -> Nullable<Text>,
        language -> Text,
        byline -> Nullable<Text>,
        canonical_url -> Nullable<Text>,
        section_id -> Nullable<IdSql>,
        primary_tag_id -> Nullable<IdSql>,
        lead_image -> Nullable<JsonSql>,
        word_count -> Integer,
        reading_minutes -> Nullable<Integer>,
        seo -> JsonSql,
        custom -> JsonSql,
        created_by -> Nullable<IdSql>,
        created_at -> TimestampSql,
        updated_at -> TimestampSql,
        published_at -> Nullable<TimestampSql>,
        embargo_until -> Nullable<TimestampSql>,
        retraction_reason -> Nullable<Text>,
        trashed_from -> Nullable<Text>,
        summary_json -> Nullable<Text>,
        details_json -> Nullable<Text>,
        #[sql_name = "made_of"]
        depends_on -> Nullable<Binary>,
        rendered_changed_at -> Nullable<TimestampSql>,
        rendered_version -> Nullable<BigInt>,
        rendered_by -> Nullable<BigInt>,
        unpublish_at -> Nullable<TimestampSql>,
        told_updated_at -> Nullable<TimestampSql>,
        first_public_at -> Nullable<TimestampSql>,
        sort_headline -> Text,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable};
    use crate::db::types::{IdSql, TimestampSql};

    article_tags (article_id, tag_id) {
        article_id -> IdSql,
        tag_id -> IdSql,
        position -> Integer,
        published_at -> Nullable<TimestampSql>,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable};
    use crate::db::types::{IdSql, TimestampSql};

    article_authors (article_id, author_id) {
        article_id -> IdSql,
        author_id -> IdSql,
        position -> Integer,
        published_at -> Nullable<TimestampSql>,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::{IdSql, TimestampSql};

    slug_redirects (resource, slug) {
        resource -> Text,
        slug -> Text,
        target_id -> IdSql,
        created_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::{IdSql, TimestampSql};

    corrections (id) {
        id -> IdSql,
        article_id -> IdSql,
        kind -> Text,
        text -> Text,
        published_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    share_counts (article_id, network) {
        article_id -> IdSql,
        network -> Text,
        first_party -> BigInt,
        counted_at -> Nullable<TimestampSql>,
        external -> Nullable<BigInt>,
        observed_at -> Nullable<TimestampSql>,
        former_external -> Nullable<BigInt>,
        former_observed_at -> Nullable<TimestampSql>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::db::types::{IdSql, TimestampSql};

    share_buckets (span, starts_at, article_id, network) {
        span -> Text,
        starts_at -> TimestampSql,
        article_id -> IdSql,
        network -> Text,
        shares -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::db::types::TimestampSql;

    /// Shares as they were counted, by batch.
    share_journal (batch) {
        batch -> BigInt,
        counted_at -> TimestampSql,
        shares -> Binary,
    }
}

table! {
    use diesel::sql_types::BigInt;

    /// The last batch that counts and buckets have: one row.
    share_journal_applied (id) {
        id -> BigInt,
        batch -> BigInt,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::db::types::IdSql;

    share_totals (article_id) {
        article_id -> IdSql,
        total -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::types::IdSql;

    former_urls (url) {
        url -> Text,
        article_id -> IdSql,
        position -> Integer,
        address -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    url_share_counts (url, network) {
        url -> Text,
        network -> Text,
        external -> Nullable<BigInt>,
        observed_at -> TimestampSql,
        address -> Nullable<Text>,
        article_id -> Nullable<IdSql>,
    }
}

table! {
    use diesel::sql_types::{Integer, Text};
    use crate::db::types::{IdSql, JsonSql};

    article_bodies (article_id) {
        article_id -> IdSql,
        blocks -> JsonSql,
        html -> Text,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::db::types::{IdSql, JsonSql, TimestampSql};

    /// Every article with what it refers to: a view, and the way editorial code reads articles.
    full_articles (id) {
        id -> IdSql,
        slug -> Text,
        status -> Text,
        version -> BigInt,
        kicker -> Nullable<Text>,
        genre -> Nullable<Text>,
        headline -> Nullable<Text>,
        standfirst -> Nullable<Text>,
        dateline -> Nullable<Text>,
        language -> Text,
        byline -> Nullable<Text>,
        canonical_url -> Nullable<Text>,
        section_id -> Nullable<IdSql>,
        lead_image -> Nullable<JsonSql>,
        word_count -> Integer,
        reading_minutes -> Nullable<Integer>,
        seo -> JsonSql,
        custom -> JsonSql,
        created_by -> Nullable<IdSql>,
        created_at -> TimestampSql,
        updated_at -> TimestampSql,
        published_at -> Nullable<TimestampSql>,
        embargo_until -> Nullable<TimestampSql>,
        body -> JsonSql,
        body_html -> Text,
        authors -> JsonSql,
        tags -> JsonSql,
        section -> Nullable<JsonSql>,
        corrections -> JsonSql,
        former_urls -> JsonSql,
        public_updated_at -> Nullable<TimestampSql>,
        public_changed_at -> Nullable<TimestampSql>,
        ending -> JsonSql,
        working_copy -> Nullable<JsonSql>,
        held_lock -> Nullable<JsonSql>,
        sort_headline -> Text,
        sort_published_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::types::{IdSql, JsonSql};

    /// What articles' excerpts and reading times are taken from: a view.
    teaser_sources (id) {
        id -> IdSql,
        summary_json -> Nullable<Text>,
        blocks -> Nullable<JsonSql>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::db::types::{IdSql, JsonSql, TimestampSql};

    /// What the public may see now: a view, and the only way public handlers read articles.
    public_articles (id) {
        id -> IdSql,
        slug -> Text,
        canonical_url -> Nullable<Text>,
        language -> Text,
        section_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
        published_at -> TimestampSql,
        published_on -> Text,
        body -> JsonSql,
        body_html -> Text,
        summary_json -> Nullable<Text>,
        details_json -> Nullable<Text>,
        #[sql_name = "made_of"]
        depends_on -> Nullable<Binary>,
        rendered_changed_at -> Nullable<TimestampSql>,
        expires_in -> Nullable<BigInt>,
        is_rendered -> Bool,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    /// What the public may see now, for each tag that it has: a view.
    public_articles_by_tag (id) {
        tag_id -> IdSql,
        id -> IdSql,
        slug -> Text,
        language -> Text,
        section_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
        published_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    /// What the public may see now, for each author that it has: a view.
    public_articles_by_author (id) {
        author_id -> IdSql,
        id -> IdSql,
        slug -> Text,
        language -> Text,
        section_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
        published_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    /// What the public may see now, in the order of share counts: a view.
    public_articles_by_shares (id) {
        total -> BigInt,
        id -> IdSql,
        slug -> Text,
        language -> Text,
        section_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
        published_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::db::types::IdSql;

    /// Which article stands where in the search index, in the order of publication.
    search_entries (position) {
        position -> BigInt,
        article_id -> IdSql,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::IdSql;

    /// The words of the names of tags and authors.
    name_words (word, kind, owner_id) {
        word -> Text,
        kind -> Text,
        owner_id -> IdSql,
    }
}

table! {
    use crate::db::types::IdSql;

    /// Tags and authors that were merged into others.
    merged_names (id) {
        id -> IdSql,
        into_id -> IdSql,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    /// What the public may see now, in the order of the search index: a view.
    public_articles_by_search (id) {
        words -> Text,
        position -> BigInt,
        id -> IdSql,
        slug -> Text,
        language -> Text,
        section_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
        published_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::BigInt;

    /// How many articles are public: a view of one row.
    public_count (id) {
        id -> BigInt,
        articles -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable};

    /// In how many milliseconds the clock alone changes what is public: a view of one row.
    #[sql_name = "public_horizon"]
    next_visibility_change (id) {
        id -> BigInt,
        milliseconds -> Nullable<BigInt>,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::db::types::IdSql;

    /// How many published articles of a tag, section or author are not public yet: a view.
    hidden_article_counts (owner_id) {
        owner_id -> IdSql,
        articles -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::db::types::TimestampSql;

    share_rollups (span, starts_at, network) {
        span -> Text,
        starts_at -> TimestampSql,
        network -> Text,
        shares -> BigInt,
        articles -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    collections (id) {
        id -> IdSql,
        slug -> Text,
        title -> Text,
        fill_limit -> Nullable<Integer>,
        fill_section_id -> Nullable<IdSql>,
        fill_language -> Nullable<Text>,
        version -> BigInt,
        created_at -> TimestampSql,
        updated_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{Integer, Text};
    use crate::db::types::IdSql;

    collection_tags (collection_id, part, tag_id) {
        collection_id -> IdSql,
        part -> Text,
        tag_id -> IdSql,
        position -> Integer,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    collection_slots (collection_id, position) {
        collection_id -> IdSql,
        position -> Integer,
        article_id -> IdSql,
        headline -> Nullable<Text>,
        label -> Nullable<Text>,
        shown_from -> Nullable<TimestampSql>,
        shown_until -> Nullable<TimestampSql>,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::db::types::IdSql;

    /// The slots that are to be shown now, whatever their articles are: a view.
    current_slots (collection_id, position) {
        collection_id -> IdSql,
        position -> Integer,
        article_id -> IdSql,
        headline -> Nullable<Text>,
        label -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer};
    use crate::db::types::IdSql;

    /// In how many milliseconds the clock alone shows or hides a slot: a view.
    slot_changes (collection_id, position) {
        collection_id -> IdSql,
        position -> Integer,
        milliseconds -> BigInt,
    }
}

table! {
    use diesel::sql_types::Integer;
    use crate::db::types::IdSql;

    tag_ancestors (tag_id, distance) {
        tag_id -> IdSql,
        distance -> Integer,
        ancestor_id -> IdSql,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    idempotency_keys (caller_id, key, part) {
        caller_id -> IdSql,
        key -> Text,
        part -> Integer,
        fingerprint -> Binary,
        status -> Integer,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        body -> Nullable<Binary>,
        shown_once -> Integer,
        created_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    retractions (article_id) {
        article_id -> IdSql,
        slug -> Text,
        notice -> Nullable<Text>,
        published_at -> TimestampSql,
        retracted_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::db::types::{IdSql, TimestampSql};

    idempotency_usage (caller_id, day) {
        caller_id -> IdSql,
        day -> TimestampSql,
        responses -> BigInt,
        bytes -> BigInt,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::{IdSql, TimestampSql};

    retired_slugs (slug) {
        slug -> Text,
        article_id -> IdSql,
        retired_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::{IdSql, TimestampSql};

    /// Corrections of public articles: a view.
    public_corrections (id) {
        id -> IdSql,
        kind -> Text,
        text -> Text,
        published_at -> TimestampSql,
        article_id -> IdSql,
    }
}

joinable!(article_tags -> tags (tag_id));
joinable!(article_tags -> articles (article_id));
joinable!(article_tags -> public_articles (article_id));
joinable!(article_authors -> authors (author_id));
joinable!(article_authors -> articles (article_id));
joinable!(article_authors -> public_articles (article_id));
joinable!(share_counts -> public_articles (article_id));
table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::db::types::{IdSql, TimestampSql};

    password_links (token_hash) {
        token_hash -> Binary,
        user_id -> IdSql,
        created_at -> TimestampSql,
        expires_at -> TimestampSql,
        used_at -> Nullable<TimestampSql>,
        withdrawn_at -> Nullable<TimestampSql>,
    }
}

joinable!(refresh_tokens -> users (user_id));
joinable!(collection_tags -> tags (tag_id));
joinable!(collection_slots -> articles (article_id));
joinable!(collection_slots -> collections (collection_id));

allow_tables_to_appear_in_same_query!(
    users,
    secrets,
    refresh_tokens,
    api_tokens,
    tags,
    authors,
    articles,
    article_bodies,
    full_articles,
    article_tags,
    article_authors,
    slug_redirects,
    corrections,
    share_counts,
    share_buckets,
    share_journal,
    share_journal_applied,
    share_totals,
    former_urls,
    url_share_counts,
    public_articles,
    public_articles_by_tag,
    public_articles_by_author,
    public_articles_by_search,
    public_articles_by_shares,
    search_entries,
    name_words,
    merged_names,
    collections,
    collection_tags,
    collection_slots,
    tag_ancestors,
);
