//! What articles are found by.

use crate::articles::store::indexing::index;
use crate::db::StoreResult;
use crate::events::{ArticleEvent, Change, Event, NameEvent, Projection};
use crate::search::store::{merge_name, put_name, remove};

/// Keeps published articles, and the names of tags and authors, in the search index.
pub(super) struct SearchIndex;

impl Projection for SearchIndex {
    fn name(&self) -> &'static str {
        "search_index"
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let connection = &mut *change.connection;
        match event {
            Event::Article {
                event: ArticleEvent::Corrected | ArticleEvent::Appeared,
                ..
            } => Ok(()),
            Event::Article {
                id, before, after, ..
            } => match (before.is_published, after.is_published) {
                (was, true) => index(connection, *id, after, !was),
                (true, false) => remove(connection, *id),
                (false, false) => Ok(()),
            },
            Event::Name { event, of, id, .. } => match event {
                NameEvent::Created(name) | NameEvent::Edited(Some(name)) => {
                    put_name(connection, *of, *id, name)
                }
                NameEvent::Edited(None) => Ok(()),
                NameEvent::Merged(into) => merge_name(connection, *id, *into),
            },
        }
    }
}
