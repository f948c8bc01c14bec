//! What readers see of published articles, rendered from the tables.

use std::collections::HashMap;

use diesel::prelude::*;

use super::rows::{ArticleCommonRow, DetailRow};
use crate::articles::model::{ArticleCommon, Summary};
use crate::articles::read_model::ReadModel;
use crate::articles::workflow::Status;
use crate::db::schema::full_articles;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp};

#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct Row {
    id: Id,
    slug: String,
    headline: Option<String>,
    published_at: Option<Timestamp>,
    public_updated_at: Option<Timestamp>,
    public_changed_at: Option<Timestamp>,
    #[diesel(embed)]
    story: ArticleCommonRow,
    #[diesel(embed)]
    details: DetailRow,
}

/// Renders published articles; others are left out.
///
/// # Errors
/// When the database fails.
pub fn render(connection: &mut Connection, ids: &[Id]) -> StoreResult<HashMap<Id, ReadModel>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = full_articles::table
        .into_boxed::<MultiBackend>()
        .filter(full_articles::id.eq_any(ids.to_vec()))
        .filter(full_articles::status.eq(Status::Published.as_str()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| Ok((row.id, read_model(row)?)))
        .collect()
}

fn read_model(row: Row) -> StoreResult<ReadModel> {
    let story = ArticleCommon::from(row.story);
    let summary = Summary {
        id: row.id,
        slug: row.slug,
        canonical_url: None,
        headline: row.headline.unwrap_or_default(),
        published_at: row.published_at.unwrap_or(story.updated_at),
        story: ArticleCommon {
            updated_at: row.public_updated_at.unwrap_or(story.updated_at),
            ..story
        },
    };
    let changed_at = row.public_changed_at.unwrap_or(summary.story.updated_at);
    let DetailRow {
        corrections,
        seo,
        custom,
    } = row.details;
    ReadModel::new(&summary, &corrections.0, &seo.0, &custom.0, changed_at)
        .map_err(StoreError::unreadable)
}
