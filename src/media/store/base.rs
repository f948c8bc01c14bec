//! Below which address readers find the files. Articles are stored with whole addresses: when another one is set, they
//! are written again.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::desk_schema::media_base;
use crate::db::lock::{self, Lock};
use crate::db::{Connection, StoreResult};

/// Where files are when nobody has said anything.
const USUAL: &str = "/media";

/// The address, without a slash at its end.
///
/// # Errors
/// When the database fails.
pub fn url(connection: &mut Connection) -> StoreResult<String> {
    let found: Option<String> = media_base::table
        .select(media_base::url)
        .first(connection)
        .optional()?;
    Ok(found.unwrap_or_else(|| USUAL.to_owned()))
}

/// Sets the address; returns whether it was another one. Then all that articles show of the media is stale.
///
/// # Errors
/// When the database fails.
pub fn set(connection: &mut Connection, wanted: &str) -> StoreResult<bool> {
    if url(connection)? == wanted {
        return Ok(false);
    }
    // No article is written with the one before from here on.
    lock::exclusive(connection, Lock::Merges)?;
    diesel::delete(media_base::table).execute(connection)?;
    diesel::insert_into(media_base::table)
        .values(media_base::url.eq(wanted))
        .execute(connection)?;
    diesel::sql_query(
        "INSERT INTO stale (projection, resource, id, serial) \
         SELECT DISTINCT $1, $1, media_id, 1 FROM media_uses WHERE true \
         ON CONFLICT (projection, resource, id) DO UPDATE SET serial = stale.serial + 1",
    )
    .bind::<Text, _>(super::uses::STALE)
    .execute(connection)?;
    Ok(true)
}
