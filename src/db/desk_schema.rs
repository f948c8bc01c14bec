//! The tables of what only editors have, as Diesel sees them; readers' queries import none of them.

#![expect(missing_docs, reason = "the migrations describe the columns")]

use diesel::table;

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

diesel::allow_tables_to_appear_in_same_query!(revisions, revision_bodies);
