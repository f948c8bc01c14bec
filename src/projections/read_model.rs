//! What readers see, as JSON.

use crate::articles::store::renditions::{hold_names, keep};
use crate::db::StoreResult;
use crate::db::outdated::outdate;
use crate::events::{ArticleEvent, Change, Event, NameEvent, Projection};

/// Renders published articles when they change. Those that show a tag or an author that changes are noted
/// down and rendered afterwards: there may be a hundred thousand.
pub(super) struct ReadModel;

impl Projection for ReadModel {
    fn name(&self) -> &'static str {
        "read_model"
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let connection = &mut *change.connection;
        match event {
            Event::Article {
                event: ArticleEvent::Appeared,
                ..
            } => Ok(()),
            Event::Article {
                id, before, after, ..
            } if after.is_published => {
                // One that was not published has just been counted with all of its tags and authors, which
                // holds them.
                if before.is_published {
                    hold_names(connection, *id)?;
                }
                keep(connection, *id)
            }
            Event::Article { .. } => Ok(()),
            Event::Name { event, of, id, .. } => match event {
                NameEvent::Created(_) => Ok(()),
                NameEvent::Edited(_) => outdate(connection, *of, *id),
                NameEvent::Merged(into) => outdate(connection, *of, *into),
            },
        }
    }
}
