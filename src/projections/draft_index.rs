//! What editors find articles by that are not published: drafts, and what was taken back or retracted, until it is
//! thrown away. Readers' searches know nothing of this index.

use diesel::prelude::*;

use super::search_index::{documents, keep_all};
use crate::articles::store::rows::sort_headline;
use crate::db::lock;
use crate::db::schema::articles;
use crate::db::{Connection, Id, Resource, StoreResult};
use crate::events::{ArticleEvent, Change, Event, Projection};
use crate::search::store::{self, Index};

/// Keeps articles that are neither published nor in the trash in the index of drafts. The names of tags and authors
/// are those of the [search index](super::search_index).
pub(super) struct DraftIndex;

impl Projection for DraftIndex {
    fn name(&self) -> &'static str {
        "draft_index"
    }

    fn version(&self) -> i64 {
        1
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let Event::Article {
            event,
            id,
            version,
            before,
            after,
            ..
        } = event
        else {
            return Ok(());
        };
        // Published in the same change, it is never here.
        if *event == ArticleEvent::Created && change.leaves_published(*id) {
            return Ok(());
        }
        let connection = &mut *change.connection;
        match event {
            // Its words are as they were, or it is in no index.
            ArticleEvent::Retracted if !before.is_published => Ok(()),
            ArticleEvent::Corrected
            | ArticleEvent::CorrectionChanged(_)
            | ArticleEvent::CorrectionWithdrawn(_)
            | ArticleEvent::Deleted => Ok(()),
            _ if after.is_published && (before.is_published || *version == 1) => Ok(()),
            _ if after.is_published => store::remove(connection, Index::Drafts, *id),
            ArticleEvent::Trashed if before.is_published => Ok(()),
            ArticleEvent::Trashed => store::remove(connection, Index::Drafts, *id),
            _ => {
                let found = documents(connection, Index::Drafts, &[*id])?.remove(id);
                let Some((created_at, document)) = found else {
                    return Ok(());
                };
                let keep = match event {
                    ArticleEvent::Edited => store::put,
                    _ => store::add,
                };
                keep(connection, Index::Drafts, *id, created_at, &document)
            }
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
        lock::rows(connection, resource, ids)?;
        keep_all(connection, Index::Drafts, ids)?;
        put_sort_headlines(connection, ids)
    }
}

/// Lists of the desk are sorted by headlines as lists of names are by names: by the same words.
fn put_sort_headlines(connection: &mut Connection, ids: &[Id]) -> StoreResult<()> {
    let found: Vec<(Id, Option<String>, String)> = articles::table
        .filter(articles::id.eq_any(ids.to_vec()))
        .select((articles::id, articles::headline, articles::sort_headline))
        .load(connection)?;
    for (id, headline, kept) in found {
        let sorted = sort_headline(headline.as_deref());
        if sorted != kept {
            diesel::update(articles::table.filter(articles::id.eq(id)))
                .set(articles::sort_headline.eq(sorted))
                .execute(connection)?;
        }
    }
    Ok(())
}
