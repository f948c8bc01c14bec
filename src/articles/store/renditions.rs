//! What readers see of published articles, rendered from the tables.

use std::collections::HashMap;

use diesel::prelude::*;

use super::story::{StoryRow, story, story_columns};
use crate::articles::model::{Correction, Story, Summary};
use crate::articles::parts::{Custom, Seo};
use crate::articles::rendition::Rendition;
use crate::articles::workflow::Status;
use crate::db::schema::full_articles;
use crate::db::{Connection, Id, Json, MultiBackend, StoreError, StoreResult, Timestamp};

/// Renders published articles; others are left out.
///
/// # Errors
/// When the database fails.
pub fn render(connection: &mut Connection, ids: &[Id]) -> StoreResult<HashMap<Id, Rendition>> {
    type Row = (
        Id,
        String,
        Option<String>,
        Option<Timestamp>,
        StoryRow,
        Option<Timestamp>,
        Json<Vec<Correction>>,
        Json<Seo>,
        Json<Custom>,
        Option<Timestamp>,
    );
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = full_articles::table
        .into_boxed::<MultiBackend>()
        .filter(full_articles::id.eq_any(ids.to_vec()))
        .filter(full_articles::status.eq(Status::Published.as_str()))
        .select((
            full_articles::id,
            full_articles::slug,
            full_articles::headline,
            full_articles::published_at,
            story_columns!(full_articles),
            full_articles::public_updated_at,
            full_articles::corrections,
            full_articles::seo,
            full_articles::custom,
            full_articles::public_changed_at,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(
            |(
                id,
                slug,
                headline,
                published_at,
                row,
                updated_at,
                corrections,
                seo,
                custom,
                changed_at,
            )| {
                let story = story(row);
                let summary = Summary {
                    id,
                    slug,
                    canonical_url: None,
                    headline: headline.unwrap_or_default(),
                    published_at: published_at.unwrap_or(story.updated_at),
                    story: Story {
                        updated_at: updated_at.unwrap_or(story.updated_at),
                        ..story
                    },
                };
                let changed_at = changed_at.unwrap_or(summary.story.updated_at);
                Rendition::new(&summary, &corrections.0, &seo.0, &custom.0, changed_at)
                    .map(|rendition| (id, rendition))
                    .map_err(|error| {
                        StoreError::Database(diesel::result::Error::SerializationError(
                            error.into(),
                        ))
                    })
            },
        )
        .collect()
}
