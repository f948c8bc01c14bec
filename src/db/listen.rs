//! Hearing of writes of other processes.
//!
//! On Postgres each process listens on a connection of its own, which it asks for a sign of life
//! twice a second. On SQLite the writing connection is asked whether another one has written
//! (`PRAGMA data_version`), which says that something was, but not what.
//!
//! A process that has not heard for two seconds says so in [`Changes`] and keeps nothing until it
//! hears again.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use diesel::connection::Instrumentation;
use diesel::r2d2::ManageConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use prometheus::IntCounter;

use super::changes::Changes;
use super::connection::{
    Access, AnyConnection as Connection, CountQueries, DatabaseUrl, Manager, Watched,
};
use super::error::{StoreError, StoreResult};
use super::notify::{CHANNEL, read_payload};
use super::pool::{Database, Opened};
use super::types::Id;

/// How often what came in is looked at, on Postgres.
const LOOK: Duration = Duration::from_millis(5);
/// How often Postgres is asked for a sign of life.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// How often SQLite is asked whether another process has written.
const ASK: Duration = Duration::from_millis(25);
/// How long a sign of life is believed.
const BELIEVED: Duration = Duration::from_secs(2);
/// How long a listener that lost its connection waits before it tries again.
const RETRY: Duration = Duration::from_millis(250);

impl Database {
    /// Begins to listen for writes of other processes, until nobody holds the database any more.
    /// Answers when it hears.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn listen(&self) -> StoreResult<()> {
        match self.url() {
            DatabaseUrl::Sqlite(_) => {
                let version = self.data_version().await?;
                tokio::spawn(ask_sqlite(self.downgrade(), version));
            }
            url @ DatabaseUrl::Postgres(_) => {
                let manager = Manager::new(
                    url.clone(),
                    Access::Read,
                    BELIEVED,
                    // Signs of life are no work.
                    IntCounter::new("signs_of_life", "not registered")
                        .map_err(|error| StoreError::Unavailable(format!("metrics: {error}")))?,
                );
                let (changes, process) = (Arc::downgrade(self.changes()), self.process());
                let (heard, first) = tokio::sync::oneshot::channel();
                std::thread::Builder::new()
                    .name("dateline-listen".into())
                    .spawn(move || listen_to_postgres(&manager, &changes, process, heard))
                    .map_err(|error| StoreError::Unavailable(error.to_string()))?;
                first
                    .await
                    .map_err(|_| StoreError::Unavailable("the listener ended".into()))?;
            }
        }
        Ok(())
    }

    async fn data_version(&self) -> StoreResult<i64> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = BigInt)]
            data_version: i64,
        }
        let queries = self.queries().clone();
        self.on_writer(move |connection| {
            // Signs of life are no work.
            connection.set_instrumentation(None::<Box<dyn Instrumentation>>);
            let answer = sql_query("PRAGMA data_version").get_result(connection);
            connection.set_instrumentation(CountQueries(queries));
            let Version { data_version } = answer?;
            Ok(data_version)
        })
        .await
    }
}

async fn ask_sqlite(database: Weak<Opened>, mut version: i64) {
    let mut interval = tokio::time::interval(ASK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let Some(database) = database.upgrade().map(Database) else {
            return;
        };
        let asked = Instant::now();
        match database.data_version().await {
            Ok(current) => {
                if current != version {
                    version = current;
                    database.changes().record_everything();
                }
                database.changes().hear_until(asked + BELIEVED);
            }
            Err(error) => tracing::warn!(?error, "not asked whether another process has written"),
        }
    }
}

fn listen_to_postgres(
    manager: &Manager,
    changes: &Weak<Changes>,
    process: Id,
    heard: tokio::sync::oneshot::Sender<()>,
) {
    let mut heard = Some(heard);
    while let Some(known) = changes.upgrade() {
        known.hear_nothing();
        drop(known);
        let outcome = match manager.connect().map(Watched::into_connection) {
            Ok(Connection::Postgres(mut connection)) => {
                hear(&mut connection, changes, process, &mut heard)
                    .map_err(|error| error.to_string())
            }
            Ok(Connection::Sqlite(_)) => return,
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = outcome {
            tracing::warn!(
                error,
                "not hearing of writes of other processes; nothing is kept"
            );
        }
        // Whoever waits for the first word goes on without, as later.
        drop(heard.take());
        std::thread::sleep(RETRY);
    }
}

/// Listens until the connection breaks or nobody wants to know any more.
fn hear(
    connection: &mut PgConnection,
    changes: &Weak<Changes>,
    process: Id,
    heard: &mut Option<tokio::sync::oneshot::Sender<()>>,
) -> diesel::QueryResult<()> {
    sql_query("SET application_name = 'dateline listener'").execute(connection)?;
    sql_query(format!("LISTEN {CHANNEL}")).execute(connection)?;
    // What happened before is unknown.
    if let Some(changes) = changes.upgrade() {
        changes.record_everything();
    }
    let own = process.0.simple().to_string();
    let mut asked = None::<Instant>;
    while let Some(changes) = changes.upgrade() {
        let sign_of_life = match asked {
            Some(last) if last.elapsed() < HEARTBEAT => None,
            _ => {
                let now = Instant::now();
                sql_query("SELECT 1").execute(connection)?;
                asked = Some(now);
                Some(now)
            }
        };
        for notification in connection.notifications_iter() {
            let notification = notification?;
            let mut words = notification.payload.split_whitespace();
            if words.next() == Some(own.as_str()) {
                continue;
            }
            match read_payload(words) {
                Some(touched) => changes.record(&touched),
                None => changes.record_everything(),
            }
        }
        // Only now: what came before the sign of life has been taken note of.
        if let Some(now) = sign_of_life {
            changes.hear_until(now + BELIEVED);
            if let Some(heard) = heard.take() {
                let _ = heard.send(());
            }
        }
        drop(changes);
        std::thread::sleep(LOOK);
    }
    Ok(())
}
