//! What editors see: articles of any status.

use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::rows::{ArticleCommonRow, BodyRow, DetailRow};

use crate::articles::model::{EditorialArticle, EditorialFilter, EditorialSummary, TagKey};
use crate::articles::workflow::Status;
use crate::articles::working_copy::model::WorkingCopySummary;
use crate::db::keyset::KeysetBound;
use crate::db::schema::{article_authors, article_tags, full_articles};
use crate::db::slugs;
use crate::db::total::{CEILING, Total};
use crate::db::{Connection, Id, Json, MultiBackend, StoreResult, Timestamp, stored};
use crate::search::headline::HeadlineWords;
use crate::tags::store::tree::WithSubsections;
use crate::text::Slug;
use crate::{authors, tags};

/// How an article ends, or has ended.
#[derive(Debug, Serialize, Deserialize)]
struct Ending {
    unpublish_at: Option<Timestamp>,
    retraction_reason: Option<String>,
    retraction_notice: Option<String>,
    retracted_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct SummaryRow {
    id: Id,
    slug: String,
    status: String,
    version: i64,
    headline: Option<String>,
    canonical_url: Option<String>,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    ending: Json<Ending>,
    working_copy: Option<Json<WorkingCopySummary>>,
    created_at: Timestamp,
    created_by: Option<Id>,
    #[diesel(embed)]
    story: ArticleCommonRow,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct ArticleRow {
    #[diesel(embed)]
    summary: SummaryRow,
    #[diesel(embed)]
    body: BodyRow,
    #[diesel(embed)]
    details: DetailRow,
    former_urls: Json<Vec<String>>,
}

fn summary(row: SummaryRow, now: Timestamp) -> StoreResult<EditorialSummary> {
    let status: Status = stored(&row.status)?;
    let ending = row.ending.0;
    Ok(EditorialSummary {
        id: row.id,
        slug: row.slug,
        status,
        version: row.version,
        headline: row.headline,
        canonical_url: row.canonical_url,
        is_public: status.is_public(
            row.published_at,
            row.embargo_until,
            ending.unpublish_at,
            now,
        ),
        published_at: row.published_at,
        embargo_until: row.embargo_until,
        unpublish_at: ending.unpublish_at,
        retraction_reason: ending.retraction_reason,
        retraction_notice: ending.retraction_notice,
        retracted_at: ending.retracted_at,
        working_copy: row.working_copy.map(|copy| copy.0),
        created_at: row.created_at,
        created_by: row.created_by,
        story: row.story.into(),
    })
}

fn filtered(
    connection: &mut Connection,
    filter: &EditorialFilter,
) -> StoreResult<full_articles::BoxedQuery<'static, MultiBackend>> {
    let mut query = full_articles::table.into_boxed::<MultiBackend>();
    query = if filter.statuses.is_empty() {
        query.filter(full_articles::status.ne(Status::Trashed.as_str()))
    } else {
        let statuses: Vec<&str> = filter
            .statuses
            .iter()
            .map(|status| status.as_str())
            .collect();
        query.filter(full_articles::status.eq_any(statuses))
    };
    if let Some(user) = filter.created_by {
        query = query.filter(full_articles::created_by.eq(user));
    }
    if !filter.authors.is_empty() {
        let ids: Vec<Id> = authors::store::by_slugs(connection, &filter.authors)?
            .into_values()
            .collect();
        let written = article_authors::table
            .filter(article_authors::author_id.eq_any(ids))
            .select(article_authors::article_id);
        query = query.filter(full_articles::id.eq_any(written));
    }
    let mut keys = |slugs: &[Slug]| -> StoreResult<Vec<Id>> {
        let found = tags::store::by_slugs(connection, slugs)?.into_values();
        let found: Vec<TagKey> = found.collect();
        let subsections = WithSubsections::find(connection, found.iter().copied())?;
        let all = subsections.of(&found).into_iter();
        Ok(all.map(|(id, _)| id).collect())
    };
    if !filter.sections.is_empty() {
        query = query.filter(full_articles::section_id.eq_any(keys(&filter.sections)?));
    }
    if !filter.tags.is_empty() {
        let ids = keys(&filter.tags)?;
        let tagged = article_tags::table
            .filter(article_tags::tag_id.eq_any(ids.clone()))
            .select(article_tags::article_id);
        // Sections are tags that articles name in a column of their own.
        query = query.filter(
            full_articles::id
                .eq_any(tagged)
                .or(full_articles::section_id.eq_any(ids).assume_not_null()),
        );
    }
    if !filter.slugs.is_empty() {
        let named = slugs::articles_named(connection, &filter.slugs)?;
        let ids: Vec<Id> = named.into_values().collect();
        query = query.filter(full_articles::id.eq_any(ids));
    }
    if let Some(instant) = filter.updated_after {
        query = query.filter(full_articles::updated_at.gt(instant));
    }
    Ok(query)
}

/// The articles of a page, each with its sort value, and how many there are in all.
pub type ArticlePage = (Vec<(EditorialSummary, String)>, Option<Total>);

/// Up to `limit` articles from a start, the last changed first (backward: last), each with its sort value; and
/// how many there are in all, when that is asked for.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &EditorialFilter,
    start: Option<KeysetBound<Timestamp>>,
    limit: i64,
    count: bool,
) -> StoreResult<ArticlePage> {
    if let Some(words) = &filter.headline {
        let (found, total) = with_words(connection, filter, words)?;
        let page = page_of(found, start.as_ref(), limit);
        let listed = summaries(connection, &page)?;
        return Ok((listed, count.then_some(total)));
    }
    let total = if count {
        let all = filtered(connection, filter)?;
        Some(Total::exact(all.select(count_star()).first(connection)?))
    } else {
        None
    };
    let mut query = filtered(connection, filter)?;
    query = match start {
        Some(start) if start.backward => query
            .filter(full_articles::updated_at.ge(start.value))
            .filter(
                full_articles::updated_at
                    .gt(start.value)
                    .or(full_articles::id.gt(start.bound(true))),
            )
            .order((full_articles::updated_at.asc(), full_articles::id.asc())),
        Some(start) => query
            .filter(full_articles::updated_at.le(start.value))
            .filter(
                full_articles::updated_at
                    .lt(start.value)
                    .or(full_articles::id.lt(start.bound(false))),
            )
            .order((full_articles::updated_at.desc(), full_articles::id.desc())),
        None => query.order((full_articles::updated_at.desc(), full_articles::id.desc())),
    };
    let rows: Vec<SummaryRow> = query
        .limit(limit)
        .select(SummaryRow::as_select())
        .load(connection)?;
    Ok((positioned(rows)?, total))
}

/// Each with its sort value.
fn positioned(rows: Vec<SummaryRow>) -> StoreResult<Vec<(EditorialSummary, String)>> {
    let now = Timestamp::now();
    let rows = rows.into_iter();
    rows.map(|row| {
        let value = row.story.updated_at.to_string();
        Ok((summary(row, now)?, value))
    })
    .collect()
}

/// An article's place in the list, the last changed first.
type Place = (Timestamp, Id);

/// Of the articles that fit the other filters and were changed last, those that have words in the headline,
/// and how many these are. No index has the headlines of drafts, so only so many are looked at.
fn with_words(
    connection: &mut Connection,
    filter: &EditorialFilter,
    words: &HeadlineWords,
) -> StoreResult<(Vec<Place>, Total)> {
    let rows: Vec<(Timestamp, Id, Option<String>)> = filtered(connection, filter)?
        .order((full_articles::updated_at.desc(), full_articles::id.desc()))
        .limit(CEILING + 1)
        .select((
            full_articles::updated_at,
            full_articles::id,
            full_articles::headline,
        ))
        .load(connection)?;
    let all = Total::counted(rows.len() as i64);
    let looked_at = rows.into_iter().take(all.items as usize);
    let found = looked_at.filter(|(.., headline)| {
        let headline = headline.as_deref();
        headline.is_some_and(|headline| words.are_in(headline))
    });
    let found: Vec<Place> = found.map(|(at, id, _)| (at, id)).collect();
    let items = found.len() as i64;
    Ok((found, Total { items, is: all.is }))
}

/// The page of a list, the last changed first, that begins there; backward, the last first.
fn page_of(
    mut found: Vec<Place>,
    start: Option<&KeysetBound<Timestamp>>,
    limit: i64,
) -> Vec<Place> {
    match start {
        Some(start) if start.backward => {
            found.retain(|place| *place > (start.value, start.bound(true)));
            found.reverse();
        }
        Some(start) => found.retain(|place| *place < (start.value, start.bound(false))),
        None => {}
    }
    found.truncate(usize::try_from(limit).unwrap_or(0));
    found
}

/// The articles of a page, in its order.
fn summaries(
    connection: &mut Connection,
    page: &[Place],
) -> StoreResult<Vec<(EditorialSummary, String)>> {
    let ids: Vec<Id> = page.iter().map(|(_, id)| *id).collect();
    let mut rows: Vec<SummaryRow> = full_articles::table
        .filter(full_articles::id.eq_any(ids.clone()))
        .select(SummaryRow::as_select())
        .load(connection)?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    positioned(rows)
}

/// An article by key. With `only_own`, another user's is not found.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound).
pub fn find(
    connection: &mut Connection,
    id: Id,
    only_own: Option<Id>,
) -> StoreResult<EditorialArticle> {
    let mut query = full_articles::table
        .filter(full_articles::id.eq(id))
        .into_boxed::<MultiBackend>();
    if let Some(user) = only_own {
        query = query.filter(full_articles::created_by.eq(user));
    }
    let row: ArticleRow = query.select(ArticleRow::as_select()).first(connection)?;
    Ok(EditorialArticle {
        summary: summary(row.summary, Timestamp::now())?,
        body: row.body.body.0,
        body_html: row.body.body_html,
        corrections: row.details.corrections.0,
        seo: row.details.seo.0,
        custom: row.details.custom.0.0,
        former_urls: row.former_urls.0,
        warnings: Vec::new(),
    })
}
