//! Bringing a database to this version's tables. The SQL is in `migrations/sqlite` and
//! `migrations/postgres` under the same names, and travels inside the binary.

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connection, StoreError, StoreResult};
use crate::on_each_database;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that no other program takes: all Dateline processes starting at once on one
/// Postgres database wait for each other on it.
const MIGRATION_LOCK: i64 = 0x6461_7465_6c69_6e65;

/// One migration and whether this database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its folder's name.
    pub name: String,
    /// Whether it has run.
    pub applied: bool,
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Unavailable(format!("migrations: {error}"))
}

/// Runs what has not run yet; answers the names of what it ran.
///
/// # Errors
/// [`StoreError::Unavailable`] with the reason; what ran before stays.
pub fn run(connection: &mut Connection) -> StoreResult<Vec<String>> {
    use diesel::RunQueryDsl;
    match connection {
        Connection::Sqlite(sqlite) => Ok(names(sqlite.run_pending_migrations(SQLITE))?),
        Connection::Postgres(postgres) => {
            diesel::sql_query(format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))
                .execute(postgres)?;
            let ran = names(postgres.run_pending_migrations(POSTGRES));
            diesel::sql_query(format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
                .execute(postgres)?;
            ran
        }
    }
}

fn names(
    ran: diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'_>>>,
) -> StoreResult<Vec<String>> {
    Ok(ran
        .map_err(failed)?
        .into_iter()
        .map(|version| version.to_string())
        .collect())
}

/// Every migration in order, with whether it has run. Changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be asked.
pub fn status(connection: &mut Connection) -> StoreResult<Vec<MigrationStatus>> {
    let pending = match connection {
        Connection::Sqlite(sqlite) => pending_names(sqlite, SQLITE)?,
        Connection::Postgres(postgres) => pending_names(postgres, POSTGRES)?,
    };
    let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> =
        SQLITE.migrations().map_err(failed)?;
    let mut all: Vec<String> = all.iter().map(|m| m.name().to_string()).collect();
    all.sort();
    Ok(all
        .into_iter()
        .map(|name| MigrationStatus {
            applied: !pending.contains(&name),
            name,
        })
        .collect())
}

fn pending_names<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    source: impl MigrationSource<DB>,
) -> StoreResult<Vec<String>> {
    Ok(connection
        .pending_migrations(source)
        .map_err(failed)?
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

/// Whether every migration has run.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be asked.
pub fn is_current(connection: &mut Connection) -> StoreResult<bool> {
    on_each_database!(connection, inner => {
        let source = source_for(inner);
        Ok(!inner.has_pending_migration(source).map_err(failed)?)
    })
}

trait OwnMigrations {
    fn own() -> EmbeddedMigrations;
}

impl OwnMigrations for diesel::SqliteConnection {
    fn own() -> EmbeddedMigrations {
        SQLITE
    }
}

impl OwnMigrations for diesel::PgConnection {
    fn own() -> EmbeddedMigrations {
        POSTGRES
    }
}

fn source_for<C: OwnMigrations>(_: &C) -> EmbeddedMigrations {
    C::own()
}
