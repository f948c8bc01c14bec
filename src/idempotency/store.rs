//! Stored replies, and how many a caller may have.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::key::Attempt;
use super::reply::Reply;
use crate::db::lock::{self, Lock};
use crate::db::schema::{idempotency_keys, idempotency_usage};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, StoreError, StoreResult, Timestamp};

/// For how long a reply is replayed.
pub const KEPT: chrono::Duration = chrono::Duration::hours(24);

/// How many replies one caller may have stored on a day (UTC), and their bytes.
pub const MOST_REPLIES: i64 = 100_000;
/// The same in bytes: 256 MiB.
pub const MOST_BYTES: i64 = 256 * 1024 * 1024;

/// How many replies one transaction forgets.
const BATCH: i64 = 200;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = idempotency_keys, treat_none_as_null = true)]
struct Row {
    fingerprint: Vec<u8>,
    status: i32,
    etag: Option<String>,
    location: Option<String>,
    body: Option<Vec<u8>>,
    shown_once: i32,
    created_at: Timestamp,
}

/// The reply that a part of a request got before. From here to the end of the transaction no other request has the
/// key: on Postgres by a lock, on SQLite because one writes at a time.
///
/// # Errors
/// [`StoreError::KeyInFlight`], [`StoreError::KeyReused`], [`StoreError::ShownOnce`], and when the database fails.
pub fn find(
    connection: &mut Connection,
    attempt: &Attempt,
    part: i32,
    now: Timestamp,
) -> StoreResult<Option<Reply>> {
    if !lock::try_exclusive(connection, Lock::IdempotencyKey(attempt.lock()))? {
        return Err(StoreError::KeyInFlight);
    }
    let found: Option<Row> = idempotency_keys::table
        .find((attempt.caller, &attempt.key, part))
        .filter(idempotency_keys::created_at.gt(now.plus(-KEPT)))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    let Some(row) = found else {
        return Ok(None);
    };
    if row.fingerprint != attempt.fingerprint {
        return Err(StoreError::KeyReused);
    }
    if row.shown_once != 0 {
        return Err(StoreError::ShownOnce(row.location));
    }
    Ok(Some(Reply {
        status: u16::try_from(row.status).unwrap_or(200),
        etag: row.etag,
        location: row.location,
        body: row.body,
        is_shown_once: false,
    }))
}

/// Stores the reply to a part of a request, in the transaction that it tells of.
///
/// # Errors
/// [`StoreError::TooManyKeys`], and when the database fails.
pub fn keep(
    connection: &mut Connection,
    attempt: &Attempt,
    part: i32,
    reply: &Reply,
    now: Timestamp,
) -> StoreResult<()> {
    let body = reply.body.clone().filter(|_| !reply.is_shown_once);
    count(connection, attempt, body.as_ref().map_or(0, Vec::len), now)?;
    let row = Row {
        fingerprint: attempt.fingerprint.to_vec(),
        status: reply.status.into(),
        etag: reply.etag.clone(),
        location: reply.location.clone(),
        body,
        shown_once: reply.is_shown_once.into(),
        created_at: now,
    };
    // What is there has run out: the request begins anew, with all of its parts.
    diesel::delete(
        idempotency_keys::table
            .filter(idempotency_keys::caller_id.eq(attempt.caller))
            .filter(idempotency_keys::key.eq(&attempt.key))
            .filter(idempotency_keys::part.ge(part)),
    )
    .execute(connection)?;
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::caller_id.eq(attempt.caller),
            idempotency_keys::key.eq(&attempt.key),
            idempotency_keys::part.eq(part),
            row,
        ))
        .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Usage {
    #[diesel(sql_type = BigInt)]
    responses: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Counts a reply among those of its caller's day.
fn count(
    connection: &mut Connection,
    attempt: &Attempt,
    bytes: usize,
    now: Timestamp,
) -> StoreResult<()> {
    let Usage { responses, bytes } = diesel::sql_query(
        "INSERT INTO idempotency_usage (caller_id, day, responses, bytes) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (caller_id, day) DO UPDATE SET responses = idempotency_usage.responses + 1, \
         bytes = idempotency_usage.bytes + $3 RETURNING responses, bytes",
    )
    .bind::<IdSql, _>(attempt.caller)
    .bind::<TimestampSql, _>(now.cut_to(chrono::Duration::days(1)))
    .bind::<BigInt, _>(i64::try_from(bytes).unwrap_or(i64::MAX))
    .get_result(connection)?;
    if responses > MOST_REPLIES || bytes > MOST_BYTES {
        return Err(StoreError::TooManyKeys);
    }
    Ok(())
}

/// Forgets some of the replies that have run out; returns whether there may be more.
///
/// # Errors
/// When the database fails.
pub fn forget(connection: &mut Connection) -> StoreResult<bool> {
    let before = Timestamp::now().plus(-KEPT);
    let forgotten = diesel::sql_query(
        "DELETE FROM idempotency_keys WHERE (caller_id, key, part) IN (SELECT caller_id, key, part \
         FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT $2)",
    )
    .bind::<TimestampSql, _>(before)
    .bind::<BigInt, _>(BATCH)
    .execute(connection)?;
    diesel::delete(
        idempotency_usage::table
            .filter(idempotency_usage::day.le(before.plus(-chrono::Duration::days(1)))),
    )
    .execute(connection)?;
    Ok(forgotten as i64 == BATCH)
}
