//! Publishing working copies, at once or at their time.

use diesel::prelude::*;

use super::merging::{as_named_now, merge};
use super::rows::{Schedule, Stored};
use super::{clear, load_copy, record};
use crate::articles::patch::ArticlePatch;
use crate::articles::store::load::{Loaded, load_for_server};
use crate::articles::store::write as edits;
use crate::articles::telling::EditorialRules;
use crate::articles::workflow::Step;
use crate::articles::working_copy::model::{PublishFailure, PublishWorkingCopyInput};
use crate::auth::model::Caller;
use crate::db::desk_schema::{due_working_copies, working_copies};
use crate::db::version::Expected;
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::events::{Actor, Change, Origin};
use crate::text::Prose;

/// Publishes a working copy, or notes when it is to be.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`] unless the article is
/// published, [`StoreError::Diverged`] when the two cannot be merged, and those of [`edits::edit`].
pub fn publish(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    (input, rules): (PublishWorkingCopyInput, &EditorialRules),
) -> StoreResult<()> {
    let (article, stored) = load_copy(change.connection, id, caller, expected)?;
    match input.publish_at.filter(|at| *at > change.now) {
        None => publish_now(change, (&article, &stored), caller, (&input, rules)),
        Some(at) => schedule(change, (&article, &stored), (at, &input, rules)),
    }
}

/// The edit that a working copy makes of its article.
fn patch_of(
    connection: &mut Connection,
    (article, stored): (&Loaded, &Stored),
    input: &PublishWorkingCopyInput,
) -> StoreResult<ArticlePatch> {
    Step::PublishWorkingCopy.check(article.status)?;
    let copy = as_named_now(connection, stored)?;
    let (merged, conflicts) = merge(connection, article, stored.base_version, copy)?;
    if !conflicts.is_empty() {
        return Err(StoreError::Diverged {
            article_version: article.row.version,
            conflicts,
        });
    }
    let (note, telling) = input.said();
    let note = note.or_else(|| stored.row.note.as_deref().map(Prose::as_stored));
    let members = merged.fields.members();
    Ok(ArticlePatch::replacing(
        members,
        merged.body,
        (note, telling),
    ))
}

fn publish_now(
    change: &mut Change<'_>,
    (article, stored): (&Loaded, &Stored),
    caller: &Caller,
    (input, rules): (&PublishWorkingCopyInput, &EditorialRules),
) -> StoreResult<()> {
    let patch = patch_of(change.connection, (article, stored), input)?;
    edits::edit(change, article.id, caller, &Expected::Any, patch, rules)?;
    let version = clear(change, article, stored)?;
    record(change, article, "working_copy_published", version);
    Ok(())
}

/// Notes when a working copy is to be published, where it could be published as it is.
fn schedule(
    change: &mut Change<'_>,
    (article, stored): (&Loaded, &Stored),
    (at, input, rules): (Timestamp, &PublishWorkingCopyInput, &EditorialRules),
) -> StoreResult<()> {
    let patch = patch_of(change.connection, (article, stored), input)?;
    edits::check_edit(change.connection, article, patch, at, rules)?;
    let said = serde_json::to_string(input).map_err(StoreError::unreadable)?;
    let (kind, actor) = change.origin.actor.parts();
    let scheduled = Schedule {
        publish_at: Some(at),
        scheduled_by_kind: Some(kind),
        scheduled_by_id: actor,
        scheduled_with: Some(said),
        failure: None,
    };
    let version = write(change, article, stored, scheduled)?;
    change.schedule();
    record(change, article, "working_copy_scheduled", version);
    Ok(())
}

/// Takes back when a working copy is to be published. One that is not scheduled stays as it is.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
pub fn unschedule(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let (article, stored) = load_copy(change.connection, id, caller, expected)?;
    if stored.row.publish_at.is_none() {
        return Ok(());
    }
    let version = write(change, &article, &stored, Schedule::default())?;
    record(change, &article, "working_copy_unscheduled", version);
    Ok(())
}

/// Writes when a working copy is to be published, and nothing of what it says; returns its version.
fn write(
    change: &mut Change<'_>,
    article: &Loaded,
    stored: &Stored,
    schedule: Schedule,
) -> StoreResult<i64> {
    let version = stored.row.version + 1;
    diesel::update(working_copies::table.filter(working_copies::article_id.eq(article.id)))
        .set((working_copies::version.eq(version), schedule))
        .execute(change.connection)?;
    Ok(version)
}

/// A working copy whose time has come.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// Its article.
    pub article: Id,
    /// When it is to be published.
    pub due_at: Timestamp,
    /// Who said so.
    pub scheduled_by: Actor,
}

/// Working copies whose time has come, the first ones first; at most twenty.
///
/// # Errors
/// When the database fails.
pub fn due(connection: &mut Connection) -> StoreResult<Vec<Due>> {
    let rows: Vec<(Id, Timestamp, Option<String>, Option<Id>)> = due_working_copies::table
        .order((due_working_copies::due_at, due_working_copies::article_id))
        .limit(20)
        .select((
            due_working_copies::article_id,
            due_working_copies::due_at,
            due_working_copies::scheduled_by_kind,
            due_working_copies::scheduled_by_id,
        ))
        .load(connection)?;
    let due = |(article, due_at, kind, id): (Id, Timestamp, Option<String>, Option<Id>)| Due {
        article,
        due_at,
        scheduled_by: Actor::of_parts(kind.as_deref().unwrap_or_default(), id),
    };
    Ok(rows.into_iter().map(due).collect())
}

/// Publishes a working copy whose time has come, for whoever scheduled it, or notes why it could not be: once, whatever
/// other processes do.
///
/// # Errors
/// When the database fails.
pub fn publish_due(change: &mut Change<'_>, due: &Due, rules: &EditorialRules) -> StoreResult<()> {
    let article = load_for_server(change.connection, due.article)?;
    let stored = Stored::load(change.connection, due.article)?;
    // Another process may have been faster, or an editor may have put it off.
    let Some(stored) = stored.filter(|stored| stored.row.publish_at == Some(due.due_at)) else {
        return Ok(());
    };
    let with = stored
        .row
        .scheduled_with
        .as_deref()
        .map(serde_json::from_str);
    let input: PublishWorkingCopyInput = with
        .transpose()
        .map_err(StoreError::unreadable)?
        .unwrap_or_default();
    // What they might do then, they might do.
    let caller = Caller::publishing_for(due.scheduled_by);
    let published = change
        .apart(|change| publish_now(change, (&article, &stored), &caller, (&input, rules)))?;
    let Err(refused) = published else {
        return Ok(());
    };
    change.origin = Origin::SYSTEM;
    let failure = PublishFailure {
        failed_at: change.now,
        publish_at: due.due_at,
        reason: refused.to_string(),
    };
    let failure = serde_json::to_string(&failure).map_err(StoreError::unreadable)?;
    let failed = Schedule {
        failure: Some(failure),
        ..Schedule::default()
    };
    let version = write(change, &article, &stored, failed)?;
    record(change, &article, "working_copy_failed", version);
    Ok(())
}
