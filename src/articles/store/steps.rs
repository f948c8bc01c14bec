//! Taking an article through its workflow. Each function is one step and runs in one transaction.

use diesel::prelude::*;

use super::indexing::index;
use super::references::place;
use super::renditions;
use super::standing::{Standing, changed_one, leave, may_change_public, standing};
use super::write::{complete, written_input};
use crate::articles::parts::CorrectionInput;
use crate::articles::workflow::{Embargo, PublishInput, RetractInput, Status, Step, restored};
use crate::auth::model::Caller;
#[cfg(doc)]
use crate::db::StoreError;
use crate::db::changes::Touched;
use crate::db::schema::{articles, corrections};
use crate::db::version::Expected;
use crate::db::{Connection, Id, StoreResult, Timestamp};

/// What a step writes besides the content.
#[derive(AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Stepped {
    status: String,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    retraction_reason: Option<String>,
    trashed_from: Option<String>,
    updated_at: Timestamp,
    version: i64,
}

impl Stepped {
    fn new(status: Status, standing: &Standing) -> Self {
        Self {
            status: status.as_str().into(),
            // A publication that never came about is forgotten.
            published_at: standing.published_at.filter(|_| standing.was_public()),
            embargo_until: standing.embargo_until,
            retraction_reason: standing.retraction_reason.clone(),
            trashed_from: None,
            updated_at: Timestamp::now(),
            version: standing.version + 1,
        }
    }

    fn save(
        self,
        connection: &mut Connection,
        touched: &mut Touched,
        id: Id,
        before: Standing,
    ) -> StoreResult<()> {
        let current = self.version;
        let changed = diesel::update(
            articles::table
                .filter(articles::id.eq(id))
                .filter(articles::version.eq(current - 1)),
        )
        .set(&self)
        .execute(connection)?;
        changed_one(changed, current)?;
        place(connection, id)?;
        index(connection, id)?;
        renditions::keep(connection, id)?;
        leave(connection, touched, id, before)
    }
}

/// Publishes an article, now or in the future.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`],
/// [`StoreError::Invalid`] with everything that is missing.
pub fn publish(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: &PublishInput,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Publish.check(standing.status)?;
    complete(&written_input(connection, id)?)?;
    let now = Timestamp::now();
    Stepped {
        published_at: Some(
            input
                .published_at
                .or(standing.published_at.filter(|instant| *instant <= now))
                .unwrap_or(now),
        ),
        embargo_until: match input.embargo_until {
            Embargo::Kept => standing.embargo_until,
            Embargo::Lifted => None,
            Embargo::Until(instant) => Some(instant),
        },
        ..Stepped::new(Status::Published, &standing)
    }
    .save(connection, touched, id, standing)
}

/// Takes an article back.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn unpublish(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Unpublish.check(standing.status)?;
    Stepped::new(Status::Unpublished, &standing).save(connection, touched, id, standing)
}

/// Withdraws an article for a reason.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn retract(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: RetractInput,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Retract.check(standing.status)?;
    Stepped {
        retraction_reason: Some(input.reason.into_string()),
        ..Stepped::new(Status::Retracted, &standing)
    }
    .save(connection, touched, id, standing)
}

/// Throws an article away; it can be restored.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn trash(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Trash.check(standing.status)?;
    may_change_public(caller, &standing)?;
    Stepped {
        trashed_from: Some(standing.status.as_str().into()),
        ..Stepped::new(Status::Trashed, &standing)
    }
    .save(connection, touched, id, standing)
}

/// Brings an article back from the trash, never to the public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn restore(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Restore.check(standing.status)?;
    let status = restored(standing.trashed_from.unwrap_or(Status::Draft));
    Stepped::new(status, &standing).save(connection, touched, id, standing)
}

/// Adds a correction to an article that is or was public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn correct(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: CorrectionInput,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Correct.check(standing.status)?;
    let now = Timestamp::now();
    diesel::insert_into(corrections::table)
        .values((
            corrections::id.eq(Id::generate()),
            corrections::article_id.eq(id),
            corrections::kind.eq(input.kind.as_str()),
            corrections::text.eq(input.text.as_str()),
            corrections::published_at.eq(now),
        ))
        .execute(connection)?;
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::version.eq(standing.version)),
    )
    .set((
        articles::version.eq(standing.version + 1),
        articles::updated_at.eq(now),
    ))
    .execute(connection)?;
    changed_one(changed, standing.version + 1)?;
    renditions::keep(connection, id)?;
    leave(connection, touched, id, standing)
}
