//! What readers see of published articles, as JSON: rendered when they are written, and again when a tag or an
//! author that they show changes.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::articles::store::bodies;
use crate::articles::store::read_models::render;
use crate::db::dialect::need_not_last;
use crate::db::lock::{self, Lock};
use crate::db::schema::articles;
use crate::db::stale;
use crate::db::types::{IdSql, TimestampSql};
use crate::db::views::READ_MODEL;
use crate::db::{Connection, Database, Id, Resource, StoreResult, Timestamp};
use crate::events::{Change, Event, NameEvent, Projection};
use crate::tags::store::tree;

const NAME: &str = "read_model";

/// How many articles one transaction renders again.
const BATCH: i64 = 200;

/// Renders published articles when they change. Those that show a tag or an author that changes are noted
/// down and rendered afterwards: there may be a hundred thousand.
pub(super) struct ReadModel;

impl Projection for ReadModel {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i64 {
        READ_MODEL
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let connection = &mut *change.connection;
        match event {
            Event::Article {
                id, before, after, ..
            } if after.is_published => {
                // One that was not published has just been counted with all of its tags and authors, which
                // holds them, but not what its section stands below.
                if before.is_published || after.section.is_some() {
                    hold_names(connection, &[*id])?;
                }
                keep(connection, &[*id])
            }
            Event::Article { .. }
            | Event::Appeared { .. }
            | Event::Collection { .. }
            | Event::Desk(_) => Ok(()),
            Event::Name { event, of, id, .. } => match event {
                NameEvent::Created(_) | NameEvent::Absorbed(_) | NameEvent::Deleted => Ok(()),
                NameEvent::Edited(_) => outdate(connection, *of, *id),
                NameEvent::Merged(into) => outdate(connection, *of, *into),
            },
        }
    }

    fn rebuild(
        &self,
        connection: &mut Connection,
        resource: Resource,
        ids: &[Id],
    ) -> StoreResult<()> {
        if resource != Resource::Article {
            return Ok(());
        }
        lock::shared(connection, Lock::Merges)?;
        lock::rows(connection, resource, ids)?;
        bodies::render(connection, ids)?;
        hold_names(connection, ids)?;
        keep(connection, ids)
    }
}

/// Notes that what shows a tag or an author is to be rendered again: articles in sections below one show that too.
fn outdate(connection: &mut Connection, of: Resource, id: Id) -> StoreResult<()> {
    stale::add(connection, NAME, of.as_str(), id)?;
    if of == Resource::Tag {
        for section in tree::sections_below(connection, id)? {
            stale::add(connection, NAME, of.as_str(), section)?;
        }
    }
    Ok(())
}

/// Keeps the read models of articles with them, of those that are published. Whoever keeps one without having
/// written the article's tags and authors in the same transaction [holds](hold_names) them first.
fn keep(connection: &mut Connection, ids: &[Id]) -> StoreResult<()> {
    for (id, read_model) in render(connection, ids)? {
        diesel::update(articles::table.filter(articles::id.eq(id)))
            .set((
                articles::summary_json.eq(read_model.summary),
                articles::details_json.eq(read_model.details),
                articles::depends_on.eq(read_model.depends_on),
                articles::rendered_changed_at.eq(read_model.changed_at),
                articles::rendered_version.eq(articles::version.nullable()),
                articles::rendered_by.eq(READ_MODEL),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Holds the tags and authors that articles show as they are until the transaction ends: whoever
/// changes one later finds the articles committed, and renders them again. On SQLite there is one
/// writer anyway. What these stand below stays as well: whoever moves a tag waits.
fn hold_names(connection: &mut Connection, ids: &[Id]) -> StoreResult<()> {
    lock::shared(connection, Lock::Merges)?;
    if let Connection::Postgres(connection) = connection {
        diesel::sql_query(
            "WITH t AS (SELECT 1 FROM tags WHERE id IN (SELECT tag_id FROM article_tags WHERE article_id = ANY($1) \
                        UNION ALL SELECT section_id FROM articles WHERE id = ANY($1) \
                        UNION ALL SELECT x.ancestor_id FROM articles a JOIN tag_ancestors x ON x.tag_id = a.section_id \
                        WHERE a.id = ANY($1)) ORDER BY id FOR KEY SHARE), \
                  w AS (SELECT 1 FROM authors WHERE id IN (SELECT author_id FROM article_authors \
                        WHERE article_id = ANY($1)) ORDER BY id FOR KEY SHARE) \
             SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM w)",
        )
        .bind::<Array<IdSql>, _>(ids)
        .execute(connection)?;
    }
    Ok(())
}

#[derive(Debug, Clone, QueryableByName)]
struct Stale {
    #[diesel(sql_type = Text)]
    resource: String,
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

/// Renders a batch of the articles that show something; returns the last of them.
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
            need_not_last(connection)?;
            1
        }
    };
    let batch: Vec<Shows> = diesel::sql_query(showing)
        .bind::<IdSql, _>(of)
        .bind::<TimestampSql, _>(after.published_at)
        .bind::<IdSql, _>(after.id)
        .bind::<BigInt, _>(most)
        .load(connection)?;
    let ids: Vec<Id> = batch.iter().map(|article| article.id).collect();
    // Before the articles, as whoever changes one does.
    lock::shared(connection, Lock::Merges)?;
    lock::rows(connection, Resource::Article, &ids)?;
    hold_names(connection, &ids)?;
    keep(connection, &ids)?;
    Ok(batch.last().copied())
}

/// Renders again what is stale, batch by batch, until nothing is. While it runs, readers are answered from
/// the tables.
///
/// # Errors
/// When the database fails; what was done before stays.
pub async fn catch_up(database: &Database) -> StoreResult<()> {
    loop {
        let first = database.read(|connection| {
            Ok(diesel::sql_query(
                "SELECT resource, id, serial FROM stale WHERE projection = $1 LIMIT 1",
            )
            .bind::<Text, _>(NAME)
            .get_result::<Stale>(connection)
            .optional()?)
        });
        let Some(stale) = first.await? else {
            return Ok(());
        };
        let id = stale.id;
        let lists: &[&str] = match stale.resource.as_str() {
            "author" => &[BY_AUTHOR],
            _ => &[WITH_TAG, IN_SECTION],
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
                "DELETE FROM stale WHERE projection = $1 AND resource = $2 AND id = $3 AND serial = $4",
            )
            .bind::<Text, _>(NAME)
            .bind::<Text, _>(stale.resource)
            .bind::<IdSql, _>(stale.id)
            .bind::<BigInt, _>(stale.serial)
            .execute(connection)?;
            Ok(())
        });
        done.await?;
    }
}
