//! What follows from events.

use super::change::Change;
use super::event::Event;
use crate::db::{Connection, Id, Resource, StoreResult};

/// Something that is derived from articles, tags and authors, and kept true to them by their events.
pub trait Projection: Send + Sync {
    /// Its name, for operators.
    fn name(&self) -> &'static str;

    /// The version of the code that keeps it, from 1 on; 0 where nothing is kept. When it is raised, everything
    /// is [rebuilt](Self::rebuild).
    fn version(&self) -> i64 {
        0
    }

    /// Brings it up to an event, in the transaction of the change. What takes long is only noted down
    /// here and done afterwards.
    ///
    /// # Errors
    /// When the database fails: then nothing of the change happens.
    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()>;

    /// Makes anew what it keeps of some rows, in a transaction of its own while others write. Articles come
    /// before tags and authors.
    ///
    /// # Errors
    /// When the database fails.
    fn rebuild(
        &self,
        _connection: &mut Connection,
        _resource: Resource,
        _ids: &[Id],
    ) -> StoreResult<()> {
        Ok(())
    }
}
