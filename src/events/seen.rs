//! What readers see of what happened.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::change::Change;
use super::event::{ArticleEvent, ArticleState, CollectionEvent, Event, NameEvent};
use crate::db::schema::{appearances, retractions};
use crate::db::{Connection, Id, StoreResult};

/// What readers see of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReadersSee)]
pub enum Seen {
    /// Something that was not there.
    Appeared,
    /// Something that is not what it was.
    Changed,
    /// That something is gone.
    Disappeared,
}

impl Seen {
    /// The one with this name, as it is stored.
    pub fn stored(name: &str) -> Option<Self> {
        let all = [Self::Appeared, Self::Changed, Self::Disappeared];
        all.into_iter().find(|seen| seen.as_str() == name)
    }

    /// Its name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Changed => "changed",
            Self::Disappeared => "disappeared",
        }
    }

    fn of(before: bool, after: bool) -> Option<Self> {
        match (before, after) {
            (false, true) => Some(Self::Appeared),
            (true, true) => Some(Self::Changed),
            (true, false) => Some(Self::Disappeared),
            (false, false) => None,
        }
    }
}

/// What readers see of an event, by what the log has told of it before.
pub(super) fn seen(change: &mut Change<'_>, event: &Event) -> StoreResult<Option<Seen>> {
    match event {
        Event::Appeared { .. } => Ok(Some(Seen::Appeared)),
        Event::Article {
            event,
            id,
            before,
            after,
            ..
        } => {
            let seen = seen_of(change, *id, before, after)?;
            match event {
                // Its address says so, and the list of corrections, although it was not public any more.
                ArticleEvent::Retracted if seen.is_none() => {
                    Ok(is_told(change.connection, *id)?.then_some(Seen::Disappeared))
                }
                _ => Ok(seen),
            }
        }
        Event::Name { event, .. } => Ok(Some(match event {
            NameEvent::Created(_) => Seen::Appeared,
            NameEvent::Edited(_) | NameEvent::Absorbed(_) => Seen::Changed,
            NameEvent::Merged(_) | NameEvent::Deleted => Seen::Disappeared,
        })),
        Event::Collection { event, .. } => Ok(Some(match event {
            CollectionEvent::Created => Seen::Appeared,
            CollectionEvent::Changed => Seen::Changed,
            CollectionEvent::Deleted => Seen::Disappeared,
        })),
        Event::Desk(_) => Ok(None),
    }
}

fn seen_of(
    change: &mut Change<'_>,
    id: Id,
    before: &ArticleState,
    after: &ArticleState,
) -> StoreResult<Option<Seen>> {
    let now = change.now;
    if before.is_public_when(after) {
        let is_public = after.is_public(now);
        return Ok(Seen::of(is_public, is_public));
    }
    // What the clock has not made appear yet, as the log sees it, nobody has seen.
    let was_to_come = before.is_published && forget(change.connection, id)?;
    expect(change, id, after)?;
    Ok(Seen::of(
        before.is_published && !was_to_come,
        after.is_public(now),
    ))
}

/// Whether readers are told that an article was retracted: they knew it.
fn is_told(connection: &mut Connection, id: Id) -> StoreResult<bool> {
    let retraction = retractions::table.filter(retractions::article_id.eq(id));
    Ok(diesel::select(diesel::dsl::exists(retraction)).get_result(connection)?)
}

/// Takes an article out of those that are to appear; returns whether it was one.
fn forget(connection: &mut Connection, id: Id) -> StoreResult<bool> {
    let forgotten = diesel::delete(appearances::table.filter(appearances::article_id.eq(id)))
        .execute(connection)?;
    Ok(forgotten > 0)
}

/// Puts an article that readers do not see yet among those that are to appear; what is to expire is found by an
/// index.
fn expect(change: &mut Change<'_>, id: Id, article: &ArticleState) -> StoreResult<()> {
    if article.public_until().is_some() {
        change.touched.schedule();
    }
    let Some(due) = article.public_from().filter(|due| *due > change.now) else {
        return Ok(());
    };
    diesel::insert_into(appearances::table)
        .values((appearances::article_id.eq(id), appearances::due_at.eq(due)))
        .execute(change.connection)?;
    change.touched.schedule();
    Ok(())
}
