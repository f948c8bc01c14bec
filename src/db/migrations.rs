//! Bringing a database to this version's tables and [views]. The SQL is in `migrations/sqlite` and
//! `migrations/postgres` under the same names, and travels inside the binary.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::lock::{self, Lock};
use super::transaction::in_transaction;
use super::{Connection, Outage, StoreError, StoreResult, views};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How often it is asked whether another process is done, or has let go of a table.
const AGAIN: Duration = Duration::from_millis(200);

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
    StoreError::from_message(&format!("migrations: {error}"))
}

fn unsuitable(reason: String) -> StoreError {
    StoreError::unavailable(Outage::Unsuitable, reason)
}

/// Runs what has not run yet, one process at a time, however long the others have to wait; returns the
/// names of what it ran. The connection should be an
/// [unhurried](super::Database::unhurried_connection) one.
///
/// # Errors
/// [`StoreError::Unavailable`] with the reason; what ran before stays.
pub fn run(connection: &mut Connection) -> StoreResult<Vec<String>> {
    refuse_newer(connection)?;
    // Nothing to do needs no right to do it.
    if is_current(connection)? && views::are_current(connection)? {
        return Ok(Vec::new());
    }
    let ran = match connection {
        Connection::Sqlite(_) => run_all(connection)?,
        Connection::Postgres(_) => {
            waiting(|| take_lock(connection))?;
            let ran = run_all(connection);
            let unlocked = lock::end_session(connection, Lock::Migrations);
            let ran = ran?;
            unlocked?;
            ran
        }
    };
    // Another process that was waited for may have been a newer one.
    refuse_newer(connection)?;
    Ok(ran)
}

fn run_all(connection: &mut Connection) -> StoreResult<Vec<String>> {
    let mut ran = match connection {
        Connection::Sqlite(sqlite) => run_on_sqlite(sqlite)?,
        Connection::Postgres(postgres) => run_on_postgres(postgres)?,
    };
    let migrated = !ran.is_empty();
    let made = waiting(|| {
        in_transaction(connection, |connection| {
            // Postgres writes the columns of `a.*` down when a view is made.
            let is_outdated = migrated || !views::are_current(connection)?;
            if is_outdated {
                views::apply(connection)?;
            }
            Ok(is_outdated)
        })
    })?;
    ran.extend(made.then(|| "views".into()));
    Ok(ran)
}

/// All in one transaction: half of them would be a database that no version knows, and another process
/// that starts waits for its turn.
fn run_on_sqlite(sqlite: &mut SqliteConnection) -> StoreResult<Vec<String>> {
    waiting(|| {
        sqlite.immediate_transaction(|sqlite| {
            let ran = sqlite.run_pending_migrations(SQLITE).map_err(failed)?;
            Ok(ran.iter().map(ToString::to_string).collect())
        })
    })
}

/// One by one, each in its own transaction. A statement that gets no lock in time lets those go first
/// that use the table: waiting in the queue for it would keep all who come later waiting as well.
fn run_on_postgres(postgres: &mut PgConnection) -> StoreResult<Vec<String>> {
    let mut ran = Vec::new();
    loop {
        let pending = postgres.pending_migrations(POSTGRES).map_err(failed)?;
        let Some(next) = pending.first() else {
            return Ok(ran);
        };
        let next: &dyn Migration<Pg> = next;
        ran.push(waiting(|| {
            let version = postgres.run_migration(next).map_err(failed)?;
            Ok(version.to_string())
        })?);
    }
}

/// Tries until nothing is in the way any more, and says once that something is.
///
/// # Errors
/// What `work` returns besides [`Outage::Busy`].
pub fn waiting<T>(mut work: impl FnMut() -> StoreResult<T>) -> StoreResult<T> {
    let mut said = false;
    loop {
        match work() {
            Err(StoreError::Unavailable(Outage::Busy, reason)) => {
                if !said {
                    tracing::info!(reason, "waiting to migrate");
                    said = true;
                }
                std::thread::sleep(AGAIN);
            }
            outcome => return outcome,
        }
    }
}

fn take_lock(connection: &mut Connection) -> StoreResult<()> {
    match lock::try_session(connection, Lock::Migrations)? {
        true => Ok(()),
        false => {
            let reason = "another process migrates";
            Err(StoreError::unavailable(Outage::Busy, reason))
        }
    }
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
    Err(unsuitable(format!(
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

/// Those that have not run.
///
/// # Errors
/// When the database cannot be asked.
pub fn pending(connection: &mut Connection) -> StoreResult<Vec<String>> {
    let all = status(connection)?.into_iter();
    let pending = all.filter(|migration| migration.state == MigrationState::Pending);
    Ok(pending.map(|migration| migration.name).collect())
}

/// Whether none has ever run.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_new(connection: &mut Connection) -> StoreResult<bool> {
    Ok(applied_versions(connection)?.is_empty())
}

/// Whether every migration has run.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_current(connection: &mut Connection) -> StoreResult<bool> {
    Ok(pending(connection)?.is_empty())
}
