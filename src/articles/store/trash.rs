//! Deleting for good what is in the trash, and giving its slugs to others.

use diesel::prelude::*;

use super::load::{Loaded, changed_one, load_for_server, load_for_update};
use super::slots;
use crate::articles::workflow::{Status, Step};
use crate::auth::model::Caller;
use crate::db::schema::{articles, retired_slugs};
use crate::db::slugs;
use crate::db::version::Expected;
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, Timestamp};
use crate::events::{ArticleEvent, ArticleState, Change, Event, Remark};
use crate::on_each_database;
use crate::text::Slug;

/// Deletes an article that is in the trash, with all that belongs to it. The event log stays.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`] when it is not in
/// the trash.
pub fn delete(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Delete.check(article.status)?;
    delete_loaded(change, article)
}

/// Whether anything was thrown away before an instant.
///
/// # Errors
/// When the database fails.
pub fn is_any_before(connection: &mut Connection, before: Timestamp) -> StoreResult<bool> {
    let first: Option<Id> = articles::table
        .filter(articles::status.eq(Status::Trashed.as_str()))
        .filter(articles::updated_at.lt(before))
        .select(articles::id)
        .first(connection)
        .optional()?;
    Ok(first.is_some())
}

/// Deletes up to `most` articles that were thrown away before an instant, the first ones first; returns how many
/// there were.
///
/// # Errors
/// When the database fails.
pub fn empty(change: &mut Change<'_>, before: Timestamp, most: i64) -> StoreResult<usize> {
    let thrown_away: Vec<Id> = articles::table
        .filter(articles::status.eq(Status::Trashed.as_str()))
        .filter(articles::updated_at.lt(before))
        .order((articles::updated_at, articles::id))
        .limit(most)
        .select(articles::id)
        .load(change.connection)?;
    let mut deleted = 0;
    for id in &thrown_away {
        // Another process may have deleted it, and an editor may have restored it.
        match load_for_server(change.connection, *id) {
            Err(StoreError::NotFound) => {}
            Ok(article) if article.status != Status::Trashed => {}
            article => {
                delete_loaded(change, article?)?;
                deleted += 1;
            }
        }
    }
    Ok(deleted)
}

fn delete_loaded(change: &mut Change<'_>, article: Loaded) -> StoreResult<()> {
    let (id, slug) = (article.id, article.row.content.slug.clone());
    match article.first_public_at(change.now) {
        // Readers have its addresses: nothing else answers there.
        Some(_) => retire(change, id, &slug)?,
        None => slugs::forget_former(change.connection, Resource::Article, id)?,
    }
    slots::give_up(change, id)?;
    let deleted = diesel::delete(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::version.eq(article.row.version)),
    )
    .execute(change.connection)?;
    changed_one(deleted, article.row.version)?;
    change.record(Event::Article {
        event: ArticleEvent::Deleted,
        id,
        slug,
        version: article.row.version,
        before: article.state(),
        after: ArticleState::default(),
        remark: Remark::default(),
    });
    Ok(())
}

/// Keeps a slug from all others.
fn retire(change: &mut Change<'_>, id: Id, slug: &str) -> StoreResult<()> {
    let row = (
        retired_slugs::slug.eq(slug),
        retired_slugs::article_id.eq(id),
        retired_slugs::retired_at.eq(change.now),
    );
    let connection = &mut *change.connection;
    on_each_database!(connection, inner => {
        diesel::insert_into(retired_slugs::table)
            .values(row)
            .on_conflict(retired_slugs::slug)
            .do_nothing()
            .execute(inner)?
    });
    Ok(())
}

/// Gives up the slug of an article that is in the trash and was never public, so that another one can take it: the
/// one in the trash gets the nearest free one. Returns whether there was one.
///
/// # Errors
/// When the database fails.
pub(super) fn vacate(change: &mut Change<'_>, slug: &Slug) -> StoreResult<bool> {
    let found: Option<Id> = articles::table
        .filter(articles::slug.eq(slug.as_str()))
        .filter(articles::status.eq(Status::Trashed.as_str()))
        .filter(articles::published_at.is_null())
        .filter(articles::first_public_at.is_null())
        .select(articles::id)
        .first(change.connection)
        .optional()?;
    let Some(id) = found else {
        return Ok(false);
    };
    let article = load_for_server(change.connection, id)?;
    let other = slugs::nearest_free(change.connection, Resource::Article, slug)?;
    let version = article.row.version + 1;
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::status.eq(Status::Trashed.as_str()))
            .filter(articles::version.eq(article.row.version)),
    )
    .set((
        articles::slug.eq(other.as_str()),
        articles::version.eq(version),
    ))
    .execute(change.connection)?;
    changed_one(changed, version)?;
    let state = article.state();
    change.record(Event::Article {
        event: ArticleEvent::Edited,
        id,
        slug: other.into_string(),
        version,
        before: state.clone(),
        after: state,
        remark: Remark::default(),
    });
    Ok(true)
}
