//! Taking an article through its workflow. Each function is one transition and runs in one transaction.

use diesel::prelude::*;

use super::load::{Loaded, changed_one, load_for_update};
use super::media_uses;
use super::retractions;
use super::write::complete;
use crate::articles::workflow::{
    Embargo, PublishInput, RetractInput, Status, Step, check_expiry, restored,
};
use crate::auth::model::Caller;
#[cfg(doc)]
use crate::db::StoreError;
use crate::db::schema::articles;
use crate::db::version::Expected;
use crate::db::{Id, StoreResult, Timestamp, stored};
use crate::events::{ArticleEvent, ArticleState, Change, Event, Remark};

/// What a transition writes besides the content.
#[derive(AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub(super) struct Transition {
    status: String,
    published_at: Option<Timestamp>,
    first_public_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
    retraction_reason: Option<String>,
    trashed_from: Option<String>,
    updated_at: Timestamp,
    told_updated_at: Option<Timestamp>,
    version: i64,
}

impl Transition {
    pub(super) fn to(status: Status, article: &Loaded, now: Timestamp) -> Self {
        Self {
            status: status.as_str().into(),
            // A publication that never came about is forgotten.
            published_at: article.row.published_at.filter(|_| article.was_public(now)),
            first_public_at: article.first_public_at(now),
            embargo_until: article.row.embargo_until,
            unpublish_at: article.row.unpublish_at,
            retraction_reason: article.row.retraction_reason.clone(),
            trashed_from: None,
            updated_at: now,
            told_updated_at: None,
            version: article.row.version + 1,
        }
    }

    pub(super) fn save(
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
            after: self.leads_to(&before),
            before,
            remark: Remark::of(note),
        });
        Ok(())
    }

    /// What others depend on after it.
    fn leads_to(&self, before: &ArticleState) -> ArticleState {
        ArticleState {
            is_published: self.status == Status::Published.as_str(),
            published_at: self.published_at,
            embargo_until: self.embargo_until,
            unpublish_at: self.unpublish_at,
            ..before.clone()
        }
    }
}

/// When an article is published that was never public, and for which no time is given: when readers first see it.
pub(super) fn appears_at(now: Timestamp, embargo_until: Option<Timestamp>) -> Timestamp {
    embargo_until.map_or(now, |end| end.max(now))
}

/// Publishes an article, now or in the future.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`],
/// [`StoreError::Invalid`] with everything that is missing, and of an end that is too early.
pub fn publish(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: &PublishInput,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Publish.check(article.status)?;
    let now = change.now;
    let text = article.input()?;
    complete(&text)?;
    let embargo_until = match input.embargo_until {
        Embargo::Kept => article.row.embargo_until,
        Embargo::Lifted => None,
        Embargo::Until(instant) => Some(instant),
    };
    let before = article.row.published_at.filter(|instant| *instant <= now);
    let published_at = input.published_at.or(before);
    let transition = Transition {
        published_at: Some(published_at.unwrap_or_else(|| appears_at(now, embargo_until))),
        embargo_until,
        unpublish_at: input.unpublish_at.of(article.row.unpublish_at, now),
        ..Transition::to(Status::Published, &article, now)
    };
    let after = transition.leads_to(&article.state());
    check_expiry(&after, now)?;
    let seen_from = after.public_from().map_or(now, |from| from.max(now));
    media_uses::check_rights(change.connection, &text, seen_from)?;
    transition.save(change, article, ArticleEvent::Published, input.note())
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
    // What readers never saw they are not told of.
    if let Some(published_at) = article.first_public_at(change.now) {
        retractions::insert(change, &article, published_at, input.notice)?;
    }
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
