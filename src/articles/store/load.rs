//! Loading an article for a change.

use diesel::prelude::*;

use super::rows::{Content, References};
use crate::articles::input::ArticleInput;
use crate::articles::workflow::Status;
use crate::articles::written::NamedIds;
use crate::auth::model::{Caller, Right};
use crate::db::lock::{self, Lock};
use crate::db::schema::{articles, full_articles};
use crate::db::version::Expected;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp, stored};
use crate::events::ArticleState;
use crate::first_for_update;

/// What a change needs to know besides the content.
#[derive(Queryable, Selectable)]
#[diesel(table_name = articles)]
pub(super) struct Row {
    status: String,
    pub(super) version: i64,
    created_by: Option<Id>,
    pub(super) published_at: Option<Timestamp>,
    pub(super) embargo_until: Option<Timestamp>,
    pub(super) retraction_reason: Option<String>,
    pub(super) trashed_from: Option<String>,
    pub(super) unpublish_at: Option<Timestamp>,
    pub(super) first_public_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
    told_updated_at: Option<Timestamp>,
    #[diesel(embed)]
    pub(super) content: Content,
}

/// An article as it stands. On Postgres its row is locked until the transaction ends.
pub(super) struct Loaded {
    pub(super) id: Id,
    pub(super) status: Status,
    pub(super) row: Row,
    pub(super) refers_to: References,
}

impl Loaded {
    /// What others depend on.
    pub(super) fn state(&self) -> ArticleState {
        let References { authors, tags, .. } = &self.refers_to;
        ArticleState {
            is_published: self.status == Status::Published,
            published_at: self.row.published_at,
            embargo_until: self.row.embargo_until,
            unpublish_at: self.row.unpublish_at,
            section: self.row.content.section_id,
            tags: tags.0.iter().map(|tag| tag.id).collect(),
            authors: authors.0.iter().map(|author| author.id).collect(),
        }
    }

    /// The article as it was last written.
    pub(super) fn input(&self) -> StoreResult<ArticleInput> {
        self.row.content.to_input(&self.refers_to)
    }

    /// What it names.
    pub(super) fn named(&self) -> NamedIds {
        let References { authors, tags, .. } = &self.refers_to;
        NamedIds {
            authors: authors.0.iter().map(|author| author.id).collect(),
            section: self.row.content.section_id,
            tags: tags.0.iter().map(|tag| tag.id).collect(),
            primary: self.row.content.primary_tag_id,
        }
    }

    /// Whether readers have seen it, now or before.
    pub(super) fn was_public(&self, now: Timestamp) -> bool {
        self.row.published_at.is_some_and(|instant| instant <= now)
            && self.row.embargo_until.is_none_or(|instant| instant <= now)
    }

    /// When readers first knew it; `None` when they never did.
    pub(super) fn first_public_at(&self, now: Timestamp) -> Option<Timestamp> {
        let published = self.row.published_at.filter(|_| self.was_public(now));
        self.row.first_public_at.or(published)
    }

    /// Since when readers have known it, of an article that they see.
    pub(super) fn public_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.first_public_at(now)
            .filter(|_| self.state().is_public(now))
    }

    /// When readers were last told of a change.
    pub(super) fn told_updated_at(&self) -> Timestamp {
        self.row.told_updated_at.unwrap_or(self.row.updated_at)
    }

    /// What is public, only those who may publish change.
    pub(super) fn may_be_changed_by(&self, caller: &Caller) -> StoreResult<()> {
        if self.status == Status::Published && !caller.may(Right::ArticlesPublish) {
            return Err(StoreError::Forbidden(format!(
                "The article is published; changing it needs the right {}.",
                Right::ArticlesPublish
            )));
        }
        Ok(())
    }
}

/// Loads an article for a change: it must exist for the caller and have the expected version.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
pub(super) fn load_for_update(
    connection: &mut Connection,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<Loaded> {
    let row = locked(connection, id)?;
    if caller
        .only_own()
        .is_some_and(|user| row.created_by != Some(user))
    {
        return Err(StoreError::NotFound);
    }
    expected.check(row.version)?;
    with_references(connection, id, row)
}

/// Loads an article for a change that the server makes by itself.
///
/// # Errors
/// [`StoreError::NotFound`].
pub(super) fn load_for_server(connection: &mut Connection, id: Id) -> StoreResult<Loaded> {
    let row = locked(connection, id)?;
    with_references(connection, id, row)
}

/// The slug of an article, for whoever may know of it. With `only_own`, another user's is not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub(super) fn known_slug(
    connection: &mut Connection,
    id: Id,
    only_own: Option<Id>,
) -> StoreResult<String> {
    let mut query = articles::table
        .filter(articles::id.eq(id))
        .into_boxed::<MultiBackend>();
    if let Some(user) = only_own {
        query = query.filter(articles::created_by.eq(user));
    }
    Ok(query.select(articles::slug).first(connection)?)
}

/// An article as it stands, for what is only read.
///
/// # Errors
/// [`StoreError::NotFound`].
pub(super) fn as_it_stands(connection: &mut Connection, id: Id) -> StoreResult<Loaded> {
    let found = articles::table.filter(articles::id.eq(id));
    let row = found.select(Row::as_select()).first(connection)?;
    with_references(connection, id, row)
}

fn locked(connection: &mut Connection, id: Id) -> StoreResult<Row> {
    // Until this ends no tag and no author is merged: who has an article stays who had it when it was read.
    lock::shared(connection, Lock::Merges)?;
    let found = articles::table.filter(articles::id.eq(id));
    Ok(first_for_update!(
        connection,
        found.select(Row::as_select())
    )?)
}

fn with_references(connection: &mut Connection, id: Id, row: Row) -> StoreResult<Loaded> {
    // After the lock: what it refers to stands until the transaction ends.
    let refers_to = full_articles::table
        .filter(full_articles::id.eq(id))
        .select(References::as_select())
        .first(connection)?;
    Ok(Loaded {
        id,
        status: stored(&row.status)?,
        row,
        refers_to,
    })
}

/// The row was locked when it was read: this is for the day on which it is not.
pub(super) fn changed_one(changed: usize, current: i64) -> StoreResult<()> {
    if changed == 0 {
        return Err(StoreError::VersionMismatch { current });
    }
    Ok(())
}
