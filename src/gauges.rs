//! What is measured when operators ask: how full, how far behind, how old.

use std::time::Instant;

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use prometheus::{Gauge, GaugeVec, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};

use crate::cache::response_cache::ResponseCache;
use crate::db::connection_pool::Cost;
use crate::db::migrations::{self, MigrationState};
use crate::db::{Connection, Database, DatabaseUrl, StoreResult, file};
use crate::log;
use crate::metrics::{Registered, counter, registered};
use crate::shares::writer::Load;

/// More than so many rows that wait are not counted.
const MOST_WAITING: i64 = 100_000;

/// Gauges of one server.
pub struct Gauges {
    up: IntGauge,
    is_lease_valid: IntGauge,
    sign_of_life: Gauge,
    pools: PoolGauges,
    replica: GaugeVec,
    migrations: IntGaugeVec,
    outdated: IntGaugeVec,
    file: IntGaugeVec,
    cache_bytes: IntGauge,
    cached: IntGauge,
    shares: ShareGauges,
    log_lines_lost: IntCounter,
    panics: IntCounter,
}

/// What gauges are read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The database.
    pub database: &'a Database,
    /// The cached responses.
    pub responses: &'a ResponseCache,
    /// How busy counting shares is.
    pub shares: &'a Load,
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    stale: i64,
    #[diesel(sql_type = BigInt)]
    rebuilding: i64,
}

fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// How busy connection pools are.
struct PoolGauges {
    connections: IntGaugeVec,
    idle: IntGaugeVec,
    waiting: IntGaugeVec,
}

/// How busy counting shares is.
struct ShareGauges {
    waiting: IntGauge,
    behind: IntGauge,
    refused: IntCounter,
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Registered<IntGauge> {
    registered(registry, IntGauge::new(name, help))
}

fn gauges(registry: &Registry, label: &str, name: &str, help: &str) -> Registered<IntGaugeVec> {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), &[label]))
}

impl PoolGauges {
    fn new(registry: &Registry) -> Registered<Self> {
        let by_pool = |name, help| gauges(registry, "pool", name, help);
        Ok(Self {
            connections: by_pool(
                "dateline_database_connections",
                "Open connections to the database.",
            )?,
            idle: by_pool(
                "dateline_database_connections_idle",
                "Idle connections to the database.",
            )?,
            waiting: by_pool(
                "dateline_database_waiting",
                "Requests that wait for a connection to the database.",
            )?,
        })
    }
}

impl ShareGauges {
    fn new(registry: &Registry) -> Registered<Self> {
        Ok(Self {
            waiting: gauge(
                registry,
                "dateline_shares_waiting",
                "Shares that wait to be written.",
            )?,
            behind: gauge(
                registry,
                "dateline_shares_behind",
                "Shares that are written and not yet in the counts.",
            )?,
            refused: counter(
                registry,
                "dateline_shares_refused_total",
                "Shares that were turned away because too many waited, or could not be written.",
            )?,
        })
    }
}

impl Gauges {
    /// Gauges in a registry.
    ///
    /// # Errors
    /// When two have one name: a mistake in the code.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name, help| gauge(registry, name, help);
        let by = |label, name, help| gauges(registry, label, name, help);
        let replica = Opts::new(
            "dateline_replica",
            "The replica: whether it is read (read), and bytes of the primary's log that it lacked when it was \
             last asked (behind_bytes).",
        );
        let build = by("version", "dateline_build_info", "The version that runs.")?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Self {
            up: gauge("dateline_database_up", "Whether the database answers.")?,
            is_lease_valid: gauge(
                "dateline_listener_up",
                "Whether writes of other processes are heard of; cached responses go out only then.",
            )?,
            sign_of_life: registered(
                registry,
                Gauge::new(
                    "dateline_listener_sign_of_life_seconds",
                    "Seconds since it was last certain that every write of other processes was heard of.",
                ),
            )?,
            pools: PoolGauges::new(registry)?,
            replica: registered(registry, GaugeVec::new(replica, &["what"]))?,
            migrations: by(
                "state",
                "dateline_migrations",
                "Migrations that have not run (pending), and such as this version does not know (unknown).",
            )?,
            outdated: by(
                "what",
                "dateline_outdated",
                "Tags and authors that changed and whose articles are yet to be rendered again (stale), and \
                 projections that are being rebuilt (rebuilding).",
            )?,
            file: by(
                "what",
                "dateline_sqlite_bytes",
                "Of a SQLite database: its file, its log (wal), and what is free on its disk (free).",
            )?,
            cache_bytes: gauge("dateline_cache_bytes", "Memory taken by cached responses.")?,
            cached: gauge("dateline_cache_answers", "Cached responses.")?,
            shares: ShareGauges::new(registry)?,
            log_lines_lost: counter(
                registry,
                "dateline_log_lines_lost",
                "Log lines that could not be written since the process started.",
            )?,
            panics: counter(
                registry,
                "dateline_panics_total",
                "Mistakes in the code that ended one request or one piece of work.",
            )?,
        })
    }

    /// Reads all of them. What needs the database stays as it was while that does not answer.
    pub async fn read(&self, sources: Sources<'_>) {
        let database = sources.database;
        self.up.set(i64::from(!database.health().is_away()));
        let now = Instant::now();
        self.is_lease_valid
            .set(i64::from(database.changes().is_lease_valid(now)));
        let certain = now.saturating_duration_since(database.changes().known_since());
        self.sign_of_life.set(certain.as_secs_f64());
        for pool in database.pools() {
            let of = |gauge: &IntGaugeVec, number: usize| {
                gauge.with_label_values(&[pool.name]).set(signed(number));
            };
            of(&self.pools.connections, pool.open);
            of(&self.pools.idle, pool.idle);
            of(&self.pools.waiting, pool.waiting);
        }
        if let Some(replica) = database.replica_status() {
            let is_read = f64::from(u8::from(replica.left_alone.is_none()));
            self.replica.with_label_values(&["read"]).set(is_read);
            let behind = self.replica.with_label_values(&["behind_bytes"]);
            behind.set(replica.behind as f64);
        }
        if let DatabaseUrl::Sqlite(path) = database.url() {
            let sizes = file::sizes(path);
            for (what, bytes) in [
                ("file", sizes.file),
                ("wal", sizes.log),
                ("free", sizes.free),
            ] {
                self.file.with_label_values(&[what]).set(signed(bytes));
            }
        }
        let (bytes, cached) = sources.responses.size();
        self.cache_bytes.set(signed(bytes));
        self.cached.set(signed(cached));
        let shares = sources.shares;
        self.shares.waiting.set(signed(shares.waiting()));
        self.shares.behind.set(signed(shares.behind()));
        raise(&self.shares.refused, shares.refused());
        raise(&self.log_lines_lost, log::lost_lines());
        raise(&self.panics, log::panics());
        match database.read_within(Cost::Low, waiting).await {
            Ok((waiting, states)) => {
                let outdated = |what: &str| self.outdated.with_label_values(&[what]);
                outdated("stale").set(waiting.stale);
                outdated("rebuilding").set(waiting.rebuilding);
                for state in [MigrationState::Pending, MigrationState::Unknown] {
                    let count = states.iter().filter(|of| **of == state).count();
                    let gauge = self.migrations.with_label_values(&[state.as_str()]);
                    gauge.set(signed(count));
                }
            }
            Err(error) => tracing::debug!(?error, "gauges of the database were not read"),
        }
    }
}

/// A counter that is kept elsewhere.
fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

fn waiting(connection: &mut Connection) -> StoreResult<(Waiting, Vec<MigrationState>)> {
    let states = migrations::status(connection)?;
    let waiting = sql_query(format!(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM stale LIMIT {MOST_WAITING}) s) AS stale, \
                (SELECT count(*) FROM projections WHERE version < target) AS rebuilding"
    ))
    .get_result(connection)?;
    let states = states.into_iter().map(|migration| migration.state);
    Ok((waiting, states.collect()))
}
