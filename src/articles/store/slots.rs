//! The slots of collections that an article stands in.

use diesel::prelude::*;

use crate::db::schema::{collection_slots, collections};
use crate::db::{Id, StoreResult};
use crate::events::{Change, CollectionEvent, Event};

#[derive(Queryable, Selectable)]
#[diesel(table_name = collections)]
struct Row {
    id: Id,
    slug: String,
    version: i64,
}

/// Takes an article that is about to be deleted out of all collections: each has another version after it, so that
/// nobody puts it back by sending what they read before.
pub(super) fn give_up(change: &mut Change<'_>, article: Id) -> StoreResult<()> {
    let rows: Vec<Row> = collection_slots::table
        .inner_join(collections::table)
        .filter(collection_slots::article_id.eq(article))
        .order(collections::id)
        .select(Row::as_select())
        .load(change.connection)?;
    for row in rows {
        diesel::update(collections::table.filter(collections::id.eq(row.id)))
            .set((
                collections::version.eq(collections::version + 1),
                collections::updated_at.eq(change.now),
            ))
            .execute(change.connection)?;
        change.record(Event::Collection {
            event: CollectionEvent::Changed,
            id: row.id,
            slug: row.slug,
            version: row.version + 1,
        });
    }
    Ok(())
}
