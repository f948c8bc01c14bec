//! Opening connections: the two backends behind one type, and what each is set to.

#![expect(
    missing_docs,
    reason = "MultiConnection derives items without documentation"
)]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::sql_types::Integer;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use prometheus::IntCounter;

use super::deadline::Watch;

/// A connection to either database. Queries that both speak run on it directly; where they differ
/// [`on_each_database!`](crate::on_each_database) reaches the variant.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// An embedded SQLite file.
    Sqlite(SqliteConnection),
    /// A Postgres server.
    Postgres(PgConnection),
}

/// Runs one expression on whichever concrete connection is behind a [`Connection`](crate::db::Connection): for upserts
/// and the like, which Diesel cannot write for both databases at once.
#[macro_export]
macro_rules! on_each_database {
    ($connection:expr, $inner:ident => $work:expr) => {
        match $connection {
            $crate::db::Connection::Sqlite($inner) => $work,
            $crate::db::Connection::Postgres($inner) => $work,
        }
    };
}

/// Where the data is: what `DATABASE_URL` says.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://path`, relative to the working directory, or `sqlite:///absolute/path`.
    Sqlite(PathBuf),
    /// `postgres://…` as libpq takes it, `sslmode` and the rest included.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        const TAKES: &str = "it takes sqlite://FILE (for instance sqlite://dateline.db) or \
                             postgres://USER:PASSWORD@HOST/DATABASE";
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        if url.contains(":memory:") {
            return Err(format!(
                "an in-memory database would lose every article with the process, and its \
                 connections would each see another one; {TAKES}"
            ));
        }
        match url.strip_prefix("sqlite://") {
            Some("") => Err(format!("the file's name is missing; {TAKES}")),
            Some(path) if path.contains(['?', '#']) => {
                Err(format!("SQLite URLs take no parameters here; {TAKES}"))
            }
            Some(path) => Ok(Self::Sqlite(PathBuf::from(path))),
            None => Err(format!("the scheme is not known; {TAKES}")),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    /// Without credentials: this is what logs and messages show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => match url::Url::parse(url) {
                Ok(url) => write!(
                    f,
                    "postgres://{}{}{}",
                    url.host_str().unwrap_or_default(),
                    match (url.port(), url.host_str()) {
                        (Some(port), _) => format!(":{port}"),
                        (None, Some(_)) => ":5432".into(),
                        (None, None) => String::new(),
                    },
                    url.path()
                ),
                Err(_) => f.write_str("postgres://…"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only; the database enforces it.
    Read,
    /// Reading and writing.
    Write,
}

/// Opens and checks connections for the pool.
pub struct Manager {
    url: DatabaseUrl,
    access: Access,
    statement_timeout: Duration,
    queries: IntCounter,
}

/// A connection of a pool, and what it is doing.
pub struct Watched {
    connection: AnyConnection,
    pub(super) watch: Watch,
}

impl Watched {
    pub(super) fn into_connection(self) -> AnyConnection {
        self.connection
    }
}

impl Deref for Watched {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

/// How many instructions of its virtual machine SQLite runs between two looks at the clock: some tens
/// of microseconds.
const INSTRUCTIONS: u16 = 2_000;

impl Manager {
    /// A manager that opens `url`; each statement sent is counted in `queries`. The timeout is
    /// Postgres's `statement_timeout` and SQLite's `busy_timeout`.
    pub fn new(
        url: DatabaseUrl,
        access: Access,
        statement_timeout: Duration,
        queries: IntCounter,
    ) -> Self {
        Self {
            url,
            access,
            statement_timeout,
            queries,
        }
    }

    fn open(&self) -> Result<Watched, diesel::r2d2::Error> {
        let mut watched = match &self.url {
            DatabaseUrl::Sqlite(path) => self.open_sqlite(path)?,
            DatabaseUrl::Postgres(url) => self.open_postgres(url)?,
        };
        watched.set_instrumentation(CountQueries(self.queries.clone()));
        Ok(watched)
    }

    fn open_sqlite(&self, path: &Path) -> Result<Watched, diesel::r2d2::Error> {
        let watch = Watch::default();
        let asked = watch.clone();
        let gives_up = Arc::new(move || asked.gives_up());
        let mut connection = sqlite_progress::opening_with(INSTRUCTIONS, gives_up, || {
            SqliteConnection::establish(&path.to_string_lossy())
        })
        .map_err(diesel::r2d2::Error::ConnectionError)?;
        let timeout = self.statement_timeout.as_millis();
        let query_only = u8::from(self.access == Access::Read);
        // busy_timeout first: switching to WAL needs the file's lock.
        connection
            .batch_execute(&format!(
                "PRAGMA busy_timeout = {timeout};
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -2000;
                 PRAGMA query_only = {query_only};"
            ))
            .map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Watched {
            connection: AnyConnection::Sqlite(connection),
            watch,
        })
    }

    fn open_postgres(&self, url: &str) -> Result<Watched, diesel::r2d2::Error> {
        #[derive(QueryableByName)]
        struct Backend {
            #[diesel(sql_type = Integer)]
            pid: i32,
        }
        let mut connection =
            PgConnection::establish(url).map_err(diesel::r2d2::Error::ConnectionError)?;
        let timeout = self.statement_timeout.as_millis();
        let read_only = self.access == Access::Read;
        connection
            .batch_execute(&format!(
                // Every statement here is short: compiling one takes longer than running it, and one
                // that is not must not take more than its connection's part of the machine.
                "SET jit = off;
                 SET max_parallel_workers_per_gather = 0;
                 SET statement_timeout = {timeout};
                 SET lock_timeout = {timeout};
                 SET default_transaction_read_only = {read_only};
                 SET idle_in_transaction_session_timeout = {};
                 SET TIME ZONE 'UTC';",
                timeout * 2
            ))
            .map_err(diesel::r2d2::Error::QueryError)?;
        let Backend { pid } = diesel::sql_query("SELECT pg_backend_pid() AS pid")
            .get_result(&mut connection)
            .map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Watched {
            connection: AnyConnection::Postgres(connection),
            watch: Watch::of_backend(pid),
        })
    }
}

/// Counts the statements of a connection.
pub(super) struct CountQueries(pub(super) IntCounter);

impl Instrumentation for CountQueries {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.inc();
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Watched;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Watched, Self::Error> {
        self.open()
    }

    fn is_valid(&self, connection: &mut Watched) -> Result<(), Self::Error> {
        connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut Watched) -> bool {
        // A panic may have left a transaction open.
        std::thread::panicking() || connection.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_what_it_takes_when_it_is_wrong() {
        for url in ["sqlite::memory:", "sqlite://", "mysql://x", "dateline.db"] {
            let reason = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(reason.contains("sqlite://dateline.db"), "{url}: {reason}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl = "postgres://desk:sesame@db.example/news".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5432/news");
        assert!(!format!("{url:?}").contains("sesame"));
    }
}
