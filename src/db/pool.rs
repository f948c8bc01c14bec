//! [`Database`]: runs stores' work on a bounded number of database threads.

use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::r2d2::Pool;
use prometheus::IntCounter;
use tokio::sync::{Notify, Semaphore};

use super::changes::{Changes, Touched};
use super::connection::{Access, AnyConnection as Connection, DatabaseUrl, Manager};
use super::error::{StoreError, StoreResult};
use super::notify;
use super::replica::Replica;
use super::types::Id;

/// How many connections there may be and how long one waits for them.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Connections for reading; on Postgres, for everything.
    pub size: u32,
    /// How long a request waits for a free connection before it is answered 503.
    pub wait: Duration,
    /// Postgres's `statement_timeout`, SQLite's `busy_timeout`.
    pub statement_timeout: Duration,
    /// A streaming replica of Postgres for public reads.
    pub replica: Option<DatabaseUrl>,
}

/// The database of one process. Cheap to clone.
#[derive(Clone)]
pub struct Database(pub(super) Arc<Opened>);

/// What all handles of one database share.
pub struct Opened {
    url: DatabaseUrl,
    readers: Arc<Lane>,
    writers: Arc<Lane>,
    pub(super) replica: Option<Replica>,
    queries: IntCounter,
    changes: Arc<Changes>,
    names_changed: Notify,
    /// Tells this process's notifications from those of others.
    process: Id,
}

/// Connections that are asked for in turn: the semaphore queues fairly and on the async side, so
/// that a stampede waits without holding threads and fails clearly.
pub(super) struct Lane {
    pool: Pool<Manager>,
    turns: Arc<Semaphore>,
    wait: Duration,
}

impl Lane {
    fn open(
        url: &DatabaseUrl,
        access: Access,
        size: u32,
        settings: &PoolSettings,
        queries: &IntCounter,
    ) -> Result<Arc<Self>, StoreError> {
        let lane = Self::build(url, access, size, settings, queries)?;
        lane.pool
            .get()
            .map_err(|error| StoreError::Unavailable(format!("cannot open {url}: {error}")))?;
        Ok(lane)
    }

    /// Connects to nothing yet.
    pub(super) fn build(
        url: &DatabaseUrl,
        access: Access,
        size: u32,
        settings: &PoolSettings,
        queries: &IntCounter,
    ) -> Result<Arc<Self>, StoreError> {
        let manager = Manager::new(
            url.clone(),
            access,
            settings.statement_timeout,
            queries.clone(),
        );
        let pool = Pool::builder()
            .max_size(size)
            // Opened on demand: a connection being opened in the background while a command of
            // the command line ends would meet a TLS library that is already torn down.
            .min_idle(Some(0))
            .connection_timeout(settings.wait)
            // Asking the server before each use would double the round trips; a broken
            // connection is noticed by its first statement and replaced.
            .test_on_check_out(false)
            .error_handler(Box::new(LogErrors))
            .build(manager)
            .map_err(|error| StoreError::Unavailable(format!("cannot open {url}: {error}")))?;
        Ok(Arc::new(Self {
            pool,
            turns: Arc::new(Semaphore::new(size as usize)),
            wait: settings.wait,
        }))
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| StoreError::Unavailable("no database connection was free in time".into()))?
            .map_err(|_| StoreError::Unavailable("the database is closed".into()))?;
        let pool = self.pool.clone();
        // What is logged on the database thread carries the request's id as well.
        let span = tracing::Span::current();
        let outcome = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let _span = span.entered();
            let mut connection = pool
                .get()
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            work(&mut connection)
        })
        .await;
        outcome.unwrap_or_else(|panic| {
            tracing::error!(%panic, "work on the database panicked");
            Err(StoreError::Database(
                diesel::result::Error::RollbackTransaction,
            ))
        })
    }
}

/// Pool errors repeat with every attempt to connect: one line each, without the URL.
#[derive(Debug)]
struct LogErrors;

impl<E: std::error::Error> diesel::r2d2::HandleError<E> for LogErrors {
    fn handle_error(&self, error: E) {
        tracing::warn!(%error, "database connection");
    }
}

impl Database {
    /// Opens `url`. A missing SQLite file is created. SQLite gets one writer, for which all
    /// writes queue, and `size` readers; Postgres gets one pool for both. Every statement sent
    /// is counted in `queries`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be opened within the waiting time.
    pub fn open(
        url: &DatabaseUrl,
        settings: &PoolSettings,
        queries: IntCounter,
    ) -> Result<Self, StoreError> {
        // The writer first: it creates the file and switches it to WAL before readers come.
        let (writers, readers) = match url {
            DatabaseUrl::Sqlite(_) => (
                Lane::open(url, Access::Write, 1, settings, &queries)?,
                Lane::open(url, Access::Read, settings.size, settings, &queries)?,
            ),
            DatabaseUrl::Postgres(_) => {
                let lane = Lane::open(url, Access::Write, settings.size, settings, &queries)?;
                (Arc::clone(&lane), lane)
            }
        };
        let replica = settings
            .replica
            .as_ref()
            .map(|replica| match url {
                DatabaseUrl::Postgres(_) => Replica::new(replica, settings, &queries),
                DatabaseUrl::Sqlite(_) => Err(StoreError::Unavailable(
                    "a replica needs a database on Postgres".into(),
                )),
            })
            .transpose()?;
        Ok(Self(Arc::new(Opened {
            url: url.clone(),
            replica,
            readers,
            writers,
            queries,
            changes: Arc::default(),
            names_changed: Notify::new(),
            process: Id::generate(),
        })))
    }

    /// Runs a read on a database thread.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.0.readers.run(work).await
    }

    /// Runs a read that takes microseconds: on SQLite, where nothing is waited for, on this very
    /// thread when a connection is idle, since going to another thread and back would take longer
    /// than the read.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn read_shortly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        if let DatabaseUrl::Sqlite(_) = self.0.url
            && let Ok(_turn) = self.0.readers.turns.try_acquire()
            && let Some(mut connection) = self.0.readers.pool.try_get()
        {
            return work(&mut connection);
        }
        self.read(work).await
    }

    /// Runs a write in one transaction, which is durable when this answers `Ok` and leaves
    /// nothing behind otherwise.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.0
            .writers
            .run(|connection| in_transaction(connection, work))
            .await
    }

    /// Runs a write to what the public can see in one transaction, which is durable when this
    /// answers `Ok` and leaves nothing behind otherwise. What it touched is in
    /// [`changes`](Self::changes) by then, and other processes are told when it commits.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &mut Touched) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let opened = Arc::clone(&self.0);
        self.0
            .writers
            .run(move |connection| {
                let mut touched = Touched::default();
                let outcome = in_transaction(connection, |connection| {
                    let value = work(connection, &mut touched)?;
                    notify::tell_others(connection, opened.process, &touched)?;
                    Ok(value)
                });
                // After a failure too: whether a COMMIT that was not answered happened is unknown.
                opened.changes.record(&touched);
                if touched.has_names() {
                    opened.names_changed.notify_one();
                }
                outcome
            })
            .await
    }

    /// Runs work on the writing connection, outside a transaction.
    pub(super) async fn on_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.0.writers.run(work).await
    }

    /// Waits until a tag or an author is changed here.
    pub async fn names_changed(&self) {
        self.0.names_changed.notified().await;
    }

    /// Tells this process's notifications from those of others.
    pub(super) fn process(&self) -> Id {
        self.0.process
    }

    /// A handle that does not keep the database open.
    pub(super) fn downgrade(&self) -> Weak<Opened> {
        Arc::downgrade(&self.0)
    }

    /// What this process knows of what was touched when.
    pub fn changes(&self) -> &Arc<Changes> {
        &self.0.changes
    }

    /// A connection for start-up work and the command line, outside the lanes' turns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none can be opened.
    pub fn connection(&self) -> StoreResult<impl std::ops::DerefMut<Target = Connection> + use<>> {
        self.0
            .writers
            .pool
            .get()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Where the data is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Statements sent since the process started.
    pub fn queries(&self) -> &IntCounter {
        &self.0.queries
    }

    /// Connections for reading: (open, idle).
    pub fn pool_use(&self) -> (u32, u32) {
        let state = self.0.readers.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// Runs `work` in one transaction. On SQLite it takes the write lock at once: a transaction that
/// reads first and writes later would fail, not wait, when another process wrote in between.
///
/// # Errors
/// What `work` answers, after rolling back.
pub fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    if let Connection::Postgres(_) = connection {
        return connection.transaction(work);
    }
    connection.batch_execute("BEGIN IMMEDIATE")?;
    let outcome = work(connection).and_then(|value| {
        connection.batch_execute("COMMIT")?;
        Ok(value)
    });
    if outcome.is_err() {
        // A COMMIT that failed may have rolled back already.
        let _ = connection.batch_execute("ROLLBACK");
    }
    outcome
}
