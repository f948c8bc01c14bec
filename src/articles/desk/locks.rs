//! Advisory locks: who edits what.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::model::{ArticleLock, LockInput, LockState};
use crate::articles::store::locks;
use crate::auth::guard::{Allowed, ArticlesRead, ArticlesWrite};
use crate::auth::model::Right;
use crate::db::{Connection, Database};
use crate::http::body::OptionalJsonBody;
use crate::http::conditional::private_json;
use crate::http::params::{FromParams, NoParams, Params, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{FORBIDDEN, Problem, ProblemDocument};

/// Read who edits an article
///
/// Authors see it of their own.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/lock", operation_id = "readLock", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(IdPath),
    responses((status = 200, description = "Who edits it, if somebody does.", body = LockState))
)]
pub async fn read_lock(
    Allowed(caller, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let lock = database
        .read(move |connection| locks::find(connection, id, caller.only_own()))
        .await?;
    Ok(private_json(HttpResponse::Ok(), &LockState { lock }))
}

/// Parameters of locking.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LockParams {
    /// `true` takes the lock over from whoever holds it; that needs the right `articles:publish`, and is on record.
    #[param(value_type = Option<bool>)]
    take: bool,
}

impl FromParams for LockParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            take: params.flag("take")?,
        })
    }
}

/// Say that you edit an article
///
/// Takes its lock, or renews it. It runs out by itself: renew it while somebody writes. A lock tells others, and keeps
/// nobody from writing; what guards a change is `If-Match`.
#[utoipa::path(
    put, path = "/v1/editorial/articles/{id}/lock", operation_id = "lockArticle", tag = "editorial articles",
    security(("bearer" = ["articles:write"])),
    params(IdPath, LockParams),
    request_body = Option<LockInput>,
    responses(
        (status = 200, description = "The caller's lock.", body = ArticleLock),
        (status = 409, description = "Somebody else edits it; `lock` says who.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn lock_article(
    Allowed(caller, (IdPath(id), Query(params), OptionalJsonBody(input)), _): Allowed<
        ArticlesWrite,
        (IdPath, Query<LockParams>, OptionalJsonBody<LockInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    if params.take && !caller.may(Right::ArticlesPublish) {
        return Err(Problem::new(
            &FORBIDDEN,
            "Taking over somebody's lock needs the right articles:publish.",
        ));
    }
    let of = caller.clone();
    writer
        .respond(
            &caller,
            move |change| locks::take(change, id, &of, input.seconds, params.take),
            |_: &mut Connection, lock| Reply::json(StatusCode::OK, &lock),
        )
        .await
}

/// Say that you do not edit an article any more
///
/// Releases the caller's lock. Where there is none, nothing happens.
#[utoipa::path(
    delete, path = "/v1/editorial/articles/{id}/lock", operation_id = "releaseLock", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(IdPath),
    responses(
        (status = 204, description = "The caller has no lock of it."),
        (status = 409, description = "Somebody else edits it; `lock` says who.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn release_lock(
    Allowed(caller, (IdPath(id), _), _): Allowed<ArticlesWrite, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    writer
        .remove(&caller, move |change| locks::release(change, id, &of))
        .await
}
