//! Old hours become days: no count changes, and what is kept of the past stays small.

use diesel::prelude::*;

use super::rollups::downsampled;
use crate::db::lock::{self, Lock};
use crate::db::schema::share_buckets;
use crate::db::types::TimestampSql;
use crate::db::{Connection, StoreResult, Timestamp};
use crate::shares::time::Granularity;

/// Whether an hour lies before the day of an instant.
///
/// # Errors
/// When the database fails.
pub fn is_due(connection: &mut Connection, before: Timestamp) -> StoreResult<bool> {
    Ok(oldest_hour(connection, before)?.is_some())
}

fn oldest_hour(connection: &mut Connection, before: Timestamp) -> StoreResult<Option<Timestamp>> {
    Ok(share_buckets::table
        .filter(share_buckets::span.eq(Granularity::Hour.as_str()))
        .filter(share_buckets::starts_at.lt(Granularity::Day.containing(before)))
        .select(share_buckets::starts_at)
        .order(share_buckets::starts_at)
        .first(connection)
        .optional()?)
}

/// Adds the oldest hour that lies before the day of an instant into its day. Returns whether there
/// was one. One hour at a time, so that nobody waits for long.
///
/// # Errors
/// When the database fails.
pub fn downsample(connection: &mut Connection, before: Timestamp) -> StoreResult<bool> {
    // One process at a time: two would wait for each other's rows.
    if !lock::try_exclusive(connection, Lock::Downsampling)? {
        return Ok(false);
    }
    let Some(hour) = oldest_hour(connection, before)? else {
        return Ok(false);
    };
    const ADDING: &str = "ON CONFLICT (span, starts_at, article_id, network) \
                          DO UPDATE SET shares = share_buckets.shares + excluded.shares";
    let day = Granularity::Day.containing(hour);
    match connection {
        Connection::Sqlite(sqlite) => {
            diesel::sql_query(format!(
                "INSERT INTO share_buckets (article_id, network, shares, starts_at, span) \
                 SELECT article_id, network, shares, ?1, 'day' FROM share_buckets \
                 WHERE span = 'hour' AND starts_at = ?2 {ADDING}"
            ))
            .bind::<TimestampSql, _>(day)
            .bind::<TimestampSql, _>(hour)
            .execute(sqlite)?;
            diesel::delete(
                share_buckets::table
                    .filter(share_buckets::span.eq(Granularity::Hour.as_str()))
                    .filter(share_buckets::starts_at.eq(hour)),
            )
            .execute(sqlite)?;
        }
        Connection::Postgres(postgres) => {
            // In one statement: what is added to the hour meanwhile is not lost with it.
            diesel::sql_query(format!(
                "WITH gone AS (DELETE FROM share_buckets WHERE span = 'hour' AND starts_at = $2 \
                               RETURNING article_id, network, shares) \
                 INSERT INTO share_buckets (article_id, network, shares, starts_at, span) \
                 SELECT article_id, network, shares, $1, 'day' FROM gone {ADDING}"
            ))
            .bind::<TimestampSql, _>(day)
            .bind::<TimestampSql, _>(hour)
            .execute(postgres)?;
        }
    }
    downsampled(connection, hour)?;
    Ok(true)
}
