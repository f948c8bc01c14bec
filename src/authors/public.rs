//! Authors for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::{Author, AuthorFilter, AuthorSort, FIELDS};
use super::store;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Resource, StoreError};
use crate::http::cursor::CursorKey;
use crate::http::fields::Selection;
use crate::http::page::{List, Paginator, links};
use crate::http::params::{FromParams, KeyedQuery, Params};
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
    /// An empty text finds none.
    q: Option<String>,
    /// `name` (default) or `-article_count`, those with the most articles first.
    #[param(value_type = Option<String>, example = "-article_count")]
    sort: AuthorSort,
    /// Only these fields of each, comma-separated.
    #[param(value_type = Option<String>, example = "slug,name,article_count")]
    fields: Option<Selection>,
}

impl FromParams for AuthorListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            q: params.part_of_name()?,
            sort: params.choice("sort", AuthorSort::ALL)?.unwrap_or_default(),
            fields: Selection::read(params, FIELDS)?,
        })
    }
}

/// Parameters of one author.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorParams {
    /// Only these fields, comma-separated.
    #[param(value_type = Option<String>, example = "name,bio")]
    fields: Option<Selection>,
}

impl FromParams for AuthorParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            fields: Selection::read(params, FIELDS)?,
        })
    }
}

/// A page of the list of authors.
type AuthorPage = List<Author>;

/// List authors
///
/// Every author, with the number of their public articles.
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
        let filter = AuthorFilter {
            name_contains: params.q,
            unused: false,
            sort: params.sort,
        };
        let paginator = Paginator::new(
            &cursors,
            format!("authors {filter:?}"),
            params.cursor.as_deref(),
            params.limit,
        )?;
        let total = params
            .count
            .then(|| store::count(connection, &filter))
            .transpose()?;
        let found = store::list(connection, &filter, paginator.start(), paginator.fetch())?;
        let list = paginator.page(found, total, |author| author.id);
        Ok(Lookup::Here(
            Payload::page(&list, params.fields.as_ref())?
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
    params(SlugPath, AuthorParams),
    responses(
        (status = 200, description = "The author.", body = Author),
        (status = 301, description = "The author has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_author(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<AuthorParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
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
            Payload::part(&author, params.fields.as_ref())?
                .depends_on([
                    CacheTag::Author(author.id),
                    CacheTag::ArticlesOfAuthor(author.id),
                ])
                .purge_key(format!("author-{}", author.id))
                .purge_key("authors".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
