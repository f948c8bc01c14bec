//! [`Database`]: runs stores' work on a bounded number of database threads.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::r2d2::PooledConnection;
use prometheus::IntCounter;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::changes::{Changes, Touched};
use super::connection::{Access, AnyConnection as Connection, DatabaseUrl, Manager};
use super::error::{StoreError, StoreResult};
use super::lane::{Cost, Lane, PoolSettings};
use super::notify;
use super::replica::{Replica, end_of_log};
use super::types::Id;

/// The database of one process. Cheap to clone.
#[derive(Clone)]
pub struct Database(pub(super) Arc<Opened>);

/// What all handles of one database share.
pub struct Opened {
    url: DatabaseUrl,
    readers: Arc<Lane>,
    costly: Arc<Lane>,
    writers: Arc<Lane>,
    read_timeout: Duration,
    statement_timeout: Duration,
    pub(super) replica: Option<Replica>,
    queries: IntCounter,
    changes: Arc<Changes>,
    names_changed: Notify,
    /// Tells this process's notifications from those of others.
    process: Id,
}

impl Database {
    /// Opens `url`. A missing SQLite file is created. Reads, costly reads and writes have connections
    /// apart; SQLite has one for writing, for which all writes queue. Every statement sent is counted
    /// in `queries`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be opened within the waiting time.
    pub fn open(
        url: &DatabaseUrl,
        settings: &PoolSettings,
        queries: IntCounter,
    ) -> Result<Self, StoreError> {
        if let DatabaseUrl::Sqlite(path) = url {
            create_file(path)?;
        }
        let writing = match url {
            DatabaseUrl::Sqlite(_) => 1,
            DatabaseUrl::Postgres(_) => settings.size.div_ceil(2),
        };
        // The writer first: it creates the file and switches it to WAL before readers come.
        let writing = (writing, settings.wait);
        let writers = Lane::open(url, Access::Write, writing, settings, &queries)?;
        let reading = |cost| Lane::build(url, Access::Read, settings.of(cost), settings, &queries);
        let (readers, costly) = (reading(Cost::Low)?, reading(Cost::High)?);
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
            costly,
            writers,
            read_timeout: settings.read_timeout,
            statement_timeout: settings.statement_timeout,
            queries,
            changes: Arc::default(),
            names_changed: Notify::new(),
            process: Id::generate(),
        })))
    }

    /// Runs a read of an editor's or of the server itself on a database thread.
    ///
    /// # Errors
    /// What `work` answers; [`StoreError::Unavailable`] when no connection is free in time;
    /// [`StoreError::TooSlow`] when it takes longer than the statement timeout.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.0.readers.run(self.0.statement_timeout, work).await
    }

    /// Runs a read that anyone may ask for, or one that is costly. It ends when nobody waits for it
    /// any more.
    ///
    /// # Errors
    /// What `work` answers; [`StoreError::Unavailable`] when no connection is free in time;
    /// [`StoreError::TooSlow`] when it takes longer than public reads may.
    pub async fn read_within<T: Send + 'static>(
        &self,
        cost: Cost,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let lane = match cost {
            Cost::Low => &self.0.readers,
            Cost::High => &self.0.costly,
        };
        lane.run(self.0.read_timeout, work).await
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
        let work = match self.0.url {
            DatabaseUrl::Sqlite(_) => match self.0.readers.run_at_once(self.0.read_timeout, work) {
                Ok(done) => return done,
                Err(work) => work,
            },
            DatabaseUrl::Postgres(_) => work,
        };
        self.read_within(Cost::Low, work).await
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
        let write = |connection: &mut Connection| in_transaction(connection, work);
        self.0
            .writers
            .run_through(self.0.statement_timeout, write)
            .await
    }

    /// Runs a write as [`write`](Self::write) does, on this very thread, which must not be one of the
    /// runtime's, and waits for its turn however long that takes.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when no connection can be opened.
    pub fn write_here<T>(
        &self,
        runtime: &Handle,
        work: impl FnOnce(&mut Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.run_here(runtime, |connection| in_transaction(connection, work))
    }

    /// The same without a transaction around it: each statement is one.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when no connection can be opened.
    pub fn run_here<T>(
        &self,
        runtime: &Handle,
        work: impl FnOnce(&mut Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let turns = Arc::clone(&self.0.writers.turns);
        let _turn = runtime
            .block_on(turns.acquire_owned())
            .map_err(|_| StoreError::Unavailable("the database is closed".into()))?;
        work(&mut *self.connection()?)
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
            .run_through(self.0.statement_timeout, move |connection| {
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
        self.0
            .writers
            .run_through(self.0.statement_timeout, work)
            .await
    }

    /// Waits until a tag or an author is changed here.
    pub async fn names_changed(&self) {
        self.0.names_changed.notified().await;
    }

    /// Whether there is a replica to read from.
    pub fn has_replica(&self) -> bool {
        self.0.replica.is_some()
    }

    /// Runs a read on the replica; `None` when there is none, when it does not answer, or when it has
    /// not replayed every write that this process knows of.
    pub async fn read_on_replica<T: Send + 'static>(
        &self,
        cost: Cost,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> Option<StoreResult<T>> {
        let replica = self.0.replica.as_ref()?;
        let timeout = self.0.read_timeout;
        let primary = self.0.readers.run(timeout, end_of_log);
        replica
            .read(&self.0.changes, primary, cost, timeout, work)
            .await
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
    pub fn connection(&self) -> StoreResult<Borrowed> {
        let connection = self.0.writers.pool.get();
        connection
            .map(Borrowed)
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

/// Creates the file of a new SQLite database so that nobody else on this machine reads it: it holds hashes of
/// passwords and tokens, and drafts. The files that SQLite puts beside it get the same mode.
fn create_file(path: &Path) -> StoreResult<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder
        && !folder.is_dir()
    {
        return Err(StoreError::Unavailable(format!(
            "cannot create {}: there is no directory {}",
            path.display(),
            folder.display()
        )));
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(
            StoreError::Unavailable(format!("cannot create {}: {error}", path.display())),
        ),
        _ => Ok(()),
    }
}

/// A connection that is not in turn.
pub struct Borrowed(PooledConnection<Manager>);

impl Deref for Borrowed {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
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
