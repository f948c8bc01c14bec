//! Hearing of writes of other processes.
//!
//! On Postgres each process listens on a connection of its own, where its own signs of life
//! ([`heartbeat`](super::heartbeat)) arrive as well: a process that hears those hears everything that was
//! committed before them. On SQLite the writing connection is asked whether another one has written
//! (`PRAGMA data_version`), which says that something was, but not what.
//!
//! A process that has not heard for two seconds says so in [`ChangeTracker`]; what it has cached does not go out
//! while the database can be read instead.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use diesel::connection::Instrumentation;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use prometheus::IntCounter;
use tokio::sync::oneshot;

use super::changes::{ChangeTracker, LEASE};
use super::connection::{
    Access, AnyConnection as Connection, CountQueries, DatabaseUrl, Opener, SessionSettings,
};
use super::error::{Outage, StoreError, StoreResult};
use super::file::FileIdentity;
use super::heartbeat;
use super::notify::{CHANNEL, read_payload};
use super::pool::{Database, Opened};
use crate::clock::WallClock;
use crate::log::Repeated;

/// How often what came in is looked at, on Postgres.
const LOOK: Duration = Duration::from_millis(5);
/// How often SQLite is asked whether another process has written.
const ASK: Duration = Duration::from_millis(25);
/// How often it is looked whether its file is still there.
const LOOK_FOR_FILE: Duration = Duration::from_millis(250);
/// A listener that hears nothing for so long, while the database answers, begins anew.
const DEAF: Duration = Duration::from_secs(5);
/// How long a listener that lost its connection waits before it tries again.
const RETRY: Duration = Duration::from_millis(250);
/// How long a server that starts waits for the first sign of life.
const FIRST: Duration = Duration::from_secs(60);

impl Database {
    /// Begins to listen for writes of other processes and to watch the database, until nobody holds it
    /// any more. Returns once it hears.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked, or when what stands before it does not
    /// let notifications through.
    pub async fn listen(&self) -> StoreResult<()> {
        match self.url() {
            DatabaseUrl::Sqlite(_) => {
                let seen = self.data_version().await?;
                tokio::spawn(ask_sqlite(self.downgrade(), seen, self.file().cloned()));
            }
            DatabaseUrl::Postgres(_) => {
                // Signs of life are no work.
                let uncounted =
                    IntCounter::new("not_registered", "signs of life").map_err(|error| {
                        StoreError::unavailable(Outage::Unsuitable, error.to_string())
                    })?;
                let opener = |access| {
                    let session = SessionSettings {
                        access,
                        statement_timeout: LEASE,
                        // Those who notify wait for each other, and some for a standby: no reason to
                        // think that nobody answers.
                        lock_timeout: LEASE / 4,
                    };
                    self.opener().with(session, uncounted.clone())
                };
                let (heard, first) = oneshot::channel();
                let listener = Listener {
                    opener: opener(Access::Read),
                    changes: Arc::downgrade(self.changes()),
                    own: self.process().0.simple().to_string(),
                    channel: heartbeat::channel(self),
                    restarts: self.metrics().listener_restarts.clone(),
                    health: self.health().clone(),
                };
                std::thread::Builder::new()
                    .name("dateline-listen".into())
                    .spawn(move || listener.run(heard))
                    .map_err(|error| StoreError::unavailable(Outage::Busy, error.to_string()))?;
                heartbeat::begin(self, opener(Access::Write))?;
                let deaf = |_| {
                    let reason = "notifications of the database do not arrive. Does DATABASE_URL lead to \
                                  a connection pooler? Dateline needs a session of its own: the direct \
                                  address, or a pooler in session mode";
                    StoreError::unavailable(Outage::Unsuitable, reason)
                };
                tokio::time::timeout(FIRST, first)
                    .await
                    .map_err(deaf)?
                    .map_err(|_| {
                        let reason = "the listener for writes of other processes could not connect";
                        StoreError::unavailable(Outage::Unreachable, reason)
                    })?;
            }
        }
        Ok(())
    }

    /// A number that another one follows when another process writes; and of which connection it is, since
    /// each counts for itself.
    async fn data_version(&self) -> StoreResult<(u64, i64)> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = BigInt)]
            data_version: i64,
        }
        let queries = self.queries().clone();
        let opened = self.opener().opened();
        self.on_writer(move |connection| {
            // Signs of life are no work.
            connection.set_instrumentation(None::<Box<dyn Instrumentation>>);
            let answer = sql_query("PRAGMA data_version").get_result(connection);
            connection.set_instrumentation(CountQueries(queries));
            let Version { data_version } = answer?;
            Ok((opened, data_version))
        })
        .await
    }
}

async fn ask_sqlite(database: Weak<Opened>, mut seen: (u64, i64), file: Option<FileIdentity>) {
    let mut interval = tokio::time::interval(ASK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut looked, mut clock, log) = (Instant::now(), WallClock::default(), Repeated::default());
    loop {
        interval.tick().await;
        let Some(database) = database.upgrade().map(Database) else {
            return;
        };
        if looked.elapsed() >= LOOK_FOR_FILE {
            looked = Instant::now();
            match file.as_ref().map_or(Ok(()), FileIdentity::check) {
                Ok(()) => database.health().answers(),
                Err(reason) => database.health().does_not_answer(&reason),
            }
        }
        if database.health().is_away() {
            continue;
        }
        if clock.of_this_machine_has_jumped() {
            tracing::warn!("the clock has jumped; cached responses are made anew");
            database.changes().record_everything();
        }
        let asked = Instant::now();
        match database.data_version().await {
            Ok(current) => {
                if current != seen {
                    seen = current;
                    database.changes().record_everything();
                }
                database.changes().extend_lease(asked + LEASE);
            }
            Err(error) => log.warn(&format!(
                "not asked whether another process has written: {}",
                error.reason()
            )),
        }
    }
}

/// Listens on Postgres, on a thread and a connection of its own.
struct Listener {
    opener: Arc<Opener>,
    changes: Weak<ChangeTracker>,
    /// How notifications of this process begin.
    own: String,
    /// Where its signs of life arrive.
    channel: String,
    restarts: IntCounter,
    health: super::health::Health,
}

impl Listener {
    fn run(&self, first: oneshot::Sender<()>) {
        let (mut first, log) = (Some(first), Repeated::default());
        while self.changes.strong_count() > 0 {
            let outcome = self
                .opener
                .open()
                .and_then(|mut connection| match &mut *connection {
                    Connection::Postgres(postgres) => self.hear(postgres, &mut first),
                    Connection::Sqlite(_) => Ok(()),
                });
            // At once: from here on others may write unheard.
            if let Some(changes) = self.changes.upgrade() {
                changes.end_lease();
            }
            if let Err(error) = outcome {
                self.restarts.inc();
                log.warn(&format!(
                    "writes of other processes are not heard of: {}",
                    error.reason()
                ));
            }
            // A server that starts fails; one that runs goes on without.
            drop(first.take());
            std::thread::sleep(RETRY);
        }
    }

    /// Listens until the connection breaks or nobody wants to know any more.
    fn hear(
        &self,
        connection: &mut PgConnection,
        first: &mut Option<oneshot::Sender<()>>,
    ) -> StoreResult<()> {
        sql_query("SET application_name = 'dateline listener'").execute(connection)?;
        for channel in [CHANNEL, &self.channel] {
            sql_query(format!("LISTEN {channel}")).execute(connection)?;
        }
        // What happened before is unknown.
        if let Some(changes) = self.changes.upgrade() {
            changes.record_everything();
        }
        // The first sign of life may have come too early to be heard.
        self.health.suspect();
        let mut heard = Instant::now();
        while let Some(changes) = self.changes.upgrade() {
            for notification in connection.notifications_iter() {
                let notification = notification.map_err(|error| {
                    StoreError::unavailable(Outage::Unreachable, error.to_string())
                })?;
                if notification.channel == self.channel {
                    // What was committed before it was sent has been taken note of by now.
                    if let Ok(sent) = notification.payload.parse() {
                        changes.extend_lease(changes.instant(sent) + LEASE);
                        heard = Instant::now();
                        if let Some(first) = first.take() {
                            let _ = first.send(());
                        }
                    }
                    continue;
                }
                let mut words = notification.payload.split_whitespace();
                // What this process wrote it has noted before it said so.
                if words.next() == Some(self.own.as_str()) {
                    continue;
                }
                match read_payload(words) {
                    Some(touched) => changes.hear(&touched),
                    None => changes.record_everything(),
                }
            }
            if self.health.is_away() {
                heard = Instant::now();
            } else if heard.elapsed() > DEAF && first.is_none() {
                let reason = "the database answers, but its notifications do not arrive";
                return Err(StoreError::unavailable(Outage::Unreachable, reason));
            }
            drop(changes);
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}
