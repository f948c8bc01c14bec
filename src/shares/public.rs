//! Shares for readers.

use std::net::IpAddr;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{Datelike, TimeDelta};
use utoipa::IntoParams;

use super::body::ShareBody;
use super::bot::Bots;
use super::limits::ShareLimits;
use super::model::{ArticleShares, ShareBatch, ShareInput, ShareReceipt, SharesOverTime};
use super::slug_cache::SlugCache;
use super::store;
use super::store::counting::Share;
use super::store::periods::history;
use super::time::{Granularity, TimeRange};
use super::visitor::{Reader, VisitorKey};
use super::writer::ShareWriter;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::{Connection, Id, StoreError, Timestamp, slugs};
use crate::http::address::TrustedProxies;
use crate::http::conditional::private_json;
use crate::http::observe::Frequent;
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::SlugPath;
use crate::problem::{Problem, ProblemDocument};
use crate::text::Slug;

/// What counting takes.
pub struct ShareService {
    /// Which article is meant.
    pub articles: SlugCache,
    /// How many shares one address may send.
    pub limits: ShareLimits,
    /// Whose shares are not counted.
    pub bots: Bots,
    /// How visitors are told apart.
    pub key: VisitorKey,
    /// Whether apps may tell their installations apart.
    pub has_installations: bool,
    /// Writes them.
    pub counter: ShareWriter,
}

impl ShareService {
    /// A share of an article, by whoever sent it.
    fn share(
        &self,
        address: Option<IpAddr>,
        user_agent: &[u8],
        article: Id,
        share: &ShareInput,
    ) -> Share {
        let reader = match &share.installation {
            Some(installation) if self.has_installations => Reader::Installation(installation),
            _ => Reader::UserAgent(user_agent),
        };
        let (network, now) = (share.network, Timestamp::now());
        Share {
            article,
            network,
            visitor: self.key.visitor(address, reader, article, network, now),
        }
    }
}

/// Count a share
///
/// Answered only when the share is on disk. One visitor counts once per article and network in an
/// hour; nothing personal is stored. Bots that say so in their user agent are answered and not
/// counted. `RateLimit` (draft-ietf-httpapi-ratelimit-headers) says how many more shares this
/// address may send. `twitter` is read as `x`.
///
/// Whatever `navigator.sendBeacon` and forms can send is taken as well: plain text and bodies without a
/// `Content-Type` (the same JSON, or a network's bare name), and forms (`application/x-www-form-urlencoded` or
/// `multipart/form-data` with the fields of the JSON).
#[utoipa::path(
    post, path = "/v1/articles/{slug}/shares", operation_id = "postShare", tag = "shares",
    params(SlugPath),
    request_body(content(
        (ShareInput = "application/json"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "The counts after it.", body = ShareReceipt, headers(
            ("RateLimit-Policy" = String, description = "The limits: `\"address\";q=300;w=60` is 300 in 60 seconds."),
            ("RateLimit" = String, description = "What is left of them."),
        )),
        (status = 429, description = "Too many shares from one address.", body = ProblemDocument, content_type = "application/problem+json", headers(
            ("Retry-After" = u64, description = "Seconds to wait."),
            ("RateLimit-Policy" = String, description = "The limit that was reached."),
            ("RateLimit" = String, description = "When there is more."),
        )),
    )
)]
pub async fn post_share(
    request: HttpRequest,
    counting: Data<ShareService>,
    proxies: Data<TrustedProxies>,
    SlugPath(slug): SlugPath,
    _: Query<NoParams>,
    ShareBody(share, taken): ShareBody,
) -> Result<HttpResponse, Problem> {
    let article = counting.articles.find(slug).await?;
    let address = proxies.client(&request);
    let limits = counting.limits.take_article(taken, article)?;
    let user_agent = request
        .headers()
        .get(header::USER_AGENT)
        .map_or(&[][..], |value| value.as_bytes());
    let receipt = if counting.bots.have(user_agent) {
        counting.counter.count_none(article).await?
    } else {
        let share = counting.share(address, user_agent, article, &share);
        counting.counter.count(share).await?
    };
    let mut response = HttpResponse::Ok();
    for header in limits.into_iter().flatten() {
        response.insert_header(header);
    }
    let mut response = private_json(response, &receipt);
    response.extensions_mut().insert(Frequent);
    Ok(response)
}

/// Parameters of an article's counts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShareParams {
    /// `hour` or `day`: adds what was counted in each, in UTC.
    #[param(value_type = Option<Granularity>, example = "hour")]
    history: Option<Granularity>,
    /// Where the history begins: two days, or 30 of them, before its end when left out. At most 31 days
    /// by the hour, 1,100 by the day.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Where it ends: now when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

impl FromParams for ShareParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let asked = Self {
            history: params.choice("history", Granularity::ALL)?,
            from: params.one("from")?,
            to: params.one("to")?,
        };
        if asked.history.is_none() && (asked.from.is_some() || asked.to.is_some()) {
            let name = if asked.from.is_some() { "from" } else { "to" };
            return Err(Problem::parameter(name, "says something only with history"));
        }
        Ok(asked)
    }
}

/// A stretch of time that history is asked for.
fn asked(
    span: Granularity,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
) -> Result<TimeRange, Problem> {
    let (usual, most) = match span {
        Granularity::Hour => (TimeDelta::days(2), 31 * 24),
        Granularity::Day => (TimeDelta::days(30), 1100),
    };
    let to = to.unwrap_or(now);
    // An hour or a day is answered whole.
    let to = match span.containing(to) {
        start if start == to => to,
        start => start.plus(span.length()),
    };
    let from = span.containing(from.unwrap_or(to.plus(-usual)));
    if from >= to {
        return Err(Problem::parameter("from", "must lie before to"));
    }
    if (to.utc() - from.utc()) > span.length() * most {
        let detail = format!(
            "lies too far before to: at most {most} {}s are answered",
            span.as_str()
        );
        return Err(Problem::parameter("from", detail));
    }
    if from < Timestamp::EARLIEST || to.utc().year() > 9999 {
        let name = if from < Timestamp::EARLIEST {
            "from"
        } else {
            "to"
        };
        return Err(Problem::parameter(name, "must lie in the years 1 to 9999"));
    }
    Ok(TimeRange { from, to })
}

/// Read share counts
///
/// With `history=`, also when the shares that were counted here came.
#[utoipa::path(
    get, path = "/v1/articles/{slug}/shares", operation_id = "getShares", tag = "shares",
    params(SlugPath, ShareParams),
    responses(
        (status = 200, description = "The counts.", body = SharesOverTime),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_shares(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<ShareParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::Shares, &canonical);
    let period = match params.history {
        Some(span) => Some((span, asked(span, params.from, params.to, Timestamp::now())?)),
        None => None,
    };
    let answer = move |connection: &mut Connection| {
        let article = match slugs::public_article(connection, &slug) {
            Err(StoreError::NotFound) => {
                let (_, slug) = slugs::public_article_once_named(connection, &slug)?;
                return Ok(Lookup::Moved(slug));
            }
            found => found?.0,
        };
        let over_time = SharesOverTime {
            shares: store::of_article(connection, article)?,
            history: period
                .map(|(span, period)| history(connection, article, span, period))
                .transpose()?,
        };
        Ok(Lookup::Here(
            Payload::json(&over_time)?
                .depends_on([CacheTag::Article(article)])
                .purge_key(format!("article-{article}")),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// Parameters of a batch of counts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShareBatchParams {
    /// Slugs of articles, comma-separated, at most 100.
    #[param(value_type = Vec<Slug>, style = Form, explode = false, min_items = 1, max_items = 100, example = json!(["harbour-cities-agree-flood-fund", "drowned-villages-found-on-tax-maps"]))]
    slugs: Vec<Slug>,
}

impl FromParams for ShareBatchParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let slugs: Vec<Slug> = params.list("slugs", 100)?;
        if slugs.is_empty() {
            return Err(Problem::parameter(
                "slugs",
                "is required: the slugs of articles, comma-separated",
            ));
        }
        Ok(Self { slugs })
    }
}

/// Read the share counts of several articles
///
/// One call for all articles of a page. Unknown slugs are left out.
#[utoipa::path(
    get, path = "/v1/shares", operation_id = "listShares", tag = "shares",
    params(ShareBatchParams),
    responses((status = 200, description = "The counts.", body = ShareBatch))
)]
pub async fn list_shares(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    query: KeyedQuery<ShareBatchParams>,
) -> Result<HttpResponse, Problem> {
    let wanted = CacheRequest::new(&request, Kind::Shares, &query.canonical);
    let answer = move |connection: &mut Connection| {
        let wanted = query.params.slugs;
        let ids = slugs::public_articles_named(connection, &wanted)?;
        let found: Vec<_> = ids.values().copied().collect();
        let counts = store::of_articles(connection, &found)?;
        let data = wanted
            .iter()
            .filter_map(|slug| {
                let id = ids.get(slug)?;
                Some(ArticleShares {
                    slug: slug.to_string(),
                    shares: counts.get(id).cloned().unwrap_or_default(),
                })
            })
            .collect();
        Ok(Lookup::Here(
            Payload::json(&ShareBatch { data })?
                .depends_on([CacheTag::Articles])
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
