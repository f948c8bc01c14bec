//! Tags for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::model::{MergeInput, Tag, TagInput};
use super::store;
use crate::auth::guard::{Allowed, ArticlesRead, TagsWrite};
use crate::db::{Database, StoreResult};
use crate::events::{RequestId, Writer};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, editorial_json, gone};
use crate::http::params::{NoParams, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::merge_patch::MergePatch;
use crate::problem::{Problem, ProblemDocument};

/// Create a tag
///
/// No two tags of one kind have the same name, case, width and kinds of space aside.
#[utoipa::path(
    post, path = "/v1/editorial/tags", operation_id = "createTag", tag = "editorial tags",
    security(("bearer" = ["tags:write"])), request_body = TagInput,
    responses(
        (status = 201, description = "Created.", body = Tag, headers(("Location" = String), ("ETag" = String))),
        (status = 409, description = "The slug is taken, or another tag of the kind has this name.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_tag(
    Allowed(caller, (_, JsonBody(input)), _): Allowed<
        TagsWrite,
        (Query<NoParams>, JsonBody<TagInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .respond(
            &caller,
            move |change| store::create(change, input),
            |connection, id| {
                let reply = reply(StatusCode::CREATED, store::find(connection, id)?)?;
                Ok(reply.with_location(format!("/v1/editorial/tags/{id}")))
            },
        )
        .await
}

/// A tag with its version.
fn reply(status: StatusCode, (tag, version): (Tag, i64)) -> StoreResult<Reply> {
    Ok(Reply::json(status, &tag)?.with_version(version))
}

/// Read a tag with its version
#[utoipa::path(
    get, path = "/v1/editorial/tags/{id}", operation_id = "readTag", tag = "editorial tags",
    security(("bearer" = ["articles:read"])),
    params(IdPath),
    responses((status = 200, description = "The tag.", body = Tag, headers(("ETag" = String))))
)]
pub async fn read_tag(
    Allowed(_, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let (tag, version) = database
        .read(move |connection| store::find(connection, id))
        .await?;
    Ok(editorial_json(HttpResponse::Ok(), version, &tag))
}

/// Change a tag
///
/// A JSON merge patch (RFC 7396). A slug that is given up goes on answering 301.
#[utoipa::path(
    patch, path = "/v1/editorial/tags/{id}", operation_id = "editTag", tag = "editorial tags",
    security(("bearer" = ["tags:write"])),
    params(IdPath, IfMatch),
    request_body(content = TagInput, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "Changed.", body = Tag, headers(("ETag" = String))),
        (status = 409, description = "The slug is taken, or another tag of the kind has this name.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn edit_tag(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(patch)), _): Allowed<
        TagsWrite,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<MergePatch>),
    >,
    request: RequestId,
    writer: Data<Writer>,
) -> Result<HttpResponse, Problem> {
    let (tag, version) = writer
        .change(
            caller.origin(request),
            move |change| store::edit(change, id, &expected, patch),
            move |connection, ()| store::find(connection, id),
        )
        .await?;
    Ok(editorial_json(HttpResponse::Ok(), version, &tag))
}

/// Merge a tag into another
///
/// Its articles get the other tag, its slug answers 301, and the tag itself is gone. Returns the
/// tag that stays.
#[utoipa::path(
    post, path = "/v1/editorial/tags/{id}/merge", operation_id = "mergeTag", tag = "editorial tags",
    security(("bearer" = ["tags:write"])),
    params(IdPath, IfMatch),
    request_body = MergeInput,
    responses((status = 200, description = "Merged.", body = Tag, headers(("ETag" = String))))
)]
pub async fn merge_tag(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(input)), _): Allowed<
        TagsWrite,
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

/// Delete a tag that no article has
///
/// For good, with the slugs that it once had: all of them answer 404. One that articles refer to, drafts and those
/// in the trash included, can be merged into another instead.
#[utoipa::path(
    delete, path = "/v1/editorial/tags/{id}", operation_id = "deleteTag", tag = "editorial tags",
    security(("bearer" = ["tags:write"])),
    params(IdPath, IfMatch),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "Articles refer to it, and `article_count` says how many; or collections are filled by it.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_tag(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        TagsWrite,
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
