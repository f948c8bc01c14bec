//! The tables of what only editors have, as Diesel sees them; readers' queries import none of them.

#![expect(missing_docs, reason = "the migrations describe the columns")]

use diesel::table;

use super::schema::{articles, full_articles};

table! {
    use diesel::sql_types::Binary;
    use crate::db::types::IdSql;

    revision_bodies (article_id, hash) {
        article_id -> IdSql,
        hash -> Binary,
        blocks -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    revisions (article_id, version) {
        article_id -> IdSql,
        version -> BigInt,
        recorded_at -> TimestampSql,
        step -> Text,
        status -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<IdSql>,
        note -> Nullable<Text>,
        restored_from -> Nullable<BigInt>,
        headline -> Nullable<Text>,
        word_count -> Integer,
        document -> Binary,
        body_hash -> Binary,
        thinned_from -> Nullable<TimestampSql>,
        silent -> Integer,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    working_copies (article_id) {
        article_id -> IdSql,
        version -> BigInt,
        base_version -> Nullable<BigInt>,
        document -> Nullable<Binary>,
        blocks -> Nullable<Binary>,
        note -> Nullable<Text>,
        created_at -> TimestampSql,
        created_by_kind -> Text,
        created_by_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
        updated_by_kind -> Text,
        updated_by_id -> Nullable<IdSql>,
        publish_at -> Nullable<TimestampSql>,
        scheduled_by_kind -> Nullable<Text>,
        scheduled_by_id -> Nullable<IdSql>,
        scheduled_with -> Nullable<Text>,
        failure -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    /// Working copies whose time has come: a view.
    due_working_copies (article_id) {
        article_id -> IdSql,
        due_at -> TimestampSql,
        scheduled_by_kind -> Nullable<Text>,
        scheduled_by_id -> Nullable<IdSql>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    preview_links (id) {
        id -> IdSql,
        article_id -> IdSql,
        version -> Nullable<BigInt>,
        note -> Nullable<Text>,
        created_at -> TimestampSql,
        created_by_kind -> Text,
        created_by_id -> Nullable<IdSql>,
        expires_at -> TimestampSql,
        revoked_at -> Nullable<TimestampSql>,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::db::types::IdSql;

    /// Which article that is not published stands where in the index of drafts, in the order of creation.
    draft_entries (position) {
        position -> BigInt,
        article_id -> IdSql,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::{IdSql, TimestampSql};

    article_locks (article_id) {
        article_id -> IdSql,
        holder_kind -> Text,
        holder_id -> IdSql,
        taken_at -> TimestampSql,
        expires_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::db::types::{IdSql, TimestampSql};

    /// Locks that have not run out: a view.
    held_locks (article_id) {
        article_id -> IdSql,
        holder_kind -> Text,
        holder_id -> IdSql,
        taken_at -> TimestampSql,
        expires_at -> TimestampSql,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};

    /// Published articles that readers do not see yet: a view.
    scheduled_articles (article_id) {
        article_id -> IdSql,
        due_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    media (id) {
        id -> IdSql,
        name -> Text,
        hash -> Text,
        upload_hash -> Binary,
        kind -> Text,
        mime -> Text,
        bytes -> BigInt,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        duration_ms -> Nullable<BigInt>,
        is_animated -> Integer,
        thumbhash -> Nullable<Text>,
        renditions -> Text,
        file_name -> Nullable<Text>,
        alt -> Nullable<Text>,
        caption -> Nullable<Text>,
        credit -> Nullable<Text>,
        copyright_notice -> Nullable<Text>,
        usage_terms -> Nullable<Text>,
        licence_url -> Nullable<Text>,
        rights_expire_at -> Nullable<TimestampSql>,
        digital_source_type -> Nullable<Text>,
        focal_x -> Nullable<Integer>,
        focal_y -> Nullable<Integer>,
        words -> Text,
        credit_words -> Text,
        version -> BigInt,
        created_at -> TimestampSql,
        created_by_kind -> Text,
        created_by_id -> Nullable<IdSql>,
        updated_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::Integer;
    use crate::db::types::IdSql;

    media_uses (media_id, article_id, in_copy) {
        media_id -> IdSql,
        article_id -> IdSql,
        in_copy -> Integer,
    }
}

table! {
    use diesel::sql_types::Text;

    media_base (url) {
        url -> Text,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};
    use diesel::sql_types::{BigInt, Nullable};

    month_counts (id) {
        id -> IdSql,
        starts_at -> TimestampSql,
        ends_at -> TimestampSql,
        articles -> BigInt,
        changed_at -> Nullable<TimestampSql>,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};
    use diesel::sql_types::{BigInt, Nullable, Text};

    webhooks (id) {
        id -> IdSql,
        url -> Text,
        description -> Nullable<Text>,
        events -> Text,
        sections -> Text,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_until -> Nullable<TimestampSql>,
        version -> BigInt,
        created_at -> TimestampSql,
        updated_at -> TimestampSql,
        sequence -> BigInt,
        failing_since -> Nullable<TimestampSql>,
        failures -> BigInt,
        held_until -> Nullable<TimestampSql>,
        disabled_at -> Nullable<TimestampSql>,
        disabled_reason -> Nullable<Text>,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};
    use diesel::sql_types::{BigInt, Nullable, Text};

    webhook_deliveries (id) {
        id -> IdSql,
        webhook_id -> IdSql,
        message_id -> Text,
        sequence -> BigInt,
        kind -> Text,
        payload -> Text,
        status -> Text,
        attempts -> BigInt,
        attempts_of_round -> BigInt,
        next_at -> Nullable<TimestampSql>,
        holder -> Nullable<IdSql>,
        created_at -> TimestampSql,
        finished_at -> Nullable<TimestampSql>,
    }
}

table! {
    use crate::db::types::{IdSql, TimestampSql};
    use diesel::sql_types::{BigInt, Nullable, Text};

    webhook_attempts (delivery_id, number) {
        delivery_id -> IdSql,
        number -> BigInt,
        started_at -> TimestampSql,
        milliseconds -> BigInt,
        status -> Nullable<BigInt>,
        error -> Nullable<Text>,
        response -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(media, media_uses, articles);
diesel::allow_tables_to_appear_in_same_query!(revisions, revision_bodies);
diesel::allow_tables_to_appear_in_same_query!(scheduled_articles, full_articles);
diesel::allow_tables_to_appear_in_same_query!(working_copies, full_articles);
diesel::allow_tables_to_appear_in_same_query!(held_locks, full_articles);
diesel::allow_tables_to_appear_in_same_query!(webhooks, webhook_deliveries, webhook_attempts);
