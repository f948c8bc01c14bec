//! Articles for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::IntoParams;

use super::model::EditorialArticle;
use super::new_article::NewArticle;
use super::parts::CorrectionInput;
use super::patch::ArticlePatch;
use super::store::{corrections, editorial, transitions, write};
use super::telling::EditorialRules;
use super::workflow::{PublishInput, RetractInput};
use crate::auth::guard::{Allowed, ArticlesPublish, ArticlesRead, ArticlesWrite};
use crate::auth::model::{Caller, Right};
use crate::db::{Connection, Database, Id, StoreResult};
use crate::events::Change;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::conditional::{IfMatch, editorial_json};
use crate::http::params::{FromParams, NoParams, Params, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{FORBIDDEN, Problem, ProblemDocument};
use crate::validation::Violations;

/// Runs a change and responds with the article after it; to a caller who may not read it, only with its
/// version.
pub(super) async fn change(
    writer: &EditorialWriter,
    caller: Caller,
    id: Id,
    work: impl FnOnce(&mut Change<'_>, &Caller) -> StoreResult<()> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let work = move |change: &mut Change<'_>, caller: &Caller| {
        work(change, caller)?;
        Ok(Violations::default())
    };
    change_and_say(writer, caller, id, work).await
}

/// Like [`change`], with what `work` changed or left out of what was asked for.
pub(super) async fn change_and_say(
    writer: &EditorialWriter,
    caller: Caller,
    id: Id,
    work: impl FnOnce(&mut Change<'_>, &Caller) -> StoreResult<Violations> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let show = move |connection: &mut Connection, warnings: Violations| {
        let mut article = editorial::find(connection, id, None)?;
        article.warnings = warnings.into_warnings();
        Ok((article.summary.version, article))
    };
    change_and_show(writer, caller, work, show).await
}

/// Runs a change and responds with what `show` reads of it, and its version; to a caller who may not read articles, only
/// with that.
pub(super) async fn change_and_show<T, S: Serialize>(
    writer: &EditorialWriter,
    caller: Caller,
    work: impl FnOnce(&mut Change<'_>, &Caller) -> StoreResult<T> + Clone + Send + 'static,
    show: impl FnOnce(&mut Connection, T) -> StoreResult<(i64, S)> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (reads, of) = (caller.may(Right::ArticlesRead), caller.clone());
    let reply = move |connection: &mut Connection, done: T| {
        let (version, shown) = show(connection, done)?;
        match reads {
            true => Ok(Reply::json(StatusCode::OK, &shown)?.with_version(version)),
            false => Ok(Reply::receipt(version)),
        }
    };
    writer
        .respond(&caller, move |change| work(change, &of), reply)
        .await
}

/// Parameters of writing an article.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WriteParams {
    /// `true` takes names as well as slugs in `authors`, `section` and `tags`, and creates those that are not
    /// there; that needs the rights `authors:write` and `tags:write`.
    #[param(value_type = Option<bool>)]
    pub(super) create_missing: bool,
}

impl FromParams for WriteParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            create_missing: params.flag("create_missing")?,
        })
    }
}

/// Why somebody who cannot publish cannot create what is published.
const NEEDS_PUBLISH: &str =
    "\"status\": \"published\" needs the right articles:publish; leave it out to save a draft.";

/// Create an article
///
/// A draft, or one in review: everything may still be missing. With `"status": "published"` it is published in
/// the same change, now or at `published_at`, for callers with the right `articles:publish`; everything that
/// is missing is reported at once.
#[utoipa::path(
    post, path = "/v1/editorial/articles", operation_id = "createArticle", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(WriteParams), request_body = NewArticle,
    responses(
        (status = 201, description = "Created.", body = EditorialArticle, headers(("Location" = String), ("ETag" = String))),
        (status = 409, description = "The slug is taken.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_article(
    Allowed(caller, (Query(params), JsonBody(article)), _): Allowed<
        ArticlesWrite,
        (Query<WriteParams>, JsonBody<NewArticle>),
    >,
    writer: EditorialWriter,
    rules: Data<EditorialRules>,
) -> Result<HttpResponse, Problem> {
    let quota = rules.drafts;
    if article.is_to_be_published() && !caller.may(Right::ArticlesPublish) {
        return Err(Problem::new(&FORBIDDEN, NEEDS_PUBLISH));
    }
    let creation = article.read(params.create_missing)?;
    let warnings = creation.input.body.warnings.clone();
    let of = caller.clone();
    writer
        .respond(
            &caller,
            move |change| write::create(change, creation, &of, quota),
            move |connection, id| {
                let mut article = editorial::find(connection, id, None)?;
                article.warnings = warnings.into_warnings();
                Ok(Reply::json(StatusCode::CREATED, &article)?
                    .with_version(article.summary.version)
                    .with_location(path(id)))
            },
        )
        .await
}

/// Where an article is, for editors.
pub(super) fn path(id: Id) -> String {
    format!("/v1/editorial/articles/{id}")
}

/// Read an article of any status
///
/// Its ETag is what a change needs in `If-Match`. Authors see their own.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}", operation_id = "readArticle", tag = "editorial articles",
    security(("bearer" = ["articles:read"])),
    params(IdPath),
    responses((status = 200, description = "The article.", body = EditorialArticle, headers(("ETag" = String))))
)]
pub async fn read_article(
    Allowed(caller, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let article = database
        .read(move |connection| editorial::find(connection, id, caller.only_own()))
        .await?;
    let version = article.summary.version;
    Ok(editorial_json(HttpResponse::Ok(), version, &article))
}

/// Change an article
///
/// A JSON merge patch (RFC 7396) on the article as it is written: `authors` and `tags` are slugs,
/// arrays are replaced as a whole, null removes. A slug that is given up goes on answering 301.
#[utoipa::path(
    patch, path = "/v1/editorial/articles/{id}", operation_id = "editArticle", tag = "editorial articles",
    security(("bearer" = ["articles:write"])),
    params(IdPath, IfMatch, WriteParams),
    request_body(content = ArticlePatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The slug is taken, or the article cannot be changed in its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn edit_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), Query(params), JsonBody(patch)), _): Allowed<
        ArticlesWrite,
        (IdPath, IfMatch, Query<WriteParams>, JsonBody<ArticlePatch>),
    >,
    writer: EditorialWriter,
    rules: Data<EditorialRules>,
) -> Result<HttpResponse, Problem> {
    let input = match params.create_missing {
        true => patch.creating_missing()?,
        false => patch,
    };
    let warnings = input.warnings();
    change_and_say(&writer, caller, id, move |change, caller| {
        write::edit(change, id, caller, &expected, input, &rules)?;
        Ok(warnings)
    })
    .await
}

/// Throw an article away
///
/// It is not public any more, and can be restored.
#[utoipa::path(
    delete, path = "/v1/editorial/articles/{id}", operation_id = "trashArticle", tag = "editorial articles",
    security(("bearer" = ["articles:write"])),
    params(IdPath, IfMatch),
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn trash_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        ArticlesWrite,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        transitions::trash(change, id, caller, &expected)
    })
    .await
}

/// Publish an article
///
/// Now, or by itself at a time in the future, and for as long as `unpublish_at` says. Everything that is still missing is reported at once.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/publish", operation_id = "publishArticle", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])),
    params(IdPath, IfMatch),
    request_body = Option<PublishInput>,
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn publish_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, OptionalJsonBody(input)), _): Allowed<
        ArticlesPublish,
        (
            IdPath,
            IfMatch,
            Query<NoParams>,
            OptionalJsonBody<PublishInput>,
        ),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        transitions::publish(change, id, caller, &expected, &input)
    })
    .await
}

/// Take an article back
///
/// It can be published again; its first publication time is kept.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/unpublish", operation_id = "unpublishArticle", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])),
    params(IdPath, IfMatch),
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn unpublish_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        ArticlesPublish,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        transitions::unpublish(change, id, caller, &expected)
    })
    .await
}

/// Retract an article
///
/// Withdraws it for a reason. It cannot be published again. If readers knew it, its address answers 410 from now on, with
/// the notice, and so do the slugs that it once had; `/v1/corrections` lists it.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/retract", operation_id = "retractArticle", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])),
    params(IdPath, IfMatch),
    request_body = RetractInput,
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn retract_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(input)), _): Allowed<
        ArticlesPublish,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<RetractInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        transitions::retract(change, id, caller, &expected, input)
    })
    .await
}

/// Restore an article from the trash
///
/// It comes back as it was, but what was published comes back unpublished.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/restore", operation_id = "restoreArticle", tag = "editorial articles",
    security(("bearer" = ["articles:write"])),
    params(IdPath, IfMatch),
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn restore_article(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        ArticlesWrite,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        transitions::restore(change, id, caller, &expected)
    })
    .await
}

/// Add a correction
///
/// Tells readers what was changed after publication.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/corrections", operation_id = "addCorrection", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])),
    params(IdPath, IfMatch),
    request_body = CorrectionInput,
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn add_correction(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(input)), _): Allowed<
        ArticlesPublish,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<CorrectionInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        corrections::add(change, id, caller, &expected, input)
    })
    .await
}
