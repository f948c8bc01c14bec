//! What operators measure: Prometheus metrics of one process.

use std::sync::Arc;
use std::time::Duration;

use crate::db::metrics::DatabaseMetrics;

use actix_web::http::{Method, StatusCode};
use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
    TextEncoder,
};

/// What one route counts, found once.
#[derive(Clone)]
pub struct RouteMetrics {
    requests: IntCounterVec,
    latency: HistogramVec,
    route: Arc<str>,
    get_ok: IntCounter,
    get_not_modified: IntCounter,
    get_latency: Histogram,
}

impl RouteMetrics {
    /// Counts one answered request.
    pub fn observe(&self, method: &Method, status: StatusCode, elapsed: Duration) {
        match (method, status) {
            (&Method::GET, StatusCode::OK) => self.get_ok.inc(),
            (&Method::GET, StatusCode::NOT_MODIFIED) => self.get_not_modified.inc(),
            _ => {
                return count(
                    &self.requests,
                    &self.latency,
                    method,
                    &self.route,
                    status,
                    elapsed,
                );
            }
        }
        self.get_latency.observe(elapsed.as_secs_f64());
    }
}

/// What the response cache counts.
#[derive(Clone)]
pub struct CacheMetrics {
    /// Requests answered from the cache.
    pub hits: IntCounter,
    /// Requests for which a response was made and cached.
    pub misses: IntCounter,
    /// Requests for which a response was made and not cached: the cache is off, or other processes are
    /// not heard.
    pub bypassed: IntCounter,
    /// Cached responses dropped because a write or the clock had changed them.
    pub outdated: IntCounter,
    /// Cached responses that went out although they could not be checked: the database was away.
    pub stale: IntCounter,
    /// Responses read from the replica.
    pub replica: IntCounter,
    /// Responses read from the primary because the replica was behind or failed.
    pub not_replica: IntCounter,
}

impl CacheMetrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name, help| counter(registry, name, help);
        Ok(Self {
            hits: counter(
                "dateline_cache_hits_total",
                "Public reads answered from the cache.",
            )?,
            misses: counter(
                "dateline_cache_misses_total",
                "Public reads for which a response was made and cached.",
            )?,
            bypassed: counter(
                "dateline_cache_bypassed_total",
                "Public reads that were answered without the cache.",
            )?,
            outdated: counter(
                "dateline_cache_invalidations_total",
                "Cached responses dropped because a write or the clock had changed them.",
            )?,
            stale: counter(
                "dateline_cache_stale_total",
                "Public reads answered from the cache while the database was away.",
            )?,
            replica: counter(
                "dateline_replica_reads_total",
                "Public reads that the replica answered.",
            )?,
            not_replica: counter(
                "dateline_replica_fallbacks_total",
                "Public reads that went to the primary because the replica was behind or failed.",
            )?,
        })
    }
}

/// A collector that is in a registry.
pub(crate) type Registered<T> = Result<T, prometheus::Error>;

/// Puts a collector into a registry.
pub(crate) fn registered<T: Collector + Clone + 'static>(
    registry: &Registry,
    collector: Registered<T>,
) -> Registered<T> {
    let collector = collector?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// A counter in a registry.
pub(crate) fn counter(registry: &Registry, name: &str, help: &str) -> Registered<IntCounter> {
    registered(registry, IntCounter::new(name, help))
}

fn count(
    requests: &IntCounterVec,
    latency: &HistogramVec,
    method: &Method,
    route: &str,
    status: StatusCode,
    elapsed: Duration,
) {
    // Any other method would let a stranger make up label values.
    let method = match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE => method.as_str(),
        _ => "other",
    };
    requests
        .with_label_values(&[method, route, status.as_str()])
        .inc();
    latency
        .with_label_values(&[method, route])
        .observe(elapsed.as_secs_f64());
}

/// The metrics of one running server. Each server has its own registry, so that several in one
/// process (as in tests) do not mix.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    connections_refused: IntCounter,
    cache: CacheMetrics,
    announcements: IntCounterVec,
    webhook_attempts: IntCounterVec,
}

impl Metrics {
    /// All metrics, with those that [`Database`](crate::db::Database) keeps.
    ///
    /// # Errors
    /// When two metrics have one name: a mistake in the code.
    pub fn new(database: &DatabaseMetrics) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = registered(
            &registry,
            IntCounterVec::new(
                Opts::new(
                    "dateline_http_requests_total",
                    "Requests by route template and status.",
                ),
                &["method", "route", "status"],
            ),
        )?;
        let latency = registered(
            &registry,
            HistogramVec::new(
                HistogramOpts::new(
                    "dateline_http_request_duration_seconds",
                    "Time from the request's head to the answer's, by route template.",
                )
                .buckets(vec![
                    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                    0.5, 1.0, 2.5, 5.0, 10.0,
                ]),
                &["method", "route"],
            ),
        )?;
        let cache = CacheMetrics::new(&registry)?;
        let announcements = registered(
            &registry,
            IntCounterVec::new(
                Opts::new(
                    "dateline_announcements_total",
                    "How often other services were told what has changed, by kind of service and outcome.",
                ),
                &["service", "outcome"],
            ),
        )?;
        let webhook_attempts = registered(
            &registry,
            IntCounterVec::new(
                Opts::new(
                    "dateline_webhook_attempts_total",
                    "Messages sent to webhooks, by outcome: delivered, refused with another status than 2xx, or failed without one.",
                ),
                &["outcome"],
            ),
        )?;
        let connections_refused = counter(
            &registry,
            "dateline_connections_refused_total",
            "Connections closed at once: their address had too many.",
        )?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        for collector in database.collectors() {
            registry.register(collector)?;
        }
        Ok(Self {
            registry,
            requests,
            latency,
            connections_refused,
            cache,
            announcements,
            webhook_attempts,
        })
    }

    /// Counts one answered request.
    pub fn observe(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        count(
            &self.requests,
            &self.latency,
            method,
            route,
            status,
            elapsed,
        );
    }

    /// What a route counts.
    pub fn route(&self, route: Arc<str>) -> RouteMetrics {
        let get = |status: &str| self.requests.with_label_values(&["GET", &route, status]);
        RouteMetrics {
            get_ok: get("200"),
            get_not_modified: get("304"),
            get_latency: self.latency.with_label_values(&["GET", &route]),
            requests: self.requests.clone(),
            latency: self.latency.clone(),
            route,
        }
    }

    /// What the response cache counts.
    pub fn cache(&self) -> &CacheMetrics {
        &self.cache
    }

    /// Counts how often other services were told what has changed.
    pub fn announcements(&self) -> &IntCounterVec {
        &self.announcements
    }

    /// Counts what came of messages to webhooks.
    pub fn webhook_attempts(&self) -> &IntCounterVec {
        &self.webhook_attempts
    }

    /// Counts connections that were refused.
    pub fn connections_refused(&self) -> &IntCounter {
        &self.connections_refused
    }

    /// Where all metrics are.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// All metrics in the text format.
    ///
    /// # Errors
    /// When writing fails, which text in memory does not.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
