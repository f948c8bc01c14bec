//! The rules by which collections are filled, as far as tags are concerned.

use diesel::prelude::*;

use crate::db::schema::{collection_tags, collections};
use crate::db::types::IdSql;
use crate::db::{Connection, Id, StoreResult};

/// Most collections that are named to whoever cannot delete a tag.
const MOST_NAMED: i64 = 10;

/// Lets rules that name a tag name the one that it is merged into; one that names both names that once.
///
/// # Errors
/// When the database fails.
pub(super) fn follow_merge(connection: &mut Connection, merged: Id, into: Id) -> StoreResult<()> {
    diesel::update(collections::table.filter(collections::fill_section_id.eq(merged)))
        .set(collections::fill_section_id.eq(into))
        .execute(connection)?;
    diesel::sql_query(
        "UPDATE collection_tags SET tag_id = $1 WHERE tag_id = $2 AND NOT EXISTS \
         (SELECT 1 FROM collection_tags x WHERE x.collection_id = collection_tags.collection_id \
          AND x.part = collection_tags.part AND x.tag_id = $1)",
    )
    .bind::<IdSql, _>(into)
    .bind::<IdSql, _>(merged)
    .execute(connection)?;
    diesel::delete(collection_tags::table.filter(collection_tags::tag_id.eq(merged)))
        .execute(connection)?;
    Ok(())
}

/// Slugs of collections whose rules name a tag, a few of them.
///
/// # Errors
/// When the database fails.
pub(super) fn filled_by(connection: &mut Connection, tag: Id) -> StoreResult<Vec<String>> {
    let by_tag = collection_tags::table
        .filter(collection_tags::tag_id.eq(tag))
        .select(collection_tags::collection_id);
    let by_section = collections::fill_section_id.eq(tag).assume_not_null();
    Ok(collections::table
        .filter(by_section.or(collections::id.eq_any(by_tag)))
        .order(collections::slug)
        .limit(MOST_NAMED)
        .select(collections::slug)
        .load(connection)?)
}
