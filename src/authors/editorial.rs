//! Authors for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::model::{Author, AuthorFilter, AuthorInput, AuthorSort, EditorialAuthor};
use super::store;
use crate::auth::guard::{Allowed, ArticlesRead, AuthorsWrite};
use crate::db::connection_pool::Cost;
use crate::db::{Database, StoreResult};
use crate::events::{RequestId, Writer};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, editorial_json};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::merge_patch::MergePatch;
use crate::problem::{Problem, ProblemDocument};
use crate::tags::model::MergeInput;

/// Parameters of the desk's list of authors.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EditorialAuthorParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// Only authors whose name contains this, case and accents aside; at most 200 characters.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<String>,
    /// `true`: only authors of no article of any status.
    #[param(value_type = Option<bool>)]
    unused: bool,
    /// `name` (default) or `-article_count`, those with the most articles first.
    #[param(value_type = Option<String>)]
    sort: AuthorSort,
}

impl FromParams for EditorialAuthorParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            q: params.part_of_name()?,
            unused: params.flag("unused")?,
            sort: params.choice("sort", AuthorSort::ALL)?.unwrap_or_default(),
        })
    }
}

/// A page of the desk's list of authors.
type EditorialAuthorPage = List<EditorialAuthor>;

/// List authors with what refers to them
///
/// Every author with the version, and how many articles of any status are theirs. Whoever `unused=true` leaves can be
/// deleted.
#[utoipa::path(
    get, path = "/v1/editorial/authors", operation_id = "listAnyAuthors", tag = "editorial authors",
    security(("bearer" = ["articles:read"])), params(EditorialAuthorParams),
    responses((status = 200, description = "A page of authors.", body = EditorialAuthorPage))
)]
pub async fn list_any_authors(
    Allowed(_, query, _): Allowed<ArticlesRead, KeyedQuery<EditorialAuthorParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let filter = AuthorFilter {
        name_contains: params.q,
        unused: params.unused,
        sort: params.sort,
    };
    let name = format!("editorial authors {filter:?}");
    let paginator = Paginator::new(&cursors, name, params.cursor.as_deref(), params.limit)?;
    let (start, limit) = (paginator.start(), paginator.fetch());
    // Names are looked through, and articles counted.
    let (found, total) = database
        .read_within(Cost::High, move |connection| {
            let total = params
                .count
                .then(|| store::count(connection, &filter))
                .transpose()?;
            let found = store::list(connection, &filter, start.clone(), limit)?;
            Ok((store::usage::with_usage(connection, found)?, total))
        })
        .await?;
    let list = paginator.page(found, total, |listed| listed.author.id);
    Ok(editorial_page(&canonical, &list))
}

/// Create an author
#[utoipa::path(
    post, path = "/v1/editorial/authors", operation_id = "createAuthor", tag = "editorial authors",
    security(("bearer" = ["authors:write"])), request_body = AuthorInput,
    responses(
        (status = 201, description = "Created.", body = Author, headers(("Location" = String), ("ETag" = String))),
        (status = 409, description = "The slug is taken.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_author(
    Allowed(caller, (_, JsonBody(input)), _): Allowed<
        AuthorsWrite,
        (Query<NoParams>, JsonBody<AuthorInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .respond(
            &caller,
            move |change| store::create(change, input),
            |connection, id| {
                let reply = reply(StatusCode::CREATED, store::find(connection, id)?)?;
                Ok(reply.with_location(format!("/v1/editorial/authors/{id}")))
            },
        )
        .await
}

/// An author with their version.
fn reply(status: StatusCode, (author, version): (Author, i64)) -> StoreResult<Reply> {
    Ok(Reply::json(status, &author)?.with_version(version))
}

/// Read an author with their version
#[utoipa::path(
    get, path = "/v1/editorial/authors/{id}", operation_id = "readAuthor", tag = "editorial authors",
    security(("bearer" = ["articles:read"])),
    params(IdPath),
    responses((status = 200, description = "The author.", body = Author, headers(("ETag" = String))))
)]
pub async fn read_author(
    Allowed(_, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let (author, version) = database
        .read(move |connection| store::find(connection, id))
        .await?;
    Ok(editorial_json(HttpResponse::Ok(), version, &author))
}

/// Change an author
///
/// A JSON merge patch (RFC 7396). A slug that is given up goes on answering 301.
#[utoipa::path(
    patch, path = "/v1/editorial/authors/{id}", operation_id = "editAuthor", tag = "editorial authors",
    security(("bearer" = ["authors:write"])),
    params(IdPath, IfMatch),
    request_body(content = AuthorInput, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed.", body = Author, headers(("ETag" = String))),
        (status = 409, description = "The slug is taken.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn edit_author(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(patch)), _): Allowed<
        AuthorsWrite,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<MergePatch>),
    >,
    request: RequestId,
    writer: Data<Writer>,
) -> Result<HttpResponse, Problem> {
    let (author, version) = writer
        .change(
            caller.origin(request),
            move |change| store::edit(change, id, &expected, patch),
            move |connection, ()| store::find(connection, id),
        )
        .await?;
    Ok(editorial_json(HttpResponse::Ok(), version, &author))
}

/// Merge an author into another
///
/// Their articles go over, their slug answers 301, and the entry itself is gone. Returns the
/// author who stays.
#[utoipa::path(
    post, path = "/v1/editorial/authors/{id}/merge", operation_id = "mergeAuthor", tag = "editorial authors",
    security(("bearer" = ["authors:write"])),
    params(IdPath, IfMatch),
    request_body = MergeInput,
    responses((status = 200, description = "Merged.", body = Author, headers(("ETag" = String))))
)]
pub async fn merge_author(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(input)), _): Allowed<
        AuthorsWrite,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<MergeInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .respond(
            &caller,
            move |change| store::merge(change, id, &expected, &input.into),
            |connection, id| reply(StatusCode::OK, store::find(connection, id)?),
        )
        .await
}

/// Delete an author that no article has
///
/// For good, with the slugs that it once had: all of them answer 404. One that articles refer to, drafts and those
/// in the trash included, can be merged into another instead.
#[utoipa::path(
    delete, path = "/v1/editorial/authors/{id}", operation_id = "deleteAuthor", tag = "editorial authors",
    security(("bearer" = ["authors:write"])),
    params(IdPath, IfMatch),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "Articles refer to it; `article_count` says how many.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_author(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        AuthorsWrite,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .remove(&caller, move |change| store::delete(change, id, &expected))
        .await
}
