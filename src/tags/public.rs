//! Tags for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::{FIELDS, Standing, Tag, TagFilter, TagKind, TagSort};
use super::store;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Resource, StoreError};
use crate::http::cursor::CursorKey;
use crate::http::fields::Selection;
use crate::http::page::{List, Paginator, links};
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::http::path::SlugPath;
use crate::names;
use crate::problem::Problem;
use crate::text::Slug;

/// Parameters of the list of tags.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagListParams {
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
    /// Only tags whose name contains this, read as a search reads it: case and accents aside; at most
    /// 200 characters. An empty text finds none.
    q: Option<String>,
    /// Slug of a tag: only those right below it.
    #[param(value_type = Option<Slug>, example = "world")]
    parent: Option<Slug>,
    /// `true`: only tags that stand below no other. Not together with `parent`.
    #[param(value_type = Option<bool>)]
    top_level: bool,
    /// `name` (default), `-article_count`, the most used first, or `position`, as they stand in navigation.
    #[param(value_type = Option<TagSort>)]
    sort: TagSort,
    /// Only these fields of each, comma-separated.
    #[param(value_type = Option<String>, example = "slug,name,article_count")]
    fields: Option<Selection>,
}

impl FromParams for TagListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            kind: params.choice("kind", TagKind::ALL)?,
            q: params.part_of_name()?,
            parent: params.one("parent")?,
            top_level: params.flag("top_level")?,
            sort: params
                .choice("sort", TagSort::ALL)?
                .unwrap_or(TagSort::Name),
            fields: Selection::read(params, FIELDS)?,
        })
    }
}

/// Where the tags of a list stand.
///
/// # Errors
/// `invalid-parameter` when both are asked for.
pub(super) fn standing(parent: Option<Slug>, top_level: bool) -> Result<Option<Standing>, Problem> {
    match (parent, top_level) {
        (Some(_), true) => Err(Problem::parameter(
            "top_level",
            "cannot be true together with parent",
        )),
        (Some(slug), false) => Ok(Some(Standing::Below(slug))),
        (None, true) => Ok(Some(Standing::Top)),
        (None, false) => Ok(None),
    }
}

/// Parameters of one tag.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagParams {
    /// Only these fields, comma-separated.
    #[param(value_type = Option<String>, example = "name,description")]
    fields: Option<Selection>,
}

impl FromParams for TagParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            fields: Selection::read(params, FIELDS)?,
        })
    }
}

/// A page of the list of tags.
type TagPage = List<Tag>;

/// List tags
///
/// Every tag with the number of public articles that have it. Sections as navigation shows them:
/// `kind=section&top_level=true&sort=position`, and `parent=` with the slug of one for its subsections.
#[utoipa::path(
    get, path = "/v1/tags", operation_id = "listTags", tag = "tags", params(TagListParams),
    responses((status = 200, description = "A page of tags.", body = TagPage))
)]
pub async fn list_tags(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    cursors: Data<CursorKey>,
    query: KeyedQuery<TagListParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::Name, &canonical).costs(Cost::high_if(
        params.count || params.q.is_some() || params.top_level,
    ));
    let standing = standing(params.parent, params.top_level)?;
    let answer = move |connection: &mut Connection| {
        let filter = TagFilter {
            kind: params.kind,
            name_contains: params.q,
            standing,
            unused: false,
            sort: params.sort,
        };
        let paginator = Paginator::new(
            &cursors,
            format!("tags {filter:?}"),
            params.cursor.as_deref(),
            params.limit,
        )?;
        let total = params
            .count
            .then(|| store::count(connection, &filter))
            .transpose()?;
        let found = store::list(connection, &filter, paginator.start(), paginator.fetch())?;
        let list = paginator.page(found, total, |tag| tag.id);
        Ok(Lookup::Here(
            Payload::page(&list, params.fields.as_ref())?
                .depends_on([CacheTag::Tags, CacheTag::Articles])
                .purge_key("tags".into())
                .link(links(&canonical, &list.page)),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// Read a tag
///
/// The tag that a slug names. A slug that it once had answers 301.
#[utoipa::path(
    get, path = "/v1/tags/{slug}", operation_id = "getTag", tag = "tags",
    params(SlugPath, TagParams),
    responses(
        (status = 200, description = "The tag.", body = Tag),
        (status = 301, description = "The tag has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_tag(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<TagParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::Name, &canonical);
    let answer = move |connection: &mut Connection| {
        let tag = match store::find_by_slug(connection, &slug) {
            Err(StoreError::NotFound) => {
                let slug = names::new_slug(connection, Resource::Tag, &slug)?;
                return Ok(Lookup::Moved(slug));
            }
            found => found?,
        };
        Ok(Lookup::Here(
            Payload::part(&tag, params.fields.as_ref())?
                .depends_on([CacheTag::Tag(tag.id), CacheTag::ArticlesOfTag(tag.id)])
                .depends_on(tag.ancestors.iter().map(|above| CacheTag::Tag(above.id)))
                .purge_key(format!("tag-{}", tag.id))
                .purge_key("tags".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
