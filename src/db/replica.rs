//! A streaming replica of Postgres, for public reads.
//!
//! A replica is always behind, and what it answers must still be what the primary would: whoever was
//! told of a write reads it. So a read goes to the replica only when that has replayed the log as
//! far as the primary had written it when the last write that this process knows of had committed.
//! Otherwise, and whenever anything about the replica is in doubt, the primary is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::sql_types::{BigInt, Bool};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use prometheus::IntCounter;

use super::changes::Changes;
use super::connection::{Access, AnyConnection as Connection, DatabaseUrl};
use super::error::{StoreError, StoreResult};
use super::lane::{Cost, Lane, PoolSettings};

/// How long a read waits for a connection to the replica before it goes to the primary.
const WAIT: Duration = Duration::from_millis(250);
/// How long a replica that could not be reached is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(2);

/// A replica and what is known of the primary's log.
pub(super) struct Replica {
    lane: Arc<Lane>,
    costly: Arc<Lane>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    /// The last write that `position` is certainly behind.
    sequence: u64,
    primary: Primary,
    left_alone_until: Option<Instant>,
}

/// Where the primary's log ends (bytes), and whose log it is.
#[derive(Debug, Clone, Copy, Default, QueryableByName)]
pub(super) struct Primary {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    system: i64,
}

#[derive(QueryableByName)]
struct Follows {
    #[diesel(sql_type = Bool)]
    follows: bool,
}

impl Replica {
    /// Makes ready to connect to a replica; it need not be there yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the URL is not one of Postgres.
    pub(super) fn new(
        url: &DatabaseUrl,
        settings: &PoolSettings,
        queries: &IntCounter,
    ) -> StoreResult<Self> {
        if let DatabaseUrl::Sqlite(_) = url {
            return Err(StoreError::Unavailable(
                "the replica's URL must be postgres://…: SQLite has no replicas".into(),
            ));
        }
        let settings = PoolSettings {
            wait: WAIT,
            ..settings.clone()
        };
        let lane = |cost| Lane::build(url, Access::Read, settings.of(cost), &settings, queries);
        Ok(Self {
            lane: lane(Cost::Low)?,
            costly: lane(Cost::High)?,
            known: Mutex::new(Known {
                sequence: 0,
                primary: Primary::default(),
                left_alone_until: None,
            }),
        })
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Runs a read on the replica; `None` when it does not answer or has not replayed every write
    /// that is known of.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        changes: &Changes,
        primary: impl Future<Output = StoreResult<Primary>>,
        cost: Cost,
        timeout: Duration,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> Option<StoreResult<T>> {
        let now = Instant::now();
        // Writes of other processes may be going on unheard.
        if !changes.hears(now) {
            return None;
        }
        if self
            .known()
            .left_alone_until
            .is_some_and(|until| now < until)
        {
            return None;
        }
        let primary = self.primary(changes, primary).await?;
        let read = move |connection: &mut Connection| {
            follows(connection, primary)?
                .then(|| work(connection))
                .transpose()
        };
        let lane = match cost {
            Cost::Low => &self.lane,
            Cost::High => &self.costly,
        };
        match lane.run(timeout, read).await {
            Ok(done) => done.map(Ok),
            // Others are looking for much there: that says nothing about the replica.
            Err(StoreError::Unavailable(_)) if cost == Cost::High => None,
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(reason, "the replica is not read");
                self.learn(|known| known.left_alone_until = Some(now + LEFT_ALONE));
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// Where the primary's log ended after the last write that is known of: asked once for each.
    async fn primary(
        &self,
        changes: &Changes,
        asked: impl Future<Output = StoreResult<Primary>>,
    ) -> Option<Primary> {
        let sequence = changes.sequence();
        let known = self.known();
        if known.sequence == sequence {
            return Some(known.primary);
        }
        match asked.await {
            Ok(primary) => {
                self.learn(|known| {
                    if known.sequence < sequence {
                        (known.sequence, known.primary) = (sequence, primary);
                    }
                });
                Some(primary)
            }
            Err(error) => {
                tracing::warn!(?error, "the primary does not say where its log ends");
                None
            }
        }
    }
}

/// Where the log ends that a primary writes.
pub(super) fn end_of_log(connection: &mut Connection) -> StoreResult<Primary> {
    Ok(sql_query(
        "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS position, \
                (SELECT system_identifier FROM pg_control_system()) AS system",
    )
    .get_result(connection)?)
}

/// Whether a connection leads to a replica of this primary that has replayed its log so far. Asked
/// each time: a replica that was restarted can be behind where it was before.
fn follows(connection: &mut Connection, primary: Primary) -> StoreResult<bool> {
    let Follows { follows } = sql_query(
        "SELECT coalesce(pg_is_in_recovery() \
                AND pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') >= $1 \
                AND (SELECT system_identifier FROM pg_control_system()) = $2, false) AS follows",
    )
    .bind::<BigInt, _>(primary.position)
    .bind::<BigInt, _>(primary.system)
    .get_result(connection)?;
    Ok(follows)
}
