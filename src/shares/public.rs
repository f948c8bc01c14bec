//! Shares for readers.

use actix_web::dev;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::{Datelike, TimeDelta};
use futures_util::future::LocalBoxFuture;
use utoipa::IntoParams;

use super::bot::is_bot;
use super::limits::{ShareLimits, Taken};
use super::model::{ArticleShares, ShareBatch, ShareInput, ShareReceipt, SharesOverTime};
use super::slug_cache::SlugCache;
use super::store;
use super::store::counting::Share;
use super::store::periods::history;
use super::time::{Granularity, TimeRange};
use super::visitor::VisitorKey;
use super::writer::ShareWriter;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::{Connection, StoreError, Timestamp, slugs};
use crate::http::address::TrustedProxies;
use crate::http::body::{media_type, parse, read};
use crate::http::conditional::private_json;
use crate::http::observe::Frequent;
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::SlugPath;
use crate::problem::{BAD_REQUEST, Problem, ProblemDocument, UNSUPPORTED_MEDIA_TYPE};
use crate::text::Slug;
use crate::validation::{cut, from_json};

/// What counting takes.
pub struct ShareService {
    /// Which article is meant.
    pub articles: SlugCache,
    /// How many shares one address may send.
    pub limits: ShareLimits,
    /// How visitors are told apart.
    pub key: VisitorKey,
    /// Writes them.
    pub counter: ShareWriter,
}

/// The body of a share. `navigator.sendBeacon` sends `text/plain` or a form without a CORS
/// preflight, so these are read as well as JSON: plain text holds the same JSON or the network's
/// bare name, a form the field `network`.
///
/// It is only read when the reader's address may send another share.
#[derive(Debug)]
pub struct ShareBody(ShareInput, Taken);

impl FromRequest for ShareBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let media_type = media_type(request);
        let taken = match (
            request.app_data::<Data<ShareService>>(),
            request.app_data::<Data<TrustedProxies>>(),
        ) {
            (Some(counting), Some(proxies)) => counting.limits.take(proxies.client(request)),
            _ => Err(Problem::unavailable("The server is starting.")),
        };
        let bytes = read(request, payload);
        Box::pin(async move {
            let taken = taken?;
            let bytes = bytes.await?;
            let value = match media_type.as_str() {
                "application/json" => parse(&bytes)?,
                "text/plain" => match parse(&bytes) {
                    Ok(value @ serde_json::Value::Object(_)) => value,
                    Ok(serde_json::Value::String(network)) => {
                        serde_json::json!({"network": network})
                    }
                    _ => serde_json::json!({"network": String::from_utf8_lossy(&bytes).trim()}),
                },
                "application/x-www-form-urlencoded" => {
                    let mut fields = serde_json::Map::new();
                    for (name, value) in url::form_urlencoded::parse(&bytes) {
                        if fields.insert(name.to_string(), value.into()).is_some() {
                            let name = cut(&name, 64);
                            return Err(Problem::new(
                                &BAD_REQUEST,
                                format!("The form has the field \"{name}\" twice."),
                            ));
                        }
                    }
                    fields.into()
                }
                other => {
                    return Err(Problem::new(
                        &UNSUPPORTED_MEDIA_TYPE,
                        format!(
                            "A share is sent as application/json, text/plain or \
                             application/x-www-form-urlencoded; it came as \"{}\".",
                            cut(other, 64)
                        ),
                    ));
                }
            };
            Ok(Self(from_json(value)?, taken))
        })
    }
}

/// Count a share
///
/// Answered only when the share is on disk. One visitor counts once per article and network in an
/// hour; nothing personal is stored. Bots that say so in their user agent are answered and not
/// counted. `RateLimit` (draft-ietf-httpapi-ratelimit-headers) says how many more shares this
/// address may send. `twitter` is read as `x`. As `navigator.sendBeacon` can send
/// them, plain text (the same JSON, or a network's bare name) and forms
/// (`application/x-www-form-urlencoded` with the field `network`) are taken as well.
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
    let receipt = if is_bot(user_agent) {
        counting.counter.count_none(article).await?
    } else {
        let visitor = counting.key.visitor(
            address,
            user_agent,
            article,
            share.network,
            Timestamp::now(),
        );
        let share = Share {
            article,
            network: share.network,
            visitor,
        };
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
            found => found?,
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
