//! What public calls take.

use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::model::{ArticleFilter, ArticleSort, BodyFormat, FIELDS, Include};
use crate::http::fields::Selection;
use crate::http::params::{FromParams, Params};
use crate::problem::Problem;
use crate::search::query::Query;
use crate::shares::model::Network;
use crate::shares::time::Window;
use crate::words;

/// Most slugs or ids in one request.
const MOST_NAMED: usize = 100;
/// Most values of one filter.
const MOST_VALUES: usize = 20;
/// Most groups of tags of which an article must each have one: every group is another list of
/// articles to be intersected.
const MOST_TAG_GROUPS: usize = 5;

/// Parameters of the list of articles.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    pub limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    pub count: bool,
    /// `-published_at` (default), `published_at`, `-updated_at` or `updated_at`; `-` means the latest
    /// first. `-shares`: the most shared first. With `q` also `relevance`: first what was found in the headline, then with the
    /// standfirst, the body, the tags, the authors; of each the latest first.
    #[param(value_type = Option<ArticleSort>)]
    pub sort: ArticleSort,
    /// What to add to each: `body`, `corrections`, `seo`, `custom`, `shares`, and with `q`
    /// `highlights`, comma-separated.
    #[param(value_type = Option<Vec<Include>>, style = Form, explode = false, example = json!(["shares"]))]
    pub include: Vec<Include>,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    pub body_format: BodyFormat,
    /// Only these fields of each, comma-separated, dotted below the first level.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["slug", "headline", "lead_image.url"]))]
    pub fields: Option<Selection>,
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

impl FromParams for ArticleFilter {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            tags: params.groups("tag", MOST_TAG_GROUPS, MOST_VALUES)?,
            authors: params.list("author", MOST_VALUES)?,
            sections: params.list("section", MOST_VALUES)?,
            language: params.one("language")?,
            published_after: params.one("published_after")?,
            published_before: params.one("published_before")?,
            updated_after: params.one("updated_after")?,
            slugs: params.list("slugs", MOST_NAMED)?,
            ids: params.list("ids", MOST_NAMED)?,
            search: params.search()?.map(|text| Query::parse(&text)),
        })
    }
}

/// What `include=` takes where nothing is searched for, for the OpenAPI document.
struct ArticleInclude;

impl PartialSchema for ArticleInclude {
    fn schema() -> RefOr<Schema> {
        let without_search = |(_, include): &&(&str, Include)| *include != Include::Highlights;
        let words: Vec<_> = Include::ALL
            .iter()
            .filter(without_search)
            .copied()
            .collect();
        words::schema(&words, "What can be added to an article.")
    }
}

impl ToSchema for ArticleInclude {}

/// Parameters of one article.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleParams {
    /// What to add: `shares`. The other parts that lists can include are always there.
    #[param(inline, value_type = Option<Vec<ArticleInclude>>, style = Form, explode = false, example = json!(["shares"]))]
    pub include: Vec<Include>,
    /// How the body is wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    pub body_format: BodyFormat,
    /// Only these fields, comma-separated, dotted below the first level.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["headline", "body_html", "authors.name"]))]
    pub fields: Option<Selection>,
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

/// Parameters of what trends.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrendingParams {
    /// How far back it looks: `1h`, `6h`, `24h` (default), `7d` or `30d`.
    #[param(value_type = Option<Window>)]
    pub window: Window,
    /// Only shares on this network.
    #[param(value_type = Option<Network>, example = "whatsapp")]
    pub network: Option<Network>,
    /// Most articles, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    pub limit: i64,
    /// What to add to each: `body`, `corrections`, `seo`, `custom`, `shares`, and with `q`
    /// `highlights`, comma-separated.
    #[param(value_type = Option<Vec<Include>>, style = Form, explode = false, example = json!(["shares"]))]
    pub include: Vec<Include>,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    pub body_format: BodyFormat,
    /// Only these fields of each, comma-separated, dotted below the first level.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["slug", "headline", "trend.shares"]))]
    pub fields: Option<Selection>,
}

impl FromParams for TrendingParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            window: params.choice("window", Window::ALL)?.unwrap_or_default(),
            network: params.one("network")?,
            limit: params.limit()?,
            include: params.choices("include", Include::ALL)?,
            body_format: params
                .choice("body_format", BodyFormat::ALL)?
                .unwrap_or_default(),
            fields: Selection::parse(&params.list::<String>("fields", 100)?, FIELDS)?,
        })
    }
}

/// Refuses highlights where nothing is searched for.
///
/// # Errors
/// `invalid-parameter`.
pub fn without_highlights(include: &[Include]) -> Result<(), Problem> {
    if include.contains(&Include::Highlights) {
        let detail = "can be highlights only where something is searched for, with q";
        return Err(Problem::parameter("include", detail));
    }
    Ok(())
}
