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
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::changes::ChangeTracker;
use super::connection::{AnyConnection as Connection, Opener, Watched};
use super::error::{Outage, StoreError, StoreResult};
use super::health::Health;
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
/// After so long without an answer it is asked on another connection as well: perhaps only the one hangs.
const PATIENCE: Duration = Duration::from_secs(1);
/// On at most so many at once.
const AT_ONCE: usize = 3;
/// New connections that may fail before the database is taken to be away.
const NEW: usize = 5;
/// Connections that have said nothing for so long are left to themselves.
const STUCK: Duration = Duration::from_secs(10);
/// Most of those: their threads hang with them.
const LEFT: usize = 12;

/// The channel on which a process notifies itself.
pub(super) fn channel(database: &Database) -> String {
    format!("dateline_{}", database.process().0.simple())
}

/// Where and what is asked.
#[derive(Clone)]
struct Asked {
    opener: Arc<Opener>,
    channel: Arc<str>,
    changes: Arc<ChangeTracker>,
}

/// A thread with a connection that signs of life go through.
struct Pulse {
    threads: Arc<Threads>,
    connection: Arc<Mutex<Option<Watched>>>,
    /// Those that there are count this, also those that were left to themselves.
    lives: Arc<()>,
}

impl Pulse {
    fn start(lives: &Arc<()>) -> StoreResult<Self> {
        if Arc::strong_count(lives) > LEFT {
            let reason = "too many connections that say nothing";
            return Err(StoreError::unavailable(Outage::Unreachable, reason));
        }
        Ok(Self {
            threads: Threads::start("heartbeat", 1).map_err(StoreError::no_threads)?,
            connection: Arc::default(),
            lives: Arc::clone(lives),
        })
    }

    /// Asks once; returns what can be asked again.
    async fn beat(self, asked: Asked) -> (Self, StoreResult<Sign>) {
        let (connection, lives) = (Arc::clone(&self.connection), Arc::clone(&self.lives));
        let beat = move || {
            let _lives = lives;
            beat(&connection, &asked)
        };
        let sign = self.threads.run(beat).await;
        let sign = sign.unwrap_or_else(|_| {
            let reason = "asking it failed";
            Err(StoreError::unavailable(Outage::Unreachable, reason))
        });
        (self, sign)
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
/// [`StoreError::Unavailable`] when there is no thread for that.
pub(super) fn begin(database: &Database, opener: Arc<Opener>) -> StoreResult<()> {
    let lives = Arc::default();
    let pulse = Pulse::start(&lives)?;
    let watch = watch(
        database.downgrade(),
        opener,
        channel(database).into(),
        pulse,
    );
    tokio::spawn(watch);
    Ok(())
}

async fn watch(database: Weak<Opened>, opener: Arc<Opener>, channel: Arc<str>, mut pulse: Pulse) {
    let (mut clock, log) = (WallClock::default(), Repeated::new());
    loop {
        let Some(held) = database.upgrade().map(Database) else {
            return;
        };
        let (health, changes) = (held.health().clone(), Arc::clone(held.changes()));
        // What is no answer to a public read in time is no sign of life either.
        let limit = held.settings().read_timeout;
        drop(held);
        let begun = Instant::now();
        let asked = Asked {
            opener: Arc::clone(&opener),
            channel: Arc::clone(&channel),
            changes: Arc::clone(&changes),
        };
        let sign;
        (pulse, sign) = sign_of_life(pulse, &asked, &health, limit).await;
        match sign {
            Ok(sign) => {
                if health.is_away()
                    && let Some(held) = database.upgrade().map(Database)
                {
                    held.suspect_connections();
                }
                health.answers();
                if clock.has_jumped(sign.clock, begun, Instant::now()) {
                    tracing::warn!(
                        "the database's clock has jumped; cached responses are made anew"
                    );
                    changes.record_everything();
                }
            }
            Err(error) if error.is_unreachable() => {
                health.does_not_answer(&error.reason());
            }
            // It answers, if only with an error.
            Err(error) => {
                health.answers();
                log.warn(&format!(
                    "the database gives no sign of life: {}",
                    error.reason()
                ));
            }
        }
        tokio::time::sleep(AT_MOST).await;
        if health.is_away() {
            tokio::time::sleep(AWAY).await;
        } else {
            let _ = tokio::time::timeout(EVERY, health.suspected()).await;
        }
    }
}

/// Asks until there is an answer, on more connections the longer it takes. What takes longer than the
/// limit is known to be away meanwhile.
async fn sign_of_life(
    pulse: Pulse,
    asked: &Asked,
    health: &Health,
    limit: Duration,
) -> (Pulse, StoreResult<Sign>) {
    let begun = Instant::now();
    let (patience, lives) = (PATIENCE.min(limit), Arc::clone(&pulse.lives));
    let mut asking = FuturesUnordered::new();
    let mut since = begun;
    asking.push(pulse.beat(asked.clone()));
    loop {
        tokio::select! {
            Some((answered, sign)) = asking.next() => match sign {
                // Another one may have more luck.
                Err(error) if error.is_unreachable() && !asking.is_empty() => {}
                sign => return (answered, sign),
            },
            () = tokio::time::sleep(patience) => {
                if begun.elapsed() >= limit {
                    health.does_not_answer(&format!("it has not answered within {limit:?}"));
                }
                if since.elapsed() >= STUCK {
                    asking.clear();
                    since = Instant::now();
                }
                // Where no other can be made, those that there are may still be answered.
                if asking.len() < AT_ONCE
                    && let Ok(another) = Pulse::start(&lives)
                {
                    asking.push(another.beat(asked.clone()));
                }
            }
        }
    }
}

/// Asks once, on the connection that there is or on a new one.
fn beat(connection: &Mutex<Option<Watched>>, asked: &Asked) -> StoreResult<Sign> {
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = connection.as_mut()
        && opened.is_alive()
    {
        match ask(opened, asked) {
            Err(error) if error.is_unreachable() => {}
            outcome => return outcome,
        }
    }
    // One that dies at once says little, also while it is being opened: whether another one can be says
    // more.
    for _ in 1..NEW {
        match open_and_ask(&mut connection, asked) {
            Err(error) if error.is_unreachable() => {}
            outcome => return outcome,
        }
    }
    open_and_ask(&mut connection, asked)
}

fn open_and_ask(connection: &mut Option<Watched>, asked: &Asked) -> StoreResult<Sign> {
    *connection = None;
    let opened = connection.insert(asked.opener.open()?);
    if let Connection::Postgres(postgres) = &mut **opened {
        // A sign of life that is lost is no loss, and a standby that must confirm what is written does
        // not decide whether the database can be read.
        sql_query("SET synchronous_commit = off").execute(postgres)?;
    }
    ask(opened, asked)
}

fn ask(connection: &mut Watched, asked: &Asked) -> StoreResult<Sign> {
    let Connection::Postgres(postgres) = &mut **connection else {
        unreachable!("only Postgres is asked for signs of life");
    };
    // The instant is taken before it is sent: what was committed until then arrives first.
    let payload = asked.changes.millis(Instant::now()).to_string();
    Ok(sql_query(
        "SELECT pg_notify($1, $2), extract(epoch FROM clock_timestamp())::float8 AS clock",
    )
    .bind::<Text, _>(&*asked.channel)
    .bind::<Text, _>(payload)
    .get_result(postgres)?)
}
