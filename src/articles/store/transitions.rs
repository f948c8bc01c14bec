//! Taking an article through its workflow. Each function is one transition and runs in one transaction.

use diesel::prelude::*;

use super::load::{Loaded, changed_one, load_for_update};
use super::write::complete;
use crate::articles::parts::CorrectionInput;
use crate::articles::workflow::{Embargo, PublishInput, RetractInput, Status, Step, restored};
use crate::auth::model::Caller;
#[cfg(doc)]
use crate::db::StoreError;
use crate::db::schema::{articles, corrections};
use crate::db::version::Expected;
use crate::db::{Id, StoreResult, Timestamp, stored};
use crate::events::{ArticleEvent, ArticleState, Change, Event, Remark};

/// What a transition writes besides the content.
#[derive(AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Transition {
    status: String,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    retraction_reason: Option<String>,
    trashed_from: Option<String>,
    updated_at: Timestamp,
    version: i64,
}

impl Transition {
    fn to(status: Status, article: &Loaded, now: Timestamp) -> Self {
        Self {
            status: status.as_str().into(),
            // A publication that never came about is forgotten.
            published_at: article.row.published_at.filter(|_| article.was_public(now)),
            embargo_until: article.row.embargo_until,
            retraction_reason: article.row.retraction_reason.clone(),
            trashed_from: None,
            updated_at: now,
            version: article.row.version + 1,
        }
    }

    fn save(
        self,
        change: &mut Change<'_>,
        article: Loaded,
        event: ArticleEvent,
        note: Option<String>,
    ) -> StoreResult<()> {
        let changed = diesel::update(
            articles::table
                .filter(articles::id.eq(article.id))
                .filter(articles::version.eq(article.row.version)),
        )
        .set(&self)
        .execute(change.connection)?;
        changed_one(changed, self.version)?;
        let before = article.state();
        change.record(Event::Article {
            event,
            id: article.id,
            slug: article.row.content.slug,
            version: self.version,
            after: ArticleState {
                is_published: self.status == Status::Published.as_str(),
                published_at: self.published_at,
                embargo_until: self.embargo_until,
                ..before.clone()
            },
            before,
            remark: Remark {
                note,
                ..Remark::default()
            },
        });
        Ok(())
    }
}

/// Publishes an article, now or in the future.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`],
/// [`StoreError::Invalid`] with everything that is missing.
pub fn publish(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: &PublishInput,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Publish.check(article.status)?;
    complete(&article.input()?)?;
    let now = change.now;
    Transition {
        published_at: Some(
            input
                .published_at
                .or(article.row.published_at.filter(|instant| *instant <= now))
                .unwrap_or(now),
        ),
        embargo_until: match input.embargo_until {
            Embargo::Kept => article.row.embargo_until,
            Embargo::Lifted => None,
            Embargo::Until(instant) => Some(instant),
        },
        ..Transition::to(Status::Published, &article, now)
    }
    .save(change, article, ArticleEvent::Published, input.note())
}

/// Takes an article back.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn unpublish(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Unpublish.check(article.status)?;
    Transition::to(Status::Unpublished, &article, change.now).save(
        change,
        article,
        ArticleEvent::Unpublished,
        None,
    )
}

/// Withdraws an article for a reason.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn retract(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: RetractInput,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Retract.check(article.status)?;
    let reason = input.reason.into_string();
    Transition {
        retraction_reason: Some(reason.clone()),
        ..Transition::to(Status::Retracted, &article, change.now)
    }
    .save(change, article, ArticleEvent::Retracted, Some(reason))
}

/// Throws an article away; it can be restored.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn trash(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Trash.check(article.status)?;
    article.may_be_changed_by(caller)?;
    Transition {
        trashed_from: Some(article.status.as_str().into()),
        ..Transition::to(Status::Trashed, &article, change.now)
    }
    .save(change, article, ArticleEvent::Trashed, None)
}

/// Brings an article back from the trash, never to the public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn restore(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Restore.check(article.status)?;
    let from = article.row.trashed_from.as_deref();
    let status = restored(from.map_or(Ok(Status::Draft), stored)?);
    Transition::to(status, &article, change.now).save(change, article, ArticleEvent::Restored, None)
}

/// Adds a correction to an article that is or was public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn correct(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: CorrectionInput,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Correct.check(article.status)?;
    diesel::insert_into(corrections::table)
        .values((
            corrections::id.eq(Id::generate()),
            corrections::article_id.eq(id),
            corrections::kind.eq(input.kind.as_str()),
            corrections::text.eq(input.text.as_str()),
            corrections::published_at.eq(change.now),
        ))
        .execute(change.connection)?;
    let version = article.row.version + 1;
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::version.eq(article.row.version)),
    )
    .set((
        articles::version.eq(version),
        articles::updated_at.eq(change.now),
    ))
    .execute(change.connection)?;
    changed_one(changed, version)?;
    let state = article.state();
    change.record(Event::Article {
        event: ArticleEvent::Corrected,
        id,
        slug: article.row.content.slug,
        version,
        before: state.clone(),
        after: state,
        remark: Remark {
            note: Some(input.text.into_string()),
            ..Remark::default()
        },
    });
    Ok(())
}
