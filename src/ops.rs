//! What operators ask, on a listener of its own that strangers do not reach: health in detail and
//! metrics. None of it is part of the API, and no page of another origin may read it.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Serialize;

use crate::cache::responses::Responses;
use crate::db::{Database, migrations};
use crate::http::address::TrustedProxies;
use crate::http::conditional::private_json;
use crate::http::routes::{Resource, resource};
use crate::log;
use crate::metrics::{Metrics, Snapshot};
use crate::problem::{INTERNAL, Problem};
use crate::service;

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
    /// `ok` or `unavailable`.
    status: &'static str,
    parts: Parts,
    /// What is not as it should be, although requests can be served.
    warnings: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Parts {
    /// `ok`, or why the database does not answer.
    database: String,
    /// `ok`, `pending` or `unknown`.
    migrations: &'static str,
    /// `ok` when writes of other processes are heard of; otherwise nothing is kept in memory.
    listener: &'static str,
}

/// Readiness in detail: 503 unless requests can be served.
async fn ready(database: Data<Database>, proxies: Data<TrustedProxies>) -> HttpResponse {
    let asked = database.read(migrations::is_current).await;
    let hears = database.changes().hears(std::time::Instant::now());
    let is_ready = matches!(asked, Ok(true));
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
    let readiness = Readiness {
        status: if is_ready { "ok" } else { "unavailable" },
        parts: Parts {
            database: match &asked {
                Ok(_) => "ok".into(),
                Err(_) => "does not answer".into(),
            },
            migrations: match &asked {
                Ok(true) => "ok",
                Ok(false) => "pending",
                Err(_) => "unknown",
            },
            listener: if hears { "ok" } else { "not heard" },
        },
        warnings,
    };
    let response = if is_ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    private_json(response, &readiness)
}

/// All metrics, in Prometheus's text format.
async fn metrics(
    metrics: Data<Metrics>,
    database: Data<Database>,
    responses: Data<Responses>,
) -> Result<HttpResponse, Problem> {
    let rendered = metrics.render(Snapshot {
        connections: database.connections(),
        cache: responses.size(),
        log_lines_lost: log::lost_lines(),
    });
    let text = rendered.map_err(|error| {
        tracing::error!(%error, "metrics could not be written");
        Problem::new(&INTERNAL, INTERNAL.meaning)
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}
