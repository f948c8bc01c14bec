//! Collections for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::IntoParams;

use super::model::{Collection, CollectionSummary, FIELDS, Placement};
use super::store::public::{self, Placed};
use crate::articles::card::View;
use crate::articles::fields::Shown;
use crate::articles::model::{ArticleSort, BodyFormat, Include};
use crate::articles::params::{shown, without_highlights};
use crate::articles::public::{kind_of, select, site_for, unwritable};
use crate::articles::store::public::Additions;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::Connection;
use crate::db::changes::CacheTag;
use crate::http::cursor::CursorKey;
use crate::http::fields::Selection;
use crate::http::page::{List, Paginator, links};
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::http::path::SlugPath;
use crate::problem::Problem;
use crate::publication::KnownPublication;

/// Parameters of the list of collections.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CollectionListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// Only these fields of each, comma-separated.
    #[param(value_type = Option<String>, example = "slug,title")]
    fields: Option<Selection>,
}

impl FromParams for CollectionListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            fields: Selection::read(params, FIELDS)?,
        })
    }
}

/// How the articles of a collection are shown.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CollectionParams {
    /// What to add to each: `body`, `corrections`, `seo`, `custom`, `shares`, comma-separated.
    #[param(value_type = Option<Vec<Include>>, style = Form, explode = false, example = json!(["shares"]))]
    include: Vec<Include>,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    body_format: BodyFormat,
    /// Only these fields of each, comma-separated, dotted below the first level. One that
    /// `include` or `body_format` must bring is refused without it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["slug", "headline", "label"]))]
    fields: Option<Selection>,
    /// `card`: of each only what a teaser needs, a `CollectedCard`, which is about half as long. Not together with
    /// `fields`; `include` can add `shares`.
    #[param(value_type = Option<View>, inline)]
    view: View,
}

impl FromParams for CollectionParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let (include, body_format, fields) = shown(params, Shown::Collected)?;
        without_highlights(&include)?;
        Ok(Self {
            view: View::read(params, fields.as_ref(), &include)?,
            include,
            body_format,
            fields,
        })
    }
}

/// What a collection adds to an article.
#[derive(Serialize)]
struct Place<'a> {
    label: Option<&'a str>,
    placement: Placement,
}

impl CollectionParams {
    /// What the store adds to articles.
    fn additions(&self) -> Additions<'_> {
        Additions {
            include: &self.include,
            body_format: self.body_format,
            search: None,
        }
    }

    /// An article as it is asked for, as JSON.
    fn shown(&self, placed: &Placed) -> Result<Vec<u8>, Problem> {
        let place = Place {
            label: placed.label.as_deref(),
            placement: placed.placement,
        };
        let article = &placed.article;
        let json = article.viewed_with(self.view, &placed.added, &place);
        select(self.fields.as_ref(), json.map_err(unwritable)?)
    }
}

/// A page of the list of collections.
type CollectionPage = List<CollectionSummary>;

/// List collections
///
/// Every collection, by slug, without its articles.
#[utoipa::path(
    get, path = "/v1/collections", operation_id = "listCollections", tag = "collections",
    params(CollectionListParams),
    responses((status = 200, description = "A page of collections.", body = CollectionPage))
)]
pub async fn list_collections(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    cursors: Data<CursorKey>,
    query: KeyedQuery<CollectionListParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::Name, &canonical);
    let answer = move |connection: &mut Connection| {
        let cursor = params.cursor.as_deref();
        let paginator = Paginator::new(&cursors, "collections".into(), cursor, params.limit)?;
        let found = public::list(connection, paginator.start(), paginator.fetch())?;
        let list = paginator.page(found, None, |collection| collection.id);
        Ok(Lookup::Here(
            Payload::page(&list, params.fields.as_ref())?
                .depends_on([CacheTag::Collections])
                .purge_key("collections".into())
                .link(links(&canonical, &list.page)),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// Read a collection with its articles
///
/// What a front page needs, in one call: the public articles that an editor put in order (`pinned`), then the newest of
/// those that the collection's rule takes (`filled`). One that is not public any more leaves its place at
/// once, and the rule closes the gap.
#[utoipa::path(
    get, path = "/v1/collections/{slug}", operation_id = "getCollection", tag = "collections",
    params(SlugPath, CollectionParams),
    responses((status = 200, description = "The collection; with `view=card`, `CollectionCards`.", body = Collection))
)]
pub async fn get_collection(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<KnownPublication>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<CollectionParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let kind = kind_of(&params.include, ArticleSort::default(), Kind::ArticleList);
    let wanted = CacheRequest::new(&request, kind, &canonical);
    let answer = move |connection: &mut Connection| {
        let site = site_for(&params.include, None, &site)?;
        let found = public::find(connection, &slug, params.additions(), site)?;
        let articles = found.articles.iter().map(|placed| params.shown(placed));
        let articles: Vec<Vec<u8>> = articles.collect::<Result<_, Problem>>()?;
        let placed = found.articles.iter();
        Ok(Lookup::Here(
            Payload::list(&articles, &found.summary)?
                .depends_on(found.depends_on)
                .depends_on(placed.flat_map(|placed| placed.article.depends_on()))
                .changing_in(found.changes_in)
                .purge_key("articles".into())
                .purge_key(format!("collection-{}", found.summary.id)),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
