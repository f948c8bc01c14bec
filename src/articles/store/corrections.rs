//! Corrections as editors write them. Readers see what stands; what stood before is in the event log.

use diesel::prelude::*;
use serde::Serialize;

use super::load::{Loaded, changed_one, load_for_update};
use crate::articles::parts::CorrectionInput;
use crate::articles::workflow::Step;
use crate::auth::model::Caller;
use crate::db::schema::{articles, corrections};
use crate::db::version::Expected;
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::events::{ArticleEvent, Change, Correction, Event, Remark};
use crate::merge_patch::MergePatch;

#[derive(Queryable, Selectable)]
#[diesel(table_name = corrections)]
struct Row {
    id: Id,
    kind: String,
    text: String,
    published_at: Timestamp,
}

impl From<Row> for Correction {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            text: row.text,
            published_at: row.published_at,
        }
    }
}

/// A correction as it was written, for a patch to be applied to.
#[derive(Serialize)]
struct Written<'a> {
    kind: &'a str,
    text: &'a str,
}

/// Adds a correction to an article that is or was public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn add(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: CorrectionInput,
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, expected)?;
    Step::Correct.check(article.status)?;
    add_to(change, article, input)
}

/// The same to an article that is loaded and may be corrected.
pub(super) fn add_to(
    change: &mut Change<'_>,
    article: Loaded,
    input: CorrectionInput,
) -> StoreResult<()> {
    insert(change, article.id, &input)?;
    let note = input.text.into_string();
    record(change, article, ArticleEvent::Corrected, Some(note))
}

/// Writes a correction, and nothing of its article.
pub(super) fn insert(
    change: &mut Change<'_>,
    article: Id,
    input: &CorrectionInput,
) -> StoreResult<()> {
    diesel::insert_into(corrections::table)
        .values((
            corrections::id.eq(Id::generate()),
            corrections::article_id.eq(article),
            corrections::kind.eq(input.kind.as_str()),
            corrections::text.eq(input.text.as_str()),
            corrections::published_at.eq(change.now),
        ))
        .execute(change.connection)?;
    Ok(())
}

/// Changes the kind or the words of a correction; when it was added stays. One that changes nothing leaves the
/// article as it is.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`],
/// [`StoreError::Invalid`].
pub fn edit(
    change: &mut Change<'_>,
    (id, correction): (Id, Id),
    caller: &Caller,
    expected: &Expected,
    patch: MergePatch,
) -> StoreResult<()> {
    let (article, before) = load(change.connection, (id, correction), caller, expected)?;
    let written = Written {
        kind: &before.kind,
        text: &before.text,
    };
    let after: CorrectionInput = patch.apply(&written).map_err(StoreError::Invalid)?;
    if after.kind.as_str() == before.kind && after.text.as_str() == before.text {
        return Ok(());
    }
    diesel::update(corrections::table.filter(corrections::id.eq(correction)))
        .set((
            corrections::kind.eq(after.kind.as_str()),
            corrections::text.eq(after.text.as_str()),
        ))
        .execute(change.connection)?;
    record(
        change,
        article,
        ArticleEvent::CorrectionChanged(before.into()),
        Some(after.text.into_string()),
    )
}

/// Takes a correction back; the event log keeps it.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`].
pub fn withdraw(
    change: &mut Change<'_>,
    (id, correction): (Id, Id),
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let (article, before) = load(change.connection, (id, correction), caller, expected)?;
    diesel::delete(corrections::table.filter(corrections::id.eq(correction)))
        .execute(change.connection)?;
    record(
        change,
        article,
        ArticleEvent::CorrectionWithdrawn(before.into()),
        None,
    )
}

/// A correction and the article that has it, for a change.
fn load(
    connection: &mut Connection,
    (id, correction): (Id, Id),
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<(Loaded, Row)> {
    let article = load_for_update(connection, id, caller, expected)?;
    Step::Correct.check(article.status)?;
    let row = corrections::table
        .filter(corrections::id.eq(correction))
        .filter(corrections::article_id.eq(id))
        .select(Row::as_select())
        .first(connection)?;
    Ok((article, row))
}

/// The article has another version after it.
fn record(
    change: &mut Change<'_>,
    article: Loaded,
    event: ArticleEvent,
    note: Option<String>,
) -> StoreResult<()> {
    let version = article.row.version + 1;
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(article.id))
            .filter(articles::version.eq(article.row.version)),
    )
    .set((
        articles::version.eq(version),
        articles::updated_at.eq(change.now),
        articles::told_updated_at.eq(None::<Timestamp>),
    ))
    .execute(change.connection)?;
    changed_one(changed, version)?;
    let state = article.state();
    change.record(Event::Article {
        event,
        id: article.id,
        slug: article.row.content.slug,
        version,
        before: state.clone(),
        after: state,
        remark: Remark::of(note),
    });
    Ok(())
}
