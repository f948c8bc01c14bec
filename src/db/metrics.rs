//! What the database's connections are measured by.

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Opts};

/// Counters of one database, made before there is a registry to put them in.
#[derive(Clone)]
pub struct DatabaseMetrics {
    /// Statements sent.
    pub queries: IntCounter,
    waits: IntCounterVec,
    timeouts: IntCounterVec,
    connect_errors: IntCounterVec,
    lost: IntCounterVec,
    repeated: IntCounterVec,
    /// How often the listener for writes of other processes had to begin anew.
    pub listener_restarts: IntCounter,
}

/// Counters of one connection pool.
#[derive(Clone)]
pub(super) struct PoolMetrics {
    pub(super) pool: &'static str,
    pub(super) waits: IntCounter,
    pub(super) timeouts: IntCounter,
    pub(super) connect_errors: IntCounter,
    pub(super) lost: IntCounter,
    pub(super) repeated: IntCounter,
}

impl DatabaseMetrics {
    /// Counters at zero.
    ///
    /// # Errors
    /// When a name is not one Prometheus takes: a mistake in the code.
    pub fn new() -> Result<Self, prometheus::Error> {
        let by_lane = |name: &str, help: &str| IntCounterVec::new(Opts::new(name, help), &["pool"]);
        Ok(Self {
            queries: IntCounter::new(
                "dateline_database_queries_total",
                "Statements sent to the database.",
            )?,
            waits: by_lane(
                "dateline_database_waits_total",
                "Times that no connection was idle, so that one was waited for or opened.",
            )?,
            timeouts: by_lane(
                "dateline_database_timeouts_total",
                "Work that was ended, or got no connection, in the time that it has.",
            )?,
            connect_errors: by_lane(
                "dateline_database_connect_errors_total",
                "Connections that could not be opened.",
            )?,
            lost: by_lane(
                "dateline_database_connections_lost_total",
                "Connections that were found dead after they were used.",
            )?,
            repeated: by_lane(
                "dateline_database_transactions_repeated_total",
                "Transactions that were tried again because another one came in their way.",
            )?,
            listener_restarts: IntCounter::new(
                "dateline_listener_restarts_total",
                "How often the listener for writes of other processes had to begin anew.",
            )?,
        })
    }

    /// Everything there is to register.
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        let by_lane = [
            &self.waits,
            &self.timeouts,
            &self.connect_errors,
            &self.lost,
            &self.repeated,
        ];
        let mut collectors: Vec<Box<dyn Collector>> = vec![
            Box::new(self.queries.clone()),
            Box::new(self.listener_restarts.clone()),
        ];
        collectors.extend(by_lane.map(|counter| Box::new(counter.clone()) as Box<dyn Collector>));
        collectors
    }

    pub(super) fn pool(&self, pool: &'static str) -> PoolMetrics {
        let of = |counter: &IntCounterVec| counter.with_label_values(&[pool]);
        PoolMetrics {
            pool,
            waits: of(&self.waits),
            timeouts: of(&self.timeouts),
            connect_errors: of(&self.connect_errors),
            lost: of(&self.lost),
            repeated: of(&self.repeated),
        }
    }
}
