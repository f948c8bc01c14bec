//! Articles for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::model::{EditorialArticle, EditorialFilter, EditorialSummary};
use super::new_article::NewArticle;
use super::parts::CorrectionInput;
use super::patch::ArticlePatch;
use super::public::place;
use super::store::{corrections, editorial, transitions, write};
use super::telling::EditorialRules;
use super::workflow::{PublishInput, RetractInput, Status};
use crate::auth::guard::{Allowed, ArticlesPublish, ArticlesRead, ArticlesWrite};
use crate::auth::model::{Caller, Right};
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Database, Id, StoreResult, Timestamp};
use crate::events::Change;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::conditional::{IfMatch, editorial_json};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{FORBIDDEN, Problem, ProblemDocument};
use crate::search::headline::HeadlineWords;
use crate::text::Slug;
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
    let (reads, of) = (caller.may(Right::ArticlesRead), caller.clone());
    let reply = move |connection: &mut Connection, warnings: Violations| {
        let mut article = editorial::find(connection, id, None)?;
        let version = article.summary.version;
        if !reads {
            return Ok(Reply::receipt(version));
        }
        article.warnings = warnings.into_warnings();
        Ok(Reply::json(StatusCode::OK, &article)?.with_version(version))
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

/// Parameters of the editorial list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EditorialListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// Statuses, comma-separated: any of them; all but `trashed` when left out.
    #[param(value_type = Option<Vec<Status>>, style = Form, explode = false, example = json!(["draft", "in_review"]))]
    status: Vec<Status>,
    /// Slugs of authors, comma-separated: any of them.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 20)]
    author: Vec<Slug>,
    /// Slugs of sections, comma-separated: any of them, or of the sections below them.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 20)]
    section: Vec<Slug>,
    /// Slugs of tags, comma-separated: any of them.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 20)]
    tag: Vec<Slug>,
    /// Slugs of articles, comma-separated: any of them, at most 100; also slugs that they once had.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 100)]
    slug: Vec<Slug>,
    /// Words that the headline has, drafts' too: all of them, in any order, as any part of its words. The
    /// 10,000 articles that were last changed, of those that fit the other filters, are looked at.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<String>,
    /// Only those that were changed after this.
    #[param(value_type = Option<Timestamp>)]
    updated_after: Option<Timestamp>,
}

impl FromParams for EditorialListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            status: params.choices("status", Status::ALL)?,
            author: params.list("author", 20)?,
            section: params.list("section", 20)?,
            tag: params.list("tag", 20)?,
            slug: params.list("slug", 100)?,
            q: params.part_of_name()?,
            updated_after: params.one("updated_after")?,
        })
    }
}

/// A page of the editorial list.
type EditorialArticlePage = List<EditorialSummary>;

/// List articles of any status
///
/// The last changed first. Authors see their own.
#[utoipa::path(
    get, path = "/v1/editorial/articles", operation_id = "listAnyArticles", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(EditorialListParams),
    responses((status = 200, description = "A page of articles.", body = EditorialArticlePage))
)]
pub async fn list_any_articles(
    Allowed(caller, query, _): Allowed<ArticlesRead, KeyedQuery<EditorialListParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let filter = EditorialFilter {
        statuses: params.status,
        created_by: caller.only_own(),
        authors: params.author,
        sections: params.section,
        tags: params.tag,
        slugs: params.slug,
        headline: params.q.as_deref().map(HeadlineWords::of),
        updated_after: params.updated_after,
    };
    let paginator = Paginator::new(
        &cursors,
        format!("editorial articles {filter:?}"),
        params.cursor.as_deref(),
        params.limit,
    )?;
    let (start, limit) = (place(paginator.start())?, paginator.fetch());
    // Looking through headlines must not keep what is quick from its connections.
    let is_costly = filter.headline.is_some();
    let read = move |connection: &mut Connection| {
        editorial::list(connection, &filter, start, limit, params.count)
    };
    let (found, total) = match is_costly {
        true => database.read_within(Cost::High, read).await?,
        false => database.read(read).await?,
    };
    let list = paginator.page(found, total, |article| article.id);
    Ok(editorial_page(&canonical, &list))
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
