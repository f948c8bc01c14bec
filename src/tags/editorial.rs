//! Tags for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use utoipa::IntoParams;

use super::model::{EditorialTag, MergeInput, Tag, TagFilter, TagInput, TagKind, TagSort};
use super::public::standing;
use super::store;
use crate::auth::guard::{Allowed, ArticlesRead, TagsWrite};
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
use crate::text::Slug;

/// Parameters of the desk's list of tags.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EditorialTagParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// Only tags of this kind.
    kind: Option<TagKind>,
    /// Only tags whose name contains this, case and accents aside; at most 200 characters.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<String>,
    /// Slug of a tag: only those right below it.
    #[param(value_type = Option<Slug>, example = "world")]
    parent: Option<Slug>,
    /// `true`: only tags that stand below no other. Not together with `parent`.
    #[param(value_type = Option<bool>)]
    top_level: bool,
    /// `true`: only tags that nothing refers to: no article of any status, no collection, no other tag.
    #[param(value_type = Option<bool>)]
    unused: bool,
    /// `name` (default), `-article_count`, the most used first, or `position`, as they stand in navigation.
    #[param(value_type = Option<TagSort>)]
    sort: TagSort,
}

impl FromParams for EditorialTagParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            kind: params.choice("kind", TagKind::ALL)?,
            q: params.part_of_name()?,
            parent: params.one("parent")?,
            top_level: params.flag("top_level")?,
            unused: params.flag("unused")?,
            sort: params
                .choice("sort", TagSort::ALL)?
                .unwrap_or(TagSort::Name),
        })
    }
}

/// A page of the desk's list of tags.
type EditorialTagPage = List<EditorialTag>;

/// List tags with what refers to them
///
/// Every tag with its version, and how many articles of any status, other tags and collections refer to it. What
/// `unused=true` leaves can be deleted.
#[utoipa::path(
    get, path = "/v1/editorial/tags", operation_id = "listAnyTags", tag = "editorial tags",
    security(("bearer" = ["articles:read"])), params(EditorialTagParams),
    responses((status = 200, description = "A page of tags.", body = EditorialTagPage))
)]
pub async fn list_any_tags(
    Allowed(_, query, _): Allowed<ArticlesRead, KeyedQuery<EditorialTagParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let filter = TagFilter {
        kind: params.kind,
        name_contains: params.q,
        standing: standing(params.parent, params.top_level)?,
        unused: params.unused,
        sort: params.sort,
    };
    let name = format!("editorial tags {filter:?}");
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
    let list = paginator.page(found, total, |listed| listed.tag.id);
    Ok(editorial_page(&canonical, &list))
}

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
/// Its articles get the other tag, the tags below it stand below the other one, its slug answers 301, and the tag
/// itself is gone. Returns the tag that stays.
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
        (status = 409, description = "Articles refer to it, and `article_count` says how many; or collections are filled by it, or other tags stand below it.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_tag(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        TagsWrite,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .remove(&caller, move |change| store::delete(change, id, &expected))
        .await
}
