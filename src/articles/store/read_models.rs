//! What readers see of published articles, rendered from the tables.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Deserialize;

use super::rows::{ArticleCommonRow, DetailRow};
use crate::among;
use crate::articles::model::{ArticleCommon, Summary};
use crate::articles::read_model::ReadModel;
use crate::articles::workflow::Status;
use crate::articles::written::WrittenArticle;
use crate::body::{Body, reading_minutes, shortened};
use crate::db::schema::{full_articles, teaser_sources};
use crate::db::{Connection, Id, Json, MultiBackend, StoreError, StoreResult, Timestamp};

#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct Row {
    #[diesel(embed)]
    article: ArticleRow,
    #[diesel(embed)]
    story: ArticleCommonRow,
}

/// What it says but what readers and editors see alike.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct ArticleRow {
    id: Id,
    slug: String,
    headline: Option<String>,
    updated_at: Timestamp,
    published_at: Option<Timestamp>,
    public_updated_at: Option<Timestamp>,
    public_changed_at: Option<Timestamp>,
    #[diesel(embed)]
    details: DetailRow,
}

/// What a list says of an article's text.
#[derive(Default, Deserialize)]
struct Teaser {
    /// The beginning of the standfirst, or else of the body.
    excerpt: String,
    reading_minutes: u32,
}

impl Teaser {
    fn of_body(body: &Body) -> Self {
        Self {
            excerpt: body.excerpt(),
            reading_minutes: reading_minutes(&body.to_text()),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = teaser_sources)]
struct TeaserSource {
    id: Id,
    summary_json: Option<String>,
    blocks: Option<Json<Body>>,
}

/// The teasers of articles: those that were rendered are not made again because the name of a tag changes, for
/// which the bodies of all its articles would have to be read.
fn teasers(connection: &mut Connection, ids: &[Id]) -> StoreResult<HashMap<Id, Teaser>> {
    let query = teaser_sources::table.into_boxed::<MultiBackend>();
    let sources: Vec<TeaserSource> = among!(query, teaser_sources::id, ids)
        .select(TeaserSource::as_select())
        .load(connection)?;
    sources
        .into_iter()
        .map(|source| {
            let rendered = source.summary_json.map(|members| format!("{{{members}}}"));
            let teaser = match (rendered, source.blocks) {
                (Some(summary), _) => {
                    serde_json::from_str(&summary).map_err(StoreError::unreadable)?
                }
                (None, Some(body)) => Teaser::of_body(&body.0),
                (None, None) => Teaser::default(),
            };
            Ok((source.id, teaser))
        })
        .collect()
}

/// Renders published articles; others are left out.
///
/// # Errors
/// When the database fails.
pub fn render(connection: &mut Connection, ids: &[Id]) -> StoreResult<HashMap<Id, ReadModel>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = full_articles::table
        .into_boxed::<MultiBackend>()
        .filter(full_articles::status.eq(Status::Published.as_str()));
    let rows: Vec<Row> = among!(query, full_articles::id, ids)
        .select(Row::as_select())
        .load(connection)?;
    let mut teasers = teasers(connection, ids)?;
    rows.into_iter()
        .map(|row| {
            let Row { article, story } = row;
            let id = article.id;
            let teaser = teasers.remove(&id).unwrap_or_default();
            Ok((id, read_model(article, story.into(), teaser)?))
        })
        .collect()
}

/// Renders an article of any status as it was written, with `story` made of that. One that was never published counts
/// as published when it was last saved.
///
/// # Errors
/// [`StoreError::NotFound`].
pub(super) fn of_written(
    connection: &mut Connection,
    id: Id,
    written: &WrittenArticle,
    story: ArticleCommon,
) -> StoreResult<ReadModel> {
    let row: ArticleRow = full_articles::table
        .filter(full_articles::id.eq(id))
        .select(ArticleRow::as_select())
        .first(connection)?;
    let fields = written.fields.clone();
    let row = ArticleRow {
        slug: fields.slug,
        headline: fields.headline,
        details: DetailRow {
            corrections: row.details.corrections,
            seo: Json(fields.seo),
            custom: Json(fields.custom),
        },
        ..row
    };
    let story = ArticleCommon {
        updated_at: row.updated_at,
        ..story
    };
    read_model(row, story, Teaser::of_body(&written.body))
}

fn read_model(row: ArticleRow, story: ArticleCommon, teaser: Teaser) -> StoreResult<ReadModel> {
    let standfirst = story.standfirst.as_deref().map(shortened);
    let summary = Summary {
        id: row.id,
        slug: row.slug,
        canonical_url: None,
        headline: row.headline.unwrap_or_default(),
        excerpt: standfirst
            .filter(|text| !text.is_empty())
            .unwrap_or(teaser.excerpt),
        published_at: row.published_at.unwrap_or(story.updated_at),
        story: ArticleCommon {
            updated_at: row.public_updated_at.unwrap_or(story.updated_at),
            reading_minutes: teaser.reading_minutes,
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
