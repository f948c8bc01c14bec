//! Keeping the search index true to the articles.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::articles::workflow::Status;
use crate::body::Body;
use crate::db::schema::{article_authors, article_tags, articles, authors, full_articles, tags};
use crate::db::types::IdSql;
use crate::db::version::lock;
use crate::db::{Connection, Id, Json, Resource, StoreResult, Timestamp};
use crate::events::ArticleState;
use crate::search::entry::Document;
use crate::search::store;

/// How many one transaction reads into the index.
const BATCH: i64 = 500;

/// What is read into the index.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct Texts {
    headline: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    body: Json<Body>,
}

/// Brings the index to what a published article says now: one that is scheduled or under embargo is found
/// as soon as it is public. `is_new` says that it was not published before.
///
/// # Errors
/// When the database fails.
pub fn index(
    connection: &mut Connection,
    id: Id,
    article: &ArticleState,
    is_new: bool,
) -> StoreResult<()> {
    let Some(published_at) = article.published_at else {
        return store::remove(connection, id);
    };
    let texts: Texts = full_articles::table
        .filter(full_articles::id.eq(id))
        .select(Texts::as_select())
        .first(connection)?;
    let document = Document {
        headline: texts.headline.unwrap_or_default(),
        standfirst: texts.standfirst.unwrap_or_default(),
        body: texts.body.0.to_text(),
        byline: texts.byline.unwrap_or_default(),
        tags: article
            .tags
            .iter()
            .copied()
            .chain(article.section)
            .collect(),
        authors: article.authors.clone(),
    };
    match is_new {
        true => store::add(connection, id, published_at, &document),
        false => store::put(connection, id, published_at, &document),
    }
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
                store::put_name(connection, Resource::Tag, *id, &name.unwrap_or_default())?;
            }
            "author" => {
                let name: Option<String> = authors::table
                    .filter(authors::id.eq(id))
                    .select(authors::name)
                    .first(connection)
                    .optional()?;
                store::put_name(connection, Resource::Author, *id, &name.unwrap_or_default())?;
            }
            _ => {
                lock(connection, Resource::Article, *id)?;
                match published(connection, *id)? {
                    Some(article) => index(connection, *id, &article, false)?,
                    None => store::remove(connection, *id)?,
                }
            }
        }
    }
    Ok(pending.len())
}

/// What the index needs to know of an article; `None` unless it is published.
fn published(connection: &mut Connection, id: Id) -> StoreResult<Option<ArticleState>> {
    let found: Option<(Option<Timestamp>, Option<Id>)> = articles::table
        .filter(articles::id.eq(id))
        .filter(articles::status.eq(Status::Published.as_str()))
        .select((articles::published_at, articles::section_id))
        .first(connection)
        .optional()?;
    let Some((published_at, section)) = found else {
        return Ok(None);
    };
    Ok(Some(ArticleState {
        is_published: true,
        published_at,
        section,
        tags: article_tags::table
            .filter(article_tags::article_id.eq(id))
            .select(article_tags::tag_id)
            .load(connection)?,
        authors: article_authors::table
            .filter(article_authors::article_id.eq(id))
            .select(article_authors::author_id)
            .load(connection)?,
        ..ArticleState::default()
    }))
}
