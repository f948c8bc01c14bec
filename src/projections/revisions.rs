//! Every saved version of articles.

use crate::articles::revisions::model::RevisionStep;
use crate::articles::store::revisions::{self, Saved};
use crate::db::{Connection, Resource, StoreResult, Timestamp};
use crate::events::{ArticleEvent, Change, Event, Origin, Projection, Remark};

/// Keeps each version of an article as it was written.
pub(super) struct Revisions;

impl Projection for Revisions {
    fn name(&self) -> &'static str {
        "revisions"
    }

    fn version(&self) -> i64 {
        1
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let Event::Article {
            event,
            id,
            version,
            remark,
            ..
        } = event
        else {
            return Ok(());
        };
        // An article that is created and published in one change has one version.
        if *event == ArticleEvent::Published && *version == 1 {
            return Ok(());
        }
        let Some(step) = RevisionStep::of(event) else {
            return Ok(());
        };
        let saved = Saved {
            step,
            origin: change.origin,
            at: change.now,
            remark: remark.clone(),
        };
        revisions::keep(change.connection, *id, saved)
    }

    /// What articles said before is not known: each has the version that it has now.
    fn rebuild(
        &self,
        connection: &mut Connection,
        resource: Resource,
        ids: &[crate::db::Id],
    ) -> StoreResult<()> {
        if resource != Resource::Article {
            return Ok(());
        }
        for id in ids {
            let saved = Saved {
                step: RevisionStep::Found,
                origin: Origin::SYSTEM,
                at: Timestamp::now(),
                remark: Remark::default(),
            };
            revisions::keep(connection, *id, saved)?;
        }
        Ok(())
    }
}
