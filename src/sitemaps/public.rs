//! Sitemaps for search engines.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::path::{MonthPart, MonthPath};
use super::urls::{Index, Urls};
use crate::articles::formats::published::Published;
use crate::articles::public::unwritable;
use crate::articles::store::sitemap;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::Connection;
use crate::db::changes::CacheTag;
use crate::db::connection_pool::Cost;
use crate::db::month_counts::public_months;
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::problem::{Problem, ProblemDocument};
use crate::publication::KnownPublication;

/// Most addresses of a sitemap.
const MOST_URLS: i64 = 50_000;
/// Most articles of a sitemap for Google News.
const MOST_NEWS: i64 = 1_000;
/// Most sitemaps for Google News.
const MOST_NEWS_PARTS: i64 = 50;

const XML: &str = "application/xml";

/// Parameters of the sitemap for Google News.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NewsParams {
    /// Which thousand of articles, the newest first: 1 (default) to 50.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 50, default = 1)]
    pub page: i64,
}

impl FromParams for NewsParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            page: params.number_or("page", 1, MOST_NEWS_PARTS)?,
        })
    }
}

/// Read the index of sitemaps
///
/// One sitemap for each month in which articles were published, the newest first, and those for Google News. It and the others
/// must be reached at the site's own host, or be named in the site's `robots.txt`.
#[utoipa::path(
    get, path = "/sitemap.xml", operation_id = "getSitemapIndex", tag = "feeds",
    responses(
        (status = 200, description = "The index.", body = String, content_type = "application/xml", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
        )),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_sitemap_index(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    publication: Data<KnownPublication>,
    query: KeyedQuery<NoParams>,
) -> Result<HttpResponse, Problem> {
    publication.get()?;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &query.canonical).costs(Cost::High);
    let work = move |connection: &mut Connection| {
        let publication = publication.get()?;
        let mut index = Index::new();
        let most = MOST_NEWS * MOST_NEWS_PARTS;
        let (news, leaves_in) = sitemap::count_news(connection, most)?;
        let parts = (news + MOST_NEWS - 1) / MOST_NEWS;
        for part in 1..=parts.max(1) {
            let page = match part {
                1 => String::new(),
                part => format!("?page={part}"),
            };
            index.add(
                &publication.of_api(&format!("/sitemaps/news.xml{page}")),
                None,
            );
        }
        for known in public_months(connection, publication.site())? {
            let parts = (known.articles + MOST_URLS - 1) / MOST_URLS;
            for part in 1..=u16::try_from(parts).unwrap_or(u16::MAX) {
                let part = MonthPart {
                    month: known.month,
                    part,
                };
                // Those that readers do not see yet are counted as well, and must not be noticed.
                let skipped = (i64::from(part.part) - 1) * MOST_URLS;
                if skipped > 0 && !sitemap::has_more(connection, known.month, skipped)? {
                    break;
                }
                let address = publication.of_api(&format!("/sitemaps/{part}.xml"));
                index.add(&address, known.changed_at);
            }
        }
        Ok(Lookup::Here(
            Payload::of(XML, index.finish())
                .depends_on([CacheTag::Months])
                // As long as they are on one page, their number changes nothing.
                .changing_in(leaves_in.filter(|_| parts > 1))
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, work).await
}

/// Read a month's sitemap
///
/// What was published in a month, with the picture above each: at most 50,000. Articles whose `canonical_url` is on another host
/// than the site's are not listed.
#[utoipa::path(
    get, path = "/sitemaps/{month}.xml", operation_id = "getMonthSitemap", tag = "feeds",
    params(MonthPath),
    responses(
        (status = 200, description = "The sitemap.", body = String, content_type = "application/xml", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
        )),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_month_sitemap(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    publication: Data<KnownPublication>,
    MonthPath(MonthPart { month, part }): MonthPath,
    query: KeyedQuery<NoParams>,
) -> Result<HttpResponse, Problem> {
    publication.get()?;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &query.canonical).costs(Cost::High);
    let work = move |connection: &mut Connection| {
        let publication = publication.get()?;
        let mut urls = Urls::new(publication);
        let skipped = (i64::from(part) - 1) * MOST_URLS;
        sitemap::each_of_month(connection, month, skipped, MOST_URLS, |page| {
            let address = publication.article(page.canonical_url.as_deref(), &page.slug);
            urls.add(&address, page.updated_at, page.image.as_deref());
        })?;
        if urls.count() == 0 {
            return Err(Problem::not_found());
        }
        Ok(Lookup::Here(
            Payload::of(XML, urls.finish())
                .depends_on([CacheTag::ArticlesOfMonth(month)])
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, work).await
}

/// Read the sitemap for Google News
///
/// What was published in the last 48 hours, the newest first: at most 1,000.
#[utoipa::path(
    get, path = "/sitemaps/news.xml", operation_id = "getNewsSitemap", tag = "feeds",
    params(NewsParams),
    responses(
        (status = 200, description = "The sitemap; empty where nothing is news.", body = String, content_type = "application/xml", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
        )),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_news_sitemap(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    publication: Data<KnownPublication>,
    query: KeyedQuery<NewsParams>,
) -> Result<HttpResponse, Problem> {
    publication.get()?;
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &canonical).costs(Cost::High);
    let work = move |connection: &mut Connection| {
        let publication = publication.get()?;
        let skipped = (params.page - 1) * MOST_NEWS;
        let news = sitemap::news(connection, skipped, MOST_NEWS, Some(publication))?;
        let mut urls = Urls::new(publication);
        for article in &news.articles {
            urls.add_news(&Published::read(article, publication).map_err(unwritable)?);
        }
        Ok(Lookup::Here(
            Payload::of(XML, urls.finish())
                .depends_on([CacheTag::Articles])
                .depends_on(
                    news.articles
                        .iter()
                        .flat_map(|article| article.depends_on()),
                )
                .changing_in(news.leaves_in)
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, work).await
}

/// Read robots.txt
///
/// Lets crawlers read everything, and names the index of sitemaps (RFC 9309).
#[utoipa::path(
    get, path = "/robots.txt", operation_id = "getRobots", tag = "feeds",
    responses((status = 200, description = "What crawlers may read.", body = String, content_type = "text/plain; charset=utf-8"))
)]
pub async fn get_robots(publication: Data<KnownPublication>, _: Query<NoParams>) -> HttpResponse {
    let sitemap = publication.0.as_ref().map_or_else(String::new, |known| {
        format!("\nSitemap: {}\n", known.of_api("/sitemap.xml"))
    });
    HttpResponse::Ok()
        .insert_header((
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        ))
        .content_type("text/plain; charset=utf-8")
        .body(format!("User-agent: *\nAllow: /\n{sitemap}"))
}
