//! Transactions, step by step: which of them failed decides what is known of a write.
//!
//! Before `BEGIN` was answered nothing can have happened; until `COMMIT` is sent nothing has; and when
//! `COMMIT` itself got no answer, nobody on this side can know.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};

use super::Connection;
use super::error::{Outage, StoreError, StoreResult};

/// Runs `work` in one transaction. On SQLite it takes the write lock at once: a transaction that
/// reads first and writes later would fail, not wait, when another process wrote in between.
///
/// # Errors
/// What `work` returns, after rolling back; [`StoreError::OutcomeUnknown`] when `COMMIT` was not answered.
pub fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    begin(connection)?;
    run(connection, || true, work)
}

/// Begins a transaction.
pub(super) fn begin(connection: &mut Connection) -> StoreResult<()> {
    match connection {
        Connection::Sqlite(sqlite) => sqlite.batch_execute("BEGIN IMMEDIATE")?,
        Connection::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
    }
    Ok(())
}

/// Runs `work` in the transaction that has begun, and commits it if `commits` still says so then.
pub(super) fn run<T>(
    connection: &mut Connection,
    commits: impl FnOnce() -> bool,
    work: impl FnOnce(&mut Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    let outcome = work(connection).and_then(|value| {
        if !commits() {
            return Err(StoreError::TooSlow);
        }
        commit(connection)?;
        Ok(value)
    });
    // A COMMIT that failed may have rolled back already; one that got no answer has no connection.
    if outcome.is_err() {
        let _ = match connection {
            Connection::Sqlite(sqlite) => sqlite.batch_execute("ROLLBACK"),
            Connection::Postgres(postgres) => {
                AnsiTransactionManager::rollback_transaction(postgres)
            }
        };
    }
    outcome
}

fn commit(connection: &mut Connection) -> StoreResult<()> {
    let committed = match connection {
        Connection::Sqlite(sqlite) => sqlite.batch_execute("COMMIT"),
        Connection::Postgres(postgres) => AnsiTransactionManager::commit_transaction(postgres),
    };
    // SQLite as well: what could not be synchronised may have been written.
    committed.map_err(|error| match StoreError::from(error) {
        StoreError::Unavailable(Outage::Unreachable, reason) => StoreError::OutcomeUnknown(reason),
        error => error,
    })
}

/// Begins a part of a transaction that can be taken back; parts do not nest.
///
/// # Errors
/// When the database fails.
pub fn savepoint(connection: &mut Connection) -> StoreResult<()> {
    execute(connection, "SAVEPOINT part")
}

/// Ends the part that has begun; it stands with the transaction.
///
/// # Errors
/// When the database fails.
pub fn release(connection: &mut Connection) -> StoreResult<()> {
    execute(connection, "RELEASE part")
}

/// Takes back the part that has begun.
///
/// # Errors
/// When the database fails.
pub fn back_to_savepoint(connection: &mut Connection) -> StoreResult<()> {
    execute(connection, "ROLLBACK TO part")?;
    release(connection)
}

fn execute(connection: &mut Connection, statement: &str) -> StoreResult<()> {
    match connection {
        Connection::Sqlite(sqlite) => sqlite.batch_execute(statement)?,
        Connection::Postgres(postgres) => postgres.batch_execute(statement)?,
    }
    Ok(())
}
