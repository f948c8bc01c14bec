//! Deleting for good what was thrown away.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::trash;
use crate::auth::guard::{Allowed, ArticlesDelete};
use crate::db::{Connection, Timestamp};
use crate::events::Change;
use crate::http::conditional::IfMatch;
use crate::http::params::{NoParams, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{Problem, ProblemDocument};

/// Articles that one call deletes at most.
const AT_ONCE: i64 = 100;

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"deleted": 12, "has_more": false}))]
pub struct Emptied {
    /// How many articles were deleted, at most 100.
    #[schema(minimum = 0, maximum = 100)]
    deleted: usize,
    /// Whether there are more in the trash: send the same again.
    has_more: bool,
}

/// Delete an article for good
///
/// One that is in the trash, with its text, its corrections and its share counts; collections lose its slot. What
/// happened to it stays in the event log. If readers ever knew it, nothing else takes its slug, and a retracted
/// article goes on saying so; otherwise the slug is free.
#[utoipa::path(
    delete, path = "/v1/editorial/trash/{id}", operation_id = "deleteArticle", tag = "editorial articles",
    security(("bearer" = ["articles:delete"])),
    params(IdPath, IfMatch),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "It is not in the trash.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        ArticlesDelete,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    writer
        .remove(&caller, move |change| {
            trash::delete(change, id, &of, &expected)
        })
        .await
}

/// Empty the trash
///
/// Deletes for good what is in it, 100 articles at a time, those first that were thrown away first.
#[utoipa::path(
    post, path = "/v1/editorial/trash/empty", operation_id = "emptyTrash", tag = "editorial articles",
    security(("bearer" = ["articles:delete"])),
    responses((status = 200, description = "How many were deleted.", body = Emptied))
)]
pub async fn empty_trash(
    Allowed(caller, _, _): Allowed<ArticlesDelete, Query<NoParams>>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let delete = |change: &mut Change<'_>| trash::empty(change, Timestamp::LATEST, AT_ONCE);
    let reply = |connection: &mut Connection, deleted| {
        let emptied = Emptied {
            deleted,
            has_more: trash::is_any_before(connection, Timestamp::LATEST)?,
        };
        Reply::json(StatusCode::OK, &emptied)
    };
    writer.respond(&caller, delete, reply).await
}
