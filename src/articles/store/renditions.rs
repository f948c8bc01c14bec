//! What readers see of published articles, rendered when they are written, and rendered again when
//! a tag or an author that they show changes.

use std::collections::HashMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::story::{StoryRow, story, story_columns};
use crate::articles::model::{Correction, Story, Summary};
use crate::articles::parts::{Custom, Seo};
use crate::articles::rendition::Rendition;
use crate::articles::workflow::Status;
use crate::db::schema::{articles, full_articles};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::version::lock;
use crate::db::{
    Connection, Database, Id, Json, MultiBackend, Resource, StoreError, StoreResult, Timestamp,
};

/// How many articles one transaction renders again.
const BATCH: i64 = 200;

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

/// Keeps the rendition of an article with it, when it is published. Whoever keeps one without having written
/// the article's tags and authors in the same transaction [holds](hold_names) them first.
///
/// # Errors
/// When the database fails.
pub fn keep(connection: &mut Connection, id: Id) -> StoreResult<()> {
    let Some(rendition) = render(connection, &[id])?.remove(&id) else {
        return Ok(());
    };
    diesel::update(articles::table.filter(articles::id.eq(id)))
        .set((
            articles::summary_json.eq(rendition.summary),
            articles::details_json.eq(rendition.details),
            articles::made_of.eq(rendition.made_of),
            articles::rendered_changed_at.eq(rendition.changed_at),
            articles::rendered_version.eq(articles::version.nullable()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Holds the tags and authors that an article shows as they are until the transaction ends: whoever
/// changes one later finds the article committed, and renders it again. On SQLite there is one
/// writer anyway.
///
/// # Errors
/// When the database fails.
pub fn hold_names(connection: &mut Connection, id: Id) -> StoreResult<()> {
    if let Connection::Postgres(connection) = connection {
        diesel::sql_query(
            "WITH t AS (SELECT 1 FROM tags WHERE id IN (SELECT tag_id FROM article_tags WHERE article_id = $1 \
                        UNION ALL SELECT section_id FROM articles WHERE id = $1) ORDER BY id FOR KEY SHARE), \
                  w AS (SELECT 1 FROM authors WHERE id IN (SELECT author_id FROM article_authors \
                        WHERE article_id = $1) ORDER BY id FOR KEY SHARE) \
             SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM w)",
        )
        .bind::<IdSql, _>(id)
        .execute(connection)?;
    }
    Ok(())
}

#[derive(Debug, Clone, QueryableByName)]
struct Outdated {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = BigInt)]
    serial: i64,
}

/// A published article that shows something, in the order of the indexes.
#[derive(Debug, Clone, Copy, QueryableByName)]
struct Shows {
    #[diesel(sql_type = TimestampSql)]
    published_at: Timestamp,
    #[diesel(sql_type = IdSql)]
    id: Id,
}

const WITH_TAG: &str = "SELECT published_at, article_id AS id FROM article_tags \
     WHERE tag_id = $1 AND published_at IS NOT NULL AND (published_at, article_id) > ($2, $3) \
     ORDER BY published_at, article_id LIMIT $4";
const IN_SECTION: &str = "SELECT published_at, id FROM articles \
     WHERE section_id = $1 AND status = 'published' AND (published_at, id) > ($2, $3) \
     ORDER BY published_at, id LIMIT $4";
const BY_AUTHOR: &str = "SELECT published_at, article_id AS id FROM article_authors \
     WHERE author_id = $1 AND published_at IS NOT NULL AND (published_at, article_id) > ($2, $3) \
     ORDER BY published_at, article_id LIMIT $4";

/// Renders a batch of the articles that show something; answers the last of them.
fn render_batch(
    connection: &mut Connection,
    showing: &'static str,
    of: Id,
    after: Option<Shows>,
) -> StoreResult<Option<Shows>> {
    let after = after.unwrap_or(Shows {
        published_at: Timestamp::EARLIEST,
        id: Id(uuid::Uuid::nil()),
    });
    // Where there are many writers, an editor must not wait for a batch, nor be in the way of one:
    // there, each article has a transaction of its own, which need not be durable before the last.
    let most = match connection {
        Connection::Sqlite(_) => BATCH,
        Connection::Postgres(_) => {
            connection.batch_execute("SET LOCAL synchronous_commit = off")?;
            1
        }
    };
    let batch: Vec<Shows> = diesel::sql_query(showing)
        .bind::<IdSql, _>(of)
        .bind::<TimestampSql, _>(after.published_at)
        .bind::<IdSql, _>(after.id)
        .bind::<BigInt, _>(most)
        .load(connection)?;
    for article in &batch {
        lock(connection, Resource::Article, article.id)?;
        hold_names(connection, article.id)?;
        keep(connection, article.id)?;
    }
    Ok(batch.last().copied())
}

/// Renders again what is outdated, batch by batch, until nothing is. While it runs, readers are
/// answered from the tables.
///
/// # Errors
/// When the database fails; what was done before stays.
pub async fn catch_up(database: &Database) -> StoreResult<()> {
    loop {
        let first = database.read(|connection| {
            Ok(
                diesel::sql_query("SELECT kind, id, serial FROM outdated_renditions LIMIT 1")
                    .get_result::<Outdated>(connection)
                    .optional()?,
            )
        });
        let Some(outdated) = first.await? else {
            return Ok(());
        };
        let id = outdated.id;
        let lists: &[&str] = match outdated.kind.as_str() {
            "tag" => &[WITH_TAG, IN_SECTION],
            "author" => &[BY_AUTHOR],
            _ => {
                while database.write(render_new).await? > 0 {}
                continue;
            }
        };
        for list in lists {
            let mut after = None;
            loop {
                let batch =
                    database.write(move |connection| render_batch(connection, list, id, after));
                match batch.await? {
                    None => break,
                    last => after = last,
                }
            }
        }
        // Unless it has changed again.
        let done = database.write(move |connection| {
            diesel::sql_query(
                "DELETE FROM outdated_renditions WHERE kind = $1 AND id = $2 AND serial = $3",
            )
            .bind::<Text, _>(outdated.kind)
            .bind::<IdSql, _>(outdated.id)
            .bind::<BigInt, _>(outdated.serial)
            .execute(connection)?;
            Ok(())
        });
        done.await?;
    }
}

#[derive(QueryableByName)]
struct New {
    #[diesel(sql_type = IdSql)]
    id: Id,
}

/// Renders up to a batch of the articles that a migration left to be rendered; answers how many
/// there were. Called until it answers 0, one transaction each.
///
/// # Errors
/// When the database fails.
pub fn render_new(connection: &mut Connection) -> StoreResult<usize> {
    // Taken away first: of processes that start at once, each takes others.
    let new: Vec<New> = diesel::sql_query(
        "DELETE FROM outdated_renditions WHERE (kind, id) IN (SELECT kind, id \
         FROM outdated_renditions WHERE kind = 'article' ORDER BY id LIMIT $1) RETURNING id",
    )
    .bind::<BigInt, _>(BATCH)
    .load(connection)?;
    for New { id } in &new {
        lock(connection, Resource::Article, *id)?;
        hold_names(connection, *id)?;
        keep(connection, *id)?;
    }
    Ok(new.len())
}
