//! Opening a database: migrations, views, and what is derived.

use super::StartError;
use crate::config::DatabaseConfig;
use crate::db::metrics::DatabaseMetrics;
use crate::db::transaction::in_transaction;
use crate::db::{Connection, Database, DatabaseUrl, StoreError, file, migrations, suitable};
use crate::events::Projection;
use crate::projections::{self, rebuild};

/// What is done to a database as it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Nothing.
    AsItIs,
    /// It is brought to this version's tables.
    Migrated,
    /// The same; a SQLite file that is not there is made.
    Created,
}

/// Opens the database.
///
/// # Errors
/// When it cannot be opened or migrated, and when a newer version has migrated it.
pub fn open_database(config: &DatabaseConfig, opening: Opening) -> Result<Database, StartError> {
    if let (Opening::Created, DatabaseUrl::Sqlite(path)) = (opening, &config.database_url) {
        file::create(path)?;
    }
    let database = connect(config)?;
    suitable::check(&database)?;
    if opening == Opening::AsItIs {
        migrations::refuse_newer(&mut *database.connection()?)?;
        return Ok(database);
    }
    for name in migrate_database(&database)? {
        tracing::info!(%name, "migration ran");
    }
    Ok(database)
}

/// Opens the database as it is.
///
/// # Errors
/// When it cannot be opened.
pub fn connect(config: &DatabaseConfig) -> Result<Database, StartError> {
    let metrics = DatabaseMetrics::new().map_err(StartError::Metrics)?;
    let url = &config.database_url;
    Ok(Database::open(url, &config.pool_settings(), metrics)?)
}

/// Brings a database to this version's tables and views; returns the names of what ran. A new database has its
/// projections by then; those of one that has articles are rebuilt while it is served, or by
/// [`rebuild_projections`].
///
/// # Errors
/// When the database fails; what was done before stays.
pub fn migrate_database(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut connection = database.unhurried_connection()?;
    let ran = migrations::run(&mut connection)?;
    for projection in projections::kept() {
        rebuild_step(&mut connection, projection)?;
    }
    Ok(ran)
}

fn rebuild_step(
    connection: &mut Connection,
    projection: &dyn Projection,
) -> Result<Option<usize>, StoreError> {
    migrations::waiting(|| {
        in_transaction(connection, |connection| {
            rebuild::step(connection, projection)
        })
    })
}

/// Rebuilds projections that are not of this version, until all are; `report` is told their names and how many
/// rows are done.
///
/// # Errors
/// When the database fails; what was done before stays.
pub fn rebuild_projections(
    database: &Database,
    mut report: impl FnMut(&str, usize),
) -> Result<(), StoreError> {
    let mut connection = database.unhurried_connection()?;
    for projection in projections::kept() {
        let mut rows = 0;
        while let Some(some) = rebuild_step(&mut connection, projection)? {
            rows += some;
            report(projection.name(), rows);
        }
    }
    Ok(())
}
