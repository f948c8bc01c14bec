//! Counting shares together: whoever reports one while others are being written waits for the next
//! transaction, which writes all that have gathered into the journal. So a share costs a part of a
//! commit, and the more there are the smaller the part. Counts get few shares at once, many later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::journal::Journal;
use super::model::ShareReceipt;
use super::store::counting::{self, Share};
use super::store::of_article;
use crate::db::{Connection, Database, Id, Outage, StoreError, StoreResult, Timestamp};
use crate::log::Repeated;

/// What is wrong with the database will not be over at once.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Most shares of one transaction.
const BATCH: usize = 1000;
/// How far counts may be behind the journal while many shares come.
const APPLYING: Duration = Duration::from_millis(500);
/// Or while none come.
const SILENCE: Duration = Duration::from_millis(5);
/// Fewer shares are added to the counts with the batch itself.
const MANY: usize = 8;
/// How long other processes that count at the same time are let go first.
const TURN: Duration = Duration::from_micros(500);
/// How often visitors whose window is over are forgotten.
const FORGETTING: Duration = Duration::from_secs(60);
/// Most shares that wait in a server. More are turned away, so that memory stays bounded.
pub const WAITING: usize = 20_000;

type Answer = oneshot::Sender<ShareReceipt>;
type Waiting = (Share, Answer);

/// Counts shares. Cheap to clone.
#[derive(Clone)]
pub struct ShareWriter {
    waiting: SyncSender<Waiting>,
    database: Database,
    load: Arc<Load>,
}

/// How busy counting is.
#[derive(Debug, Default)]
pub struct Load {
    waiting: AtomicUsize,
    behind: AtomicUsize,
    refused: AtomicU64,
}

impl Load {
    /// Shares that wait to be written.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Shares that are written and not in the counts yet.
    pub fn behind(&self) -> usize {
        self.behind.load(Ordering::Relaxed)
    }

    /// Shares that were turned away, or could not be written.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl ShareWriter {
    /// Counts in a database, on a thread of its own, for which so many can wait; of an article, so many
    /// installations of apps behind one address. What it answers besides resolves when the last handle
    /// is gone and all that waited is written.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn open(
        database: Database,
        most: usize,
        installations: usize,
    ) -> std::io::Result<(Self, oneshot::Receiver<()>)> {
        let (waiting, taken) = sync_channel(most);
        let (end, ended) = oneshot::channel();
        let runtime = Handle::current();
        let counting = database.clone();
        let load = Arc::new(Load::default());
        let seen = Arc::clone(&load);
        std::thread::Builder::new()
            .name("share counter".into())
            .spawn(move || {
                write(&counting, &runtime, &taken, &seen, installations);
                let _ = end.send(());
            })?;
        let counter = Self {
            waiting,
            database,
            load,
        };
        Ok((counter, ended))
    }

    /// How busy it is.
    pub fn load(&self) -> Arc<Load> {
        Arc::clone(&self.load)
    }

    /// Counts a share; returns when that is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when too many wait, or when they could not be written.
    pub async fn count(&self, share: Share) -> StoreResult<ShareReceipt> {
        let counted = self.count_in_turn(share).await;
        if counted.is_err() {
            self.load.refused.fetch_add(1, Ordering::Relaxed);
        }
        counted
    }

    async fn count_in_turn(&self, share: Share) -> StoreResult<ShareReceipt> {
        self.database.health().check()?;
        let (answer, answered) = oneshot::channel();
        self.load.waiting.fetch_add(1, Ordering::Relaxed);
        self.waiting.try_send((share, answer)).map_err(|refused| {
            self.load.waiting.fetch_sub(1, Ordering::Relaxed);
            let reason = match refused {
                TrySendError::Full(_) => "too many shares wait to be counted",
                TrySendError::Disconnected(_) => "shares are not counted any more",
            };
            StoreError::unavailable(Outage::QueueFull, reason)
        })?;
        tokio::select! {
            counted = answered => counted.map_err(|_| {
                StoreError::unavailable(Outage::Busy, "the share could not be counted")
            }),
            // Whoever reports it again is known again, should it be counted yet.
            away = self.database.health().away() => Err(away),
        }
    }

    /// The answer to who is not counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_none(&self, article: Id) -> StoreResult<ShareReceipt> {
        let shares = self
            .database
            .read(move |connection| of_article(connection, article))
            .await?;
        Ok(ShareReceipt {
            counted: false,
            shares,
        })
    }
}

/// The next share, when one comes in time: while counts are behind, nobody waits for long.
fn receive(
    waiting: &Receiver<Waiting>,
    journal: &Journal,
    applied: Instant,
) -> Result<Waiting, RecvTimeoutError> {
    if journal.behind() > 0 {
        waiting.recv_timeout(APPLYING.saturating_sub(applied.elapsed()).min(SILENCE))
    } else if journal.visitors.is_empty() {
        waiting.recv().map_err(RecvTimeoutError::from)
    } else {
        waiting.recv_timeout(FORGETTING)
    }
}

/// Nobody may wait for an answer any more.
fn answer_each(receipts: Vec<ShareReceipt>, answers: Vec<Answer>) {
    let pairs = receipts.into_iter().zip(answers);
    pairs.for_each(|(receipt, answer)| drop(answer.send(receipt)));
}

/// Writes what comes until nobody is left who could send more, and brings counts up to it.
fn write(
    database: &Database,
    runtime: &Handle,
    waiting: &Receiver<Waiting>,
    load: &Load,
    installations: usize,
) {
    let (mut journal, log) = (Journal::new(installations), Repeated::new());
    let (mut applied, mut forgot) = (Instant::now(), Instant::now());
    loop {
        let first = receive(waiting, &journal, applied);
        let none_came = first.is_err();
        let ended = matches!(first, Err(RecvTimeoutError::Disconnected));
        if journal.visitors.are_too_many() || forgot.elapsed() >= FORGETTING {
            journal.visitors.forget(Timestamp::now());
            forgot = Instant::now();
        }
        if none_came && !ended && journal.behind() == 0 {
            continue;
        }
        let batch = first.into_iter().chain(waiting.try_iter()).take(BATCH);
        let (shares, answers): (Vec<Share>, Vec<Answer>) = batch.unzip();
        load.waiting.fetch_sub(shares.len(), Ordering::Relaxed);
        let are_few = journal.behind() + shares.len() < MANY;
        let apply = are_few || none_came || applied.elapsed() >= APPLYING;
        let mut count = |connection: &mut Connection| {
            counting::count(connection, &mut journal, &shares, Timestamp::now())
        };
        let written = if apply {
            database.write_here(runtime, |connection| {
                Ok((count(connection)?, Some(counting::apply(connection)?)))
            })
        } else {
            database.run_here(runtime, |connection| Ok((count(connection)?, None)))
        };
        match written {
            Ok((receipts, newly_applied)) => {
                answer_each(receipts, answers);
                if journal.has_rivals() {
                    // Whoever was faster would be so again and again.
                    std::thread::sleep(TURN);
                }
                if let Some(batch) = newly_applied {
                    journal.learn_applied(batch);
                    // What is observed elsewhere may change as well.
                    journal.forget_counts();
                    applied = Instant::now();
                }
            }
            Err(error) => {
                let (shares, reason) = (answers.len(), error.reason());
                log.warn(&format!("{shares} shares were not counted: {reason}"));
                drop(answers);
                // Whether it was written is not known: it is read again.
                journal = Journal::new(installations);
                std::thread::sleep(AFTER_FAILURE);
            }
        }
        load.behind.store(journal.behind(), Ordering::Relaxed);
        if ended {
            break;
        }
    }
}
