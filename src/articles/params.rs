//! What public calls take.

use std::str::FromStr;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::card::View;
use super::fields::{Asked, Shown};
use super::formats::format::ArticleFormat;
use super::model::{ArticleFilter, ArticleSort, BodyFormat, Include, Without};
use crate::http::fields::Selection;
use crate::http::params::{FromParams, Params};
use crate::problem::Problem;
use crate::search::query::Query;
use crate::shares::model::Network;
use crate::shares::time::Window;
use crate::text::Slug;
use crate::validation::Invalid;
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
    /// standfirst, the body, the tags, the authors; of each the latest first. With `slugs` or `ids` also
    /// `given`, which is the default there: in the order in which they are named.
    #[param(value_type = Option<ArticleSort>)]
    pub sort: Option<ArticleSort>,
    /// What to add to each: `body`, `corrections`, `seo`, `custom`, `shares`, `meta`, `jsonld`, and with `q`
    /// `highlights`, comma-separated.
    #[param(value_type = Option<Vec<Include>>, style = Form, explode = false, example = json!(["shares"]))]
    pub include: Vec<Include>,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    pub body_format: BodyFormat,
    /// Only these fields of each, comma-separated, dotted below the first level. One that
    /// `include` or `body_format` must bring is refused without it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["slug", "headline", "lead_image.url"]))]
    pub fields: Option<Selection>,
    /// `card`: of each only what a teaser needs, an `ArticleCard`, which is about half as long. Not together with
    /// `fields`; `include` can add `shares`.
    #[param(value_type = Option<View>, inline)]
    pub view: View,
    /// `ninjs`: articles in the words of IPTC ninjs 3.1, with their bodies where `include=body` says so. Not together with `fields`,
    /// `view` and `body_format`.
    #[param(value_type = Option<ArticleFormat>, inline)]
    pub format: Option<ArticleFormat>,
}

impl FromParams for ArticleListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let (include, body_format, fields) = shown(params, Shown::Listed)?;
        let format = ArticleFormat::read(params, fields.as_ref(), &include, &[Include::Body])?;
        let view = View::read(params, fields.as_ref(), &include)?;
        let is_chosen = view != View::default() || body_format != BodyFormat::default();
        if format.is_some() && is_chosen {
            return Err(Problem::parameter(
                "format",
                "cannot stand together with view or body_format",
            ));
        }
        Ok(Self {
            view,
            format,
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            sort: params.choice("sort", ArticleSort::ALL)?,
            include,
            body_format,
            fields,
        })
    }
}

/// The slug of what articles are to have, or after `-` of what they are not to have. No slug begins with `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlugOrNot {
    /// They have it.
    With(Slug),
    /// They do not.
    Without(Slug),
}

impl FromStr for SlugOrNot {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.strip_prefix('-') {
            Some(slug) => slug.parse().map(Self::Without),
            None => text.parse().map(Self::With),
        }
    }
}

impl PartialSchema for SlugOrNot {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^-?[a-z0-9]+(-[a-z0-9]+)*$"))
            .max_length(Some(Slug::MAX + 1))
            .into()
    }
}

impl ToSchema for SlugOrNot {}

/// What is wanted, and what is not.
fn parted(all: Vec<SlugOrNot>) -> (Vec<Slug>, Vec<Slug>) {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            SlugOrNot::With(slug) => with.push(slug),
            SlugOrNot::Without(slug) => without.push(slug),
        }
    }
    (with, without)
}

/// Reads `tag=`: groups of which articles have one each, and those of which they have none.
fn tags(params: &mut Params) -> Result<(Vec<Vec<Slug>>, Vec<Slug>), Problem> {
    let groups = params.groups("tag", MOST_TAG_GROUPS, MOST_VALUES)?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for group in groups {
        let (wanted, not) = parted(group);
        without.extend(not);
        if !wanted.is_empty() {
            with.push(wanted);
        }
    }
    Ok((with, without))
}

/// Reads `exclude=`: slugs of articles that are left out.
///
/// # Errors
/// `invalid-parameter`.
pub fn excluded(params: &mut Params) -> Result<Vec<Slug>, Problem> {
    params.list("exclude", MOST_NAMED)
}

impl FromParams for ArticleFilter {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let (tags, without_tags) = tags(params)?;
        let (authors, without_authors) = parted(params.list("author", MOST_VALUES)?);
        let (sections, without_sections) = parted(params.list("section", MOST_VALUES)?);
        Ok(Self {
            tags,
            authors,
            sections,
            without: Without {
                tags: without_tags,
                authors: without_authors,
                sections: without_sections,
            },
            language: params.one("language")?,
            published_after: params.one("published_after")?,
            published_before: params.one("published_before")?,
            updated_after: params.one("updated_after")?,
            slugs: params.list("slugs", MOST_NAMED)?,
            ids: params.list("ids", MOST_NAMED)?,
            exclude: excluded(params)?,
            exclude_ids: params.list("exclude_ids", MOST_NAMED)?,
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
    /// Only these fields, comma-separated, dotted below the first level. One that
    /// `include` or `body_format` must bring is refused without it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["headline", "body_html", "authors.name"]))]
    pub fields: Option<Selection>,
    /// `ninjs`: the article in the words of IPTC ninjs 3.1. Not together with other parameters.
    #[param(value_type = Option<ArticleFormat>, inline)]
    pub format: Option<ArticleFormat>,
}

impl FromParams for ArticleParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let (include, body_format, fields) = shown(params, Shown::Alone)?;
        without_highlights(&include)?;
        let format = ArticleFormat::read(params, fields.as_ref(), &include, &[])?;
        if format.is_some() && body_format != BodyFormat::default() {
            let detail = "cannot stand together with body_format";
            return Err(Problem::parameter("format", detail));
        }
        Ok(Self {
            format,
            include,
            body_format,
            fields,
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
    /// What to add to each: `body`, `corrections`, `seo`, `custom`, `shares`, `meta`, `jsonld`, and with `q`
    /// `highlights`, comma-separated.
    #[param(value_type = Option<Vec<Include>>, style = Form, explode = false, example = json!(["shares"]))]
    pub include: Vec<Include>,
    /// How bodies are wanted: `blocks`, `html`, `markdown` or `text`; blocks and HTML when left out.
    #[param(value_type = Option<BodyFormat>)]
    pub body_format: BodyFormat,
    /// Only these fields of each, comma-separated, dotted below the first level. One that
    /// `include` or `body_format` must bring is refused without it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 100, example = json!(["slug", "headline", "trend.shares"]))]
    pub fields: Option<Selection>,
    /// `card`: of each only what a teaser needs, an `ArticleCard`, which is about half as long. Not together with
    /// `fields`; `include` can add `shares`.
    #[param(value_type = Option<View>, inline)]
    pub view: View,
}

impl FromParams for TrendingParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let (include, body_format, fields) = shown(params, Shown::Trending)?;
        Ok(Self {
            view: View::read(params, fields.as_ref(), &include)?,
            window: params.choice("window", Window::ALL)?.unwrap_or_default(),
            network: params.one("network")?,
            limit: params.limit()?,
            include,
            body_format,
            fields,
        })
    }
}

/// What is added to articles, how their bodies are wanted, and which fields.
///
/// # Errors
/// `invalid-parameter`.
pub fn shown(
    params: &mut Params,
    shown: Shown,
) -> Result<(Vec<Include>, BodyFormat, Option<Selection>), Problem> {
    let include = params.choices("include", Include::ALL)?;
    let format = params.choice("body_format", BodyFormat::ALL)?;
    let asked = Asked {
        shown,
        include: &include,
        body_format: format.unwrap_or_default(),
    };
    let fields = asked.fields(params)?;
    Ok((include, format.unwrap_or_default(), fields))
}

/// Refuses an order that needs what was not asked for.
///
/// # Errors
/// `invalid-parameter`.
pub fn can_sort(sort: ArticleSort, filter: &ArticleFilter) -> Result<(), Problem> {
    let needs = match sort {
        ArticleSort::Relevance if filter.search.is_none() => "can be relevance only with q",
        ArticleSort::Given if !filter.names_articles() => "can be given only with slugs or ids",
        _ => return Ok(()),
    };
    Err(Problem::parameter("sort", needs))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wanted_begins_with_a_hyphen_which_no_slug_does() {
        let slug = |text: &str| text.parse::<Slug>().unwrap();
        let read = |text: &str| text.parse::<SlugOrNot>();
        assert_eq!(read("sport"), Ok(SlugOrNot::With(slug("sport"))));
        assert_eq!(read("-sport"), Ok(SlugOrNot::Without(slug("sport"))));
        for wrong in ["-", "--sport", "- sport", "-sport-", "Sport"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!("-sport".parse::<Slug>().is_err());
    }
}
