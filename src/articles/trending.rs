//! What is shared now, for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::model::{ArticleFilter, ArticleSort, ListedArticle};
use super::params::{TrendingParams, without_highlights};
use super::public::{kind_of, select, site_for, unwritable};
use super::store::public::ListQuery;
use super::store::trending::{TrendingQuery, trending};
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Timestamp};
use crate::http::params::{Both, KeyedQuery};
use crate::problem::Problem;
use crate::publication::KnownPublication;
use crate::shares::model::Trend;
use crate::shares::time::Window;

/// What is shared now, the most first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrendingArticles {
    /// How far back it looks.
    pub window: Window,
    /// The minute to which shares are weighed.
    pub as_of: Timestamp,
    /// The articles, each with its `trend`. Equally trending ones come the newest first.
    pub data: Vec<ListedArticle>,
}

/// What trending adds to an article.
#[derive(Serialize)]
struct Trended {
    trend: Trend,
}

/// List what trends
///
/// Public articles by their shares in a window of time, those of just now weighing most: each share is
/// worth half for every quarter of the window that has passed since. The filters are those of the list
/// of articles. An answer may be as old as its `Cache-Control` says; what is taken back is gone from it
/// at once.
#[utoipa::path(
    get, path = "/v1/trending", operation_id = "listTrending", tag = "shares",
    params(TrendingParams, ArticleFilter),
    responses((status = 200, description = "The articles; with `view=card`, `TrendingCards`.", body = TrendingArticles, headers(
        ("ETag" = String, description = "Strong; for `If-None-Match`."),
    )))
)]
pub async fn list_trending(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<KnownPublication>,
    query: KeyedQuery<Both<TrendingParams, ArticleFilter>>,
) -> Result<HttpResponse, Problem> {
    let Both(params, filter) = query.params;
    if filter.search.is_none() {
        without_highlights(&params.include)?;
    }
    let kind = kind_of(&params.include, ArticleSort::default(), Kind::Trending);
    let wanted = CacheRequest::new(&request, kind, &query.canonical).costs(Cost::High);
    let answer = move |connection: &mut Connection| {
        // To the minute, so that processes agree and an answer stays the same for that long.
        let now = Timestamp::now().cut_to(TimeDelta::minutes(1));
        let query = TrendingQuery {
            list: ListQuery {
                filter,
                sort: ArticleSort::default(),
                include: params.include,
                body_format: params.body_format,
                count: false,
                start: None,
                limit: params.limit,
            },
            window: params.window,
            network: params.network,
        };
        let site = site_for(&query.list.include, None, &site)?;
        let found = trending(connection, &query, now, site)?;
        let articles: Vec<Vec<u8>> = found
            .articles
            .iter()
            .map(|(article, added, trend)| {
                let trended = Trended { trend: *trend };
                let whole = article.viewed_with(params.view, added, &trended);
                select(params.fields.as_ref(), whole.map_err(unwritable)?)
            })
            .collect::<Result<_, Problem>>()?;
        let shown = found
            .articles
            .iter()
            .flat_map(|(article, ..)| article.depends_on());
        Ok(Lookup::Here(
            Payload::list(&articles, &json!({"window": params.window, "as_of": now}))?
                .depends_on(found.depends_on)
                .depends_on(shown)
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
