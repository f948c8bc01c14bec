//! A streaming replica of Postgres, for public reads.
//!
//! A replica is always behind, and what it answers must still be what the primary would: whoever was
//! told of a write reads it. So a read goes to the replica only when that has replayed the log as
//! far as the primary had written it when the last write that this process knows of had committed.
//! Otherwise, and whenever anything about the replica is in doubt, the primary is read.
//!
//! Positions can be compared only in one history. After a failover a replica may follow another primary,
//! and be far ahead on a timeline that nobody else is on. So each timeline of the primary gets a random
//! mark, written when a process first meets it, and a replica counts only if it has the newest.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::changes::ChangeTracker;
use super::connection::{
    Access, AnyConnection as Connection, DatabaseUrl, Opener, SessionSettings,
};
use super::connection_pool::{ConnectionPool, Cost, PoolSettings};
use super::error::{Outage, StoreError, StoreResult};
use super::health::Health;
use super::metrics::DatabaseMetrics;
use super::pool::Database;
use super::types::Id;
use crate::log::Repeated;

/// How long a read waits for a connection to the replica before it goes to the primary.
const WAIT: Duration = Duration::from_millis(250);
/// How long a replica that could not be reached is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(2);
/// How long a replica may take to say how far it is.
const HANGS: Duration = Duration::from_secs(1);
/// How long one that did not say so is left alone.
const HUNG: Duration = Duration::from_secs(10);

/// A replica and what is known of the primary's log.
pub(super) struct Replica {
    pool: ConnectionPool,
    costly: ConnectionPool,
    known: Mutex<Known>,
    behind: Arc<AtomicI64>,
    log: Repeated,
}

/// How a replica does.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaStatus {
    /// Why it is not read at present, when that is so.
    pub left_alone: Option<&'static str>,
    /// Bytes of the primary's log that it had not replayed when it was last asked.
    pub behind: i64,
}

#[derive(Clone)]
struct Known {
    /// The last write that `position` is certainly behind.
    sequence: u64,
    primary: Primary,
    left_alone: Option<(Instant, &'static str)>,
}

/// Where the primary's log ends (bytes), and whose log it is.
#[derive(Debug, Clone, Default, QueryableByName)]
struct Primary {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    system: i64,
    #[diesel(sql_type = BigInt)]
    timeline: i64,
    /// `None` when no process has met this timeline.
    #[diesel(sql_type = Nullable<Text>)]
    mark: Option<String>,
}

#[derive(QueryableByName)]
struct Follows {
    #[diesel(sql_type = Bool)]
    follows: bool,
    #[diesel(sql_type = BigInt)]
    replayed: i64,
}

impl Replica {
    /// Makes ready to connect to the replica that settings name; it need not be there yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that or the database itself is not one of Postgres.
    pub(super) fn of(
        primary: &DatabaseUrl,
        settings: &PoolSettings,
        metrics: &DatabaseMetrics,
    ) -> StoreResult<Option<Self>> {
        let Some(url) = &settings.replica else {
            return Ok(None);
        };
        let unsuitable = |reason: &str| StoreError::unavailable(Outage::Unsuitable, reason);
        match (primary, url) {
            (DatabaseUrl::Postgres(_), DatabaseUrl::Postgres(_)) => {}
            (DatabaseUrl::Sqlite(_), _) => {
                return Err(unsuitable("a replica needs a database on Postgres"));
            }
            (_, DatabaseUrl::Sqlite(_)) => {
                return Err(unsuitable(
                    "the replica's URL must be postgres://…: SQLite has no replicas",
                ));
            }
        }
        let settings = PoolSettings {
            wait: WAIT,
            ..settings.clone()
        };
        let session = SessionSettings {
            access: Access::Read,
            statement_timeout: settings.statement_timeout,
            lock_timeout: settings.lock_timeout,
        };
        let opener = Opener::new(url.clone(), session, metrics.queries.clone());
        // Nobody watches it: whoever reads finds out.
        let health = Health::default();
        let pool = |name, cost| {
            ConnectionPool::build(&opener, settings.of(cost), &health, metrics.pool(name))
        };
        Ok(Some(Self {
            pool: pool("replica", Cost::Low)?,
            costly: pool("replica-costly", Cost::High)?,
            known: Mutex::new(Known {
                sequence: 0,
                primary: Primary::default(),
                left_alone: None,
            }),
            behind: Arc::default(),
            log: Repeated::new(),
        }))
    }

    fn known(&self) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    fn learn(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How it does.
    pub(super) fn status(&self) -> ReplicaStatus {
        ReplicaStatus {
            left_alone: self.left_alone(),
            behind: self.behind.load(Ordering::Relaxed),
        }
    }

    /// Its connections.
    pub(super) fn pools(&self) -> [&ConnectionPool; 2] {
        [&self.pool, &self.costly]
    }

    fn left_alone(&self) -> Option<&'static str> {
        let (until, why) = self.known().left_alone?;
        (Instant::now() < until).then_some(why)
    }

    fn leave_alone(&self, time: Duration, why: &'static str) {
        self.log.warn(&format!("the replica is not read: {why}"));
        self.learn(|known| known.left_alone = Some((Instant::now() + time, why)));
    }

    /// Runs a read on the replica; `None` when it does not answer or has not replayed every write
    /// that is known of.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        database: &Database,
        cost: Cost,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Clone + Send + 'static,
    ) -> Option<StoreResult<T>> {
        // Writes of other processes may be going on unheard.
        if !database.changes().is_lease_valid(Instant::now()) || self.left_alone().is_some() {
            return None;
        }
        let primary = self.primary(database, database.changes()).await?;
        let said = Arc::new(AtomicBool::new(false));
        let (says, behind) = (Arc::clone(&said), Arc::clone(&self.behind));
        let read = move |connection: &mut Connection| {
            let follows = follows(connection, &primary);
            says.store(true, Ordering::Release);
            let Follows { follows, replayed } = follows?;
            let lacks = primary.position.saturating_sub(replayed);
            behind.store(lacks.max(0), Ordering::Relaxed);
            follows.then(|| work(connection)).transpose()
        };
        let pool = match cost {
            Cost::Low => &self.pool,
            Cost::High => &self.costly,
        };
        let hangs = async {
            tokio::time::sleep(WAIT + HANGS).await;
            if said.load(Ordering::Acquire) {
                std::future::pending::<()>().await;
            }
        };
        let outcome = tokio::select! {
            outcome = pool.read(timeout, read) => outcome,
            () = hangs => {
                self.leave_alone(HUNG, "it hangs");
                return None;
            }
        };
        match outcome {
            Ok(done) => done.map(Ok),
            // Others are looking for much there: that says nothing about the replica.
            Err(StoreError::Unavailable(Outage::Busy, _)) if cost == Cost::High => None,
            Err(StoreError::Unavailable(..)) => {
                self.leave_alone(LEFT_ALONE, "it cannot be reached");
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// Where the primary's log ended after the last write that is known of: asked once for each.
    async fn primary(&self, database: &Database, changes: &ChangeTracker) -> Option<Primary> {
        let sequence = changes.sequence();
        let known = self.known();
        if known.sequence == sequence {
            return Some(known.primary);
        }
        match end_of_log(database).await {
            Ok(primary) => {
                self.learn(|known| {
                    if known.sequence < sequence {
                        (known.sequence, known.primary) = (sequence, primary.clone());
                    }
                });
                Some(primary)
            }
            Err(error) => {
                self.log.warn(&format!(
                    "the primary does not say where its log ends: {}",
                    error.reason()
                ));
                None
            }
        }
    }
}

/// Where the log ends that the primary writes.
async fn end_of_log(database: &Database) -> StoreResult<Primary> {
    let ask = |connection: &mut Connection| {
        Ok(sql_query(
            "SELECT p.*, t.mark FROM (\
                 SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS position, \
                        (SELECT system_identifier FROM pg_control_system()) AS system, \
                        ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint \
                            AS timeline) p \
             LEFT JOIN primary_timelines t ON t.system = p.system AND t.timeline = p.timeline",
        )
        .get_result::<Primary>(connection)?)
    };
    let primary = database.read(ask).await?;
    if primary.mark.is_some() {
        return Ok(primary);
    }
    let (system, timeline) = (primary.system, primary.timeline);
    database
        .write(move |connection| mark(connection, system, timeline))
        .await?;
    database.read(ask).await
}

/// Marks a timeline, unless another process has meanwhile.
fn mark(connection: &mut Connection, system: i64, timeline: i64) -> StoreResult<()> {
    sql_query(
        "INSERT INTO primary_timelines (system, timeline, mark) VALUES ($1, $2, $3) \
         ON CONFLICT (system, timeline) DO NOTHING",
    )
    .bind::<BigInt, _>(system)
    .bind::<BigInt, _>(timeline)
    .bind::<Text, _>(Id::generate().0.to_string())
    .execute(connection)?;
    Ok(())
}

/// Whether a connection leads to a replica of this primary that has replayed its log so far. Asked
/// each time: a replica that was restarted can be behind where it was before.
fn follows(connection: &mut Connection, primary: &Primary) -> StoreResult<Follows> {
    let follows = sql_query(
        "SELECT coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint AS replayed, \
                coalesce(pg_is_in_recovery() \
                AND pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') >= $1 \
                AND (SELECT system_identifier FROM pg_control_system()) = $2 \
                AND (SELECT min_recovery_end_timeline FROM pg_control_recovery()) <= $3 \
                AND (SELECT mark FROM primary_timelines WHERE system = $2 \
                     ORDER BY timeline DESC LIMIT 1) = $4, false) AS follows",
    )
    .bind::<BigInt, _>(primary.position)
    .bind::<BigInt, _>(primary.system)
    .bind::<BigInt, _>(primary.timeline)
    .bind::<Nullable<Text>, _>(&primary.mark)
    .get_result(connection)?;
    Ok(follows)
}
