//! Authors for readers.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::Author;
use super::store;
use crate::db::{Database, StoreError};
use crate::http::conditional::public_json;
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Seek, link_next};
use crate::http::params::{FromParams, NoParams, Params, Query};
use crate::http::path::SlugPath;
use crate::http::redirect::moved;
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
    /// Only authors whose name contains this, case and accents aside.
    q: Option<String>,
}

impl FromParams for AuthorListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            q: params.text("q")?,
        })
    }
}

/// List authors
///
/// Every author by name, with the number of their public articles.
#[utoipa::path(
    get, path = "/v1/authors", operation_id = "listAuthors", tag = "authors",
    params(AuthorListParams),
    responses((status = 200, description = "A page of authors.", body = List<Author>))
)]
pub async fn list_authors(
    request: HttpRequest,
    database: Data<Database>,
    cursors: Data<CursorKey>,
    Query(params): Query<AuthorListParams>,
) -> Result<HttpResponse, Problem> {
    let seek = Seek::new(
        &cursors,
        format!("authors {:?}", params.q),
        params.cursor.as_deref(),
        params.limit,
    )?;
    let (after, limit) = (seek.after(), seek.fetch());
    let (found, total) = database
        .read(move |connection| {
            let name = params.q.as_deref();
            let total = params
                .count
                .then(|| store::count(connection, name))
                .transpose()?;
            Ok((store::list(connection, name, after, limit)?, total))
        })
        .await?;
    let list = seek.page(found, total, |author| author.id);
    public_json(&request, &list, None, |response| {
        link_next(&request, &list.page, response);
    })
}

/// Read an author
///
/// The author that a slug names. A slug that they once had answers 301.
#[utoipa::path(
    get, path = "/v1/authors/{slug}", operation_id = "getAuthor", tag = "authors",
    params(("slug" = String, Path, description = "The author's slug.", example = "alex-writer")),
    responses(
        (status = 200, description = "The author.", body = Author),
        (status = 301, description = "The author has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_author(
    request: HttpRequest,
    database: Data<Database>,
    SlugPath(slug): SlugPath,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let found = database
        .read(
            move |connection| match store::find_by_slug(connection, &slug) {
                Err(StoreError::NotFound) => store::new_slug(connection, &slug).map(Err),
                found => found.map(Ok),
            },
        )
        .await?;
    match found {
        Ok(author) => public_json(&request, &author, None, |response| {
            response.insert_header((
                header::HeaderName::from_static("surrogate-key"),
                format!("author-{}", author.id),
            ));
        }),
        Err(slug) => Ok(moved(&request, &format!("/v1/authors/{slug}"))),
    }
}
