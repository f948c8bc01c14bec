//! Bringing a database to this version's tables. The SQL is in `migrations/sqlite` and
//! `migrations/postgres` under the same names, and travels inside the binary.

use std::collections::BTreeMap;

use diesel::migration::MigrationSource;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connection, StoreError, StoreResult};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that no other program takes: all Dateline processes starting at once on one
/// Postgres database wait for each other on it.
const MIGRATION_LOCK: i64 = 0x6461_7465_6c69_6e65;

/// One migration and whether this database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its folder's name; of one that this program does not know, its version.
    pub name: String,
    /// Whether it has run.
    pub state: MigrationState,
}

/// What has become of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationState {
    /// It has run.
    Applied,
    /// It has not.
    Pending,
    /// It has run, and this program does not know it: a newer one was here.
    Unknown,
}

impl MigrationState {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
        }
    }
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Unavailable(format!("migrations: {error}"))
}

/// Runs what has not run yet; answers the names of what it ran.
///
/// # Errors
/// [`StoreError::Unavailable`] with the reason; what ran before stays.
pub fn run(connection: &mut Connection) -> StoreResult<Vec<String>> {
    refuse_newer(connection)?;
    match connection {
        Connection::Sqlite(sqlite) => Ok(names(sqlite.run_pending_migrations(SQLITE))?),
        Connection::Postgres(postgres) => {
            sql_query(format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).execute(postgres)?;
            let ran = names(postgres.run_pending_migrations(POSTGRES));
            sql_query(format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).execute(postgres)?;
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

/// Every migration in order, with what has become of it. Changes nothing.
///
/// # Errors
/// When the database cannot be asked.
pub fn status(connection: &mut Connection) -> StoreResult<Vec<MigrationStatus>> {
    let applied = applied_versions(connection)?;
    // Both databases have migrations of the same names.
    let known: BTreeMap<String, String> = MigrationSource::<Sqlite>::migrations(&SQLITE)
        .map_err(failed)?
        .iter()
        .map(|migration| {
            let name = migration.name();
            (name.version().to_string(), name.to_string())
        })
        .collect();
    let unknown = applied
        .iter()
        .filter(|version| !known.contains_key(*version));
    let unknown: Vec<MigrationStatus> = unknown
        .map(|version| MigrationStatus {
            name: version.clone(),
            state: MigrationState::Unknown,
        })
        .collect();
    let known = known.into_iter().map(|(version, name)| MigrationStatus {
        state: if applied.contains(&version) {
            MigrationState::Applied
        } else {
            MigrationState::Pending
        },
        name,
    });
    Ok(known.chain(unknown).collect())
}

/// Refuses a database whose tables a newer program made: what this one would write there may be wrong.
///
/// # Errors
/// [`StoreError::Unavailable`] with what to do.
pub fn refuse_newer(connection: &mut Connection) -> StoreResult<()> {
    let unknown: Vec<String> = status(connection)?
        .into_iter()
        .filter(|migration| migration.state == MigrationState::Unknown)
        .map(|migration| migration.name)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(StoreError::Unavailable(format!(
        "the database was made by a newer version of Dateline (it has the migrations {}); run that \
         version or a later one, or restore a backup from before. `dateline migrate --status` lists all",
        unknown.join(", ")
    )))
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Reads the table that Diesel keeps: its own functions create it first, which a reading
/// connection may not.
fn applied_versions(connection: &mut Connection) -> StoreResult<Vec<String>> {
    let query = sql_query("SELECT version FROM __diesel_schema_migrations");
    match query.load::<Version>(connection) {
        Ok(versions) => Ok(versions.into_iter().map(|row| row.version).collect()),
        Err(Error::DatabaseError(_, details))
            if ["no such table", "does not exist"]
                .iter()
                .any(|text| details.message().contains(text)) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether every migration has run.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_current(connection: &mut Connection) -> StoreResult<bool> {
    Ok(status(connection)?
        .iter()
        .all(|migration| migration.state != MigrationState::Pending))
}
