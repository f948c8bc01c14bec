//! Tags and authors that changed, until the articles that show them are rendered again, which for a
//! tag of a hundred thousand articles takes longer than its editor should wait. While there are any,
//! nothing that is kept rendered is shown.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;

use super::resource::Resource;
use super::types::IdSql;
use super::{Connection, Id, StoreResult};

/// Notes, in the transaction of a change, that the articles that show something are outdated.
///
/// # Errors
/// When the database fails.
pub fn outdate(connection: &mut Connection, changed: Resource, id: Id) -> StoreResult<()> {
    diesel::sql_query(
        "INSERT INTO outdated_renditions (kind, id, serial) VALUES ($1, $2, 1) \
         ON CONFLICT (kind, id) DO UPDATE SET serial = outdated_renditions.serial + 1",
    )
    .bind::<Text, _>(changed.as_str())
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    Ok(())
}
