//! Articles for readers.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::corrections::RETRACTED;
use super::model::{Article, ArticleFilter, ArticleSort, Include, ListedArticle};
use super::params::{ArticleListParams, ArticleParams, can_sort, without_highlights};
use super::read_model::{PublicArticle, StoredBody};
use super::store::public::{self, ListQuery, WithBody};
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
use crate::http::public_url::PublicUrl;
use crate::problem::{INTERNAL, INVALID_CURSOR, Problem, ProblemDocument, RetractionNotice};
use crate::shares::model::Shares;
use crate::text::Slug;

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
        status = 200, description = "A page of articles; with `view=card`, an `ArticleCardPage`.", body = ArticlePage,
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
    site: Data<PublicUrl>,
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
        let found = public::list(connection, &query, site.0.as_deref())?;
        let list = paginator.page(found.articles, found.total, |(article, _)| article.id);
        let link = links(&canonical, &list.page);
        let articles: Vec<Vec<u8>> = list
            .data
            .iter()
            .map(|(article, added)| {
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
fn moved_or_retracted(connection: &mut Connection, slug: &Slug) -> Result<Lookup, Problem> {
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

/// An article as it is asked for.
fn rendered(
    article: &PublicArticle,
    body: &StoredBody,
    shares: Option<&Shares>,
    params: &ArticleParams,
) -> Result<Payload, Problem> {
    let whole = article
        .whole(body, params.body_format, shares)
        .map_err(unwritable)?;
    let json = select(params.fields.as_ref(), whole)?;
    let changed_at = article.read_model.changed_at;
    Ok(Payload::of_json(json)
        .depends_on(article.depends_on())
        .changing_in(article.ends_in)
        // A count changes without the article.
        .last_modified(shares.is_none().then_some(changed_at))
        .purge_key(format!("article-{}", article.id)))
}

/// Articles that are read together where that is faster.
#[derive(Clone)]
pub struct ArticleLoader(pub Option<Arc<BatchLoader<Slug, WithBody>>>);

impl ArticleLoader {
    /// On Postgres, whose statements have a long way to go, and without a replica.
    pub fn of(database: &Database, site: &Data<PublicUrl>) -> Self {
        let is_batched =
            matches!(database.url(), DatabaseUrl::Postgres(_)) && !database.has_replica();
        let site = site.clone();
        Self(is_batched.then(|| {
            Arc::new(BatchLoader::new(
                database.clone(),
                move |connection, slugs| public::find_several(connection, slugs, site.0.as_deref()),
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
        (status = 200, description = "The article.", body = Article, headers(
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
    site: Data<PublicUrl>,
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
            wanted.fast_path(async move {
                let found = loader.get(slug).await?;
                rendered(&found.0, &found.1, None, &params).ok()
            })
        }
        _ => wanted,
    };
    let answer = move |connection: &mut Connection| {
        let site = site.0.as_deref();
        let (article, body, shares) = match public::find(connection, &slug, with_shares, site) {
            Err(StoreError::NotFound) => return moved_or_retracted(connection, &slug),
            found => found?,
        };
        rendered(&article, &body, shares.as_ref(), &params).map(Lookup::Here)
    };
    responses.answer(&request, wanted, answer).await
}
