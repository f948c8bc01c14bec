//! [`Database`]: runs stores' work on a bounded number of database threads.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::sql_types::Bool;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use prometheus::IntCounter;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::changes::{ChangeTracker, Invalidation};
use super::connection::{
    Access, AnyConnection as Connection, DatabaseUrl, Opener, SessionSettings, Watched,
};
use super::connection_pool::{ConnectionPool, Cost, PoolSettings, PoolStatus};
use super::error::{Outage, StoreError, StoreResult};
use super::file::{self, FileIdentity};
use super::health::Health;
use super::metrics::DatabaseMetrics;
use super::notify;
use super::replica::{Replica, ReplicaStatus};
use super::types::Id;

/// The database of one process. Cheap to clone.
#[derive(Clone)]
pub struct Database(pub(super) Arc<Opened>);

/// What all handles of one database share.
pub struct Opened {
    url: DatabaseUrl,
    settings: PoolSettings,
    readers: ConnectionPool,
    costly: ConnectionPool,
    writers: ConnectionPool,
    writer: Arc<Opener>,
    reader: Arc<Opener>,
    /// The file of a SQLite database as it was opened.
    file: Option<FileIdentity>,
    pub(super) replica: Option<Replica>,
    metrics: DatabaseMetrics,
    changes: Arc<ChangeTracker>,
    names_changed: Notify,
    health: Health,
    /// Tells this process's notifications from those of others.
    process: Id,
}

impl Database {
    /// Opens `url`. Reads, costly reads and writes have connections apart; SQLite has one for writing,
    /// for which all writes queue.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be opened: a missing SQLite file is made by
    /// [`file::create`] only.
    pub fn open(
        url: &DatabaseUrl,
        settings: &PoolSettings,
        metrics: DatabaseMetrics,
    ) -> Result<Self, StoreError> {
        if let DatabaseUrl::Sqlite(path) = url {
            file::refuse_missing(path)?;
        }
        let health = Health::default();
        let session = |access| SessionSettings {
            access,
            statement_timeout: settings.statement_timeout,
            lock_timeout: settings.lock_timeout,
        };
        let queries = || metrics.queries.clone();
        let writer = Opener::new(url.clone(), session(Access::Write), queries());
        let reader = writer.with(session(Access::Read), queries());
        let file = match url {
            DatabaseUrl::Sqlite(path) => Some(FileIdentity::of(path)?),
            DatabaseUrl::Postgres(_) => None,
        };
        // The writer first: it switches a new file to WAL before readers come.
        writer.try_out()?;
        if let Some(Err(reason)) = file.as_ref().map(FileIdentity::check) {
            return Err(StoreError::unavailable(Outage::Unsuitable, reason));
        }
        let writing = match url {
            DatabaseUrl::Sqlite(_) => 1,
            DatabaseUrl::Postgres(_) => settings.size.div_ceil(2),
        };
        let pool =
            |name, opener, size| ConnectionPool::build(opener, size, &health, metrics.pool(name));
        Ok(Self(Arc::new(Opened {
            url: url.clone(),
            replica: Replica::of(url, settings, &metrics)?,
            readers: pool("readers", &reader, settings.of(Cost::Low))?,
            costly: pool("costly", &reader, settings.of(Cost::High))?,
            writers: pool("writers", &writer, (writing, settings.wait))?,
            writer,
            reader,
            file,
            settings: settings.clone(),
            metrics,
            changes: Arc::default(),
            names_changed: Notify::new(),
            health,
            process: Id::generate(),
        })))
    }

    /// Runs a read of an editor's or of the server itself on a database thread.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::Unavailable`] when no connection is free in time;
    /// [`StoreError::TooSlow`] when it takes longer than the statement timeout.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let timeout = self.0.settings.statement_timeout;
        self.0.readers.read(timeout, work).await
    }

    /// Runs a read that anyone may ask for, or one that is costly. It ends when nobody waits for it
    /// any more.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::Unavailable`] when no connection is free in time;
    /// [`StoreError::TooSlow`] when it takes longer than public reads may.
    pub async fn read_within<T: Send + 'static>(
        &self,
        cost: Cost,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let pool = match cost {
            Cost::Low => &self.0.readers,
            Cost::High => &self.0.costly,
        };
        pool.read(self.0.settings.read_timeout, work).await
    }

    /// Runs a read that takes microseconds: on SQLite, where nothing is waited for, on this very
    /// thread when a connection is idle, since going to another thread and back would take longer
    /// than the read.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn read_shortly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let timeout = self.0.settings.read_timeout;
        let work = match self.0.url {
            DatabaseUrl::Sqlite(_) => match self.0.readers.run_at_once(timeout, work) {
                Ok(done) => return done,
                Err(work) => work,
            },
            DatabaseUrl::Postgres(_) => work,
        };
        self.read_within(Cost::Low, work).await
    }

    /// Runs a write in one transaction, which is durable when this returns `Ok` and leaves
    /// nothing behind otherwise. It is tried again when another write comes in its way.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::Unavailable`] when no connection is free in time;
    /// [`StoreError::TooSlow`] when it takes longer than the statement timeout;
    /// [`StoreError::OutcomeUnknown`] when the database did not say whether it committed.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let timeout = self.0.settings.statement_timeout;
        self.0.writers.transaction(timeout, work, || ()).await
    }

    /// Runs a write as [`write`](Self::write) does, on this very thread, which must not be one of the
    /// runtime's, and waits for its turn however long that takes.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError::Unavailable`] when the database does not answer.
    pub fn write_here<T>(
        &self,
        runtime: &Handle,
        work: impl FnOnce(&mut Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.0.writers.transaction_here(runtime, work)
    }

    /// The same without a transaction around it: each statement is one.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError::Unavailable`] when the database does not answer.
    pub fn run_here<T>(
        &self,
        runtime: &Handle,
        work: impl FnOnce(&mut Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.0.writers.here(runtime, work)
    }

    /// Runs a write to what the public can see in one transaction, which is durable when this
    /// returns `Ok` and leaves nothing behind otherwise. What it touched is in
    /// [`changes`](Self::changes) by then, and other processes are told when it commits.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &mut Invalidation) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let (process, timeout) = (self.0.process, self.0.settings.statement_timeout);
        let touches = Arc::new(Mutex::new(Invalidation::default()));
        let (opened, made) = (Arc::clone(&self.0), Arc::clone(&touches));
        let work = move |connection: &mut Connection| {
            let mut touched = Invalidation::default();
            let value = work(connection, &mut touched)?;
            notify::tell_others(connection, process, &touched)?;
            *made.lock().unwrap_or_else(PoisonError::into_inner) = touched;
            Ok(value)
        };
        // After a failure too: whether a COMMIT that was not answered happened is unknown.
        let record = move || {
            let touched = touches.lock().unwrap_or_else(PoisonError::into_inner);
            opened.changes.record(&touched);
            if touched.has_names() {
                opened.names_changed.notify_one();
            }
        };
        self.0.writers.transaction(timeout, work, record).await
    }

    /// Runs work on the writing connection, outside a transaction.
    pub(super) async fn on_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let timeout = self.0.settings.statement_timeout;
        self.0.writers.read(timeout, work).await
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
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> Option<StoreResult<T>> {
        let replica = self.0.replica.as_ref()?;
        let timeout = self.0.settings.read_timeout;
        replica.read(self, cost, timeout, work).await
    }

    /// How the replica does, when there is one.
    pub fn replica_status(&self) -> Option<ReplicaStatus> {
        self.0.replica.as_ref().map(Replica::status)
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
    pub fn changes(&self) -> &Arc<ChangeTracker> {
        &self.0.changes
    }

    /// A connection of its own for start-up work and the command line.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be opened.
    pub fn connection(&self) -> StoreResult<Watched> {
        self.0.writer.open()
    }

    /// A connection for work of one process at a time, as long as it takes: bringing the database to this
    /// version's tables, and what is derived to this version's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be opened.
    pub fn unhurried_connection(&self) -> StoreResult<Watched> {
        let session = SessionSettings {
            access: Access::Write,
            statement_timeout: Duration::ZERO,
            lock_timeout: self.0.settings.lock_timeout,
        };
        self.0.writer.with(session, self.queries().clone()).open()
    }

    /// Opens connections that can write.
    pub(super) fn opener(&self) -> &Arc<Opener> {
        &self.0.writer
    }

    /// Where the data is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Whether the database answers.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Those that were opened before an outage may lead to a server that is gone.
    pub(super) fn suspect_connections(&self) {
        self.0.writer.found_dead();
        self.0.reader.found_dead();
    }

    /// The file of a SQLite database as it was opened.
    pub(super) fn file(&self) -> Option<&FileIdentity> {
        self.0.file.as_ref()
    }

    /// How long things may take.
    pub(super) fn settings(&self) -> &PoolSettings {
        &self.0.settings
    }

    /// What is counted.
    pub fn metrics(&self) -> &DatabaseMetrics {
        &self.0.metrics
    }

    /// Statements sent since the process started.
    pub fn queries(&self) -> &IntCounter {
        &self.0.metrics.queries
    }

    /// How busy connections are.
    pub fn pools(&self) -> impl Iterator<Item = PoolStatus> {
        let own = [&self.0.readers, &self.0.costly, &self.0.writers];
        let of_replica = self.0.replica.iter().flat_map(Replica::pools);
        own.into_iter()
            .chain(of_replica)
            .map(ConnectionPool::status)
    }

    /// Finds out whether it can be written to.
    ///
    /// # Errors
    /// Why not.
    pub async fn can_be_written(&self) -> StoreResult<()> {
        // SQLite takes the lock for writing; Postgres says whether it would.
        self.write(|connection| match connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(postgres) => {
                let Recovers { recovers } =
                    sql_query("SELECT pg_is_in_recovery() AS recovers").get_result(postgres)?;
                match recovers {
                    false => Ok(()),
                    true => Err(StoreError::unavailable(Outage::ReadOnly, "it is a standby")),
                }
            }
        })
        .await
    }
}

#[derive(QueryableByName)]
struct Recovers {
    #[diesel(sql_type = Bool)]
    recovers: bool,
}
