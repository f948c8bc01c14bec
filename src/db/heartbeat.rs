//! Signs of life of a Postgres database.
//!
//! Twice a second a connection of its own asks the database to notify this process of an instant. That
//! it answers is what [`Health`] says. That the notification arrives where writes of other processes are
//! heard of ([`listen`](super::listen)) proves more: what was committed before has arrived there as well,
//! whatever stands between this process and the server.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use diesel::sql_types::{Double, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::changes::Changes;
use super::connection::{AnyConnection as Connection, Opener, Watched};
use super::error::{StoreError, StoreResult};
use super::pool::{Database, Opened};
use crate::clock::WallClock;
use crate::log::Repeated;
use crate::threads::Threads;

/// How often a database that answers is asked.
const EVERY: Duration = Duration::from_millis(500);
/// How often one that does not answer is asked.
const AWAY: Duration = Duration::from_millis(100);
/// It is not asked more often than this, however many suspect it.
const AT_MOST: Duration = Duration::from_millis(20);
/// A connection that says nothing for so long is left to itself, and another one is opened.
const STUCK: Duration = Duration::from_secs(10);

/// The channel on which a process notifies itself.
pub(super) fn channel(database: &Database) -> String {
    format!("dateline_{}", database.process().0.simple())
}

/// A thread with a connection that signs of life go through.
struct Pulse {
    threads: Arc<Threads>,
    connection: Arc<Mutex<Option<Watched>>>,
}

impl Pulse {
    fn start() -> StoreResult<Self> {
        Ok(Self {
            threads: Threads::start("heartbeat", 1).map_err(StoreError::no_threads)?,
            connection: Arc::default(),
        })
    }
}

/// What the server says.
#[derive(Debug, QueryableByName)]
struct Sign {
    /// Its clock, in seconds since 1970.
    #[diesel(sql_type = Double)]
    clock: f64,
}

/// Asks for signs of life until nobody holds the database any more.
///
/// # Errors
/// When there is no thread to ask from.
pub(super) fn begin(database: &Database, opener: Arc<Opener>) -> StoreResult<()> {
    let pulse = Pulse::start()?;
    let channel = channel(database);
    tokio::spawn(watch(database.downgrade(), pulse, opener, channel));
    Ok(())
}

async fn watch(database: Weak<Opened>, mut pulse: Pulse, opener: Arc<Opener>, channel: String) {
    let (mut clock, log) = (WallClock::default(), Repeated::new());
    loop {
        let Some(held) = database.upgrade().map(Database) else {
            return;
        };
        let (health, changes) = (held.health().clone(), Arc::clone(held.changes()));
        // What is no answer to a public read in time is no sign of life either.
        let limit = held.settings().read_timeout;
        drop(held);
        let asked = Instant::now();
        let beat = {
            let (connection, opener) = (Arc::clone(&pulse.connection), Arc::clone(&opener));
            let (channel, changes) = (channel.clone(), Arc::clone(&changes));
            let threads = Arc::clone(&pulse.threads);
            async move {
                let beat = threads.run(move || beat(&connection, &opener, &channel, &changes));
                beat.await.unwrap_or_else(|panicked| Err(panicked.into()))
            }
        };
        tokio::pin!(beat);
        let outcome = match tokio::time::timeout(limit, &mut beat).await {
            Ok(outcome) => Some(outcome),
            Err(_) => {
                health.does_not_answer(&format!("it has not answered within {limit:?}"));
                tokio::time::timeout(STUCK, &mut beat).await.ok()
            }
        };
        match outcome {
            Some(Ok(sign)) => {
                health.answers();
                if clock.has_jumped(sign.clock, asked, Instant::now()) {
                    tracing::warn!(
                        "the database's clock has jumped; cached responses are made anew"
                    );
                    changes.record_everything();
                }
            }
            Some(Err(error)) if error.is_unreachable() => {
                health.does_not_answer(&error.reason());
            }
            // It answers, if only with an error.
            Some(Err(error)) => {
                health.answers();
                log.warn(&format!(
                    "the database gives no sign of life: {}",
                    error.reason()
                ));
            }
            None => match Pulse::start() {
                Ok(another) => pulse = another,
                Err(error) => tracing::error!(?error, "the database is not watched"),
            },
        }
        let (pause, suspected) = match health.is_away() {
            true => (AWAY, false),
            false => (EVERY, true),
        };
        tokio::time::sleep(AT_MOST).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = health.suspected(), if suspected => {}
        }
    }
}

/// Asks once, on the connection that there is or on a new one.
fn beat(
    connection: &Mutex<Option<Watched>>,
    opener: &Opener,
    channel: &str,
    changes: &Changes,
) -> StoreResult<Sign> {
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = connection.as_mut()
        && opened.is_alive()
    {
        match ask(opened, channel, changes) {
            Err(error) if error.is_unreachable() => {}
            outcome => return outcome,
        }
    }
    *connection = None;
    let opened = connection.insert(opener.open()?);
    if let Connection::Postgres(postgres) = &mut **opened {
        // A sign of life that is lost is no loss, and a standby that must confirm what is written does
        // not decide whether the database can be read.
        sql_query("SET synchronous_commit = off").execute(postgres)?;
    }
    ask(opened, channel, changes)
}

fn ask(connection: &mut Watched, channel: &str, changes: &Changes) -> StoreResult<Sign> {
    let Connection::Postgres(postgres) = &mut **connection else {
        unreachable!("only Postgres is asked for signs of life");
    };
    // The instant is taken before it is sent: what was committed until then arrives first.
    let payload = changes.millis(Instant::now()).to_string();
    Ok(sql_query(
        "SELECT pg_notify($1, $2), extract(epoch FROM clock_timestamp())::float8 AS clock",
    )
    .bind::<Text, _>(channel)
    .bind::<Text, _>(payload)
    .get_result(postgres)?)
}
