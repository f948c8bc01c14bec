//! The handlers.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::browse::{Asked, One, Resource};
use super::error::{Failure, GhostErrors};
use super::key::GhostKey;
use super::params::{GhostParams, GhostQuery};
use crate::cache::response::Lookup;
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Timestamp};
use crate::http::path::in_path;
use crate::problem::Problem;
use crate::publication::KnownPublication;

/// Which version of Ghost is spoken.
const VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("content-version"),
    HeaderValue::from_static("v6.0"),
);

/// What is read, under its own name, and where the page stands: see Ghost's documentation of its Content API.
#[derive(Debug, Serialize, ToSchema)]
pub struct GhostAnswer {
    /// Where a page stands; not of one item.
    #[schema(value_type = Option<Object>, nullable = false)]
    pub meta: Option<serde_json::Value>,
}

/// `{resource}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("resource"), parameter_in = Path)]
pub struct ResourcePath(
    /// What is read.
    #[param(value_type = Resource, inline)]
    pub Resource,
);

/// What handlers need.
type Means = (Data<ResponseCache>, Data<KnownPublication>, Data<GhostKey>);

/// List what Ghost calls posts, tags and the rest
///
/// For frontends that were written for Ghost: its Content API, read only. `posts` are the public articles, `tags` the tags and sections,
/// `authors` the authors, `settings` the publication; of `pages`, `tiers`, `newsletters` and `offers` there are none. `filter` takes a part of
/// Ghost's language, and what is not understood is a 400 that names it.
#[utoipa::path(
    get, path = "/ghost/api/content/{resource}/", operation_id = "browseGhost", tag = "ghost",
    params(ResourcePath, GhostParams),
    responses(
        (status = 200, description = "A page, in Ghost's form.", body = GhostAnswer, headers(("ETag" = String, description = "Strong; for `If-None-Match`."))),
        (status = 400, description = "What is not understood.", body = GhostErrors),
        (status = 403, description = "Not the key that the server is set to, or it is set to none.", body = GhostErrors),
        (status = 404, description = "There is no such resource.", body = GhostErrors),
    )
)]
pub async fn browse_ghost(request: HttpRequest, means: Means, query: GhostQuery) -> HttpResponse {
    answer(&request, means, query, |_| Ok(None)).await
}

/// Read what Ghost calls a post, a tag or an author
#[utoipa::path(
    get, path = "/ghost/api/content/{resource}/{id}/", operation_id = "readGhost", tag = "ghost",
    params(ResourcePath, ("id" = String, Path, description = "The article's, tag's or author's id."), GhostParams),
    responses(
        (status = 200, description = "It alone, in Ghost's form.", body = GhostAnswer, headers(("ETag" = String, description = "Strong; for `If-None-Match`."))),
        (status = 400, description = "What is not understood.", body = GhostErrors),
        (status = 403, description = "Not the key that the server is set to, or it is set to none.", body = GhostErrors),
        (status = 404, description = "Not found, or not public.", body = GhostErrors),
    )
)]
pub async fn read_ghost(request: HttpRequest, means: Means, query: GhostQuery) -> HttpResponse {
    let one = |request: &HttpRequest| in_path(request, "id").map(|id| Some(One::Id(id)));
    answer(&request, means, query, one).await
}

/// Read what Ghost calls a post, a tag or an author, by its slug
#[utoipa::path(
    get, path = "/ghost/api/content/{resource}/slug/{slug}/", operation_id = "readGhostBySlug", tag = "ghost",
    params(ResourcePath, ("slug" = String, Path, description = "The article's, tag's or author's slug, or one that it had."), GhostParams),
    responses(
        (status = 200, description = "It alone, in Ghost's form.", body = GhostAnswer, headers(("ETag" = String, description = "Strong; for `If-None-Match`."))),
        (status = 400, description = "What is not understood.", body = GhostErrors),
        (status = 403, description = "Not the key that the server is set to, or it is set to none.", body = GhostErrors),
        (status = 404, description = "Not found, or not public.", body = GhostErrors),
    )
)]
pub async fn read_ghost_by_slug(
    request: HttpRequest,
    means: Means,
    query: GhostQuery,
) -> HttpResponse {
    let one = |request: &HttpRequest| in_path(request, "slug").map(|slug| Some(One::Slug(slug)));
    answer(&request, means, query, one).await
}

async fn answer(
    request: &HttpRequest,
    means: Means,
    query: GhostQuery,
    one: impl FnOnce(&HttpRequest) -> Result<Option<One>, Problem>,
) -> HttpResponse {
    let mut response = match try_answer(request, means, query, one).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    };
    let (name, value) = VERSION;
    response.headers_mut().insert(name, value);
    response
}

async fn try_answer(
    request: &HttpRequest,
    (responses, publication, key): Means,
    query: GhostQuery,
    one: impl FnOnce(&HttpRequest) -> Result<Option<One>, Problem>,
) -> Result<HttpResponse, Failure> {
    let GhostQuery {
        params,
        mut canonical,
    } = query;
    let params = params.map_err(Failure::Request)?;
    match &key.0 {
        None => {
            return Err(Failure::Key(
                "This server has no key for Ghost's Content API.",
            ));
        }
        Some(_) if params.key.is_empty() => return Err(Failure::Key("The request has no key.")),
        Some(set) if *set != params.key => return Err(Failure::Key("The key is another one.")),
        Some(_) => {}
    }
    let resource: Resource =
        in_path(request, "resource").map_err(|problem| Failure::of(problem, "resource"))?;
    let what = resource.one();
    publication.get().map_err(Failure::Other)?;
    let one = one(request).map_err(|problem| Failure::of(problem, what))?;
    // What is said relative to now is the same for a minute, at whose end all is published that is public.
    let minute = chrono::Duration::minutes(1);
    let now = Timestamp::now().cut_to(minute).plus(minute);
    if params
        .filter
        .as_deref()
        .is_some_and(|filter| filter.contains("now"))
    {
        let filter = params.filter.as_deref().unwrap_or_default();
        canonical = canonical.with("filter", &format!("{filter} {now}"));
    }
    let asked = Asked::read(resource, one, params, now)?;
    let wanted = CacheRequest::new(request, Kind::ArticleList, &canonical)
        .costs(Cost::high_if(asked.is_costly()));
    let work = move |connection: &mut Connection| {
        let payload = asked.answer(connection, publication.get()?)?;
        payload.map(Lookup::Here).ok_or_else(Problem::not_found)
    };
    let response = responses.answer(request, wanted, work).await;
    response.map_err(|problem| Failure::of(problem, what))
}
