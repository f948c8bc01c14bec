//! What editors see of collections.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::rows::{self, Row, RuleTag, SlotRow};
use crate::articles::workflow::Status;
use crate::collections::model::{
    EditorialCollection, EditorialCollectionSummary, Fill, Slot, SlotArticle,
};
use crate::db::keyset::KeysetBound;
use crate::db::schema::{articles, collection_slots, tags};
use crate::db::{Connection, Id, StoreResult, Timestamp, stored};
use crate::text::Slug;

/// Which articles that are not public a caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// All.
    All,
    /// Those that this user first saved.
    Own(Id),
    /// None.
    None,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = articles)]
struct ArticleRow {
    id: Id,
    slug: String,
    headline: Option<String>,
    status: String,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
    created_by: Option<Id>,
}

impl ArticleRow {
    fn about(self, now: Timestamp) -> StoreResult<(SlotArticle, Option<Id>)> {
        let status: Status = stored(&self.status)?;
        let about = SlotArticle {
            is_public: status.is_public(
                self.published_at,
                self.embargo_until,
                self.unpublish_at,
                now,
            ),
            slug: self.slug,
            headline: self.headline,
            status,
            published_at: self.published_at,
        };
        Ok((about, self.created_by))
    }
}

fn articles_of(
    connection: &mut Connection,
    collection: Id,
    now: Timestamp,
) -> StoreResult<HashMap<Id, (SlotArticle, Option<Id>)>> {
    let rows: Vec<ArticleRow> = collection_slots::table
        .inner_join(articles::table)
        .filter(collection_slots::collection_id.eq(collection))
        .select(ArticleRow::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| Ok((row.id, row.about(now)?)))
        .collect()
}

fn slot(
    row: SlotRow,
    article: Option<(SlotArticle, Option<Id>)>,
    reads: Reads,
    now: Timestamp,
) -> Slot {
    let is_public = article.as_ref().is_some_and(|(about, _)| about.is_public);
    let is_time = row.shown_from.is_none_or(|from| from <= now)
        && row.shown_until.is_none_or(|until| until > now);
    let may_read = |by: Option<Id>| match reads {
        Reads::All => true,
        Reads::Own(user) => is_public || by == Some(user),
        Reads::None => is_public,
    };
    Slot {
        article: row.article_id,
        headline: row.headline,
        label: row.label,
        from: row.shown_from,
        until: row.shown_until,
        is_shown: is_public && is_time,
        about: article
            .filter(|(_, by)| may_read(*by))
            .map(|(about, _)| about),
    }
}

fn slugs(tags: Vec<RuleTag>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.slug).collect()
}

fn fill(connection: &mut Connection, row: &Row) -> StoreResult<Option<Fill>> {
    let Some(limit) = row.fill_limit else {
        return Ok(None);
    };
    let section = match row.fill_section_id {
        Some(id) => tags::table
            .filter(tags::id.eq(id))
            .select(tags::slug)
            .first(connection)
            .optional()?,
        None => None,
    };
    let of_rule = rows::tags_of(connection, row.id)?;
    Ok(Some(Fill {
        section,
        tags: slugs(of_rule.with),
        exclude_tags: slugs(of_rule.without),
        language: row.fill_language.clone(),
        limit,
    }))
}

/// The collection that a slug names, as far as a caller may read its articles.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound).
pub fn find(
    connection: &mut Connection,
    slug: &Slug,
    reads: Reads,
) -> StoreResult<EditorialCollection> {
    let row = rows::find(connection, slug)?;
    let now = Timestamp::now();
    let mut articles = articles_of(connection, row.id, now)?;
    let slots = rows::slots(connection, row.id)?.into_iter();
    let slots = slots.map(|row| {
        let article = articles.remove(&row.article_id);
        slot(row, article, reads, now)
    });
    Ok(EditorialCollection {
        slots: slots.collect(),
        fill: fill(connection, &row)?,
        id: row.id,
        slug: row.slug,
        title: row.title,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Up to `limit` collections from a start, by slug, each with its position.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<(EditorialCollectionSummary, String)>> {
    let rows = rows::page(connection, start, limit)?;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let counts: Vec<(Id, i64)> = collection_slots::table
        .filter(collection_slots::collection_id.eq_any(ids))
        .group_by(collection_slots::collection_id)
        .select((collection_slots::collection_id, count_star()))
        .load(connection)?;
    let counts: HashMap<Id, i64> = counts.into_iter().collect();
    let summary = |row: Row| EditorialCollectionSummary {
        slot_count: counts.get(&row.id).copied().unwrap_or(0),
        id: row.id,
        slug: row.slug,
        title: row.title,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.slug.clone(), summary(row)))
        .map(|(position, summary)| (summary, position))
        .collect())
}
