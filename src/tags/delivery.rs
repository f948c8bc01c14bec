//! Tags for readers.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::{Tag, TagFilter, TagKind, TagSort};
use super::store;
use crate::db::{Database, StoreError};
use crate::http::conditional::public_json;
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Seek, link_next};
use crate::http::params::{FromParams, NoParams, Params, Query};
use crate::http::path::SlugPath;
use crate::http::redirect::moved;
use crate::problem::Problem;

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
    #[param(inline)]
    kind: Option<TagKind>,
    /// Only tags whose name contains this, case and accents aside.
    q: Option<String>,
    /// `name` (default) or `-article_count`, the most used first.
    #[param(value_type = Option<String>, example = "-article_count")]
    sort: TagSort,
}

impl FromParams for TagListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            kind: params.choice("kind", TagKind::ALL)?,
            q: params.text("q")?,
            sort: params
                .choice(
                    "sort",
                    &[
                        ("name", TagSort::Name),
                        ("-article_count", TagSort::ArticleCount),
                    ],
                )?
                .unwrap_or(TagSort::Name),
        })
    }
}

/// List tags
///
/// Every tag with the number of public articles that have it.
#[utoipa::path(
    get, path = "/v1/tags", operation_id = "listTags", tag = "tags", params(TagListParams),
    responses((status = 200, description = "A page of tags.", body = List<Tag>))
)]
pub async fn list_tags(
    request: HttpRequest,
    database: Data<Database>,
    cursors: Data<CursorKey>,
    Query(params): Query<TagListParams>,
) -> Result<HttpResponse, Problem> {
    let filter = TagFilter {
        kind: params.kind,
        name_contains: params.q,
        sort: params.sort,
    };
    let seek = Seek::new(
        &cursors,
        format!("tags {filter:?}"),
        params.cursor.as_deref(),
        params.limit,
    )?;
    let (after, limit) = (seek.after(), seek.fetch());
    let (found, total) = database
        .read(move |connection| {
            let total = params
                .count
                .then(|| store::count(connection, &filter))
                .transpose()?;
            Ok((store::list(connection, &filter, after, limit)?, total))
        })
        .await?;
    let list = seek.page(found, total, |tag| tag.id);
    public_json(&request, &list, None, |response| {
        link_next(&request, &list.page, response);
    })
}

/// Read a tag
///
/// The tag that a slug names. A slug that it once had answers 301.
#[utoipa::path(
    get, path = "/v1/tags/{slug}", operation_id = "getTag", tag = "tags",
    params(("slug" = String, Path, description = "The tag's slug.", example = "climate")),
    responses(
        (status = 200, description = "The tag.", body = Tag),
        (status = 301, description = "The tag has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_tag(
    request: HttpRequest,
    database: Data<Database>,
    SlugPath(slug): SlugPath,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let found = database
        .read(
            move |connection| match store::find_by_slug(connection, &slug) {
                Err(StoreError::NotFound) => store::new_slug(connection, &slug).map(Err),
                found => found.map(Ok),
            },
        )
        .await?;
    match found {
        Ok(tag) => public_json(&request, &tag, None, |response| {
            response.insert_header((
                header::HeaderName::from_static("surrogate-key"),
                format!("tag-{}", tag.id),
            ));
        }),
        Err(slug) => Ok(moved(&request, &format!("/v1/tags/{slug}"))),
    }
}
