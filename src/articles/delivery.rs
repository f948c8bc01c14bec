//! Articles for readers.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::{
    Article, ArticleFilter, ArticleSort, BodyFormat, FIELDS, Include, ListedArticle,
};
use super::rendition::{Shown, StoredBody};
use super::store::public::{self, ListQuery, WithBody};
use crate::cache::answer::{Found, Rendered};
use crate::cache::responses::{Kind, Question, Responses};
use crate::db::gather::Gather;
use crate::db::keyset::Start;
use crate::db::slugs::public_article_once_named;
use crate::db::{Connection, Database, DatabaseUrl, Id, StoreError, Timestamp};
use crate::http::cursor::CursorKey;
use crate::http::fields::Selection;
use crate::http::page::{List, Seek, links};
use crate::http::params::{Both, FromParams, KeyedQuery, Params};
use crate::http::path::SlugPath;
use crate::problem::{INTERNAL, INVALID_CURSOR, Problem};
use crate::search::query::Query;
use crate::shares::model::Shares;
use crate::text::{Language, Slug};

/// The address of the newsroom's site, without a slash at its end.
#[derive(Debug, Clone, Default)]
pub struct Site(pub Option<String>);

/// Most slugs or ids in one request.
const MOST_NAMED: usize = 100;
/// Most values of one filter.
const MOST_VALUES: usize = 20;

/// Parameters of the list of articles.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// `-published_at` (default), `published_at`, `-updated_at` or `updated_at`; `-` means the latest
    /// first. With `q` also `relevance`: first what was found in the headline, then with the
    /// standfirst, the body, the tags, the authors; of each the latest first.
    #[param(value_type = Option<String>, example = "-published_at")]
    sort: ArticleSort,
    /// What to add to each: `body`, `corrections`, `seo`, `custom`, `shares`, and with `q`
    /// `highlights`, comma-separated.
    #[param(value_type = Option<String>, example = "shares")]
    include: Vec<Include>,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<String>, example = "html")]
    body_format: BodyFormat,
    /// Only these fields of each, comma-separated, dotted below the first level.
    #[param(value_type = Option<String>, example = "slug,headline,lead_image.url")]
    fields: Option<Selection>,
}

impl FromParams for ArticleListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            sort: params.choice("sort", ArticleSort::ALL)?.unwrap_or_default(),
            include: params.choices("include", Include::ALL)?,
            body_format: params
                .choice("body_format", BodyFormat::ALL)?
                .unwrap_or_default(),
            fields: Selection::parse(&params.list::<String>("fields", 100)?, FIELDS)?,
        })
    }
}

/// Which articles are meant: all conditions hold at once.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParams {
    /// Slugs of tags; a comma means any of them, repeating the parameter means all.
    #[param(value_type = Option<Vec<String>>, example = json!(["climate,energy"]))]
    tag: Vec<Vec<Slug>>,
    /// Slugs of authors, comma-separated: any of them.
    #[param(value_type = Option<String>, example = "alex-writer")]
    author: Vec<Slug>,
    /// Slugs of sections, comma-separated: any of them.
    #[param(value_type = Option<String>, example = "world")]
    section: Vec<Slug>,
    /// Only articles in this language (BCP 47).
    #[param(value_type = Option<String>, example = "en")]
    language: Option<Language>,
    /// Only articles published later than this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    published_after: Option<Timestamp>,
    /// Only articles published earlier than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<Timestamp>,
    /// Only articles changed later than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_after: Option<Timestamp>,
    /// Only these slugs, comma-separated, at most 100.
    #[param(value_type = Option<String>)]
    slugs: Vec<Slug>,
    /// Only these ids, comma-separated, at most 100.
    #[param(value_type = Option<String>)]
    ids: Vec<Id>,
    /// Only articles in which all these words are found: in headline, standfirst, body, or the names
    /// of tags, section and authors. `"a phrase"`, `-without`, `beginning*`; case and accents make
    /// no difference, and nothing is an error. At most 32 words are read.
    #[param(value_type = Option<String>, example = "\"flood fund\" harbour* -tax")]
    q: Option<Query>,
}

impl FromParams for FilterParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let tag = params
            .all("tag")
            .iter()
            .map(|group| Params::split("tag", group, MOST_VALUES))
            .collect::<Result<Vec<Vec<Slug>>, Problem>>()?;
        if tag.len() > MOST_VALUES {
            return Err(Problem::parameter(
                "tag",
                format!("may stand at most {MOST_VALUES} times"),
            ));
        }
        Ok(Self {
            tag,
            author: params.list("author", MOST_VALUES)?,
            section: params.list("section", MOST_VALUES)?,
            language: params.one("language")?,
            published_after: params.one("published_after")?,
            published_before: params.one("published_before")?,
            updated_after: params.one("updated_after")?,
            slugs: params.list("slugs", MOST_NAMED)?,
            ids: params.list("ids", MOST_NAMED)?,
            q: params.search()?.map(|text| Query::parse(&text)),
        })
    }
}

impl From<FilterParams> for ArticleFilter {
    fn from(params: FilterParams) -> Self {
        Self {
            tags: params.tag,
            authors: params.author,
            sections: params.section,
            language: params.language,
            published_after: params.published_after,
            published_before: params.published_before,
            updated_after: params.updated_after,
            slugs: params.slugs,
            ids: params.ids,
            search: params.q,
        }
    }
}

/// List articles
///
/// What is public now, the newest first. Pages follow each other by `cursor`: no article comes
/// twice and none is skipped, however many are published meanwhile.
#[utoipa::path(
    get, path = "/v1/articles", operation_id = "listArticles", tag = "articles",
    params(ArticleListParams, FilterParams),
    responses((
        status = 200, description = "A page of articles.", body = List<ListedArticle>,
        headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Link" = String, description = "`rel=\"next\"`: the next page."),
        ),
    ))
)]
pub async fn list_articles(
    request: HttpRequest,
    responses: Data<Responses>,
    cursors: Data<CursorKey>,
    site: Data<Site>,
    query: KeyedQuery<Both<ArticleListParams, FilterParams>>,
) -> Result<HttpResponse, Problem> {
    const PATH: &str = "/v1/articles";
    let KeyedQuery { params, canonical } = query;
    let Both(params, filter) = params;
    if filter.q.is_none() && params.sort == ArticleSort::Relevance {
        return Err(Problem::parameter("sort", "can be relevance only with q"));
    }
    if filter.q.is_none() {
        without_highlights(&params.include)?;
    }
    let question = Question::new(
        PATH,
        kind_of(&params.include, Kind::ArticleList),
        canonical.after(PATH),
    );
    let answer = move |connection: &mut Connection| {
        let filter = ArticleFilter::from(filter);
        let seek = Seek::new(
            &cursors,
            format!("articles {:?} {filter:?}", params.sort),
            params.cursor.as_deref(),
            params.limit,
        )?;
        let query = ListQuery {
            filter,
            sort: params.sort,
            include: params.include,
            body_format: params.body_format,
            count: params.count,
            start: place(seek.start())?,
            limit: seek.fetch(),
        };
        let found = public::list(connection, &query, site.0.as_deref())?;
        let list = seek.page(found.articles, found.total, |(article, _)| article.id);
        let link = links(PATH, &canonical, &list.page);
        let articles: Vec<Vec<u8>> = list
            .data
            .iter()
            .map(|(article, added)| {
                let whole = article.listed(added).map_err(unwritable)?;
                select(params.fields.as_ref(), whole)
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Found::Here(
            Rendered::list(&articles, Some(&list.page))?
                .made_of(found.made_of)
                .made_of(list.data.iter().flat_map(|(article, _)| article.made_of()))
                .purge_key("articles".into())
                .link(link),
        ))
    };
    responses.answer(&request, question, answer).await
}

fn without_highlights(include: &[Include]) -> Result<(), Problem> {
    if include.contains(&Include::Highlights) {
        let detail = "can be highlights only where something is searched for, with q";
        return Err(Problem::parameter("include", detail));
    }
    Ok(())
}

/// An answer with counts lasts as long as counts do.
fn kind_of(include: &[Include], otherwise: Kind) -> Kind {
    if include.contains(&Include::Shares) {
        Kind::Shares
    } else {
        otherwise
    }
}

/// What is left of an article in JSON when only some fields are wanted.
fn select(fields: Option<&Selection>, json: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let Some(fields) = fields else {
        return Ok(json);
    };
    let whole: serde_json::Value = serde_json::from_slice(&json).map_err(unwritable)?;
    serde_json::to_vec(&fields.apply(whole)).map_err(unwritable)
}

/// What is kept as JSON is JSON, and what was read can be written.
pub(super) fn unwritable(error: serde_json::Error) -> Problem {
    tracing::error!(%error, "an article could not be written as JSON");
    Problem::new(&INTERNAL, INTERNAL.meaning)
}

/// Where a page starts, its place read.
///
/// # Errors
/// `invalid-cursor`, which a cursor that this server signed never is.
pub fn place<P: FromStr<Err = String>>(
    start: Option<Start<String>>,
) -> Result<Option<Start<P>>, Problem> {
    start
        .map(|start| start.try_map(|value| value.parse()))
        .transpose()
        .map_err(|_: String| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))
}

/// An article as it is asked for.
fn rendered(
    article: &Shown,
    body: &StoredBody,
    shares: Option<&Shares>,
    params: &ArticleParams,
) -> Result<Rendered, Problem> {
    let whole = article
        .whole(body, params.body_format, shares)
        .map_err(unwritable)?;
    let json = select(params.fields.as_ref(), whole)?;
    let changed_at = article.rendition.changed_at;
    Ok(Rendered::of_json(json)
        .made_of(article.made_of())
        // A count changes without the article.
        .last_modified(shares.is_none().then_some(changed_at))
        .purge_key(format!("article-{}", article.id)))
}

/// Articles that are read together where that is faster.
#[derive(Clone)]
pub struct Together(pub Option<Arc<Gather<Slug, WithBody>>>);

impl Together {
    /// On Postgres, whose statements have a long way to go, and without a replica.
    pub fn of(database: &Database, site: &Data<Site>) -> Self {
        let gathers = matches!(database.url(), DatabaseUrl::Postgres(_)) && !database.has_replica();
        let site = site.clone();
        Self(gathers.then(|| {
            Arc::new(Gather::new(database.clone(), move |connection, slugs| {
                public::find_several(connection, slugs, site.0.as_deref())
            }))
        }))
    }
}

/// Parameters of one article.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleParams {
    /// What to add: `shares`. The other parts that lists can include are always there.
    #[param(value_type = Option<String>, example = "shares")]
    include: Vec<Include>,
    /// How the body is wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<String>, example = "html")]
    body_format: BodyFormat,
    /// Only these fields, comma-separated, dotted below the first level.
    #[param(value_type = Option<String>, example = "headline,body_html,authors.name")]
    fields: Option<Selection>,
}

impl FromParams for ArticleParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let include = params.choices("include", Include::ALL)?;
        without_highlights(&include)?;
        Ok(Self {
            include,
            body_format: params
                .choice("body_format", BodyFormat::ALL)?
                .unwrap_or_default(),
            fields: Selection::parse(&params.list::<String>("fields", 100)?, FIELDS)?,
        })
    }
}

/// Read an article
///
/// The public article that a slug names. A slug that it once had answers 301. Unknown,
/// unpublished and future articles answer the same 404.
#[utoipa::path(
    get, path = "/v1/articles/{slug}", operation_id = "getArticle", tag = "articles",
    params(
        ("slug" = String, Path, description = "The article's slug.", example = "harbour-cities-agree-flood-fund"),
        ArticleParams,
    ),
    responses(
        (status = 200, description = "The article.", body = Article, headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Last-Modified" = String, description = "When it was last changed."),
        )),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_article(
    request: HttpRequest,
    responses: Data<Responses>,
    site: Data<Site>,
    together: Data<Together>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<ArticleParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let with_shares = params.include.contains(&Include::Shares);
    let question = Question::new(
        "/v1/articles/{slug}",
        kind_of(&params.include, Kind::Article),
        canonical.after(&format!("/v1/articles/{slug}")),
    );
    let question = match (&together.0, with_shares) {
        (Some(gather), false) => {
            let (gather, slug, params) = (Arc::clone(gather), slug.clone(), params.clone());
            question.quickly(async move {
                let found = gather.get(slug).await?;
                rendered(&found.0, &found.1, None, &params).ok()
            })
        }
        _ => question,
    };
    let answer = move |connection: &mut Connection| {
        let site = site.0.as_deref();
        let (article, body, shares) = match public::find(connection, &slug, with_shares, site) {
            Err(StoreError::NotFound) => {
                let (_, slug) = public_article_once_named(connection, &slug)?;
                return Ok(Found::Moved(format!("/v1/articles/{slug}")));
            }
            found => found?,
        };
        rendered(&article, &body, shares.as_ref(), &params).map(Found::Here)
    };
    responses.answer(&request, question, answer).await
}
