//! What operators ask, on a listener of its own that strangers do not reach: health in detail and
//! metrics. None of it is part of the API, and no page of another origin may read it.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Serialize;

use crate::announcements::store;
use crate::cache::response_cache::ResponseCache;
use crate::db::{Database, DatabaseUrl, StoreError, file, migrations};
use crate::gauges::{Gauges, Sources};
use crate::http::address::TrustedProxies;
use crate::http::conditional::private_json;
use crate::http::routes::{Resource, resource};
use crate::log;
use crate::metrics::Metrics;
use crate::problem::{INTERNAL, Problem};
use crate::service;
use crate::shares::writer::Load;

/// How long each part of the database is waited for.
const PART: Duration = Duration::from_secs(2);

/// Less than so many bytes free on a database's disk are too few.
const LITTLE: u64 = 64 * 1024 * 1024;

/// The resources of this listener.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/livez").get(service::live),
        resource("/readyz").get(ready),
        resource("/metrics").get(metrics),
    ]
}

/// Whether the server is ready, part by part.
#[derive(Debug, Serialize)]
struct Readiness {
    /// `ok`, `degraded` when reads are served and something else is not, or `unavailable`.
    status: &'static str,
    parts: Parts,
    /// What is not as it should be, although requests can be served.
    warnings: Vec<&'static str>,
}

/// Each `ok`, or what is wrong.
#[derive(Debug, Serialize)]
struct Parts {
    /// Whether it answers.
    database: String,
    /// Whether it can be written to.
    writable: String,
    /// Whether it has this version's tables.
    migrations: String,
    /// Whether writes of other processes are heard of; otherwise nothing is kept in memory.
    listener: &'static str,
    /// Whether the replica is read; left out when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<String>,
    /// Whether the file of a SQLite database is the one that was opened; left out on Postgres.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Which services do not take what they are told has changed; left out when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    announcements: Option<String>,
    /// Whether there is room on its disk; left out on Postgres.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk: Option<String>,
}

const OK: &str = "ok";

fn in_words<T>(outcome: &Result<T, StoreError>) -> String {
    match outcome {
        Ok(_) => OK.into(),
        Err(StoreError::Unavailable(_, reason)) => reason.clone(),
        Err(StoreError::TooSlow) => format!("it has not answered within {PART:?}"),
        Err(error) => format!("{error:?}"),
    }
}

async fn within<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let outcome = tokio::time::timeout(PART, work).await;
    outcome.unwrap_or(Err(StoreError::TooSlow))
}

/// Readiness in detail: 503 unless requests can be served.
async fn ready(database: Data<Database>, proxies: Data<TrustedProxies>) -> HttpResponse {
    let pending = within(database.read(migrations::pending)).await;
    let writable = within(database.can_be_written()).await;
    let failing = within(database.read(store::failing)).await;
    let is_ready = pending.as_ref().is_ok_and(Vec::is_empty);
    let path = match database.url() {
        DatabaseUrl::Sqlite(path) => Some(path),
        DatabaseUrl::Postgres(_) => None,
    };
    let free = path.map(|path| file::sizes(path).free);
    let is_lease_valid = database.changes().is_lease_valid(Instant::now());
    let readiness = Readiness {
        status: match is_ready {
            true if is_lease_valid && writable.is_ok() => OK,
            true => "degraded",
            false => "unavailable",
        },
        parts: Parts {
            database: in_words(&pending),
            writable: in_words(&writable),
            migrations: match &pending {
                Ok(pending) if pending.is_empty() => OK.into(),
                Ok(pending) => format!("pending: {}", pending.join(", ")),
                Err(_) => "unknown".into(),
            },
            listener: match is_lease_valid {
                true => OK,
                false => "not heard",
            },
            replica: database
                .replica_status()
                .map(|replica| replica.left_alone.unwrap_or(OK).into()),
            file: path.map(|_| {
                database
                    .health()
                    .reason()
                    .map_or(OK.into(), |reason| reason.to_string())
            }),
            announcements: failing.ok().filter(|all| !all.is_empty()).map(|all| {
                let each = all.into_iter().map(|(service, failing)| {
                    format!("{service}: {}, since {}", failing.reason, failing.since)
                });
                each.collect::<Vec<_>>().join("; ")
            }),
            disk: free.map(|free| match free {
                free if free < LITTLE => format!("{free} bytes are free"),
                _ => OK.into(),
            }),
        },
        warnings: warnings(&proxies, free),
    };
    let response = if is_ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    private_json(response, &readiness)
}

fn warnings(proxies: &TrustedProxies, free: Option<u64>) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if proxies.ignores_some() {
        warnings.push(
            "Forwarded or X-Forwarded-For came from an address that --trusted-proxies does not \
             name: if that is a proxy, all of its readers count as one.",
        );
    }
    if log::lost_lines() > 0 {
        warnings.push("Log lines were lost: standard error cannot be written fast enough.");
    }
    if free.is_some_and(|free| free < LITTLE) {
        warnings.push("The database's disk is nearly full.");
    }
    warnings
}

/// All metrics, in Prometheus's text format.
async fn metrics(
    metrics: Data<Metrics>,
    gauges: Data<Gauges>,
    database: Data<Database>,
    responses: Data<ResponseCache>,
    shares: Data<Load>,
) -> Result<HttpResponse, Problem> {
    let sources = Sources {
        database: &database,
        responses: &responses,
        shares: &shares,
    };
    // What the database cannot say in time stays as it was.
    let _ = tokio::time::timeout(PART, gauges.read(sources)).await;
    let text = metrics.render().map_err(|error| {
        tracing::error!(%error, "metrics could not be written");
        Problem::new(&INTERNAL, INTERNAL.meaning)
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}
