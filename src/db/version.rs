//! Versions of rows, for changes that must not overwrite each other.

use diesel::RunQueryDsl;
use diesel::sql_types::Array;

use super::resource::Resource;
use super::types::IdSql;
use super::{Connection, Id, StoreError, StoreResult};

/// The versions that a change may be made to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever stands.
    Any,
    /// One of these; none at all when empty.
    OneOf(Vec<i64>),
}

impl Expected {
    /// Holds the expectation against the version that stands.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when it is another.
    pub fn check(&self, current: i64) -> StoreResult<()> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&current) => Ok(()),
            Self::OneOf(_) => Err(StoreError::Stale { current }),
        }
    }
}

/// Holds a row for the rest of the transaction, so that what is read of it stands until it is
/// written. On SQLite there is one writer anyway.
///
/// # Errors
/// When the database fails.
pub fn lock(connection: &mut Connection, resource: Resource, id: Id) -> StoreResult<()> {
    lock_all(connection, resource, &[id])
}

/// The same of several rows, in the order of their keys.
///
/// # Errors
/// When the database fails.
pub fn lock_all(connection: &mut Connection, resource: Resource, ids: &[Id]) -> StoreResult<()> {
    if let Connection::Postgres(connection) = connection {
        let table = resource.table();
        diesel::sql_query(format!(
            "SELECT 1 FROM {table} WHERE id = ANY($1) ORDER BY id FOR UPDATE"
        ))
        .bind::<Array<IdSql>, _>(ids)
        .execute(connection)?;
    }
    Ok(())
}

/// Any number that no other lock of this program has.
const MERGE_LOCK: i64 = 0x6d65_7267;

/// Until the transaction ends no tag and no author is merged: who has an article stays who had it when it
/// was read. On SQLite one writes at a time.
///
/// # Errors
/// When the database fails.
pub fn without_merges(connection: &mut Connection) -> StoreResult<()> {
    advisory(connection, "SELECT pg_advisory_xact_lock_shared($1)")
}

/// A merge: until the transaction ends no article changes.
///
/// # Errors
/// When the database fails.
pub fn while_merging(connection: &mut Connection) -> StoreResult<()> {
    advisory(connection, "SELECT pg_advisory_xact_lock($1)")
}

fn advisory(connection: &mut Connection, lock: &str) -> StoreResult<()> {
    if let Connection::Postgres(postgres) = connection {
        diesel::sql_query(lock)
            .bind::<diesel::sql_types::BigInt, _>(MERGE_LOCK)
            .execute(postgres)?;
    }
    Ok(())
}
