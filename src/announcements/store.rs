//! How far each service was told, and which process tells it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::schema::followers;
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::events::log;

/// Why a service was not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Since when it takes nothing.
    pub since: Timestamp,
    /// Why, when it was last tried.
    pub reason: String,
}

/// Whether a service was told all that is in the log.
///
/// # Errors
/// When the database fails.
pub fn is_told_all(connection: &mut Connection, name: &str) -> StoreResult<bool> {
    let told: Option<i64> = followers::table
        .filter(followers::name.eq(name))
        .select(followers::sequence)
        .first(connection)
        .optional()?;
    Ok(told.is_some() && told == Some(log::head(connection)?.sequence))
}

/// Takes the turn of telling a service, until an instant, and returns how far it was told; `None` when another process has
/// it. A service that was never told begins at the end of the log.
///
/// # Errors
/// When the database fails.
pub fn take_turn(
    connection: &mut Connection,
    name: &str,
    process: Id,
    until: Timestamp,
) -> StoreResult<Option<i64>> {
    let is_known: bool = followers::table
        .filter(followers::name.eq(name))
        .select(followers::name)
        .first::<String>(connection)
        .optional()?
        .is_some();
    if !is_known {
        let head = log::head(connection)?.sequence;
        diesel::sql_query(
            "INSERT INTO followers (name, sequence) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind::<Text, _>(name)
        .bind::<BigInt, _>(head)
        .execute(connection)?;
    }
    // One process serves a SQLite file: a turn that is not its own is that of one which has ended.
    let may_take = match connection {
        Connection::Sqlite(_) => "$4 IS NOT NULL",
        Connection::Postgres(_) => "(holder = $1 OR held_until IS NULL OR held_until < $4)",
    };
    let taken = diesel::sql_query(format!(
        "UPDATE followers SET holder = $1, held_until = $2 WHERE name = $3 AND {may_take}"
    ))
    .bind::<IdSql, _>(process)
    .bind::<TimestampSql, _>(until)
    .bind::<Text, _>(name)
    .bind::<TimestampSql, _>(Timestamp::now())
    .execute(connection)?;
    if taken == 0 {
        return Ok(None);
    }
    let sequence = followers::table
        .filter(followers::name.eq(name))
        .select(followers::sequence)
        .first(connection)?;
    Ok(Some(sequence))
}

/// Notes that a service was told up to a number, by the process whose turn it is.
///
/// # Errors
/// When the database fails.
pub fn told(
    connection: &mut Connection,
    name: &str,
    process: Id,
    sequence: i64,
) -> StoreResult<()> {
    let own = followers::table
        .filter(followers::name.eq(name))
        .filter(followers::holder.eq(process))
        .filter(followers::sequence.lt(sequence));
    diesel::update(own)
        .set((
            followers::sequence.eq(sequence),
            followers::failing_since.eq(None::<Timestamp>),
            followers::failure.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(())
}

/// Notes that a service could not be told, by the process whose turn it is.
///
/// # Errors
/// When the database fails.
pub fn failed(
    connection: &mut Connection,
    name: &str,
    process: Id,
    reason: &str,
) -> StoreResult<()> {
    let own = followers::table
        .filter(followers::name.eq(name))
        .filter(followers::holder.eq(process));
    let since: Option<Option<Timestamp>> = own
        .select(followers::failing_since)
        .first(connection)
        .optional()?;
    if let Some(since) = since {
        diesel::update(own)
            .set((
                followers::failing_since.eq(since.unwrap_or_else(Timestamp::now)),
                followers::failure.eq(reason),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Forgets services other than these. Nobody tells them any more; one that is set again begins at the end of the log.
///
/// # Errors
/// When the database fails.
pub fn forget_others(connection: &mut Connection, names: &[String]) -> StoreResult<()> {
    let known: Vec<String> = followers::table.select(followers::name).load(connection)?;
    for name in known.iter().filter(|name| !names.contains(name)) {
        diesel::delete(followers::table.filter(followers::name.eq(name))).execute(connection)?;
    }
    Ok(())
}

/// The services that take nothing, each with why.
///
/// # Errors
/// When the database fails.
pub fn failing(connection: &mut Connection) -> StoreResult<Vec<(String, Failing)>> {
    let rows: Vec<(String, Option<Timestamp>, Option<String>)> = followers::table
        .filter(followers::failing_since.is_not_null())
        .order(followers::name)
        .select((
            followers::name,
            followers::failing_since,
            followers::failure,
        ))
        .load(connection)?;
    let failing = rows.into_iter().filter_map(|(name, since, reason)| {
        let (since, reason) = (since?, reason.unwrap_or_default());
        Some((name, Failing { since, reason }))
    });
    Ok(failing.collect())
}
