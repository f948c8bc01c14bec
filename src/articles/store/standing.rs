//! What a change needs to know of an article before it, and what it leaves behind.

use diesel::prelude::*;

use crate::articles::workflow::Status;
use crate::auth::model::{Caller, Right};
use crate::db::changes::{Mark, Touched};
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::version::{Expected, Locked, lock};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};

/// What a change needs to know of an article before it.
pub(super) struct Standing {
    pub(super) status: Status,
    pub(super) version: i64,
    pub(super) slug: String,
    pub(super) published_at: Option<Timestamp>,
    pub(super) embargo_until: Option<Timestamp>,
    pub(super) retraction_reason: Option<String>,
    pub(super) trashed_from: Option<Status>,
}

impl Standing {
    /// Whether readers have seen it, now or before.
    pub(super) fn was_public(&self) -> bool {
        let now = Timestamp::now();
        self.published_at.is_some_and(|instant| instant <= now)
            && self.embargo_until.is_none_or(|instant| instant <= now)
    }
}

/// Finds an article for a change: it must exist for the caller and have the expected version.
pub(super) fn standing(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<Standing> {
    type Row = (
        String,
        i64,
        String,
        Option<Timestamp>,
        Option<Timestamp>,
        Option<String>,
        Option<String>,
        Option<Id>,
    );
    lock(connection, Locked::Article, id)?;
    let (
        status,
        version,
        slug,
        published_at,
        embargo_until,
        retraction_reason,
        trashed_from,
        created_by,
    ): Row = articles::table
        .filter(articles::id.eq(id))
        .select((
            articles::status,
            articles::version,
            articles::slug,
            articles::published_at,
            articles::embargo_until,
            articles::retraction_reason,
            articles::trashed_from,
            articles::created_by,
        ))
        .first(connection)?;
    if caller
        .only_own()
        .is_some_and(|user| created_by != Some(user))
    {
        return Err(StoreError::NotFound);
    }
    expected.check(version)?;
    touch(connection, touched, id)?;
    Ok(Standing {
        status: Status::from_name(&status),
        version,
        slug,
        published_at,
        embargo_until,
        retraction_reason,
        trashed_from: trashed_from.as_deref().map(Status::from_name),
    })
}

/// Marks what shows a published article, one that is scheduled or under embargo included: before a
/// change and after it.
pub(super) fn touch(connection: &mut Connection, touched: &mut Touched, id: Id) -> StoreResult<()> {
    let published: Option<Option<Id>> = articles::table
        .filter(articles::id.eq(id))
        .filter(articles::status.eq(Status::Published.as_str()))
        .select(articles::section_id)
        .first(connection)
        .optional()?;
    let Some(section) = published else {
        return Ok(());
    };
    touched.add(Mark::Article(id));
    touched.add(Mark::Articles);
    let tags: Vec<Id> = article_tags::table
        .filter(article_tags::article_id.eq(id))
        .select(article_tags::tag_id)
        .load(connection)?;
    for tag in tags.into_iter().chain(section) {
        touched.add(Mark::ArticlesOfTag(tag));
    }
    let authors: Vec<Id> = article_authors::table
        .filter(article_authors::article_id.eq(id))
        .select(article_authors::author_id)
        .load(connection)?;
    for author in authors {
        touched.add(Mark::ArticlesOfAuthor(author));
    }
    Ok(())
}

/// The row was locked when it was read: this is for the day on which it is not.
pub(super) fn changed_one(changed: usize, current: i64) -> StoreResult<()> {
    if changed == 0 {
        return Err(StoreError::Stale { current });
    }
    Ok(())
}

/// What is public, only those who may publish change.
pub(super) fn may_change_public(caller: &Caller, standing: &Standing) -> StoreResult<()> {
    if standing.status == Status::Published && !caller.may(Right::ArticlesPublish) {
        return Err(StoreError::Forbidden(format!(
            "The article is published; changing it needs the right {}.",
            Right::ArticlesPublish
        )));
    }
    Ok(())
}
