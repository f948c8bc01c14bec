//! Authors for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::model::{Author, AuthorInput};
use super::store;
use crate::auth::guard::{Allowed, ArticlesRead, AuthorsWrite};
use crate::db::{Database, StoreResult};
use crate::events::{RequestId, Writer};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, editorial_json, gone};
use crate::http::params::{NoParams, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::merge_patch::MergePatch;
use crate::problem::{Problem, ProblemDocument};
use crate::tags::model::MergeInput;

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
    request: RequestId,
    writer: Data<Writer>,
) -> Result<HttpResponse, Problem> {
    writer
        .change(
            caller.origin(request),
            move |change| store::delete(change, id, &expected),
            |_, ()| Ok(()),
        )
        .await?;
    Ok(gone())
}
