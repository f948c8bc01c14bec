//! What operators measure: Prometheus metrics of one process.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// The metrics of one running server. Each server has its own registry, so that several in one
/// process (as in tests) do not mix.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    pool_open: IntGauge,
    pool_idle: IntGauge,
}

impl Metrics {
    /// All metrics, with the counter of database statements that [`Database`](crate::db::Database)
    /// keeps.
    ///
    /// # Errors
    /// When two metrics have one name: a mistake in the code.
    pub fn new(queries: &IntCounter) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "dateline_http_requests_total",
                "Requests by route template and status.",
            ),
            &["method", "route", "status"],
        )?;
        let latency = HistogramVec::new(
            HistogramOpts::new(
                "dateline_http_request_duration_seconds",
                "Time from the request's head to the answer's, by route template.",
            )
            .buckets(vec![
                0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                1.0, 2.5, 5.0, 10.0,
            ]),
            &["method", "route"],
        )?;
        let pool_open = IntGauge::new(
            "dateline_database_connections",
            "Open connections of the reading pool.",
        )?;
        let pool_idle = IntGauge::new(
            "dateline_database_connections_idle",
            "Idle connections of the reading pool.",
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(latency.clone()))?;
        registry.register(Box::new(pool_open.clone()))?;
        registry.register(Box::new(pool_idle.clone()))?;
        registry.register(Box::new(queries.clone()))?;
        Ok(Self {
            registry,
            requests,
            latency,
            pool_open,
            pool_idle,
        })
    }

    /// The counter of database statements, before there is a registry to put it in.
    ///
    /// # Errors
    /// When its name is not one Prometheus takes: a mistake in the code.
    pub fn query_counter() -> Result<IntCounter, prometheus::Error> {
        IntCounter::new(
            "dateline_database_queries_total",
            "Statements sent to the database.",
        )
    }

    /// Counts one answered request.
    pub fn observe(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        // Any other method would let a stranger make up label values.
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::PATCH | Method::DELETE => {
                method.as_str()
            }
            _ => "other",
        };
        self.requests
            .with_label_values(&[method, route, status.as_str()])
            .inc();
        self.latency
            .with_label_values(&[method, route])
            .observe(elapsed.as_secs_f64());
    }

    /// All metrics in the text format, with the pool's state of now.
    ///
    /// # Errors
    /// When writing fails, which text in memory does not.
    pub fn render(&self, (open, idle): (u32, u32)) -> Result<Vec<u8>, prometheus::Error> {
        self.pool_open.set(open.into());
        self.pool_idle.set(idle.into());
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
