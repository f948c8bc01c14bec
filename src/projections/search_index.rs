//! What articles are found by: only published ones are, and those that are scheduled or under embargo as soon as
//! they are public.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::among;
use crate::articles::workflow::Status;
use crate::authors::model::AuthorRef;
use crate::body::Body;
use crate::db::lock;
use crate::db::schema::{authors, full_articles, tags};
use crate::db::types::IdSql;
use crate::db::{Connection, Id, Json, MultiBackend, Resource, StoreResult, Timestamp};
use crate::events::{ArticleEvent, Change, Event, NameEvent, Projection};
use crate::names::sort_name;
use crate::search::entry::Document;
use crate::search::store::{self, Index};
use crate::tags::model::TagRef;

/// Keeps published articles, and the names of tags and authors, in the search index.
pub(super) struct SearchIndex;

impl Projection for SearchIndex {
    fn name(&self) -> &'static str {
        "search_index"
    }

    fn version(&self) -> i64 {
        3
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let connection = &mut *change.connection;
        match event {
            Event::Appeared { .. }
            | Event::Collection { .. }
            | Event::Desk(_)
            | Event::Article {
                event:
                    ArticleEvent::Corrected
                    | ArticleEvent::CorrectionChanged(_)
                    | ArticleEvent::CorrectionWithdrawn(_),
                ..
            } => Ok(()),
            Event::Article {
                id, before, after, ..
            } => match (before.is_published, after.is_published) {
                (was_published, true) => {
                    let found = documents(connection, Index::Published, &[*id])?.remove(id);
                    let Some((published_at, document)) = found else {
                        return Ok(());
                    };
                    let keep = match was_published {
                        true => store::put,
                        false => store::add,
                    };
                    keep(connection, Index::Published, *id, published_at, &document)
                }
                (true, false) => store::remove(connection, Index::Published, *id),
                (false, false) => Ok(()),
            },
            Event::Name { event, of, id, .. } => match event {
                NameEvent::Created(name) | NameEvent::Edited(Some(name)) => {
                    store::put_name(connection, *of, *id, name)
                }
                NameEvent::Edited(None) | NameEvent::Absorbed(_) => Ok(()),
                NameEvent::Merged(into) => store::merge_name(connection, *id, *into),
                NameEvent::Deleted => store::remove_name(connection, *id),
            },
        }
    }

    fn rebuild(
        &self,
        connection: &mut Connection,
        resource: Resource,
        ids: &[Id],
    ) -> StoreResult<()> {
        lock::rows(connection, resource, ids)?;
        let names: Vec<(Id, String)> = match resource {
            Resource::Article => return keep_all(connection, Index::Published, ids),
            Resource::Tag => tags::table
                .filter(tags::id.eq_any(ids.to_vec()))
                .select((tags::id, tags::name))
                .load(connection)?,
            Resource::Author => authors::table
                .filter(authors::id.eq_any(ids.to_vec()))
                .select((authors::id, authors::name))
                .load(connection)?,
        };
        for (id, name) in names {
            store::put_name(connection, resource, id, &name)?;
            put_sort_name(connection, resource, id, &name)?;
        }
        Ok(())
    }
}

/// Keeps in an index those of some articles that belong to it, and no other.
///
/// # Errors
/// When the database fails.
pub(super) fn keep_all(connection: &mut Connection, index: Index, ids: &[Id]) -> StoreResult<()> {
    let found = documents(connection, index, ids)?;
    for id in ids {
        match found.get(id) {
            Some((at, document)) => store::put(connection, index, *id, *at, document)?,
            None => store::remove(connection, index, *id)?,
        }
    }
    Ok(())
}

/// Lists of tags and authors are looked through by the same words.
fn put_sort_name(connection: &mut Connection, of: Resource, id: Id, name: &str) -> StoreResult<()> {
    diesel::sql_query(format!(
        "UPDATE {} SET sort_name = $1 WHERE id = $2",
        of.table()
    ))
    .bind::<Text, _>(sort_name(name))
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    Ok(())
}

/// What is read into the index of an article.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
struct Texts {
    id: Id,
    kicker: Option<String>,
    headline: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    body: Json<Body>,
    created_at: Timestamp,
    published_at: Option<Timestamp>,
    section_id: Option<Id>,
    tags: Json<Vec<TagRef>>,
    authors: Json<Vec<AuthorRef>>,
}

/// The documents of those that belong to an index, each with the instant that it is in the order of.
///
/// # Errors
/// When the database fails.
pub(super) fn documents(
    connection: &mut Connection,
    index: Index,
    ids: &[Id],
) -> StoreResult<HashMap<Id, (Timestamp, Document)>> {
    let (published, trashed) = (Status::Published.as_str(), Status::Trashed.as_str());
    let query = full_articles::table.into_boxed::<MultiBackend>();
    let query = among!(query, full_articles::id, ids);
    let query = match index {
        Index::Published => query.filter(full_articles::status.eq(published)),
        Index::Drafts => query.filter(full_articles::status.ne_all([published, trashed])),
    };
    let found: Vec<Texts> = query.select(Texts::as_select()).load(connection)?;
    let document = |texts: Texts| {
        let tags = texts.tags.0.iter().map(|tag| tag.id);
        let document = Document {
            headline: [texts.kicker, texts.headline]
                .map(Option::unwrap_or_default)
                .join(" "),
            standfirst: texts.standfirst.unwrap_or_default(),
            body: texts.body.0.to_text(),
            byline: texts.byline.unwrap_or_default(),
            tags: tags.chain(texts.section_id).collect(),
            authors: texts.authors.0.iter().map(|author| author.id).collect(),
        };
        let at = match index {
            Index::Published => texts.published_at?,
            Index::Drafts => texts.created_at,
        };
        Some((texts.id, (at, document)))
    };
    Ok(found.into_iter().filter_map(document).collect())
}
