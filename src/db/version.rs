//! Versions of rows, for changes that must not overwrite each other.

use diesel::RunQueryDsl;

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

/// What a change locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    /// An article.
    Article,
    /// A tag.
    Tag,
    /// An author.
    Author,
}

/// Holds a row for the rest of the transaction, so that what is read of it stands until it is
/// written. On SQLite there is one writer anyway.
///
/// # Errors
/// When the database fails.
pub fn lock(connection: &mut Connection, locked: Locked, id: Id) -> StoreResult<()> {
    if let Connection::Postgres(connection) = connection {
        let table = match locked {
            Locked::Article => "articles",
            Locked::Tag => "tags",
            Locked::Author => "authors",
        };
        diesel::sql_query(format!("SELECT 1 FROM {table} WHERE id = $1 FOR UPDATE"))
            .bind::<IdSql, _>(id)
            .execute(connection)?;
    }
    Ok(())
}
