//! Work that ends in time: no statement goes on for nobody.
//!
//! Work on a connection has a deadline, and its client may leave before that. Either ends the
//! statement that is running, and with it the work. SQLite asks every few thousand instructions of its
//! virtual machine whether to go on; Postgres is told by another connection (`pg_cancel_backend`).

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use diesel::sql_types::{Array, Integer, Text};
use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl};

use super::hosts::Hosts;
use crate::log::Repeated;

/// How often Postgres is told again to end what is still running: a statement may have begun just
/// after it was told first.
const AGAIN: Duration = Duration::from_millis(50);

/// How long the connection for that is kept when there is nothing to end.
const KEPT: Duration = Duration::from_secs(10);

/// It goes on.
const GOES_ON: u8 = 0;
/// It is being committed: nobody can end it any more.
const COMMITS: u8 = 1;
/// It has been given up: it will not be committed.
const GIVEN_UP: u8 = 2;

/// What one caller asked a connection to do.
pub(super) struct Work {
    deadline: Instant,
    fate: AtomicU8,
    /// The Postgres backend that does it, while it does.
    backend: Mutex<Option<Backend>>,
}

/// A process of Postgres's. Another one may get its number once it has ended.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
    /// When it began, as text.
    #[diesel(sql_type = Text)]
    since: String,
}

impl Backend {
    /// The one that a connection leads to.
    pub(super) fn of(connection: &mut PgConnection) -> QueryResult<Self> {
        diesel::sql_query(
            "SELECT pid, backend_start::text AS since FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        )
        .get_result(connection)
    }
}

impl Work {
    pub(super) fn until(deadline: Instant) -> Arc<Self> {
        Arc::new(Self {
            deadline,
            fate: AtomicU8::new(GOES_ON),
            backend: Mutex::new(None),
        })
    }

    /// Whether its time is up, or nobody waits for it any more.
    pub(super) fn is_over(&self) -> bool {
        match self.fate.load(Ordering::Acquire) {
            GOES_ON => Instant::now() >= self.deadline,
            COMMITS => false,
            _ => true,
        }
    }

    /// Gives it up; returns whether that is certain to leave nothing behind. It is not while it is being
    /// committed.
    pub(super) fn give_up(&self) -> bool {
        self.decide(GIVEN_UP)
    }

    /// Begins to commit it, unless it was given up.
    pub(super) fn commits(&self) -> bool {
        Instant::now() < self.deadline && self.decide(COMMITS)
    }

    /// Whether it is being committed, or was.
    pub(super) fn is_committed(&self) -> bool {
        self.fate.load(Ordering::Acquire) == COMMITS
    }

    fn decide(&self, fate: u8) -> bool {
        match self
            .fate
            .compare_exchange(GOES_ON, fate, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => true,
            Err(decided) => decided == fate,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a connection is doing, for those who may end it.
#[derive(Clone, Default)]
pub(super) struct Watch {
    doing: Arc<Mutex<Option<Arc<Work>>>>,
    /// The Postgres backend.
    backend: Option<Backend>,
}

impl Watch {
    pub(super) fn of_backend(backend: Backend) -> Self {
        Self {
            backend: Some(backend),
            ..Self::default()
        }
    }

    /// Whether the statement that is running is to be given up.
    pub(super) fn gives_up(&self) -> bool {
        locked(&self.doing)
            .as_ref()
            .is_some_and(|work| work.is_over())
    }

    /// Work begins; it ends when what this returns is dropped.
    pub(super) fn begin(&self, work: &Arc<Work>) -> Doing {
        *locked(&work.backend) = self.backend.clone();
        *locked(&self.doing) = Some(Arc::clone(work));
        Doing {
            watch: self.clone(),
            work: Arc::clone(work),
        }
    }
}

/// Work that is under way on a connection.
pub(super) struct Doing {
    watch: Watch,
    work: Arc<Work>,
}

impl Drop for Doing {
    fn drop(&mut self) {
        // From here on nobody ends what this connection does next.
        *locked(&self.work.backend) = None;
        *locked(&self.watch.doing) = None;
    }
}

/// Someone who waits for work: when they stop waiting before it is done, it is ended.
pub(super) struct Waiting {
    pub(super) work: Arc<Work>,
    canceller: Canceller,
    done: bool,
}

impl Waiting {
    pub(super) fn done(&mut self) {
        self.done = true;
    }

    /// Ends the work; returns whether it is certain to leave nothing behind.
    pub(super) fn give_up(&mut self) -> bool {
        self.done = true;
        let given_up = self.work.give_up();
        if given_up {
            self.canceller.end(&self.work);
        }
        given_up
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.done {
            self.give_up();
        }
    }
}

/// Ends work on Postgres, from a thread and a connection of its own; SQLite notices by itself.
#[derive(Clone)]
pub(super) struct Canceller {
    /// Of Postgres; SQLite needs none.
    hosts: Option<Hosts>,
    sender: Arc<OnceLock<Option<Sender<Arc<Work>>>>>,
}

impl Canceller {
    pub(super) fn new(postgres: Option<Hosts>) -> Self {
        Self {
            hosts: postgres,
            sender: Arc::default(),
        }
    }

    /// Someone who waits for work that has until a deadline.
    pub(super) fn waiting(&self, deadline: Instant) -> Waiting {
        Waiting {
            work: Work::until(deadline),
            canceller: self.clone(),
            done: false,
        }
    }

    /// The same of work that goes on when its client leaves.
    pub(super) fn waiting_to_the_end(&self, deadline: Instant) -> Waiting {
        let mut waiting = self.waiting(deadline);
        waiting.done = true;
        waiting
    }

    fn end(&self, work: &Arc<Work>) {
        let Some(hosts) = &self.hosts else {
            return;
        };
        // Only a server that ever has to end something has the thread.
        let sender = self.sender.get_or_init(|| {
            let (sender, receiver) = channel();
            let hosts = hosts.clone();
            std::thread::Builder::new()
                .name("dateline-cancel".into())
                .spawn(move || cancel(&hosts, &receiver))
                .inspect_err(|error| tracing::error!(%error, "no thread to end statements with"))
                .ok()
                .map(|_| sender)
        });
        if let Some(sender) = sender {
            let _ = sender.send(Arc::clone(work));
        }
    }
}

/// Ends what comes in, until nobody sends any more.
fn cancel(hosts: &Hosts, ended: &Receiver<Arc<Work>>) {
    let (mut connection, log) = (None, Repeated::new());
    let mut running: Vec<Arc<Work>> = Vec::new();
    loop {
        if running.is_empty() {
            match ended.recv_timeout(KEPT) {
                Ok(work) => running.push(work),
                Err(RecvTimeoutError::Timeout) => {
                    connection = None;
                    match ended.recv() {
                        Ok(work) => running.push(work),
                        Err(_) => return,
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        running.extend(ended.try_iter());
        running.retain(|work| locked(&work.backend).is_some());
        if !running.is_empty()
            && let Err(error) = cancel_all(&mut connection, hosts, &running)
        {
            log.warn(&format!("statements could not be ended: {error}"));
            connection = None;
        }
        match ended.recv_timeout(AGAIN) {
            Ok(work) => running.push(work),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn cancel_all(
    connection: &mut Option<PgConnection>,
    hosts: &Hosts,
    running: &[Arc<Work>],
) -> QueryResult<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => {
            let opened = hosts
                .connect()
                .map_err(|error| diesel::result::Error::QueryBuilderError(error.into()))?;
            connection.insert(opened)
        }
    };
    // While they are held, no backend goes on to the work of somebody else: what is told to end is
    // what was meant.
    let held: Vec<_> = running.iter().map(|work| locked(&work.backend)).collect();
    let backends = held.iter().filter_map(|backend| backend.as_ref());
    let (pids, since): (Vec<i32>, Vec<&str>) = backends
        .map(|backend| (backend.pid, backend.since.as_str()))
        .unzip();
    if !pids.is_empty() {
        diesel::sql_query(
            "SELECT pg_cancel_backend(activity.pid)
             FROM unnest($1, $2) AS running (pid, since)
             JOIN pg_stat_activity AS activity
               ON activity.pid = running.pid AND activity.backend_start = running.since::timestamptz",
        )
        .bind::<Array<Integer>, _>(pids)
        .bind::<Array<Text>, _>(since)
        .execute(connection)?;
    }
    Ok(())
}
