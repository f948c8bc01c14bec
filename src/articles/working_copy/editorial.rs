//! Working copies for editors and tools.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::model::{PublishWorkingCopyInput, WorkingCopy};
use super::patch::WorkingCopyPatch;
use crate::articles::editorial::{change, change_and_show};
use crate::articles::model::EditorialArticle;
use crate::articles::store::working_copies::{self, Rebase, publishing};
use crate::articles::telling::EditorialRules;
use crate::auth::guard::{Allowed, ArticlesPublish, ArticlesRead, ArticlesWrite};
use crate::auth::model::Caller;
use crate::db::version::Version;
use crate::db::{Connection, Database, Id, StoreResult};
use crate::events::Change;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::conditional::{IfMatch, editorial_json};
use crate::http::params::{FromParams, NoParams, Params, Query};
use crate::http::path::IdPath;
use crate::idempotency::EditorialWriter;
use crate::problem::{Problem, ProblemDocument};
use crate::validation::Violations;

/// Read an article's working copy
///
/// The changes to a published article that readers do not see yet. Its ETag, `"w…"`, is what a change of it needs in
/// `If-Match`. `conflicts` names what was changed in the article as well since the working copy was begun.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/working-copy", operation_id = "readWorkingCopy", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(IdPath),
    responses((status = 200, description = "The working copy.", body = WorkingCopy, headers(("ETag" = String))))
)]
pub async fn read_working_copy(
    Allowed(caller, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let only_own = caller.only_own();
    let copy = database
        .read(move |connection| working_copies::find(connection, id, only_own))
        .await?;
    let version = working_copies::version_of(&copy);
    Ok(editorial_json(HttpResponse::Ok(), version, &copy))
}

/// Runs a change of a working copy and responds with it; to a caller who may not read it, only with its version.
async fn change_copy(
    writer: &EditorialWriter,
    caller: Caller,
    id: Id,
    work: impl FnOnce(&mut Change<'_>, &Caller) -> StoreResult<Violations> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let show = move |connection: &mut Connection, warnings: Violations| {
        let mut copy = working_copies::find(connection, id, None)?;
        copy.warnings = warnings.into_warnings();
        Ok((working_copies::version_of(&copy), copy))
    };
    change_and_show(writer, caller, work, show).await
}

/// Parameters of changing a working copy.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WorkingCopyParams {
    /// `true` takes names as well as slugs in `authors`, `section` and `tags`, and creates those that are not there; that
    /// needs the rights `authors:write` and `tags:write`.
    #[param(value_type = Option<bool>)]
    create_missing: bool,
    /// The version of the article that you have seen, to be merged into the working copy: what was changed in the article
    /// alone is taken over, and members that are patched settle `conflicts`.
    #[param(value_type = Option<i64>, minimum = 1)]
    rebase: Option<Version>,
}

impl FromParams for WorkingCopyParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            create_missing: params.flag("create_missing")?,
            rebase: params.one("rebase")?,
        })
    }
}

/// Change an article's working copy
///
/// A JSON merge patch (RFC 7396), as of the article. Where there is no working copy yet, it begins as the article is,
/// and `If-Match` takes the article's ETag; later on the working copy's. Everything may be missing until it is
/// published. Readers see nothing of it.
///
/// One that is scheduled is changed by those only who may publish.
#[utoipa::path(
    patch, path = "/v1/editorial/articles/{id}/working-copy", operation_id = "editWorkingCopy", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(IdPath, IfMatch, WorkingCopyParams),
    request_body(content = WorkingCopyPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The working copy after it.", body = WorkingCopy, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The article is not published, its slug is taken, or what `rebase` would merge has conflicts that the patch does not settle.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn edit_working_copy(
    Allowed(caller, (IdPath(id), IfMatch(expected), Query(params), JsonBody(patch)), _): Allowed<
        ArticlesWrite,
        (
            IdPath,
            IfMatch,
            Query<WorkingCopyParams>,
            JsonBody<WorkingCopyPatch>,
        ),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let WorkingCopyPatch(patch) = patch;
    let patch = match params.create_missing {
        true => patch.creating_missing()?,
        false => patch,
    };
    let warnings = patch.warnings();
    let rebase = params.rebase.map(Rebase);
    change_copy(&writer, caller, id, move |change, caller| {
        working_copies::edit(change, id, caller, &expected, (patch, rebase))?;
        Ok(warnings)
    })
    .await
}

/// Discard an article's working copy
///
/// The article stays as readers see it.
#[utoipa::path(
    delete, path = "/v1/editorial/articles/{id}/working-copy", operation_id = "discardWorkingCopy", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(IdPath, IfMatch),
    responses((status = 204, description = "It is gone."))
)]
pub async fn discard_working_copy(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        ArticlesWrite,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    writer
        .remove(&caller, move |change| {
            working_copies::discard(change, id, &of, &expected)
        })
        .await
}

/// Publish an article's working copy
///
/// At once, or by itself at `publish_at`, to the second and once. What was changed in the article since it was begun is
/// merged with it, member by member and the body block by block; what both have changed in different ways is 409 with
/// both sides in `conflicts`, and nothing is written. `If-Match` takes the working copy's ETag.
///
/// What cannot be published at its time stays as it is, and says why in `failure`.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/working-copy/publish", operation_id = "publishWorkingCopy", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])), params(IdPath, IfMatch),
    request_body = Option<PublishWorkingCopyInput>,
    responses(
        (status = 200, description = "The article after it; of what is scheduled, with `working_copy.publish_at`.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The two cannot be merged, the slug is taken, or the article is not published.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn publish_working_copy(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, OptionalJsonBody(input)), _): Allowed<
        ArticlesPublish,
        (
            IdPath,
            IfMatch,
            Query<NoParams>,
            OptionalJsonBody<PublishWorkingCopyInput>,
        ),
    >,
    writer: EditorialWriter,
    rules: Data<EditorialRules>,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        publishing::publish(change, id, caller, &expected, (input, &rules))
    })
    .await
}

/// Take back when a working copy is published
///
/// It stays, to be published by somebody.
#[utoipa::path(
    delete, path = "/v1/editorial/articles/{id}/working-copy/publish", operation_id = "unscheduleWorkingCopy", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])), params(IdPath, IfMatch),
    responses(
        (status = 200, description = "The working copy after it.", body = WorkingCopy, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
    )
)]
pub async fn unschedule_working_copy(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        ArticlesPublish,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change_copy(&writer, caller, id, move |change, caller| {
        publishing::unschedule(change, id, caller, &expected)?;
        Ok(Violations::default())
    })
    .await
}
