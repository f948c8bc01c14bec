//! The articles of a tag, a section or an author in the order of publication, and how many they are.

use diesel::RunQueryDsl;

use crate::db::article_counts::{add, gains, recount};
use crate::db::lock;
use crate::db::statement::statement;
use crate::db::types::IdSql;
use crate::db::{Connection, Id, Resource, StoreResult, Timestamp};
use crate::events::{ArticleState, Change, Event, NameEvent, Projection};

/// Keeps beside tags and authors when their articles were published, and how many they have.
pub(super) struct PublicationOrder;

impl Projection for PublicationOrder {
    fn name(&self) -> &'static str {
        "publication_order"
    }

    fn version(&self) -> i64 {
        1
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        let connection = &mut *change.connection;
        match event {
            Event::Article {
                id, before, after, ..
            } => {
                let has_moved = listed_at(before) != listed_at(after);
                let is_listed = listed_at(after).is_some();
                // Those that were written just now have no place yet.
                let any_new = |before: &[Id], after: &[Id]| {
                    !after.is_empty() && (has_moved || is_listed && before != after)
                };
                place(
                    connection,
                    *id,
                    any_new(&before.tags, &after.tags),
                    any_new(&before.authors, &after.authors),
                )?;
                add(
                    connection,
                    gains(tags(before), tags(after)),
                    gains(authors(before), authors(after)),
                )
            }
            Event::Name {
                event: NameEvent::Merged(into),
                of,
                ..
            } => recount(connection, *of, *into),
            Event::Name { .. }
            | Event::Appeared { .. }
            | Event::Collection { .. }
            | Event::Desk(_) => Ok(()),
        }
    }

    fn rebuild(
        &self,
        connection: &mut Connection,
        resource: Resource,
        ids: &[Id],
    ) -> StoreResult<()> {
        if resource == Resource::Article {
            lock::rows(connection, resource, ids)?;
        }
        for id in ids {
            match resource {
                Resource::Article => place(connection, *id, true, true)?,
                Resource::Tag | Resource::Author => recount(connection, resource, *id)?,
            }
        }
        Ok(())
    }
}

/// Where it stands in lists, when it does.
fn listed_at(article: &ArticleState) -> Option<Timestamp> {
    article.published_at.filter(|_| article.is_published)
}

/// The tags and the section that have it among their published articles.
fn tags(article: &ArticleState) -> Vec<Id> {
    match article.is_published {
        true => article
            .tags
            .iter()
            .copied()
            .chain(article.section)
            .collect(),
        false => Vec::new(),
    }
}

fn authors(article: &ArticleState) -> Vec<Id> {
    match article.is_published {
        true => article.authors.clone(),
        false => Vec::new(),
    }
}

/// Writes beside its tags, its authors or both when an article was published. On Postgres both in one statement.
fn place(connection: &mut Connection, article: Id, tags: bool, authors: bool) -> StoreResult<()> {
    const TAGS: &str =
        "UPDATE article_tags SET published_at = (SELECT published_at FROM articles WHERE id = ";
    const AUTHORS: &str =
        "UPDATE article_authors SET published_at = (SELECT published_at FROM articles WHERE id = ";
    const OF: &str = " AND status = 'published') WHERE article_id = ";
    const NEXT: &str = " RETURNING 1) UPDATE article_authors SET published_at = \
                        (SELECT published_at FROM articles WHERE id = ";
    if let (true, true, Connection::Postgres(postgres)) = (tags, authors, &mut *connection) {
        statement(format!("WITH of_tags AS ({TAGS}"))
            .bind::<IdSql, _>(article, OF)
            .bind::<IdSql, _>(article, NEXT)
            .bind::<IdSql, _>(article, OF)
            .bind::<IdSql, _>(article, "")
            .execute(postgres)?;
        return Ok(());
    }
    for (start, is_wanted) in [(TAGS, tags), (AUTHORS, authors)] {
        if is_wanted {
            statement(start)
                .bind::<IdSql, _>(article, OF)
                .bind::<IdSql, _>(article, "")
                .execute(connection)?;
        }
    }
    Ok(())
}
