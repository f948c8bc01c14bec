//! Keeping the search index true to the articles.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::bodies;
use crate::articles::workflow::Status;
use crate::db::schema::{article_authors, article_tags, articles, authors, tags};
use crate::db::types::IdSql;
use crate::db::version::{Locked, lock};
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::search::entry::Document;
use crate::search::store::{self, NameOf};

/// How many one transaction reads into the index.
const BATCH: i64 = 500;

/// Brings the index to what an article says now: only published ones are found, those that are
/// scheduled or under embargo as soon as they are public.
pub(super) fn index(connection: &mut Connection, id: Id) -> StoreResult<()> {
    type Row = (
        Timestamp,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<Id>,
    );
    let row: Option<Row> = articles::table
        .filter(articles::id.eq(id))
        .filter(articles::status.eq(Status::Published.as_str()))
        .select((
            articles::published_at.assume_not_null(),
            articles::headline,
            articles::standfirst,
            articles::byline,
            articles::section_id,
        ))
        .first(connection)
        .optional()?;
    let Some((published_at, headline, standfirst, byline, section)) = row else {
        return store::remove(connection, id);
    };
    let mut tags: Vec<Id> = article_tags::table
        .filter(article_tags::article_id.eq(id))
        .select(article_tags::tag_id)
        .load(connection)?;
    tags.extend(section);
    let authors: Vec<Id> = article_authors::table
        .filter(article_authors::article_id.eq(id))
        .select(article_authors::author_id)
        .load(connection)?;
    let document = Document {
        headline: headline.unwrap_or_default(),
        standfirst: standfirst.unwrap_or_default(),
        body: bodies::find(connection, id)?.to_text(),
        byline: byline.unwrap_or_default(),
        tags,
        authors,
    };
    store::put(connection, id, published_at, &document)
}

#[derive(QueryableByName)]
struct Pending {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = IdSql)]
    id: Id,
}

/// Reads up to a batch of what a migration left to be read into the index; answers how many there
/// were. Called until it answers 0, one transaction each.
///
/// # Errors
/// When the database fails.
pub fn index_pending(connection: &mut Connection) -> StoreResult<usize> {
    // Taken away first: of processes that start at once, each takes others.
    let pending: Vec<Pending> = diesel::sql_query(
        "DELETE FROM search_pending WHERE (kind, id) IN \
         (SELECT kind, id FROM search_pending ORDER BY kind, id LIMIT $1) RETURNING kind, id",
    )
    .bind::<BigInt, _>(BATCH)
    .load(connection)?;
    for Pending { kind, id } in &pending {
        match kind.as_str() {
            "tag" => {
                let name: Option<String> = tags::table
                    .filter(tags::id.eq(id))
                    .select(tags::name)
                    .first(connection)
                    .optional()?;
                store::put_name(connection, NameOf::Tag, *id, &name.unwrap_or_default())?;
            }
            "author" => {
                let name: Option<String> = authors::table
                    .filter(authors::id.eq(id))
                    .select(authors::name)
                    .first(connection)
                    .optional()?;
                store::put_name(connection, NameOf::Author, *id, &name.unwrap_or_default())?;
            }
            _ => {
                lock(connection, Locked::Article, *id)?;
                index(connection, *id)?;
            }
        }
    }
    Ok(pending.len())
}
