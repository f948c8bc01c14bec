//! Articles for readers.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::corrections::RETRACTED;
use super::formats::format::ArticleFormat;
use super::formats::ninjs::Ninjs;
use super::formats::published::Published;
use super::formats::{self, Formats};
use super::model::{Article, ArticleFilter, ArticleSort, Include, ListedArticle};
use super::params::{ArticleListParams, ArticleParams, can_sort, without_highlights};
use super::read_model::{PublicArticle, StoredBody};
use super::store::public::{self, ListQuery, Site, WithBody};
use super::store::retractions;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::batch_loader::BatchLoader;
use crate::db::connection_pool::Cost;
use crate::db::keyset::KeysetBound;
use crate::db::slugs::public_article_once_named;
use crate::db::{Connection, Database, DatabaseUrl, StoreError};
use crate::http::cursor::CursorKey;
use crate::http::fields::Selection;
use crate::http::page::{List, Paginator, links};
use crate::http::params::{Both, KeyedQuery};
use crate::http::path::SlugPath;
use crate::problem::{INTERNAL, INVALID_CURSOR, Problem, ProblemDocument, RetractionNotice};
use crate::publication::{KnownPublication, Publication};
use crate::shares::model::Shares;
use crate::text::Slug;

/// What single articles are purged by when the name of a tag or an author is another one, which any of them may show.
pub const EVERY_ARTICLE: &str = "every-article";

/// A page of the list of articles.
type ArticlePage = List<ListedArticle>;

/// List articles
///
/// What is public now, the newest first; articles that are named, in the order in which they are. Pages follow each other by `cursor`: no article comes
/// twice and none is skipped, however many are published meanwhile.
#[utoipa::path(
    get, path = "/v1/articles", operation_id = "listArticles", tag = "articles",
    params(ArticleListParams, ArticleFilter),
    responses((
        status = 200, description = "A page of articles; with `view=card`, an `ArticleCardPage`, and with `format=ninjs` a `NinjsPage`.", body = ArticlePage,
        headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Link" = String, description = "`rel=\"next\"`: the next page."),
        ),
    ))
)]
pub async fn list_articles(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    cursors: Data<CursorKey>,
    site: Data<KnownPublication>,
    query: KeyedQuery<Both<ArticleListParams, ArticleFilter>>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let Both(params, filter) = params;
    let sort = params.sort.unwrap_or_else(|| filter.usual_sort());
    can_sort(sort, &filter)?;
    if filter.search.is_none() {
        without_highlights(&params.include)?;
    }
    let is_costly = params.count || !filter.is_by_index(sort);
    let wanted = CacheRequest::new(
        &request,
        kind_of(&params.include, sort, Kind::ArticleList),
        &canonical,
    )
    .costs(Cost::high_if(is_costly));
    let answer = move |connection: &mut Connection| {
        let paginator = Paginator::new(
            &cursors,
            format!("articles {sort:?} {filter:?}"),
            params.cursor.as_deref(),
            params.limit,
        )?;
        let query = ListQuery {
            filter,
            sort,
            include: params.include,
            body_format: params.body_format,
            count: params.count,
            start: place(paginator.start())?,
            limit: paginator.fetch(),
        };
        let site = site_for(&query.include, params.format, &site)?;
        let found = public::list(connection, &query, site)?;
        let list = paginator.page(found.articles, found.total, |(article, _)| article.id);
        let link = links(&canonical, &list.page);
        let articles: Vec<Vec<u8>> = list
            .data
            .iter()
            .map(|(article, added)| {
                if let (Some(ArticleFormat::Ninjs), Some(site)) = (params.format, site) {
                    let body = added.body.as_ref().map(|(body, _)| body);
                    return ninjs(article, body, site);
                }
                let whole = article.viewed(params.view, added).map_err(unwritable)?;
                select(params.fields.as_ref(), whole)
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Lookup::Here(
            Payload::list(&articles, &json!({"page": list.page}))?
                .depends_on(found.depends_on)
                .depends_on(list.data.iter().flat_map(|(one, _)| one.depends_on()))
                .purge_key("articles".into())
                .link(link),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// An answer with counts, or in their order, lasts as long as counts do.
pub fn kind_of(include: &[Include], sort: ArticleSort, otherwise: Kind) -> Kind {
    if include.contains(&Include::Shares) || sort == ArticleSort::MostShared {
        match otherwise {
            Kind::ArticleList => Kind::ArticleListWithShares,
            _ => Kind::Shares,
        }
    } else {
        otherwise
    }
}

/// What is left of an article in JSON when only some fields are wanted.
///
/// # Errors
/// `internal` when it is no JSON: a mistake in the code.
pub fn select(fields: Option<&Selection>, json: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let Some(fields) = fields else {
        return Ok(json);
    };
    let whole: serde_json::Value = serde_json::from_slice(&json).map_err(unwritable)?;
    serde_json::to_vec(&fields.apply(whole)).map_err(unwritable)
}

/// Where the article is that a slug named before.
///
/// # Errors
/// `not-found` when none did.
pub(super) fn moved(connection: &mut Connection, slug: &Slug) -> Result<Lookup, Problem> {
    let (_, slug) = public_article_once_named(connection, slug)?;
    Ok(Lookup::Moved(slug))
}

/// Where the article is that a slug named before, or that it was retracted.
///
/// # Errors
/// `retracted`; `not-found` when no article that readers knew had the slug.
pub(super) fn moved_or_retracted(
    connection: &mut Connection,
    slug: &Slug,
) -> Result<Lookup, Problem> {
    match public_article_once_named(connection, slug) {
        Err(StoreError::NotFound) => {
            let found = retractions::find(connection, slug)?;
            let notice = RetractionNotice {
                slug: found.slug,
                notice: found.notice,
                published_at: found.published_at,
                retracted_at: found.retracted_at,
            };
            Err(Problem::retracted(notice, RETRACTED))
        }
        found => Ok(Lookup::Moved(found?.1)),
    }
}

/// What is kept as JSON is JSON, and what was read can be written.
pub fn unwritable(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "an article could not be written as JSON");
    Problem::new(&INTERNAL, INTERNAL.meaning)
}

/// Where a page starts, its place read.
///
/// # Errors
/// `invalid-cursor`, which a cursor that this server signed never is.
pub fn place<P: FromStr<Err = String>>(
    start: Option<KeysetBound<String>>,
) -> Result<Option<KeysetBound<P>>, Problem> {
    start
        .map(|start| start.try_map(|value| value.parse()))
        .transpose()
        .map_err(|_: String| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))
}

/// The newsroom's site, which some of what is asked for cannot do without.
///
/// # Errors
/// `no-public-url` when that is not known.
pub fn site_for<'a>(
    include: &[Include],
    format: Option<ArticleFormat>,
    site: &'a KnownPublication,
) -> Result<Site<'a>, Problem> {
    match format.is_some() || include.iter().any(Include::needs_publication) {
        true => site.get().map(Some),
        false => Ok(site.0.as_ref()),
    }
}

fn ninjs(
    article: &PublicArticle,
    body: Option<&StoredBody>,
    site: &Publication,
) -> Result<Vec<u8>, Problem> {
    let published = Published::read(article, site).map_err(unwritable)?;
    let item = Ninjs::of(&published, body, site).map_err(unwritable)?;
    serde_json::to_vec(&item).map_err(unwritable)
}

/// An article as it is asked for, as JSON.
///
/// # Errors
/// `no-public-url` when it names addresses of a site that is not known.
pub(super) fn written(
    article: &PublicArticle,
    body: &StoredBody,
    shares: Option<&Shares>,
    params: &ArticleParams,
    site: &KnownPublication,
) -> Result<Vec<u8>, Problem> {
    let site = site_for(&params.include, params.format, site)?;
    if let (Some(ArticleFormat::Ninjs), Some(site)) = (params.format, site) {
        return ninjs(article, Some(body), site);
    }
    let formats = match site {
        Some(site) => formats::included(article, &params.include, shares, site),
        None => Ok(Formats::new()),
    };
    let formats = formats.map_err(unwritable)?;
    let whole = article.whole(body, params.body_format, shares, &formats);
    select(params.fields.as_ref(), whole.map_err(unwritable)?)
}

/// An article as it is asked for.
fn rendered(
    article: &PublicArticle,
    body: &StoredBody,
    shares: Option<&Shares>,
    params: &ArticleParams,
    site: &KnownPublication,
) -> Result<Payload, Problem> {
    let json = written(article, body, shares, params, site)?;
    let changed_at = article.read_model.changed_at;
    Ok(Payload::of_json(json)
        .depends_on(article.depends_on())
        .changing_in(article.ends_in)
        // A count changes without the article.
        .last_modified(shares.is_none().then_some(changed_at))
        .purge_key(format!("article-{}", article.id))
        .purge_key(EVERY_ARTICLE.into()))
}

/// Articles that are read together where that is faster.
#[derive(Clone)]
pub struct ArticleLoader(pub Option<Arc<BatchLoader<Slug, WithBody>>>);

impl ArticleLoader {
    /// On Postgres, whose statements have a long way to go, and without a replica.
    pub fn of(database: &Database, site: &Data<KnownPublication>) -> Self {
        let is_batched =
            matches!(database.url(), DatabaseUrl::Postgres(_)) && !database.has_replica();
        let site = site.clone();
        Self(is_batched.then(|| {
            Arc::new(BatchLoader::new(
                database.clone(),
                move |connection, slugs| public::find_several(connection, slugs, site.0.as_ref()),
            ))
        }))
    }
}

/// Read an article
///
/// The public article that a slug names. A slug that it once had answers 301. One that readers knew and that was
/// retracted answers 410, with what editors tell readers of it. Unknown, unpublished and future articles answer
/// the same 404.
#[utoipa::path(
    get, path = "/v1/articles/{slug}", operation_id = "getArticle", tag = "articles",
    params(SlugPath, ArticleParams),
    responses(
        (status = 200, description = "The article; with `format=ninjs`, a `Ninjs`.", body = Article, headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Last-Modified" = String, description = "When it was last changed."),
        )),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
        (status = 410, description = "The article was public and was retracted; `retraction` is what readers are told.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_article(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<KnownPublication>,
    batched: Data<ArticleLoader>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<ArticleParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let with_shares = params.include.contains(&Include::Shares);
    let wanted = CacheRequest::new(
        &request,
        kind_of(&params.include, ArticleSort::default(), Kind::Article),
        &canonical,
    );
    let wanted = match (&batched.0, with_shares) {
        (Some(loader), false) => {
            let (loader, slug, params) = (Arc::clone(loader), slug.clone(), params.clone());
            let site = site.clone();
            wanted.fast_path(async move {
                let found = loader.get(slug).await?;
                rendered(&found.0, &found.1, None, &params, &site).ok()
            })
        }
        _ => wanted,
    };
    let answer = move |connection: &mut Connection| {
        let found = public::find(connection, &slug, with_shares, site.0.as_ref());
        let (article, body, shares) = match found {
            Err(StoreError::NotFound) => return moved_or_retracted(connection, &slug),
            found => found?,
        };
        rendered(&article, &body, shares.as_ref(), &params, &site).map(Lookup::Here)
    };
    responses.answer(&request, wanted, answer).await
}
