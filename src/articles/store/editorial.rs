//! What editors see: articles of any status.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::locks::HeldLock;
use super::rows::{ArticleCommonRow, BodyRow, DetailRow};

use crate::articles::model::{EditorialArticle, EditorialSummary};
use crate::articles::workflow::Status;
use crate::articles::working_copy::model::WorkingCopySummary;
use crate::db::schema::full_articles;
use crate::db::{Connection, Id, Json, MultiBackend, StoreResult, Timestamp, stored};

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
    held_lock: Option<Json<HeldLock>>,
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
        lock: row.held_lock.map(|lock| lock.0.into()),
        story: row.story.into(),
    })
}

/// What some articles say, by key.
///
/// # Errors
/// When the database fails.
pub(super) fn summaries(
    connection: &mut Connection,
    ids: &[Id],
) -> StoreResult<HashMap<Id, EditorialSummary>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<SummaryRow> = full_articles::table
        .filter(full_articles::id.eq_any(ids.to_vec()))
        .select(SummaryRow::as_select())
        .load(connection)?;
    let now = Timestamp::now();
    rows.into_iter()
        .map(|row| Ok((row.id, summary(row, now)?)))
        .collect()
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
