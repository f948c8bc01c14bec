//! What follows from events.

use super::change::Change;
use super::event::Event;
use crate::db::StoreResult;

/// Something that is derived from articles, tags and authors, and kept true to them by their events.
pub trait Projection: Send + Sync {
    /// Its name, for operators.
    fn name(&self) -> &'static str;

    /// Brings it up to an event, in the transaction of the change. What takes long is only noted down
    /// here and done afterwards.
    ///
    /// # Errors
    /// When the database fails: then nothing of the change happens.
    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()>;
}
