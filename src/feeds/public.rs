//! Feeds for whoever subscribes to them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::feed::{Contents, Entry, Feed, FeedFormat};
use super::json_feed::JsonFeed;
use super::params::{FeedParams, USUAL_ENTRIES};
use super::{atom, json_feed, rss};
use crate::articles::formats::published::Published;
use crate::articles::model::{ArticleFilter, BodyFormat, Include};
use crate::articles::public::{place, unwritable};
use crate::articles::store::public::{self, ListQuery};
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::connection_pool::Cost;
use crate::db::{Connection, StoreError, StoreResult};
use crate::http::cursor::CursorKey;
use crate::http::page::Paginator;
use crate::http::params::{Both, CanonicalTarget, KeyedQuery};
use crate::problem::{Problem, ProblemDocument};
use crate::publication::{KnownPublication, Publication};
use crate::text::Slug;
use crate::{authors, tags};

/// What a feed is made with.
type Means = (Data<ResponseCache>, Data<CursorKey>, Data<KnownPublication>);

type FeedQuery = KeyedQuery<Both<FeedParams, ArticleFilter>>;

/// Read articles as RSS
///
/// The articles that the same filters list, the newest first, as RSS 2.0. The `guid` of one stays the same when its slug or the
/// site's address changes. Corrections stand above the text; bodies are left out after the first mebibyte of them.
#[utoipa::path(
    get, path = "/feeds/articles.rss", operation_id = "getRssFeed", tag = "feeds",
    params(FeedParams, ArticleFilter),
    responses(
        (status = 200, description = "The feed.", body = String, content_type = "application/rss+xml", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Link" = String, description = "`rel=\"self\"`, and the hubs (WebSub)."),
        )),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_rss_feed(
    request: HttpRequest,
    means: Means,
    query: FeedQuery,
) -> Result<HttpResponse, Problem> {
    answer(&request, FeedFormat::Rss, means, query).await
}

/// Read articles as Atom
///
/// The articles that the same filters list, the newest first, as Atom 1.0 (RFC 4287). The `id` of one stays the same when its slug
/// or the site's address changes. Corrections stand above the text; bodies are left out after the first mebibyte of them.
#[utoipa::path(
    get, path = "/feeds/articles.atom", operation_id = "getAtomFeed", tag = "feeds",
    params(FeedParams, ArticleFilter),
    responses(
        (status = 200, description = "The feed.", body = String, content_type = "application/atom+xml", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Link" = String, description = "`rel=\"self\"`, and the hubs (WebSub)."),
        )),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_atom_feed(
    request: HttpRequest,
    means: Means,
    query: FeedQuery,
) -> Result<HttpResponse, Problem> {
    answer(&request, FeedFormat::Atom, means, query).await
}

/// Read articles as JSON Feed
///
/// The articles that the same filters list, the newest first, as JSON Feed 1.1. The `id` of one stays the same when its slug or
/// the site's address changes. Corrections stand above the text; bodies are left out after the first mebibyte of them.
#[utoipa::path(
    get, path = "/feeds/articles.json", operation_id = "getJsonFeed", tag = "feeds",
    params(FeedParams, ArticleFilter),
    responses(
        (status = 200, description = "The feed.", body = JsonFeed, content_type = "application/feed+json", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
            ("Link" = String, description = "`rel=\"self\"`, and the hubs (WebSub)."),
        )),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_json_feed(
    request: HttpRequest,
    means: Means,
    query: FeedQuery,
) -> Result<HttpResponse, Problem> {
    answer(&request, FeedFormat::Json, means, query).await
}

async fn answer(
    request: &HttpRequest,
    format: FeedFormat,
    (responses, cursors, publication): Means,
    query: FeedQuery,
) -> Result<HttpResponse, Problem> {
    publication.get()?;
    let KeyedQuery { params, canonical } = query;
    let Both(params, filter) = params;
    // Bodies may be long.
    let is_long = params.full && params.limit > USUAL_ENTRIES;
    let is_costly = is_long || !filter.is_by_index(filter.usual_sort());
    let wanted =
        CacheRequest::new(request, Kind::ArticleList, &canonical).costs(Cost::high_if(is_costly));
    let work = move |connection: &mut Connection| {
        let asked = Asked {
            params,
            filter,
            canonical,
        };
        asked.read(connection, format, publication.get()?, &cursors)
    };
    responses.answer(request, wanted, work).await
}

/// A feed as it is asked for.
#[derive(Clone)]
struct Asked {
    params: FeedParams,
    filter: ArticleFilter,
    canonical: CanonicalTarget,
}

impl Asked {
    fn read(
        self,
        connection: &mut Connection,
        format: FeedFormat,
        publication: &Publication,
        cursors: &CursorKey,
    ) -> Result<Lookup, Problem> {
        let Self {
            params,
            filter,
            canonical,
        } = self;
        let sort = filter.usual_sort();
        let cursor = params.cursor.as_deref();
        // The same pages as those of the list.
        let list = format!("articles {sort:?} {filter:?}");
        let paginator = Paginator::new(cursors, list, cursor, params.limit)?;
        let of = subject(connection, &filter)?;
        // Its title names them, and they may be created later.
        let names = [
            (
                !filter.tags.is_empty() || !filter.sections.is_empty(),
                "tags",
            ),
            (!filter.authors.is_empty(), "authors"),
        ];
        let query = ListQuery {
            filter,
            sort,
            include: params.full.then_some(Include::Body).into_iter().collect(),
            body_format: BodyFormat::Html,
            count: false,
            start: place(paginator.start())?,
            limit: paginator.fetch(),
        };
        let found = public::list(connection, &query, Some(publication))?;
        let page = paginator.page(found.articles, None, |(article, _)| article.id);
        let mut contents = Contents::default();
        let entries = page.data.iter().map(|(article, included)| {
            let published = Published::read(article, publication)?;
            let body = included.body.as_ref().filter(|_| !contents.is_full());
            let content = body
                .and_then(|(body, _)| contents.add(&published, Published::html(body, publication)));
            Ok(Entry {
                article: published,
                content,
            })
        });
        let entries = entries
            .collect::<serde_json::Result<_>>()
            .map_err(unwritable)?;
        let address = |target: &CanonicalTarget| publication.of_api(&target.to_string());
        let next = page.page.next_cursor.as_ref();
        let feed = Feed {
            publication,
            of: of.as_ref().map(|(name, _)| name.clone()),
            id: address(&canonical.without("cursor")),
            own: address(&canonical),
            next: next.map(|cursor| address(&canonical.with("cursor", cursor))),
            entries,
        };
        let link = links(&feed);
        let written = match format {
            FeedFormat::Rss => rss::write(&feed),
            FeedFormat::Atom => atom::write(&feed),
            FeedFormat::Json => json_feed::write(feed).map_err(unwritable)?,
        };
        let mut payload = Payload::of(format.mime(), written);
        for (_, key) in names.iter().filter(|(is_narrowed, _)| *is_narrowed) {
            payload = payload.purge_key((*key).to_owned());
        }
        Ok(Lookup::Here(
            payload
                .depends_on(found.depends_on)
                .depends_on(of.map(|(_, depends_on)| depends_on))
                .depends_on(
                    page.data
                        .iter()
                        .flat_map(|(article, _)| article.depends_on()),
                )
                .purge_key("articles".into())
                .link(Some(link)),
        ))
    }
}

/// The `Link` header (RFC 8288): where subscribers are told of changes (WebSub, section 4), and the next page.
fn links(feed: &Feed<'_>) -> String {
    let hubs = feed.publication.hubs.iter().map(|hub| (hub, "hub"));
    let own = std::iter::once((&feed.own, "self"));
    let all = hubs
        .chain(own)
        .chain(feed.next.iter().map(|next| (next, "next")));
    let all = all.map(|(address, relation)| format!("<{address}>; rel=\"{relation}\""));
    all.collect::<Vec<_>>().join(", ")
}

/// The name of the one tag, section or author whose articles a filter leaves.
fn subject(
    connection: &mut Connection,
    filter: &ArticleFilter,
) -> StoreResult<Option<(String, CacheTag)>> {
    let tag = |connection: &mut Connection, slug: &Slug| {
        let found = tags::store::find_by_slug(connection, slug)?;
        Ok((found.name, CacheTag::Tags))
    };
    let of_tags = filter.tags.iter().flatten().chain(&filter.sections);
    let found = match (
        of_tags.collect::<Vec<_>>().as_slice(),
        filter.authors.as_slice(),
    ) {
        ([slug], []) => tag(connection, slug),
        ([], [slug]) => authors::store::find_by_slug(connection, slug)
            .map(|found| (found.name, CacheTag::Authors)),
        _ => return Ok(None),
    };
    match found {
        Err(StoreError::NotFound) => Ok(None),
        found => found.map(Some),
    }
}
