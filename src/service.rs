//! What anyone may ask of the server itself: what it is, whether it is well, the OpenAPI document, the
//! problems.

use std::sync::LazyLock;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cache::fixed::FixedContent;
use crate::db::{Database, migrations};
use crate::http::params::{NoParams, Query};
use crate::http::path_prefix::PathPrefix;
use crate::problem::{Problem, ProblemType, TYPES};

/// How long caches may keep what changes with the server's version only.
const UNCHANGING: &str = "public, max-age=300";

crate::operations! {
    self::index,
    self::live,
    self::ready,
    self::openapi,
    self::list_problems,
    self::get_problem,
}

/// The OpenAPI document, rendered when it is first asked for.
pub struct OpenApiJson(LazyLock<FixedContent, Box<dyn FnOnce() -> FixedContent + Send>>);

impl OpenApiJson {
    /// What renders it.
    pub fn new(render: impl FnOnce() -> FixedContent + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(render)))
    }
}

/// What this server is, and where to go on.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "dateline", "version": "0.1.0", "documentation": "/docs/", "openapi": "/openapi.json",
    "health": "/readyz", "articles": "/v1/articles"
}))]
pub struct Index {
    /// Always `dateline`.
    name: &'static str,
    /// The version of the server.
    version: &'static str,
    /// Interactive documentation, for people.
    documentation: String,
    /// The OpenAPI document, for programs.
    openapi: String,
    /// Whether requests can be served.
    health: String,
    /// The newest articles: a place to begin.
    articles: String,
}

/// Read the index
///
/// What this server is, and where its documentation, its OpenAPI document and its articles are.
#[utoipa::path(
    get, path = "/", operation_id = "getIndex", tag = "service",
    responses((status = 200, description = "The index.", body = Index, headers(
        ("Link" = String, description = "The OpenAPI document and its pages (RFC 8631)."),
    )))
)]
pub async fn index(prefix: Data<PathPrefix>, _: Query<NoParams>) -> HttpResponse {
    let mut response = unchanging(&Index {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        documentation: prefix.before("/docs/"),
        openapi: prefix.before("/openapi.json"),
        health: prefix.before("/readyz"),
        articles: prefix.before("/v1/articles"),
    });
    response.headers_mut().insert(
        header::LINK,
        HeaderValue::from_static(
            "</openapi.json>; rel=\"service-desc\"; type=\"application/json\", \
             </docs/>; rel=\"service-doc\"; type=\"text/html\"",
        ),
    );
    response
}

/// What a server that is well says.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum HealthStatus {
    /// It is well.
    Ok,
}

/// Whether the server is well.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`: anything else is a problem document.
    #[schema(value_type = HealthStatus, inline)]
    status: &'static str,
}

fn ok() -> HttpResponse {
    crate::http::conditional::private_json(HttpResponse::Ok(), &Health { status: "ok" })
}

/// Liveness check
///
/// Answers without asking the database.
#[utoipa::path(
    get, path = "/livez", operation_id = "getLiveness", tag = "service",
    responses((status = 200, description = "The process is alive.", body = Health))
)]
pub async fn live() -> HttpResponse {
    ok()
}

/// Readiness check
///
/// The database can be reached and has this version's tables; 503 otherwise. The listener for operators
/// says more.
#[utoipa::path(
    get, path = "/readyz", operation_id = "getReadiness", tag = "service",
    responses((status = 200, description = "Requests can be served.", body = Health))
)]
pub async fn ready(database: Data<Database>) -> Result<HttpResponse, Problem> {
    if database.read(migrations::is_current).await? {
        return Ok(ok());
    }
    Err(Problem::unavailable(
        "The database does not have this version's tables; run `dateline migrate`.",
    ))
}

/// This document
///
/// OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "getOpenApi", tag = "service",
    responses((status = 200, description = "The document.", body = serde_json::Value))
)]
pub async fn openapi(request: HttpRequest, document: Data<OpenApiJson>) -> HttpResponse {
    document.0.respond(&request, UNCHANGING)
}

/// List kinds of problems
///
/// Every `type` that a problem document can have.
#[utoipa::path(
    get, path = "/problems", operation_id = "listProblems", tag = "service",
    responses((status = 200, description = "All kinds.", body = [ProblemType]))
)]
pub async fn list_problems(_: Query<NoParams>) -> HttpResponse {
    unchanging(&TYPES)
}

/// What stays as it is until the next version of the server.
fn unchanging(value: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, UNCHANGING))
        .json(value)
}

/// Read a kind of problem
///
/// What the `type` of a problem document means and what to do.
#[utoipa::path(
    get, path = "/problems/{name}", operation_id = "getProblem", tag = "service",
    params(("name" = String, Path, description = "The last part of the type.", example = "validation")),
    responses((status = 200, description = "The kind.", body = ProblemType))
)]
pub async fn get_problem(
    request: HttpRequest,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let name = request.match_info().get("name").unwrap_or_default();
    let kind = TYPES
        .iter()
        .find(|kind| kind.name == name)
        .ok_or_else(Problem::not_found)?;
    Ok(unchanging(kind))
}
