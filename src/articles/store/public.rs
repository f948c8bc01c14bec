//! What anyone may see. Everything here selects from the view `public_articles`; the table behind
//! it is not even imported, so a draft cannot leak.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Deserialize;

use super::read_models;
use super::selection::{FacetKey, Selection, SortKey, Window};
use crate::articles::formats::{self, Formats};
use crate::articles::model::{
    ArticleFilter, ArticleSort, BodyFormat, Facet, FacetBy, Highlights, Include,
};
use crate::articles::read_model::{Included, PublicArticle, ReadModel, StoredBody};
use crate::db::changes::CacheTag;
use crate::db::keyset::KeysetBound;
use crate::db::schema::public_articles;
use crate::db::total::{Total, TotalIs};
use crate::db::{
    Connection, Id, MultiBackend, RawJson, Resource, StoreError, StoreResult, Timestamp, stored,
};
use crate::publication::Publication;
use crate::search::highlight;
use crate::search::query::Query;
use crate::shares::model::Shares;
use crate::text::Slug;
use crate::{names, on_each_database, shares};

/// The newsroom's site, below which articles have their addresses; `None` when it is not known.
pub type Site<'a> = Option<&'a Publication>;

/// A public article, and what was rendered of it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = public_articles)]
struct Row {
    id: Id,
    slug: String,
    canonical_url: Option<String>,
    /// Whether the read model is of this version.
    is_rendered: bool,
    summary_json: Option<String>,
    details_json: Option<String>,
    depends_on: Option<Vec<u8>>,
    rendered_changed_at: Option<Timestamp>,
    /// In how many milliseconds it is not public any more.
    expires_in: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = public_articles)]
struct RowWithBody {
    #[diesel(embed)]
    article: Row,
    body: RawJson,
    body_html: String,
}

impl Row {
    /// The read model; `None` when it is outdated.
    fn read_model(&mut self) -> Option<ReadModel> {
        self.is_rendered.then_some(())?;
        Some(ReadModel {
            summary: self.summary_json.take()?,
            details: self.details_json.take()?,
            depends_on: self.depends_on.take()?,
            changed_at: self.rendered_changed_at?,
        })
    }

    fn shown(self, read_model: ReadModel, site: Site) -> PublicArticle {
        let address = || Some(site?.of_slug(&self.slug));
        PublicArticle {
            id: self.id,
            canonical_url: self.canonical_url.or_else(address),
            slug: self.slug,
            read_model,
            ends_in: self.expires_in.map(milliseconds),
        }
    }
}

fn milliseconds(left: i64) -> Duration {
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

impl RowWithBody {
    /// The article and its body, whose HTML is made anew where an older version of the code may have made it.
    fn parts(self) -> StoreResult<(Row, StoredBody)> {
        let mut body = StoredBody {
            blocks: self.body.0,
            html: self.body_html,
        };
        if !self.article.is_rendered {
            body.html = body.parse().map_err(StoreError::unreadable)?.to_html();
        }
        Ok((self.article, body))
    }
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
    pub start: Option<KeysetBound<SortKey>>,
    /// Most articles.
    pub limit: i64,
}

impl ListQuery {
    /// What is added to its articles.
    pub(super) fn additions(&self) -> Additions<'_> {
        Additions {
            include: &self.include,
            body_format: self.body_format,
            search: self.filter.search.as_ref(),
        }
    }
}

/// What is added to articles, whichever they are.
#[derive(Debug, Clone, Copy)]
pub struct Additions<'a> {
    /// What is added.
    pub include: &'a [Include],
    /// How bodies are wanted.
    pub body_format: BodyFormat,
    /// What was searched for, where highlights can be added.
    pub search: Option<&'a Query>,
}

/// A page of a list, from where it starts on.
#[derive(Debug)]
pub struct ArticlePage {
    /// The articles, each with its sort value.
    pub articles: Vec<((PublicArticle, Included), String)>,
    /// How many there are in all, when that was asked for.
    pub total: Option<Total>,
    /// What decides which articles these are; what they show is not in it.
    pub depends_on: Vec<CacheTag>,
}

/// Lists articles: the same number of queries however many there are.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    query: &ListQuery,
    site: Site,
) -> StoreResult<ArticlePage> {
    list_after(connection, query, 0, site)
}

/// The same without the first so many, of which only the keys are read.
///
/// # Errors
/// When the database fails.
pub fn list_after(
    connection: &mut Connection,
    query: &ListQuery,
    skipped: usize,
    site: Site,
) -> StoreResult<ArticlePage> {
    let Some(selection) = Selection::find(connection, &query.filter)? else {
        return Ok(ArticlePage {
            articles: Vec::new(),
            total: query.count.then_some(Total::exact(0)),
            depends_on: vec![CacheTag::Tags, CacheTag::Authors, CacheTag::Articles],
        });
    };
    let total = query
        .count
        .then(|| selection.count(connection))
        .transpose()?;
    let window = Window {
        sort: query.sort,
        start: query.start,
        limit: query
            .limit
            .saturating_add(i64::try_from(skipped).unwrap_or(i64::MAX)),
    };
    let depends_on = selection.depends_on();
    let mut page = selection.page(connection, window)?;
    page.drain(..skipped.min(page.len()));
    let ids: Vec<Id> = page.iter().map(|(id, _)| *id).collect();
    let mut found = whole(connection, &ids, query.additions(), site)?;
    let articles = page
        .into_iter()
        .filter_map(|(id, value)| Some((found.remove(&id)?, value.to_string())))
        .collect();
    Ok(ArticlePage {
        articles,
        total,
        depends_on,
    })
}

/// These articles, in this order; those that are not public are left out.
///
/// # Errors
/// When the database fails.
pub fn several(
    connection: &mut Connection,
    ids: &[Id],
    site: Site,
) -> StoreResult<Vec<PublicArticle>> {
    let Some((first, rest)) = ids.split_first() else {
        return Ok(Vec::new());
    };
    let rows: Vec<Row> = public_articles::table
        .into_boxed::<MultiBackend>()
        .filter(one_of(*first, rest))
        .select(Row::as_select())
        .load(connection)?;
    let rows = rows.into_iter().map(|row| (row, ()));
    let mut found = complete(connection, rows.collect(), site)?;
    Ok(ids
        .iter()
        .filter_map(|id| found.remove(id).map(|(shown, ())| shown))
        .collect())
}

/// Rows with their read models, those that are outdated rendered anew.
fn complete<T>(
    connection: &mut Connection,
    rows: Vec<(Row, T)>,
    site: Site,
) -> StoreResult<HashMap<Id, (PublicArticle, T)>> {
    let outdated = rows.iter().filter(|(row, _)| !row.is_rendered);
    let outdated: Vec<Id> = outdated.map(|(row, _)| row.id).collect();
    let mut anew = read_models::render(connection, &outdated)?;
    Ok(rows
        .into_iter()
        .filter_map(|(mut row, more)| {
            let id = row.id;
            let read_model = row.read_model().or_else(|| anew.remove(&id))?;
            Some((id, (row.shown(read_model, site), more)))
        })
        .collect())
}

/// How many of the articles that a filter leaves have each value, whether these are all, and what
/// decides it.
///
/// # Errors
/// When the database fails.
pub fn facets(
    connection: &mut Connection,
    filter: &ArticleFilter,
    by: FacetBy,
    limit: i64,
) -> StoreResult<(Vec<Facet>, TotalIs, Vec<CacheTag>)> {
    let named = match by {
        FacetBy::Tag | FacetBy::Section => CacheTag::Tags,
        FacetBy::Author => CacheTag::Authors,
        FacetBy::Day => CacheTag::Articles,
    };
    let Some(selection) = Selection::find(connection, filter)? else {
        let depends_on = vec![CacheTag::Tags, CacheTag::Authors, CacheTag::Articles];
        return Ok((Vec::new(), TotalIs::Exact, depends_on));
    };
    let (counted, counts_are) = selection.facets(connection, by, limit)?;
    let ids: Vec<Id> = counted
        .iter()
        .filter_map(|(key, _)| match key {
            FacetKey::Id(id) => Some(*id),
            FacetKey::Day(_) => None,
        })
        .collect();
    let of = match by {
        FacetBy::Author => Resource::Author,
        FacetBy::Tag | FacetBy::Section | FacetBy::Day => Resource::Tag,
    };
    let mut names = names::by_ids(connection, of, &ids)?;
    let facets = counted
        .into_iter()
        .filter_map(|(key, count)| {
            let (value, name) = match key {
                FacetKey::Id(id) => names.remove(&id).map(|named| (named.slug, named.name))?,
                FacetKey::Day(day) => (day.clone(), day),
            };
            Some(Facet { value, name, count })
        })
        .collect();
    let mut depends_on = selection.depends_on();
    depends_on.push(named);
    Ok((facets, counts_are, depends_on))
}

/// What these public articles say, by key: the same number of queries however many they are.
///
/// # Errors
/// When the database fails.
pub fn whole(
    connection: &mut Connection,
    ids: &[Id],
    additions: Additions<'_>,
    site: Site,
) -> StoreResult<HashMap<Id, (PublicArticle, Included)>> {
    let include = additions.include;
    let Some((first, rest)) = ids.split_first() else {
        return Ok(HashMap::new());
    };
    let found = public_articles::table
        .into_boxed::<MultiBackend>()
        .filter(one_of(*first, rest));
    let rows: Vec<(Row, Option<StoredBody>)> = if include.iter().any(Include::takes_body) {
        let rows: Vec<RowWithBody> = found.select(RowWithBody::as_select()).load(connection)?;
        rows.into_iter()
            .map(|row| row.parts().map(|(row, body)| (row, Some(body))))
            .collect::<StoreResult<_>>()?
    } else {
        let rows: Vec<Row> = found.select(Row::as_select()).load(connection)?;
        rows.into_iter().map(|row| (row, None)).collect()
    };
    let mut counts = include
        .contains(&Include::Shares)
        .then(|| shares::store::of_articles(connection, ids))
        .transpose()?;
    let highlights = additions
        .search
        .filter(|_| include.contains(&Include::Highlights));
    complete(connection, rows, site)?
        .into_iter()
        .map(|(id, (shown, body))| {
            let highlights = match (highlights, &body) {
                (Some(search), Some(body)) => {
                    Some(highlighted(&shown, body, search).map_err(StoreError::unreadable)?)
                }
                _ => None,
            };
            let wants_body = include.contains(&Include::Body);
            let shares = counts
                .as_mut()
                .map(|counts| counts.remove(&id).unwrap_or_default());
            let formats = match site {
                Some(site) => formats::included(&shown, include, shares.as_ref(), site)
                    .map_err(StoreError::unreadable)?,
                None => Formats::new(),
            };
            let added = Included {
                include: include.to_vec(),
                body: body
                    .filter(|_| wants_body)
                    .map(|body| (body, additions.body_format)),
                shares,
                formats,
                highlights,
            };
            Ok((id, (shown, added)))
        })
        .collect()
}

/// Where a search found what it was looking for.
fn highlighted(
    shown: &PublicArticle,
    body: &StoredBody,
    search: &Query,
) -> serde_json::Result<Highlights> {
    #[derive(Deserialize)]
    struct Titles {
        headline: String,
        standfirst: Option<String>,
    }
    let titles: Titles = serde_json::from_slice(&shown.summary()?)?;
    Ok(Highlights {
        headline: highlight::marked(&titles.headline, search),
        standfirst: titles
            .standfirst
            .and_then(|text| highlight::marked(&text, search)),
        body: highlight::pieces(&body.parse()?.to_text(), search),
    })
}

type Condition = Box<dyn BoxableExpression<public_articles::table, MultiBackend, SqlType = Bool>>;

/// `id = … OR id = …`: the statement of an `IN` list would be prepared anew for every page.
fn one_of(first: Id, rest: &[Id]) -> Condition {
    let is = |id: Id| -> Condition { Box::new(public_articles::id.eq(id)) };
    rest.iter().fold(is(first), |condition, id| {
        Box::new(condition.or(public_articles::id.eq(*id)))
    })
}

/// A public article with its body.
pub type WithBody = Arc<(PublicArticle, StoredBody)>;

/// The public articles that these slugs name, on Postgres in one query. Those whose read model is
/// outdated are left out, as are those that do not exist.
///
/// # Errors
/// When the database fails.
pub fn find_several(
    connection: &mut Connection,
    slugs: &[Slug],
    site: Site,
) -> StoreResult<HashMap<Slug, WithBody>> {
    let Connection::Postgres(connection) = connection else {
        return Ok(HashMap::new());
    };
    let texts: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
    let rows: Vec<RowWithBody> = public_articles::table
        .filter(public_articles::slug.eq_any(texts))
        .select(RowWithBody::as_select())
        .load(connection)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let (mut row, body) = row.parts().ok()?;
            let (slug, read_model) = (row.slug.parse().ok()?, row.read_model()?);
            Some((slug, Arc::new((row.shown(read_model, site), body))))
        })
        .collect())
}

/// The slug of the public article that was given an address.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn slug_of(connection: &mut Connection, address: &str) -> StoreResult<Slug> {
    let slug: String = public_articles::table
        .filter(public_articles::canonical_url.eq(address))
        .select(public_articles::slug)
        .first(connection)?;
    stored(&slug)
}

/// The public article that a slug names, with its body, and its counts when they are wanted.
///
/// # Errors
/// [`StoreError::NotFound`], the same for unknown and unpublished ones.
pub fn find(
    connection: &mut Connection,
    slug: &Slug,
    with_shares: bool,
    site: Site,
) -> StoreResult<(PublicArticle, StoredBody, Option<Shares>)> {
    let query = public_articles::table.filter(public_articles::slug.eq(slug.as_str()));
    // To one database the type of the query says which statement it is; to either of two, its
    // text would have to be put together each time.
    let row: RowWithBody = on_each_database!(connection, inner => {
        query.select(RowWithBody::as_select()).first(inner)?
    });
    let (mut row, body) = row.parts()?;
    let id = row.id;
    let read_model = match row.read_model() {
        Some(read_model) => read_model,
        None => read_models::render(connection, &[id])?
            .remove(&id)
            .ok_or(StoreError::NotFound)?,
    };
    let shares = with_shares
        .then(|| shares::store::of_article(connection, id))
        .transpose()?;
    Ok((row.shown(read_model, site), body, shares))
}
