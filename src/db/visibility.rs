//! When the clock alone changes what is public.

use std::time::Duration;

use diesel::prelude::*;

use super::schema::next_visibility_change as visibility;
use super::{Connection, StoreResult};

/// How long from now, by the database's clock, until an article that is scheduled appears, an
/// embargo ends or an article expires; `None` when nothing is scheduled. Cut to milliseconds, never later than it is.
///
/// # Errors
/// When the database fails.
pub fn next_visibility_change(connection: &mut Connection) -> StoreResult<Option<Duration>> {
    let milliseconds: Option<i64> = visibility::table
        .select(visibility::milliseconds)
        .first(connection)?;
    Ok(milliseconds
        .map(|milliseconds| Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))))
}
