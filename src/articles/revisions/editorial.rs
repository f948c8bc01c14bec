//! Revisions for editors and tools.

use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::diff::between;
use super::model::{RestoreInput, Revision, RevisionDiff, RevisionSummary};
use crate::articles::editorial::change_and_say;
use crate::articles::model::EditorialArticle;
use crate::articles::public::place;
use crate::articles::store::{restoring, revisions};
use crate::articles::telling::EditorialRules;
use crate::auth::guard::{Allowed, ArticlesRead, ArticlesWrite};
use crate::db::connection_pool::Cost;
use crate::db::keyset::KeysetBound;
use crate::db::version::Version;
use crate::db::{Connection, Database};
use crate::http::body::OptionalJsonBody;
use crate::http::conditional::{IfMatch, private_json};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, PageParams, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::{IdPath, VersionPath};
use crate::idempotency::EditorialWriter;
use crate::problem::{Problem, ProblemDocument};

/// A page of the list.
type RevisionPage = List<RevisionSummary>;

/// List an article's revisions
///
/// Every saved version, the newest first: who made it, when, by which step, and why. Old drafts may have been thinned
/// out; what was published is kept for ever.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/revisions", operation_id = "listRevisions", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(IdPath, PageParams),
    responses((status = 200, description = "A page of revisions.", body = RevisionPage))
)]
pub async fn list_revisions(
    Allowed(caller, (IdPath(id), query), _): Allowed<
        ArticlesRead,
        (IdPath, KeyedQuery<PageParams>),
    >,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let cursor = params.cursor.as_deref();
    let paginator = Paginator::new(&cursors, format!("revisions {id}"), cursor, params.limit)?;
    let start: Option<KeysetBound<Version>> = place(paginator.start())?;
    let limit = paginator.fetch();
    let only_own = caller.only_own();
    let found = database
        .read(move |connection| revisions::list(connection, id, only_own, start, limit))
        .await?;
    let list = paginator.page(found, None, |_| id);
    Ok(editorial_page(&canonical, &list))
}

/// Read a revision
///
/// The article as it was written at that version. Its authors and tags have the slugs that they had.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/revisions/{version}", operation_id = "readRevision", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(IdPath, VersionPath),
    responses((status = 200, description = "The revision.", body = Revision))
)]
pub async fn read_revision(
    Allowed(caller, (IdPath(id), VersionPath(version), _), _): Allowed<
        ArticlesRead,
        (IdPath, VersionPath, Query<NoParams>),
    >,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let only_own = caller.only_own();
    let revision = database
        .read(move |connection| revisions::find(connection, id, only_own, Some(version)))
        .await?;
    Ok(private_json(HttpResponse::Ok(), &revision))
}

/// Parameters of comparing revisions.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DiffParams {
    /// The version to compare with; the newest when left out.
    #[param(value_type = Option<i64>, minimum = 1)]
    to: Option<Version>,
}

impl FromParams for DiffParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            to: params.one("to")?,
        })
    }
}

/// Compare two revisions
///
/// What differs: fields one by one, the body block by block, texts word by word. Blocks that were moved are said to be.
/// The work is bounded: what would take too long to compare is said to be replaced.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/revisions/{version}/diff", operation_id = "diffRevisions", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(IdPath, VersionPath, DiffParams),
    responses((status = 200, description = "What differs.", body = RevisionDiff))
)]
pub async fn diff_revisions(
    Allowed(caller, (IdPath(id), VersionPath(version), Query(params)), _): Allowed<
        ArticlesRead,
        (IdPath, VersionPath, Query<DiffParams>),
    >,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let only_own = caller.only_own();
    let compare = move |connection: &mut Connection| {
        let from = revisions::find(connection, id, only_own, Some(version))?;
        let to = revisions::find(connection, id, only_own, params.to)?;
        Ok(between(&from, &to))
    };
    let diff = database.read_within(Cost::High, compare).await?;
    Ok(private_json(HttpResponse::Ok(), &diff))
}

/// What a request to restore a revision names and says.
type Restored = (
    IdPath,
    VersionPath,
    IfMatch,
    Query<NoParams>,
    OptionalJsonBody<RestoreInput>,
);

/// Restore a revision
///
/// Writes the article as it was at that version: a new version, with the rules of an edit. Its slug, its former
/// addresses and its status stay. What it named and is gone is left out, and said in `warnings`.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/revisions/{version}/restore", operation_id = "restoreRevision", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(IdPath, VersionPath, IfMatch),
    request_body = Option<RestoreInput>,
    responses(
        (status = 200, description = "The article after it.", body = EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The article cannot be changed in its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn restore_revision(
    Allowed(caller, restored, _): Allowed<ArticlesWrite, Restored>,
    writer: EditorialWriter,
    rules: Data<EditorialRules>,
) -> Result<HttpResponse, Problem> {
    let (IdPath(id), VersionPath(version), IfMatch(expected), _, OptionalJsonBody(input)) =
        restored;
    change_and_say(&writer, caller, id, move |change, caller| {
        restoring::restore(change, id, caller, &expected, (version, input), &rules)
    })
    .await
}
