//! Running changes.

use super::change::{Change, Origin};
use super::log;
use super::projection::Projection;
use crate::db::changes::Invalidation;
use crate::db::{Connection, Database, StoreResult, Timestamp};

/// Runs changes on a database. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    database: Database,
    projections: &'static [&'static dyn Projection],
}

impl Writer {
    /// Runs changes, from each of which these projections follow in this order.
    pub fn new(database: Database, projections: &'static [&'static dyn Projection]) -> Self {
        Self {
            database,
            projections,
        }
    }

    /// Runs a change in one transaction: `work`, then all that follows from the events that it records,
    /// then `read`, which finds everything as it will be. It is durable when this returns `Ok`, and leaves
    /// nothing behind otherwise; cached responses made of what it touched are out of date by then.
    ///
    /// # Errors
    /// What `work` and `read` return, and as [`Database::change`].
    pub async fn change<T, R: Send + 'static>(
        &self,
        origin: Origin,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T> + Clone + Send + 'static,
        read: impl FnOnce(&mut Connection, T) -> StoreResult<R> + Clone + Send + 'static,
    ) -> StoreResult<R> {
        let projections = self.projections;
        self.database
            .change(move |connection, touched| {
                let value = run(connection, touched, projections, origin, work)?;
                read(connection, value)
            })
            .await
    }
}

/// Runs a change in a transaction that has begun: `work`, then all that follows from it.
///
/// # Errors
/// What `work` returns, and when the database fails; the transaction must be rolled back then.
pub fn run<T>(
    connection: &mut Connection,
    touched: &mut Invalidation,
    projections: &[&dyn Projection],
    origin: Origin,
    work: impl FnOnce(&mut Change<'_>) -> StoreResult<T>,
) -> StoreResult<T> {
    let mut change = Change {
        connection,
        now: Timestamp::now(),
        origin,
        events: Vec::new(),
        followed: 0,
        projections,
        touched,
    };
    let value = work(&mut change)?;
    commit(&mut change)?;
    Ok(value)
}

/// All that follows from a change. The log comes last: those who number their events wait for each other
/// from there to the commit.
fn commit(change: &mut Change<'_>) -> StoreResult<()> {
    change.follow()?;
    let events = std::mem::take(&mut change.events);
    if !events.is_empty() {
        change.touched.log();
    }
    log::append(change, &events)
}
