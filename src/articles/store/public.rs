//! What anyone may see. Everything here selects from the view `public_articles`; the table behind
//! it is not even imported, so a draft cannot leak.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::selection::{FacetKey, Place, Selection, Window};
use super::story::{DetailRow, StoryRow, detail_columns, story, story_columns};

use crate::articles::model::{
    Article, ArticleFilter, ArticleSort, BodyFormat, BodyFormats, Facet, FacetBy, Highlights,
    Include, ListedArticle, StoredBody, Summary,
};
use crate::db::changes::Mark;
use crate::db::keyset::Start;
use crate::db::schema::public_articles;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp};
use crate::search::highlight;
use crate::text::Slug;
use crate::{authors, shares, tags};

/// The address of the newsroom's site, to which slugs are added; `None` when it is not known.
pub type SiteUrl<'a> = Option<&'a str>;

type SummaryRow = (Id, String, Option<String>, String, Timestamp, StoryRow);

macro_rules! summary_columns {
    () => {
        (
            public_articles::id,
            public_articles::slug,
            public_articles::canonical_url,
            public_articles::headline,
            public_articles::published_at,
            story_columns!(public_articles),
        )
    };
}

fn summary(row: SummaryRow, site: SiteUrl) -> Summary {
    let (id, slug, canonical_url, headline, published_at, row) = row;
    Summary {
        id,
        canonical_url: canonical_url.or_else(|| site.map(|site| format!("{site}/{slug}"))),
        slug,
        headline,
        published_at,
        story: story(row),
    }
}

fn body_in(format: BodyFormat, stored: StoredBody) -> StoreResult<BodyFormats> {
    format.of(stored).map_err(|error| {
        StoreError::Database(diesel::result::Error::DeserializationError(error.into()))
    })
}

/// One page of a list, as it is asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which articles.
    pub filter: ArticleFilter,
    /// Their order.
    pub sort: ArticleSort,
    /// What is added to summaries.
    pub include: Vec<Include>,
    /// How bodies are wanted.
    pub body_format: BodyFormat,
    /// Whether all are counted.
    pub count: bool,
    /// Where the page starts.
    pub start: Option<Start<Place>>,
    /// Most articles.
    pub limit: i64,
}

/// A page of a list, from where it starts on.
#[derive(Debug)]
pub struct Listed {
    /// The articles, each with its sort value.
    pub articles: Vec<(ListedArticle, String)>,
    /// How many there are in all, when that was asked for.
    pub total: Option<i64>,
    /// What decides which articles these are; what they show is not in it.
    pub made_of: Vec<Mark>,
}

/// Lists articles: the same number of queries however many there are.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection, query: &ListQuery, site: SiteUrl) -> StoreResult<Listed> {
    let Some(selection) = Selection::find(connection, &query.filter)? else {
        return Ok(Listed {
            articles: Vec::new(),
            total: query.count.then_some(0),
            made_of: vec![Mark::Tags, Mark::Authors, Mark::Articles],
        });
    };
    let total = query
        .count
        .then(|| selection.count(connection))
        .transpose()?;
    let window = Window {
        sort: query.sort,
        start: query.start,
        limit: query.limit,
    };
    let made_of = selection.made_of();
    let page = selection.page(connection, window)?;
    let ids: Vec<Id> = page.iter().map(|(id, _)| *id).collect();
    let mut found = whole(connection, &ids, query, site)?;
    let articles = page
        .into_iter()
        .filter_map(|(id, value)| Some((found.remove(&id)?, value.to_string())))
        .collect();
    Ok(Listed {
        articles,
        total,
        made_of,
    })
}

/// The summaries of these articles, in this order; those that are not public are left out.
///
/// # Errors
/// When the database fails.
pub fn summaries(
    connection: &mut Connection,
    ids: &[Id],
    site: SiteUrl,
) -> StoreResult<Vec<Summary>> {
    let Some((first, rest)) = ids.split_first() else {
        return Ok(Vec::new());
    };
    let rows: Vec<SummaryRow> = public_articles::table
        .into_boxed::<MultiBackend>()
        .filter(one_of(*first, rest))
        .select(summary_columns!())
        .load(connection)?;
    let mut found: HashMap<Id, Summary> = rows
        .into_iter()
        .map(|row| (row.0, summary(row, site)))
        .collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// How many of the articles that a filter leaves have each value, and what decides it.
///
/// # Errors
/// When the database fails.
pub fn facets(
    connection: &mut Connection,
    filter: &ArticleFilter,
    by: FacetBy,
    limit: i64,
) -> StoreResult<(Vec<Facet>, Vec<Mark>)> {
    let named = match by {
        FacetBy::Tag | FacetBy::Section => Mark::Tags,
        FacetBy::Author => Mark::Authors,
        FacetBy::Day => Mark::Articles,
    };
    let Some(selection) = Selection::find(connection, filter)? else {
        return Ok((Vec::new(), vec![Mark::Tags, Mark::Authors, Mark::Articles]));
    };
    let counted = selection.facets(connection, by, limit)?;
    let ids: Vec<Id> = counted
        .iter()
        .filter_map(|(key, _)| match key {
            FacetKey::Id(id) => Some(*id),
            FacetKey::Day(_) => None,
        })
        .collect();
    let names: HashMap<Id, (String, String)> = match by {
        FacetBy::Tag | FacetBy::Section => tags::store::names(connection, &ids)?,
        FacetBy::Author => authors::store::names(connection, &ids)?,
        FacetBy::Day => HashMap::new(),
    };
    let facets = counted
        .into_iter()
        .filter_map(|(key, count)| {
            let (value, name) = match key {
                FacetKey::Id(id) => names.get(&id)?.clone(),
                FacetKey::Day(day) => (day.clone(), day),
            };
            Some(Facet { value, name, count })
        })
        .collect();
    let mut made_of = selection.made_of();
    made_of.push(named);
    Ok((facets, made_of))
}

/// What these public articles say, by key: two queries at most, however many they are.
fn whole(
    connection: &mut Connection,
    ids: &[Id],
    query: &ListQuery,
    site: SiteUrl,
) -> StoreResult<HashMap<Id, ListedArticle>> {
    let Some((first, rest)) = ids.split_first() else {
        return Ok(HashMap::new());
    };
    let found = public_articles::table
        .into_boxed::<MultiBackend>()
        .filter(one_of(*first, rest));
    let rows: Vec<(SummaryRow, Option<DetailRow>)> = if query.include.iter().any(Include::is_detail)
    {
        found
            .select((summary_columns!(), detail_columns!(public_articles)))
            .load::<(SummaryRow, DetailRow)>(connection)?
            .into_iter()
            .map(|(row, detail)| (row, Some(detail)))
            .collect()
    } else {
        let rows: Vec<SummaryRow> = found.select(summary_columns!()).load(connection)?;
        rows.into_iter().map(|row| (row, None)).collect()
    };
    let mut counts = query
        .include
        .contains(&Include::Shares)
        .then(|| shares::store::of_articles(connection, ids))
        .transpose()?;
    rows.into_iter()
        .map(|(row, detail)| {
            let id = row.0;
            let mut listed = listed(summary(row, site), detail, query)?;
            listed.shares = counts.as_mut().map(|counts| {
                counts
                    .remove(&id)
                    .unwrap_or_else(shares::model::Shares::none)
            });
            Ok((id, listed))
        })
        .collect()
}

type Condition = Box<dyn BoxableExpression<public_articles::table, MultiBackend, SqlType = Bool>>;

/// `id = … OR id = …`: the statement of an `IN` list would be prepared anew for every page.
fn one_of(first: Id, rest: &[Id]) -> Condition {
    let is = |id: Id| -> Condition { Box::new(public_articles::id.eq(id)) };
    rest.iter().fold(is(first), |condition, id| {
        Box::new(condition.or(public_articles::id.eq(*id)))
    })
}

/// A summary with those details that were asked for.
fn listed(
    summary: Summary,
    detail: Option<DetailRow>,
    query: &ListQuery,
) -> StoreResult<ListedArticle> {
    let mut listed = ListedArticle {
        summary,
        body: BodyFormats::default(),
        corrections: None,
        seo: None,
        custom: None,
        shares: None,
        highlights: None,
    };
    if let Some((blocks, html, corrections, seo, custom)) = detail {
        let wants = |include| query.include.contains(&include);
        if let (true, Some(search)) = (wants(Include::Highlights), &query.filter.search) {
            let text = body_in(
                BodyFormat::Text,
                StoredBody {
                    blocks: blocks.0.clone(),
                    html: String::new(),
                },
            )?;
            let standfirst = listed.summary.story.standfirst.as_deref();
            listed.highlights = Some(Highlights {
                headline: highlight::marked(&listed.summary.headline, search),
                standfirst: standfirst.and_then(|text| highlight::marked(text, search)),
                body: highlight::pieces(&text.body_text.unwrap_or_default(), search),
            });
        }
        if wants(Include::Body) {
            let blocks = blocks.0;
            listed.body = body_in(query.body_format, StoredBody { blocks, html })?;
        }
        listed.corrections = wants(Include::Corrections).then_some(corrections.0);
        listed.seo = wants(Include::Seo).then_some(seo.0);
        listed.custom = wants(Include::Custom).then_some(custom.0.0);
    }
    Ok(listed)
}

/// The public article that a slug names, and when anything that it shows was last changed.
///
/// # Errors
/// [`StoreError::NotFound`], the same for unknown and unpublished ones.
pub fn find(
    connection: &mut Connection,
    slug: &Slug,
    body_format: BodyFormat,
    with_shares: bool,
    site: SiteUrl,
) -> StoreResult<(Article, Timestamp)> {
    let (row, detail, changed_at): (SummaryRow, DetailRow, Timestamp) = public_articles::table
        .filter(public_articles::slug.eq(slug.as_str()))
        .select((
            summary_columns!(),
            detail_columns!(public_articles),
            public_articles::changed_at,
        ))
        .first(connection)?;
    let shares = with_shares
        .then(|| shares::store::of_article(connection, row.0))
        .transpose()?;
    let (blocks, html, corrections, seo, custom) = detail;
    let blocks = blocks.0;
    let article = Article {
        summary: summary(row, site),
        body: body_in(body_format, StoredBody { blocks, html })?,
        corrections: corrections.0,
        seo: seo.0,
        custom: custom.0.0,
        shares,
    };
    Ok((article, changed_at))
}
