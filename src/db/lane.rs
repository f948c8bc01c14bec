//! Connections that are asked for in turn, and the database threads that work on them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::r2d2::Pool;
use prometheus::IntCounter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle};

use super::connection::{Access, AnyConnection as Connection, DatabaseUrl, Manager};
use super::deadline::{Canceller, Work};
use super::error::{StoreError, StoreResult};

/// How many connections there may be and how long one waits for them.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Connections for reads by key and in the order of an index. On Postgres, as many as half of
    /// them, rounded up, are for writing.
    pub size: u32,
    /// Connections for reads that look at much: searches, counts, facets, what trends.
    pub costly_size: u32,
    /// How long a request waits for a free connection before it is answered 503.
    pub wait: Duration,
    /// How long a public read may take; costly ones wait for a connection for half as long.
    pub read_timeout: Duration,
    /// How long anything else may take: Postgres's `statement_timeout`, SQLite's `busy_timeout`.
    pub statement_timeout: Duration,
    /// A streaming replica of Postgres for public reads.
    pub replica: Option<DatabaseUrl>,
}

/// What a read may cost. The two have connections apart, so that what is costly keeps only what is
/// costly waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// By key, or a page in the order of an index: the same however large the archive is.
    Low,
    /// Searches, counts, facets, what trends: the more there is, the more is looked at.
    High,
}

impl Cost {
    /// High when that is so.
    pub fn high_if(is_high: bool) -> Self {
        if is_high { Self::High } else { Self::Low }
    }
}

impl PoolSettings {
    /// How many connections reads of a cost have, and how long they wait for one.
    pub(super) fn of(&self, cost: Cost) -> (u32, Duration) {
        match cost {
            Cost::Low => (self.size, self.wait),
            Cost::High => (self.costly_size, self.wait.min(self.read_timeout / 2)),
        }
    }
}

/// Connections that are asked for in turn: the semaphore queues fairly and on the async side, so
/// that a stampede waits without holding threads and fails clearly.
pub(super) struct Lane {
    pub(super) pool: Pool<Manager>,
    pub(super) turns: Arc<Semaphore>,
    wait: Duration,
    canceller: Canceller,
}

impl Lane {
    /// Connects, to see that it can be done.
    pub(super) fn open(
        url: &DatabaseUrl,
        access: Access,
        (size, wait): (u32, Duration),
        settings: &PoolSettings,
        queries: &IntCounter,
    ) -> Result<Arc<Self>, StoreError> {
        let lane = Self::build(url, access, (size, wait), settings, queries)?;
        lane.pool
            .get()
            .map_err(|error| StoreError::Unavailable(format!("cannot open {url}: {error}")))?;
        Ok(lane)
    }

    /// Connects to nothing yet.
    pub(super) fn build(
        url: &DatabaseUrl,
        access: Access,
        (size, wait): (u32, Duration),
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
            .connection_timeout(wait)
            // Asking the server before each use would double the round trips; a broken
            // connection is noticed by its first statement and replaced.
            .test_on_check_out(false)
            .error_handler(Box::new(LogErrors))
            .build(manager)
            .map_err(|error| StoreError::Unavailable(format!("cannot open {url}: {error}")))?;
        Ok(Arc::new(Self {
            pool,
            turns: Arc::new(Semaphore::new(size as usize)),
            wait,
            canceller: Canceller::new(match url {
                DatabaseUrl::Postgres(url) => Some(url.clone()),
                DatabaseUrl::Sqlite(_) => None,
            }),
        }))
    }

    /// Runs work to its end, whoever waits for it, but no longer than `timeout`.
    pub(super) async fn run_through<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let turn = self.turn().await?;
        let until = Work::until(Instant::now() + timeout);
        joined(self.begin(turn, until, work).await)
    }

    /// Runs work that ends when nobody waits for it any more, and at the latest after `timeout`.
    ///
    /// # Errors
    /// What `work` answers; [`StoreError::TooSlow`]; [`StoreError::Unavailable`] when no connection is
    /// free in time.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let turn = self.turn().await?;
        let deadline = Instant::now() + timeout;
        let mut waiting = self.canceller.waiting(deadline);
        let begun = self.begin(turn, Arc::clone(&waiting.work), work);
        // The clock that work looks at itself is the same; this is for a statement that never looks.
        let outcome = tokio::time::timeout_at(deadline.into(), begun).await;
        let Ok(outcome) = outcome else {
            return Err(StoreError::TooSlow);
        };
        waiting.done();
        match joined(outcome) {
            // Whatever a statement that was ended calls it.
            Err(StoreError::Database(_) | StoreError::Unavailable(_)) if waiting.work.is_over() => {
                Err(StoreError::TooSlow)
            }
            outcome => outcome,
        }
    }

    async fn turn(&self) -> StoreResult<OwnedSemaphorePermit> {
        tokio::time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| StoreError::Unavailable("no database connection was free in time".into()))?
            .map_err(|_| StoreError::Unavailable("the database is closed".into()))
    }

    /// Begins work on a database thread; the turn is over when the work is, whoever waits.
    fn begin<T: Send + 'static>(
        &self,
        turn: OwnedSemaphorePermit,
        until: Arc<Work>,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> JoinHandle<StoreResult<T>> {
        let pool = self.pool.clone();
        // What is logged on the database thread carries the request's id as well.
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let _span = span.entered();
            let mut connection = pool
                .get()
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            let _doing = connection.watch.begin(&until);
            // Who left before it began could end nothing: from here on they can.
            if until.is_over() {
                return Err(StoreError::TooSlow);
            }
            work(&mut connection)
        })
    }

    /// Runs work on this very thread when a connection is idle; gives it back otherwise.
    pub(super) fn run_at_once<T, W>(&self, timeout: Duration, work: W) -> Result<StoreResult<T>, W>
    where
        W: FnOnce(&mut Connection) -> StoreResult<T>,
    {
        let Ok(_turn) = self.turns.try_acquire() else {
            return Err(work);
        };
        let Some(mut connection) = self.pool.try_get() else {
            return Err(work);
        };
        let until = Work::until(Instant::now() + timeout);
        let _doing = connection.watch.begin(&until);
        Ok(work(&mut connection))
    }
}

fn joined<T>(outcome: Result<StoreResult<T>, JoinError>) -> StoreResult<T> {
    outcome.unwrap_or_else(|panic| {
        tracing::error!(%panic, "work on the database panicked");
        Err(StoreError::Database(
            diesel::result::Error::RollbackTransaction,
        ))
    })
}

/// Pool errors repeat with every attempt to connect: one line each, without the URL.
#[derive(Debug)]
struct LogErrors;

impl<E: std::error::Error> diesel::r2d2::HandleError<E> for LogErrors {
    fn handle_error(&self, error: E) {
        tracing::warn!(%error, "database connection");
    }
}
