//! Connections that are asked for in turn, and the database threads that work on them.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Object, Pool, PoolConfig, PoolError, QueueMode};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::connection::{AnyConnection as Connection, DatabaseUrl, Manager, Opener, Watched};
use super::deadline::{Canceller, Work};
use super::error::{Outage, StoreError, StoreResult};
use super::health::Health;
use super::metrics::PoolMetrics;
use super::transaction;
use crate::threads::{Panicked, Threads};

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
    /// How long a statement waits for a row or a lock that another transaction has, on Postgres.
    pub lock_timeout: Duration,
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

/// How busy a connection pool is.
#[derive(Debug, Clone, Copy)]
pub struct PoolStatus {
    /// Its name.
    pub name: &'static str,
    /// Open connections.
    pub open: usize,
    /// Those that nobody uses.
    pub idle: usize,
    /// How many wait for one.
    pub waiting: usize,
}

/// A commit that takes longer may be seen by others before this process hears how it ended.
const SLOW: Duration = Duration::from_millis(50);

/// A connection that somebody works with. One that is dropped while they panic may have a transaction
/// open, and is closed.
struct Taken(Option<Object<Manager>>);

impl Deref for Taken {
    type Target = Watched;

    fn deref(&self) -> &Watched {
        self.0.as_deref().expect("until it is dropped")
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut Watched {
        self.0.as_deref_mut().expect("until it is dropped")
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take()
            && std::thread::panicking()
        {
            drop(Object::take(connection));
        }
    }
}

/// Connections that are asked for in turn, fairly and on the async side, so that a stampede waits without
/// holding threads and fails clearly. There is a thread for each of them.
pub(super) struct ConnectionPool {
    pool: Pool<Manager>,
    /// Whether there are as many connections as there may be, as far as is known.
    all_open: AtomicBool,
    threads: Arc<Threads>,
    wait: Duration,
    canceller: Canceller,
    care: Arc<Care>,
}

/// What is done about connections that fail.
struct Care {
    opener: Arc<Opener>,
    health: Health,
    metrics: PoolMetrics,
}

/// What became of a read.
enum Ended<T> {
    Done(StoreResult<T>),
    /// Its connection died meanwhile.
    Died,
}

/// What became of a transaction.
enum Begun<T, W> {
    Yes(StoreResult<T>),
    /// Its connection was dead: nothing can have come of it.
    No(W, StoreError),
}

impl ConnectionPool {
    /// Starts the threads; connects to nothing yet.
    pub(super) fn build(
        opener: &Arc<Opener>,
        (size, wait): (u32, Duration),
        health: &Health,
        metrics: PoolMetrics,
    ) -> StoreResult<Self> {
        let threads = Threads::start(metrics.pool, size).map_err(StoreError::no_threads)?;
        let manager = Manager {
            opener: Arc::clone(opener),
            threads: Arc::clone(&threads),
        };
        let config = PoolConfig {
            // The one that was used last is the one least likely to have been closed meanwhile.
            queue_mode: QueueMode::Lifo,
            ..PoolConfig::new(size as usize)
        };
        let pool = Pool::builder(manager).config(config).build();
        let pool = pool.map_err(|error| {
            StoreError::unavailable(Outage::Unreachable, format!("connections: {error}"))
        })?;
        Ok(Self {
            pool,
            all_open: AtomicBool::new(false),
            threads,
            wait,
            canceller: Canceller::new(opener.hosts().cloned()),
            care: Arc::new(Care {
                opener: Arc::clone(opener),
                health: health.clone(),
                metrics,
            }),
        })
    }

    /// How busy it is.
    pub(super) fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        PoolStatus {
            name: self.care.metrics.pool,
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        }
    }

    /// Runs a read that ends when nobody waits for it any more, and at the latest after `timeout`. When
    /// its connection turns out to be dead, it runs once more on another.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::TooSlow`]; [`StoreError::Unavailable`] when no connection is
    /// free in time, or the database does not answer.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> StoreResult<T> {
        match self.read_once(timeout, work.clone()).await? {
            Ended::Done(outcome) => outcome,
            Ended::Died => match self.read_once(timeout, work).await? {
                Ended::Done(outcome) => outcome,
                Ended::Died => {
                    let reason = "the connection to the database was lost";
                    Err(StoreError::unavailable(Outage::Unreachable, reason))
                }
            },
        }
    }

    async fn read_once<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<Ended<T>> {
        let taken = self.take().await?;
        let deadline = Instant::now() + timeout;
        let mut waiting = self.canceller.waiting(deadline);
        let until = Arc::clone(&waiting.work);
        let outcome = self.begin(taken, move |care, mut taken| {
            let outcome = {
                let _doing = taken.watch.begin(&until);
                // Who left before it began could end nothing: from here on they can.
                if until.is_over() {
                    Err(StoreError::TooSlow)
                } else {
                    work(&mut taken)
                }
            };
            // Whatever it answered: it may have made a problem document of what went wrong.
            match care.give_back(taken) {
                true => Ended::Done(outcome),
                false => Ended::Died,
            }
        });
        // The clock that work looks at itself is the same; this is for a statement that never looks.
        let outcome = tokio::select! {
            outcome = outcome => outcome.map_err(|_| StoreError::from(Panicked))?,
            () = tokio::time::sleep_until(deadline.into()) => return Err(self.timed_out()),
            away = self.care.health.away() => return Err(away),
        };
        waiting.done();
        Ok(match outcome {
            // Whatever a statement that was ended calls it.
            Ended::Done(Err(
                StoreError::Database(_) | StoreError::Unavailable(..) | StoreError::Conflict,
            )) if waiting.work.is_over() => Ended::Done(Err(self.timed_out())),
            outcome => outcome,
        })
    }

    fn timed_out(&self) -> StoreError {
        self.care.metrics.timeouts.inc();
        StoreError::TooSlow
    }

    /// Runs a transaction to its end, whoever waits for it, but no longer than `timeout`. When another
    /// one comes in its way it is tried again, and when its connection turns out to be dead before it
    /// has begun it runs on another. `after` runs once it has ended, however, and before this returns; and
    /// meanwhile, again and again, while it takes long to be committed.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::TooSlow`] and [`StoreError::Unavailable`] when nothing was
    /// written; [`StoreError::Conflict`] when others came in its way three times; [`StoreError::OutcomeUnknown`] when it was being committed.
    pub(super) async fn transaction<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
        after: impl Fn() + Clone + Send + 'static,
    ) -> StoreResult<T> {
        let once = |work| self.transaction_once(timeout, work, after.clone());
        match once(work).await? {
            Begun::Yes(outcome) => outcome,
            Begun::No(work, _) => match once(work).await? {
                Begun::Yes(outcome) => outcome,
                Begun::No(_, error) => Err(error),
            },
        }
    }

    async fn transaction_once<T, W>(
        &self,
        timeout: Duration,
        work: W,
        after: impl Fn() + Clone + Send + 'static,
    ) -> StoreResult<Begun<T, W>>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    {
        let taken = self.take().await?;
        let deadline = Instant::now() + timeout;
        let mut waiting = self.canceller.waiting_to_the_end(deadline);
        let until = Arc::clone(&waiting.work);
        let ended = after.clone();
        let mut outcome = self.begin(taken, move |care, mut taken| {
            let outcome = care.transaction(&mut taken, &until, work);
            ended();
            care.give_back(taken);
            outcome
        });
        let mut tick = tokio::time::interval_at((Instant::now() + SLOW).into(), SLOW);
        let gone = loop {
            tokio::select! {
                outcome = &mut outcome => return outcome.map_err(|_| StoreError::from(Panicked)),
                () = tokio::time::sleep_until(deadline.into()) => break self.timed_out(),
                away = self.care.health.away() => break away,
                // Others may see it already.
                _ = tick.tick() => if waiting.work.is_committed() {
                    after();
                },
            }
        };
        if waiting.give_up() {
            return Err(gone);
        }
        // It may have been answered just now; otherwise it may have happened, and the thread that would
        // say so hangs.
        outcome.try_recv().map_err(|_| {
            after();
            let reason = "the database has not said in time whether it committed";
            StoreError::OutcomeUnknown(reason.into())
        })
    }

    /// Runs work on this very thread, which must not be one of the runtime's, and waits for its turn
    /// however long that takes.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError::Unavailable`] when the database does not answer.
    pub(super) fn here<T>(
        &self,
        runtime: &Handle,
        work: impl FnOnce(&mut Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let mut taken = self.take_here(runtime)?;
        let outcome = work(&mut taken);
        self.care.give_back(taken);
        outcome
    }

    /// The same in a transaction; when its connection turns out to be dead before that has begun it runs
    /// on another.
    ///
    /// # Errors
    /// As [`here`](Self::here).
    pub(super) fn transaction_here<T>(
        &self,
        runtime: &Handle,
        work: impl FnOnce(&mut Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let mut taken = self.take_here(runtime)?;
        if let Err(error) = transaction::begin(&mut taken) {
            self.care.give_back(taken);
            if !error.is_unreachable() {
                return Err(error);
            }
            taken = self.take_here(runtime)?;
            if let Err(error) = transaction::begin(&mut taken) {
                self.care.give_back(taken);
                return Err(error);
            }
        }
        let outcome = transaction::run(&mut taken, || true, work);
        self.care.give_back(taken);
        outcome
    }

    fn take_here(&self, runtime: &Handle) -> StoreResult<Taken> {
        self.care.health.check()?;
        runtime.block_on(async {
            tokio::select! {
                taken = self.pool.get() => match taken {
                    Ok(taken) => Ok(Taken(Some(taken))),
                    Err(error) => Err(self.care.not_opened(error)),
                },
                away = self.care.health.away() => Err(away),
            }
        })
    }

    /// Begins work on a database thread; it is done whoever waits for it. What it says of itself is
    /// logged with the request's id.
    fn begin<T: Send + 'static>(
        &self,
        taken: Taken,
        work: impl FnOnce(&Care, Taken) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (done, outcome) = oneshot::channel();
        let care = Arc::clone(&self.care);
        // What the server does for itself, some of it many times a second, belongs to no request.
        let span = match tracing::Span::current().is_none() {
            true => tracing::Span::none(),
            false => tracing::debug_span!("database", pool = self.care.metrics.pool),
        };
        self.threads.begin(move || {
            let _span = span.entered();
            let _ = done.send(work(&care, taken));
        });
        outcome
    }

    /// Waits for a connection, as long as one may.
    async fn take(&self) -> StoreResult<Taken> {
        self.care.health.check()?;
        let mut getting = std::pin::pin!(self.pool.get());
        let taken = match getting.as_mut().now_or_never() {
            Some(at_once) => Ok(at_once),
            None => {
                self.care.metrics.waits.inc();
                tokio::select! {
                    taken = tokio::time::timeout(self.wait, getting) => taken,
                    away = self.care.health.away() => return Err(away),
                }
            }
        };
        match taken {
            Ok(Ok(taken)) => Ok(Taken(Some(taken))),
            Ok(Err(error)) => Err(self.care.not_opened(error)),
            Err(_) => {
                self.care.metrics.timeouts.inc();
                let reason = "no database connection was free in time";
                Err(StoreError::unavailable(Outage::Busy, reason))
            }
        }
    }

    /// A connection that is idle, when there is one and nobody waits for it.
    fn take_idle(&self) -> Option<Taken> {
        // Asked for where none is idle, the pool would begin to open one for nobody, unless all are open.
        if !self.all_open.load(Ordering::Relaxed) {
            let status = self.pool.status();
            self.all_open
                .store(status.size == status.max_size, Ordering::Relaxed);
            if status.available == 0 || status.waiting > 0 {
                return None;
            }
        }
        let idle = self.pool.get().now_or_never()?.ok()?;
        Some(Taken(Some(idle)))
    }

    /// Runs work on this very thread when a connection is idle; gives it back otherwise.
    pub(super) fn run_at_once<T, W>(&self, timeout: Duration, work: W) -> Result<StoreResult<T>, W>
    where
        W: FnOnce(&mut Connection) -> StoreResult<T>,
    {
        if self.care.health.is_away() {
            return Err(work);
        }
        let Some(mut taken) = self.take_idle() else {
            return Err(work);
        };
        let until = Work::until(Instant::now() + timeout);
        let doing = taken.watch.begin(&until);
        let outcome = work(&mut taken);
        drop(doing);
        if !taken.is_alive() {
            self.all_open.store(false, Ordering::Relaxed);
        }
        Ok(outcome)
    }
}

impl Care {
    fn transaction<T, W>(&self, taken: &mut Taken, until: &Arc<Work>, work: W) -> Begun<T, W>
    where
        W: FnOnce(&mut Connection) -> StoreResult<T> + Clone,
    {
        let _doing = taken.watch.begin(until);
        for last in [false, false, true] {
            // Who gave it up before it began could end nothing.
            if until.is_over() {
                return Begun::Yes(Err(StoreError::TooSlow));
            }
            match transaction::begin(taken) {
                Ok(()) => {}
                Err(error) if error.is_unreachable() => return Begun::No(work, error),
                Err(error) => return Begun::Yes(Err(error)),
            }
            let commits = || until.commits();
            match transaction::run(taken, commits, work.clone()) {
                // Whatever came in the way has happened by now, and is seen the next time.
                Err(StoreError::Conflict) if !last && !until.is_over() => {
                    self.metrics.repeated.inc();
                }
                outcome => return Begun::Yes(outcome),
            }
        }
        Begun::Yes(Err(StoreError::Conflict))
    }

    /// Gives a connection back; returns whether it was alive to the end. A dead one makes those that were
    /// opened before it suspect.
    fn give_back(&self, mut taken: Taken) -> bool {
        let is_alive = taken.is_alive();
        if !is_alive {
            self.metrics.lost.inc();
            drop(taken.0.take().map(Object::take));
            self.opener.found_dead();
            self.health.suspect();
        }
        is_alive
    }

    fn not_opened(&self, error: PoolError<StoreError>) -> StoreError {
        self.metrics.connect_errors.inc();
        self.health.suspect();
        match error {
            PoolError::Backend(error) => error,
            error => StoreError::unavailable(Outage::Unreachable, format!("{error:?}")),
        }
    }
}
