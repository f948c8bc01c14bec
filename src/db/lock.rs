//! Locks that are held until a transaction ends; that of migrations until they are done. On SQLite one writes
//! at a time: none of them is needed there.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool};

use super::resource::Resource;
use super::types::IdSql;
use super::{Connection, Id, StoreResult};

/// What two transactions must not do at once, whichever rows they write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Making keys that the service signs with.
    Keys,
    /// Merging tags or authors. Whoever changes an article [shares](shared) it.
    Merges,
    /// Claiming a free slug.
    Slugs,
    /// Taking a name that no other tag of the kind has.
    TagNames,
    /// Saying which addresses articles had before. Whoever keeps counts of addresses [shares](shared) it.
    FormerUrls,
    /// Making days of old hours of shares.
    Downsampling,
    /// Writing sums of the shares of all articles.
    Rollups,
    /// Writing the order of the most shared articles.
    Totals,
    /// Renewing or revoking one sign-in, named by its family.
    Family(Id),
    /// Taking from an admin that they are one, or can sign in.
    Admins,
    /// Linking a person with who they are at an identity provider.
    Identities,
    /// Answering a request with an idempotency key, by a hash of the caller and the key.
    IdempotencyKey(i64),
    /// Writing many articles in one transaction: two that lock tags in different orders would wait for each other.
    Batches,
    /// Migrating. It is held by the connection, not by a transaction.
    Migrations,
}

impl Lock {
    /// The key that Postgres knows it by: no two have the same, and builds of different ages agree on them.
    fn key(self) -> i64 {
        match self {
            Self::Keys => 0x6b65_7973,
            Self::Merges => 0x6d65_7267,
            Self::Slugs => 0x736c_7567,
            Self::TagNames => 0x6e61_6d65,
            Self::FormerUrls => 0x666f_726d,
            Self::Downsampling => 0x666f_6c64,
            Self::Rollups => 0x726f_6c6c,
            Self::Totals => 0x746f_7461,
            Self::Family(id) => id.0.as_u64_pair().1.cast_signed(),
            Self::Admins => 0x6164_6d69,
            Self::Identities => 0x6964_656e,
            Self::IdempotencyKey(hash) => hash,
            Self::Batches => 0x6261_7463,
            Self::Migrations => 0x6461_7465_6c69_6e65,
        }
    }
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Waits until nobody else has a lock, and has it then.
///
/// # Errors
/// When the database fails, or the lock is waited for too long.
pub fn exclusive(connection: &mut Connection, lock: Lock) -> StoreResult<()> {
    run(connection, "SELECT pg_advisory_xact_lock($1)", lock)
}

/// Waits until nobody has a lock exclusively; others may share it.
///
/// # Errors
/// As [`exclusive`].
pub fn shared(connection: &mut Connection, lock: Lock) -> StoreResult<()> {
    run(connection, "SELECT pg_advisory_xact_lock_shared($1)", lock)
}

fn run(connection: &mut Connection, statement: &str, lock: Lock) -> StoreResult<()> {
    if let Connection::Postgres(postgres) = connection {
        diesel::sql_query(statement)
            .bind::<BigInt, _>(lock.key())
            .execute(postgres)?;
    }
    Ok(())
}

/// Takes a lock unless somebody has it; returns whether it did.
///
/// # Errors
/// When the database fails.
pub fn try_exclusive(connection: &mut Connection, lock: Lock) -> StoreResult<bool> {
    try_run(
        connection,
        "SELECT pg_try_advisory_xact_lock($1) AS locked",
        lock,
    )
}

/// The same, until the connection is closed or [`end_session`].
pub(super) fn try_session(connection: &mut Connection, lock: Lock) -> StoreResult<bool> {
    try_run(
        connection,
        "SELECT pg_try_advisory_lock($1) AS locked",
        lock,
    )
}

pub(super) fn end_session(connection: &mut Connection, lock: Lock) -> StoreResult<()> {
    run(connection, "SELECT pg_advisory_unlock($1)", lock)
}

fn try_run(connection: &mut Connection, statement: &str, lock: Lock) -> StoreResult<bool> {
    let Connection::Postgres(postgres) = connection else {
        return Ok(true);
    };
    let outcome: Locked = diesel::sql_query(statement)
        .bind::<BigInt, _>(lock.key())
        .get_result(postgres)?;
    Ok(outcome.locked)
}

/// Holds a row, so that what is read of it stands until it is written.
///
/// # Errors
/// When the database fails.
pub fn row(connection: &mut Connection, resource: Resource, id: Id) -> StoreResult<()> {
    rows(connection, resource, &[id])
}

/// Holds several rows, in the order of their keys.
///
/// # Errors
/// When the database fails.
pub fn rows(connection: &mut Connection, resource: Resource, ids: &[Id]) -> StoreResult<()> {
    hold(connection, resource, ids, "UPDATE")
}

/// Holds a row whose key stays: others may refer to it meanwhile.
pub(super) fn row_without_key(
    connection: &mut Connection,
    resource: Resource,
    id: Id,
) -> StoreResult<()> {
    hold(connection, resource, &[id], "NO KEY UPDATE")
}

fn hold(
    connection: &mut Connection,
    resource: Resource,
    ids: &[Id],
    strength: &str,
) -> StoreResult<()> {
    if let Connection::Postgres(postgres) = connection {
        let table = resource.table();
        diesel::sql_query(format!(
            "SELECT 1 FROM {table} WHERE id = ANY($1) ORDER BY id FOR {strength}"
        ))
        .bind::<Array<IdSql>, _>(ids)
        .execute(postgres)?;
    }
    Ok(())
}

/// Loads the first row of a query and holds it.
#[macro_export]
macro_rules! first_for_update {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::db::Connection::Sqlite(sqlite) => $query.first(sqlite),
            $crate::db::Connection::Postgres(postgres) => $query.for_update().first(postgres),
        }
    };
}
