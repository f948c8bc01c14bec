//! Word of writes between processes on one Postgres database: what is sent.
//!
//! A write notifies in its own transaction, so that word goes out when it commits and not otherwise.

use diesel::sql_types::Text;
use diesel::{RunQueryDsl, sql_query};

use super::changes::{CacheTagKey, Invalidation};
use super::connection::AnyConnection as Connection;
use super::error::StoreResult;
use super::types::Id;

/// The channel that processes of one database notify each other on.
pub(super) const CHANNEL: &str = "dateline_changes";
/// Most cache tags in one notification, whose payload must stay below 8,000 bytes; more than these are
/// sent as "everything".
const MOST_TAGS: usize = 400;

/// Tells other processes what was touched, as part of the transaction.
pub(super) fn tell_others(
    connection: &mut Connection,
    process: Id,
    touched: &Invalidation,
) -> StoreResult<()> {
    let Connection::Postgres(connection) = connection else {
        return Ok(());
    };
    if touched.is_empty() && !touched.is_logged() {
        return Ok(());
    }
    sql_query("SELECT pg_notify($1, $2)")
        .bind::<Text, _>(CHANNEL)
        .bind::<Text, _>(payload(process, touched))
        .execute(connection)?;
    Ok(())
}

fn payload(process: Id, touched: &Invalidation) -> String {
    use std::fmt::Write;

    let mut payload = process.0.simple().to_string();
    if touched.keys().len() > MOST_TAGS {
        payload.push_str(" *");
    } else {
        for key in touched.keys() {
            let _ = write!(payload, " {:x}", key.0);
        }
    }
    payload
}

/// What a payload from another process says was touched: `None` for everything, as for what
/// another version may send.
pub(super) fn read_payload(words: std::str::SplitWhitespace<'_>) -> Option<Invalidation> {
    words
        .map(|word| u64::from_str_radix(word, 16).ok().map(CacheTagKey))
        .collect::<Option<Vec<_>>>()
        .map(Invalidation::from_keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::changes::CacheTag;

    #[test]
    fn a_notification_says_what_was_touched() {
        let mut touched = Invalidation::default();
        for _ in 0..MOST_TAGS {
            touched.add(CacheTag::Article(Id::generate()));
        }
        let read = |touched: &Invalidation| {
            let payload = payload(Id::generate(), touched);
            assert!(payload.len() < 8000);
            let mut words = payload.split_whitespace();
            words.next();
            read_payload(words).map(|touched| touched.keys().to_vec())
        };
        assert_eq!(read(&touched).as_deref(), Some(touched.keys()));
        touched.add(CacheTag::Articles);
        assert_eq!(read(&touched), None);
    }
}
