//! Shares for readers.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use utoipa::IntoParams;

use super::model::{ArticleShares, ShareBatch, ShareInput, ShareReceipt, Shares};
use super::store;
use super::visitor::VisitorKey;
use crate::cache::answer::{Found, Rendered};
use crate::cache::responses::{Kind, Question, Responses};
use crate::db::changes::Mark;
use crate::db::{Connection, Database, StoreError, Timestamp, slugs};
use crate::http::body::{media_type, parse, read};
use crate::http::conditional::private_json;
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::SlugPath;
use crate::problem::{BAD_REQUEST, Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::text::Slug;
use crate::validation::from_json;

/// The body of a share. `navigator.sendBeacon` sends `text/plain` or a form without a CORS
/// preflight, so these are read as well as JSON: plain text holds the same JSON or the network's
/// bare name, a form the field `network`.
#[derive(Debug)]
pub struct ShareBody(ShareInput);

impl FromRequest for ShareBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = media_type(request);
        let bytes = read(request, payload);
        Box::pin(async move {
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
                             application/x-www-form-urlencoded; it came as \"{other}\"."
                        ),
                    ));
                }
            };
            Ok(Self(from_json(value)?))
        })
    }
}

/// Count a share
///
/// Answered only when the share is on disk. One visitor counts once per article and network in an
/// hour; nothing personal is stored. `twitter` is read as `x`. As `navigator.sendBeacon` can send
/// them, plain text (the same JSON, or a network's bare name) and forms
/// (`application/x-www-form-urlencoded` with the field `network`) are taken as well.
#[utoipa::path(
    post, path = "/v1/articles/{slug}/shares", operation_id = "postShare", tag = "shares",
    params(("slug" = String, Path, description = "The article's slug.", example = "harbour-cities-agree-flood-fund")),
    request_body(content(
        (ShareInput = "application/json"),
        (String = "text/plain"),
    )),
    responses((status = 200, description = "The counts after it.", body = ShareReceipt))
)]
pub async fn post_share(
    request: HttpRequest,
    database: Data<Database>,
    key: Data<VisitorKey>,
    SlugPath(slug): SlugPath,
    _: Query<NoParams>,
    ShareBody(share): ShareBody,
) -> Result<HttpResponse, Problem> {
    let address = request.peer_addr().map(|peer| peer.ip());
    let user_agent = request
        .headers()
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default();
    let receipt = database
        .write(move |connection| {
            let article = match slugs::public_article(connection, &slug) {
                // A page that was opened before its slug changed still counts for its article.
                Err(StoreError::NotFound) => slugs::public_article_once_named(connection, &slug)?.0,
                found => found?,
            };
            let now = Timestamp::now();
            let visitor = key.visitor(address, &user_agent, article, share.network, now);
            Ok(ShareReceipt {
                counted: store::count(connection, article, share.network, &visitor, now)?,
                shares: store::of_article(connection, article)?,
            })
        })
        .await?;
    Ok(private_json(HttpResponse::Ok(), &receipt))
}

/// Read share counts
#[utoipa::path(
    get, path = "/v1/articles/{slug}/shares", operation_id = "getShares", tag = "shares",
    params(("slug" = String, Path, description = "The article's slug.", example = "harbour-cities-agree-flood-fund")),
    responses(
        (status = 200, description = "The counts.", body = Shares),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_shares(
    request: HttpRequest,
    responses: Data<Responses>,
    SlugPath(slug): SlugPath,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let question = Question::new(
        "/v1/articles/{slug}/shares",
        Kind::Shares,
        format!("/v1/articles/{slug}/shares"),
    );
    let answer = move |connection: &mut Connection| {
        let article = match slugs::public_article(connection, &slug) {
            Err(StoreError::NotFound) => {
                let (_, slug) = slugs::public_article_once_named(connection, &slug)?;
                return Ok(Found::Moved(format!("/v1/articles/{slug}/shares")));
            }
            found => found?,
        };
        Ok(Found::Here(
            Rendered::json(&store::of_article(connection, article)?)?
                .made_of([Mark::Article(article)])
                .purge_key(format!("article-{article}")),
        ))
    };
    responses.answer(&request, question, answer).await
}

/// Parameters of a batch of counts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShareBatchParams {
    /// Slugs of articles, comma-separated, at most 100.
    #[param(value_type = String, example = "harbour-cities-agree-flood-fund,night-trains-return")]
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
    responses: Data<Responses>,
    query: KeyedQuery<ShareBatchParams>,
) -> Result<HttpResponse, Problem> {
    const PATH: &str = "/v1/shares";
    let question = Question::new(PATH, Kind::Shares, query.canonical.after(PATH));
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
                    shares: counts.get(id).cloned().unwrap_or_else(Shares::none),
                })
            })
            .collect();
        Ok(Found::Here(
            Rendered::json(&ShareBatch { data })?.made_of([Mark::Articles]),
        ))
    };
    responses.answer(&request, question, answer).await
}
