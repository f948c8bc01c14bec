//! The handler.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::changes::{Asked, next};
use super::model::SyncPage;
use super::position::Progress;
use crate::articles::model::BodyFormat;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::Connection;
use crate::db::changes::CacheTag;
use crate::db::connection_pool::Cost;
use crate::http::cursor::CursorKey;
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::problem::{Problem, ProblemDocument};
use crate::publication::KnownPublication;

/// How many items a page has when nothing is said, and most of them.
const ITEMS: (i64, i64) = (100, 200);

/// Parameters of keeping a copy.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SyncParams {
    /// `true`: from the beginning, with everything that is public, as without a `cursor`.
    #[param(value_type = Option<bool>, example = true)]
    pub initial: bool,
    /// Where to read on: `cursor` of the page before.
    pub cursor: Option<String>,
    /// Most items on a page, 1 to 200.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200, default = 100)]
    pub limit: i64,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    pub body_format: BodyFormat,
}

impl FromParams for SyncParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let (usual, most) = ITEMS;
        let read = Self {
            initial: params.flag("initial")?,
            cursor: params.text("cursor")?,
            limit: params.number_or("limit", usual, most)?,
            body_format: params
                .choice("body_format", BodyFormat::ALL)?
                .unwrap_or_default(),
        };
        if read.initial && read.cursor.is_some() {
            let detail = "cannot stand together with initial: it goes on, and initial begins anew";
            return Err(Problem::parameter("cursor", detail));
        }
        Ok(read)
    }
}

/// Keep a copy of everything public
///
/// Begin with `initial=true`, and pass each page's `cursor` to get the next one: first all articles, tags and authors, then what has
/// changed since, in the order in which it happened. With `has_more: false` the copy is complete; ask again with the same cursor
/// whenever you like. What readers do not see any more comes as `deleted_…`. When a tag or an author is renamed or merged, the
/// articles that show them come again. A cursor never runs out; one that knows of what the database does not have, after that was
/// brought back from a backup, is answered 410: begin anew then.
#[utoipa::path(
    get, path = "/v1/sync", operation_id = "sync", tag = "sync",
    params(SyncParams),
    responses(
        (status = 200, description = "A page of changes.", body = SyncPage, headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
        )),
        (status = 410, description = "The cursor is not of this database's past: begin anew.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn sync(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    cursors: Data<CursorKey>,
    site: Data<KnownPublication>,
    query: KeyedQuery<SyncParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let cursor = params.cursor.as_deref();
    let progress = cursor
        .map(|cursor| Progress::open(&cursors, cursor))
        .transpose()?;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &canonical).costs(Cost::High);
    let work = move |connection: &mut Connection| {
        let asked = Asked {
            limit: params.limit,
            body_format: params.body_format,
            site: site.0.as_ref(),
        };
        let found = next(connection, progress, &asked)?;
        let page = SyncPage {
            data: found.items,
            cursor: found.progress.seal(&cursors),
            has_more: found.has_more,
        };
        Ok(Lookup::Here(
            Payload::json(&page)?
                .depends_on([
                    CacheTag::Articles,
                    CacheTag::Tags,
                    CacheTag::Authors,
                    CacheTag::Months,
                ])
                .depends_on(found.depends_on)
                .purge_key("articles".into())
                .purge_key("tags".into())
                .purge_key("authors".into()),
        ))
    };
    responses.answer(&request, wanted, work).await
}
