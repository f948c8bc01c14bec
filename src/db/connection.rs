//! Opening connections: the two backends behind one type, and what each is set to.

#![expect(
    missing_docs,
    reason = "MultiConnection derives items without documentation"
)]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use diesel::connection::{
    AnsiTransactionManager, Instrumentation, InstrumentationEvent, SimpleConnection,
    TransactionManager,
};
use diesel::{Connection as _, PgConnection, SqliteConnection};
use prometheus::IntCounter;

use super::deadline::{Backend, Watch};
use super::error::{StoreError, StoreResult};
use super::hosts::Hosts;
use crate::threads::Threads;

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

/// Narrows a boxed query to rows with one of some keys. Of a single key, which is what a write looks up, it is a
/// statement that connections keep prepared: on SQLite, to prepare one that reads a large view takes several times as
/// long as to run it.
#[macro_export]
macro_rules! among {
    ($query:expr, $column:expr, $keys:expr) => {
        match $keys {
            [one] => $query.filter($column.eq(*one)),
            several => $query.filter($column.eq_any(several.to_vec())),
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
            Self::Postgres(url) => {
                // By hand: a URL with several hosts is one of libpq's, not one of RFC 3986.
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let place = rest.split('?').next().unwrap_or_default();
                let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
                write!(f, "postgres://{place}")
            }
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

/// What connections are set to.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    /// What they are opened for.
    pub access: Access,
    /// How long a statement may take: Postgres's `statement_timeout`, SQLite's `busy_timeout`; no limit
    /// when zero.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock on Postgres.
    pub lock_timeout: Duration,
}

/// Opens connections.
pub struct Opener {
    url: DatabaseUrl,
    hosts: Option<Hosts>,
    settings: SessionSettings,
    queries: IntCounter,
    /// Connections that were opened before this moved on are suspect: one of them was found dead.
    generation: AtomicU64,
    /// How many were opened.
    opened: AtomicU64,
    /// One that was opened to see whether it can be done.
    spare: Mutex<Option<Watched>>,
}

/// A connection of a pool, and what it is doing.
pub struct Watched {
    /// It moves with each use, and is large.
    connection: Box<AnyConnection>,
    pub(super) watch: Watch,
    generation: u64,
}

impl Watched {
    /// Whether it can be used, as far as this side knows: nothing is sent. On Postgres this reads what has
    /// arrived, so that a server that said goodbye, or was reset, is noticed before the next statement.
    pub(super) fn is_alive(&mut self) -> bool {
        match &mut *self.connection {
            AnyConnection::Sqlite(sqlite) => {
                !AnsiTransactionManager::is_broken_transaction_manager(sqlite)
            }
            AnyConnection::Postgres(postgres) => {
                // Twice: the first time may read the goodbye, the second time finds the end.
                let heard =
                    (0..2).all(|_| postgres.notifications_iter().all(|notice| notice.is_ok()));
                heard && !AnsiTransactionManager::is_broken_transaction_manager(postgres)
            }
        }
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

/// How long servers that start on a new SQLite file at once wait for each other.
const NEW_FILE: Duration = Duration::from_secs(60);

/// Bytes that SQLite leaves of its log once it has been written back, after a write that made it grow.
const JOURNAL_SIZE: u32 = 64 * 1024 * 1024;

impl Opener {
    /// Opens `url` with these settings; each statement sent is counted in `queries`.
    pub fn new(url: DatabaseUrl, settings: SessionSettings, queries: IntCounter) -> Arc<Self> {
        let hosts = match &url {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(url) => Some(Hosts::of(url)),
        };
        Self::of(url, hosts, settings, queries)
    }

    /// Opens the same with other settings.
    pub(super) fn with(&self, settings: SessionSettings, queries: IntCounter) -> Arc<Self> {
        Self::of(self.url.clone(), self.hosts.clone(), settings, queries)
    }

    fn of(
        url: DatabaseUrl,
        hosts: Option<Hosts>,
        settings: SessionSettings,
        queries: IntCounter,
    ) -> Arc<Self> {
        Arc::new(Self {
            url,
            hosts,
            settings,
            queries,
            generation: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            spare: Mutex::new(None),
        })
    }

    /// The hosts of a Postgres database.
    pub(super) fn hosts(&self) -> Option<&Hosts> {
        self.hosts.as_ref()
    }

    /// Opens a connection to see whether that can be done. The next who wants one gets it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot.
    pub fn try_out(&self) -> StoreResult<()> {
        let opened = self.open()?;
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(())
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be opened.
    pub fn open(&self) -> StoreResult<Watched> {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(spare) = spare {
            return Ok(spare);
        }
        // Before it is opened: one that is found dead meanwhile makes this one suspect as well.
        let generation = self.generation.load(Ordering::Acquire);
        let (connection, watch) = match (&self.url, &self.hosts) {
            (DatabaseUrl::Postgres(_), Some(hosts)) => self.open_postgres(hosts),
            (DatabaseUrl::Sqlite(path), _) => self.open_sqlite(path),
            (DatabaseUrl::Postgres(url), None) => self.open_postgres(&Hosts::of(url)),
        }
        .map_err(|reason| {
            let reason = format!("cannot open {}: {reason}", self.url);
            StoreError::not_opened(reason)
        })?;
        self.opened.fetch_add(1, Ordering::AcqRel);
        let mut watched = Watched {
            connection: Box::new(connection),
            watch,
            generation,
        };
        watched.set_instrumentation(CountQueries(self.queries.clone()));
        Ok(watched)
    }

    /// How many connections it has opened.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Acquire)
    }

    /// Takes note that a connection was found dead: all that were opened before are suspect.
    pub(super) fn found_dead(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn open_sqlite(&self, path: &Path) -> Result<(AnyConnection, Watch), String> {
        let watch = Watch::default();
        let asked = watch.clone();
        let gives_up = Arc::new(move || asked.gives_up());
        let mut connection = sqlite_progress::opening_with(INSTRUCTIONS, gives_up, || {
            SqliteConnection::establish(&path.to_string_lossy())
        })
        .map_err(|error| error.to_string())?;
        // Without a limit: whoever asked for that tries again.
        let timeout = match self.settings.statement_timeout {
            Duration::ZERO => self.settings.lock_timeout,
            timeout => timeout,
        };
        let timeout = timeout.as_millis();
        let query_only = u8::from(self.settings.access == Access::Read);
        // busy_timeout first: switching to WAL needs the file's lock.
        let settings = format!(
            "PRAGMA busy_timeout = {timeout};
             PRAGMA journal_mode = WAL;
             PRAGMA journal_size_limit = {JOURNAL_SIZE};
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -2000;
             PRAGMA query_only = {query_only};"
        );
        let began = Instant::now();
        // A new file becomes one with a log once, and SQLite does not wait for others who are about to do that.
        while let Err(error) = connection.batch_execute(&settings) {
            let error = error.to_string();
            if !error.contains("database is locked") || began.elapsed() > NEW_FILE {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok((AnyConnection::Sqlite(connection), watch))
    }

    fn open_postgres(&self, hosts: &Hosts) -> Result<(AnyConnection, Watch), String> {
        let mut connection = hosts.connect()?;
        let timeout = self.settings.statement_timeout.as_millis();
        connection
            .batch_execute(&format!(
                // Every statement here is short: compiling one takes longer than running it, and one
                // that is not must not take more than its connection's part of the machine.
                "SET jit = off;
                 SET max_parallel_workers_per_gather = 0;
                 SET statement_timeout = {timeout};
                 SET lock_timeout = {};
                 SET default_transaction_read_only = {};
                 SET default_transaction_isolation = 'read committed';
                 SET idle_in_transaction_session_timeout = {};
                 SET tcp_user_timeout = 5000;
                 SET tcp_keepalives_idle = 5;
                 SET tcp_keepalives_interval = 2;
                 SET tcp_keepalives_count = 2;
                 SET TIME ZONE 'UTC';
                 {ENGLISH}",
                self.settings.lock_timeout.as_millis(),
                self.settings.access == Access::Read,
                // A client that says nothing in the middle of a transaction is gone, and others wait
                // for what it has locked.
                self.settings.lock_timeout.as_millis() * 2
            ))
            .map_err(|error| error.to_string())?;
        let backend = Backend::of(&mut connection).map_err(|error| error.to_string())?;
        Ok((
            AnyConnection::Postgres(connection),
            Watch::of_backend(backend),
        ))
    }
}

/// Errors are told apart by their code, which Diesel shows for the most common kinds only; the others
/// have to be known by their words. Only some roles may choose the language: `dateline serve` warns
/// where that leaves another one.
const ENGLISH: &str = "DO $$ BEGIN SET lc_messages = 'C'; \
                       EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;";

/// Counts the statements of a connection.
pub(super) struct CountQueries(pub(super) IntCounter);

impl Instrumentation for CountQueries {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.inc();
        }
    }
}

/// Opens connections for a pool on threads of its own, and keeps those that can be used.
pub struct Manager {
    pub(super) opener: Arc<Opener>,
    pub(super) threads: Arc<Threads>,
}

impl managed::Manager for Manager {
    type Type = Watched;
    type Error = StoreError;

    async fn create(&self) -> StoreResult<Watched> {
        let opener = Arc::clone(&self.opener);
        let opened = self.threads.run(move || opener.open()).await;
        opened.unwrap_or_else(|panicked| Err(panicked.into()))
    }

    async fn recycle(&self, connection: &mut Watched, _: &Metrics) -> RecycleResult<StoreError> {
        let newest = self.opener.generation.load(Ordering::Acquire);
        if connection.generation < newest || !connection.is_alive() {
            return Err(RecycleError::message("the connection is dead or suspect"));
        }
        Ok(())
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
        assert_eq!(url.to_string(), "postgres://db.example/news");
        let url: DatabaseUrl =
            "postgres://desk:s@me@one,two:5433/news?target_session_attrs=read-write"
                .parse()
                .unwrap();
        assert_eq!(url.to_string(), "postgres://one,two:5433/news");
        assert!(!format!("{url:?}").contains("sesame"));
    }
}
