//! The order of the most shared.

use crate::db::{Connection, Id, Resource, StoreResult};
use crate::events::{ArticleEvent, Change, Event, Projection};
use crate::shares::store::totals;

/// Gives each article a place among the most shared.
pub(super) struct ShareTotals;

impl Projection for ShareTotals {
    fn name(&self) -> &'static str {
        "share_totals"
    }

    fn version(&self) -> i64 {
        1
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        match event {
            Event::Article {
                event: ArticleEvent::Created,
                id,
                ..
            } => totals::open(change.connection, *id),
            _ => Ok(()),
        }
    }

    fn rebuild(
        &self,
        connection: &mut Connection,
        resource: Resource,
        ids: &[Id],
    ) -> StoreResult<()> {
        if resource != Resource::Article {
            return Ok(());
        }
        for id in ids {
            totals::open(connection, *id)?;
        }
        totals::place(connection, ids)
    }
}
