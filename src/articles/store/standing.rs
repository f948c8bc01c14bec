//! What a change needs to know of an article before it, and what it leaves behind.

use diesel::prelude::*;

use crate::articles::workflow::Status;
use crate::auth::model::{Caller, Right};
use crate::db::article_counts::{Owner, moved};
use crate::db::changes::{Mark, Touched};
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::version::{Expected, Locked, lock, without_merges};
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
    /// Who has it among their published articles.
    owners: Owners,
}

/// The tags, sections and authors that have a published article; none of one that is not.
#[derive(Debug, Default)]
pub(super) struct Owners {
    tags: Vec<Id>,
    authors: Vec<Id>,
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
    without_merges(connection)?;
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
    let owners = touch(connection, touched, id)?;
    Ok(Standing {
        owners,
        status: Status::from_name(&status),
        version,
        slug,
        published_at,
        embargo_until,
        retraction_reason,
        trashed_from: trashed_from.as_deref().map(Status::from_name),
    })
}

/// What a change leaves behind: what shows the article is marked, and who has it has it counted.
pub(super) fn leave(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    before: Standing,
) -> StoreResult<()> {
    let (before, after) = (before.owners, touch(connection, touched, id)?);
    moved(connection, Owner::Tag, before.tags, after.tags)?;
    moved(connection, Owner::Author, before.authors, after.authors)
}

/// Marks what shows a published article, one that is scheduled or under embargo included: before a
/// change and after it.
fn touch(connection: &mut Connection, touched: &mut Touched, id: Id) -> StoreResult<Owners> {
    let published: Option<Option<Id>> = articles::table
        .filter(articles::id.eq(id))
        .filter(articles::status.eq(Status::Published.as_str()))
        .select(articles::section_id)
        .first(connection)
        .optional()?;
    let Some(section) = published else {
        return Ok(Owners::default());
    };
    touched.add(Mark::Article(id));
    touched.add(Mark::Articles);
    let mut tags: Vec<Id> = article_tags::table
        .filter(article_tags::article_id.eq(id))
        .select(article_tags::tag_id)
        .load(connection)?;
    tags.extend(section);
    for tag in &tags {
        touched.add(Mark::ArticlesOfTag(*tag));
    }
    let authors: Vec<Id> = article_authors::table
        .filter(article_authors::article_id.eq(id))
        .select(article_authors::author_id)
        .load(connection)?;
    for author in &authors {
        touched.add(Mark::ArticlesOfAuthor(*author));
    }
    Ok(Owners { tags, authors })
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
