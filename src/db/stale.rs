//! What is to be done again in a projection, until it is: renaming a tag of a hundred thousand articles
//! takes longer than its editor should wait.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;

use super::types::IdSql;
use super::{Connection, Id, StoreResult};

/// Notes, in the transaction of a change, that what a projection has of a row is stale.
///
/// # Errors
/// When the database fails.
pub fn add(
    connection: &mut Connection,
    projection: &str,
    resource: &str,
    id: Id,
) -> StoreResult<()> {
    diesel::sql_query(
        "INSERT INTO stale (projection, resource, id, serial) VALUES ($1, $2, $3, 1) \
         ON CONFLICT (projection, resource, id) DO UPDATE SET serial = stale.serial + 1",
    )
    .bind::<Text, _>(projection)
    .bind::<Text, _>(resource)
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    Ok(())
}
