//! The tables of sign-in by an identity provider, as Diesel sees them.

#![expect(missing_docs, reason = "the migrations describe the columns")]

use diesel::table;

table! {
    use diesel::sql_types::{Integer, Text};
    use crate::db::types::{IdSql, TimestampSql};

    identities (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        user_id -> IdSql,
        role_by_groups -> Integer,
        linked_at -> TimestampSql,
        last_used_at -> TimestampSql,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::db::types::{IdSql, TimestampSql};

    provider_sign_ins (state_hash) {
        state_hash -> Binary,
        expires_at -> TimestampSql,
        code_hash -> Nullable<Binary>,
        code_challenge -> Nullable<Text>,
        code_expires_at -> Nullable<TimestampSql>,
        user_id -> Nullable<IdSql>,
    }
}
