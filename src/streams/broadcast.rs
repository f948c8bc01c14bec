//! One reader of the log for all who listen at this process.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use tokio::sync::{Semaphore, broadcast};
use tokio::time::Instant;

use crate::db::{Connection, Database, StoreError};
use crate::events::log;
use crate::events::mark::Mark;
use crate::messages::kinds::Audience;
use crate::messages::read::{self, Written};
use crate::publication::KnownPublication;

/// Entries of the log that are read and told at once.
pub(super) const ENTRIES: i64 = 100;
/// Parts that wait for those who are slow; who misses one reads the log.
const WAITING: usize = 64;
/// How long it waits for something to happen until it looks: another process may have written what this one did not hear of.
const LOOKING: Duration = Duration::from_secs(1);
/// How often those who listen are told that nothing happened: proxies close what is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What those who listen are told.
#[derive(Debug)]
pub enum Told {
    /// A part of the log.
    Events {
        /// The number of the entry before it.
        after: i64,
        /// The number of its last entry.
        until: i64,
        /// What happened.
        events: Vec<Written>,
        /// What readers are told of it, as it is sent to those who want all.
        for_readers: Bytes,
    },
    /// Nothing happened after this number.
    Nothing {
        /// The number of the last entry.
        until: i64,
    },
    /// The server ends.
    Closing,
}

/// The streams of this process.
pub struct Streams {
    sender: broadcast::Sender<Arc<Told>>,
    /// As many may listen at once.
    pub(super) free: Arc<Semaphore>,
    /// The number of the last entry of the log that was told; `None` while nobody listens.
    position: Mutex<Option<i64>>,
}

impl Streams {
    /// Streams for at most so many who listen.
    pub fn new(most: u32) -> Self {
        Self {
            sender: broadcast::Sender::new(WAITING),
            free: Arc::new(Semaphore::new(most as usize)),
            position: Mutex::default(),
        }
    }

    /// Begins to listen; the receiver, and the last entry of the log, after which all is told.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn subscribe(
        &self,
        database: &Database,
    ) -> Result<(broadcast::Receiver<Arc<Told>>, Mark), StoreError> {
        // From here on somebody listens: what is told is heard, and the position stays.
        let receiver = self.sender.subscribe();
        let head = database.read(log::head).await?.mark();
        self.position().get_or_insert(head.sequence);
        Ok((receiver, head))
    }

    fn position(&self) -> MutexGuard<'_, Option<i64>> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last entry that was told; `None` when nobody listens, and nothing has to be read.
    fn heard(&self) -> Option<i64> {
        let mut position = self.position();
        if self.sender.receiver_count() == 0 {
            *position = None;
        }
        *position
    }

    /// Ends all streams: those who listen come again in a second.
    pub fn close(&self) {
        // Nobody may listen.
        let _ = self.sender.send(Arc::new(Told::Closing));
    }
}

/// Events as they are sent. Of those that tell of one entry only the last has its id: who is cut off between them is told all
/// of them again.
pub(super) fn sent<'a>(events: impl Iterator<Item = &'a Written>) -> String {
    let mut text = String::new();
    let mut events = events.peekable();
    while let Some(event) = events.next() {
        let _ = write!(text, "event: {}\ndata: {}\n", event.kind, event.payload);
        if events.peek().is_none_or(|next| next.mark != event.mark) {
            let _ = writeln!(text, "id: {}", event.mark);
        }
        text.push('\n');
    }
    text
}

/// Tells those who listen what happens, for as long as the server runs.
pub fn start(
    streams: Data<Streams>,
    database: Data<Database>,
    publication: Data<KnownPublication>,
) {
    actix_web::rt::spawn(async move {
        let mut logged = database.changes().subscribe_to_log();
        let mut heartbeat = Instant::now() + HEARTBEAT;
        loop {
            if let Err(error) = tell(&streams, &database, &publication).await {
                tracing::warn!(reason = %error.reason(), "telling those who listen was put off");
            }
            if heartbeat <= Instant::now() {
                heartbeat = Instant::now() + HEARTBEAT;
                if let Some(until) = streams.heard() {
                    let _ = streams.sender.send(Arc::new(Told::Nothing { until }));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOKING) => {}
                _ = logged.changed() => {}
            }
        }
    });
}

/// Tells what has happened, if anybody listens.
async fn tell(
    streams: &Streams,
    database: &Database,
    publication: &Data<KnownPublication>,
) -> Result<(), StoreError> {
    while let Some(after) = streams.heard() {
        let publication = publication.clone();
        let read = move |connection: &mut Connection| {
            read::after(connection, after, ENTRIES, publication.0.as_ref())
        };
        let Some(part) = database.read(read).await? else {
            return Ok(());
        };
        let (until, events) = (part.until, part.messages);
        let for_readers = events
            .iter()
            .filter(|event| event.kind.audience() == Audience::Readers);
        let for_readers = Bytes::from(sent(for_readers));
        let told = Told::Events {
            after,
            until,
            events,
            for_readers,
        };
        let _ = streams.sender.send(Arc::new(told));
        *streams.position() = Some(until);
    }
    Ok(())
}
