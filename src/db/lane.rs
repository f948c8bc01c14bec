//! Connections that are asked for in turn, and the database threads that work on them.

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::Pool;
use prometheus::IntCounter;
use tokio::sync::Semaphore;

use super::connection::{Access, AnyConnection as Connection, DatabaseUrl, Manager};
use super::error::{StoreError, StoreResult};

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

/// Connections that are asked for in turn: the semaphore queues fairly and on the async side, so
/// that a stampede waits without holding threads and fails clearly.
pub(super) struct Lane {
    pub(super) pool: Pool<Manager>,
    pub(super) turns: Arc<Semaphore>,
    wait: Duration,
}

impl Lane {
    pub(super) fn open(
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
