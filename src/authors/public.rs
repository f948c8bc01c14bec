//! Authors for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::Author;
use super::store;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Resource, StoreError};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, links};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params};
use crate::http::path::SlugPath;
use crate::names;
use crate::problem::Problem;

/// Parameters of the list of authors.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// Only authors whose name contains this, case and accents aside; at most 200 characters.
    q: Option<String>,
}

impl FromParams for AuthorListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            q: params.part_of_name()?,
        })
    }
}

/// A page of the list of authors.
type AuthorPage = List<Author>;

/// List authors
///
/// Every author by name, with the number of their public articles.
#[utoipa::path(
    get, path = "/v1/authors", operation_id = "listAuthors", tag = "authors",
    params(AuthorListParams),
    responses((status = 200, description = "A page of authors.", body = AuthorPage))
)]
pub async fn list_authors(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    cursors: Data<CursorKey>,
    query: KeyedQuery<AuthorListParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::Name, &canonical)
        .costs(Cost::high_if(params.count || params.q.is_some()));
    let answer = move |connection: &mut Connection| {
        let name = params.q.as_deref();
        let paginator = Paginator::new(
            &cursors,
            format!("authors {name:?}"),
            params.cursor.as_deref(),
            params.limit,
        )?;
        let total = params
            .count
            .then(|| store::count(connection, name))
            .transpose()?;
        let found = store::list(connection, name, paginator.start(), paginator.fetch())?;
        let list = paginator.page(found, total, |author| author.id);
        Ok(Lookup::Here(
            Payload::json(&list)?
                .depends_on([CacheTag::Authors, CacheTag::Articles])
                .purge_key("authors".into())
                .link(links(&canonical, &list.page)),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// Read an author
///
/// The author that a slug names. A slug that they once had answers 301.
#[utoipa::path(
    get, path = "/v1/authors/{slug}", operation_id = "getAuthor", tag = "authors",
    params(SlugPath),
    responses(
        (status = 200, description = "The author.", body = Author),
        (status = 301, description = "The author has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_author(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    SlugPath(slug): SlugPath,
    KeyedQuery { canonical, .. }: KeyedQuery<NoParams>,
) -> Result<HttpResponse, Problem> {
    let wanted = CacheRequest::new(&request, Kind::Name, &canonical);
    let answer = move |connection: &mut Connection| {
        let author = match store::find_by_slug(connection, &slug) {
            Err(StoreError::NotFound) => {
                let slug = names::new_slug(connection, Resource::Author, &slug)?;
                return Ok(Lookup::Moved(slug));
            }
            found => found?,
        };
        Ok(Lookup::Here(
            Payload::json(&author)?
                .depends_on([
                    CacheTag::Author(author.id),
                    CacheTag::ArticlesOfAuthor(author.id),
                ])
                .purge_key(format!("author-{}", author.id)),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
