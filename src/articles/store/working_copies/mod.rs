//! Working copies of published articles.
//!
//! - `rows` – what is kept of one
//! - `merging` – what it makes of its article, which others may have changed meanwhile
//! - [`publishing`] – publishing it, at once or at its time
//!
//! Whoever changes one holds the row of its article, so that two are never changed at once.

pub mod publishing;

mod merging;
mod rows;

use diesel::prelude::*;

use self::merging::{as_named_now, merge};
use self::rows::{Row, Schedule, Stored};
use super::holder::with_holder;
use super::load::{Loaded, known_slug, load_for_update};
use super::media_uses;
use super::references::References;
use super::revisions::{self, Saved, compressed};
use super::write::with_mentions;
use crate::articles::input::ArticleInput;
use crate::articles::patch::ArticlePatch;
use crate::articles::revisions::model::RevisionStep;
use crate::articles::telling::Telling;
use crate::articles::workflow::Step;
use crate::articles::working_copy::model::WorkingCopy;
use crate::articles::written::{Document, NamedIds, WrittenArticle, WrittenFields};
use crate::auth::actor::ActorKind;
use crate::auth::model::Caller;
use crate::auth::store::actors;
use crate::db::desk_schema::working_copies;
use crate::db::version::{Expected, Version};
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, slugs};
use crate::events::{Change, Event, Origin, Remark};
use crate::media::store::uses::{self, Place};
use crate::on_each_database;

/// The version of an article that is to be merged into its working copy, by whoever has seen it.
#[derive(Debug, Clone, Copy)]
pub struct Rebase(pub Version);

/// The version that its ETag names ([`crate::etag::of_version`]).
pub fn version_of(copy: &WorkingCopy) -> i64 {
    -copy.summary.version
}

/// The working copy of an article. With `only_own`, another user's article is not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id, only_own: Option<Id>) -> StoreResult<WorkingCopy> {
    known_slug(connection, id, only_own)?;
    let stored = Stored::load(connection, id)?.ok_or(StoreError::NotFound)?;
    let article = super::load::as_it_stands(connection, id)?;
    let copy = as_named_now(connection, &stored)?;
    let (_, conflicts) = merge(connection, &article, stored.base_version, copy.clone())?;
    let Stored {
        row, base_version, ..
    } = stored;
    let actors = [
        (&row.created_by_kind, row.created_by_id),
        (&row.updated_by_kind, row.updated_by_id),
    ];
    let actors = actors.map(|(kind, id)| (ActorKind::from_stored(kind), id));
    let mut actors = actors::named(connection, actors)?.into_iter();
    let (Some(created_by), Some(updated_by)) = (actors.next(), actors.next()) else {
        return Err(StoreError::NotFound);
    };
    Ok(WorkingCopy {
        article_id: id,
        article_version: article.row.version,
        conflicts,
        created_at: row.created_at,
        created_by,
        updated_by,
        note: row.note.clone(),
        article: copy,
        warnings: Vec::new(),
        summary: row.summary(base_version)?,
    })
}

/// What the working copy of an article says, what it names, and the version of the article that it is based on.
///
/// # Errors
/// When the database fails.
pub(super) fn text_of(
    connection: &mut Connection,
    id: Id,
) -> StoreResult<Option<(WrittenArticle, NamedIds, i64)>> {
    let text = |stored: Stored| {
        let Document { written, named } = stored.document;
        let written = WrittenArticle {
            fields: written,
            body: stored.body,
        };
        (written, named, stored.base_version)
    };
    Ok(Stored::load(connection, id)?.map(text))
}

/// Loads an article and its working copy for a change of that.
///
/// # Errors
/// [`StoreError::NotFound`] without a working copy, [`StoreError::VersionMismatch`], and [`StoreError::Forbidden`] when
/// it is scheduled and the caller may not publish.
fn load_copy(
    connection: &mut Connection,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<(Loaded, Stored)> {
    let article = load_for_update(connection, id, caller, &Expected::Any)?;
    let stored = Stored::load(connection, id)?.ok_or(StoreError::NotFound)?;
    stored.check(caller, expected)?;
    Ok((article, stored))
}

/// Applies a merge patch to the working copy of a published article, which begins with it. One that changes nothing
/// leaves it as it is.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`],
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`], [`StoreError::Diverged`] when it cannot be based on another
/// version.
pub fn edit(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    (patch, rebase): (ArticlePatch, Option<Rebase>),
) -> StoreResult<()> {
    let article = load_for_update(change.connection, id, caller, &Expected::Any)?;
    let row = Row::load(change.connection, id)?;
    let stored = row.as_ref().map(Row::stored).transpose()?.flatten();
    match &stored {
        Some(stored) => stored.check(caller, expected)?,
        None => expected.check(article.row.version)?,
    }
    Step::EditWorkingCopy.check(article.status)?;
    if stored.is_none() {
        keep_base(change, &article)?;
    }
    let patch = with_mentions(change, patch, caller)?;
    let (before, base_version) = match &stored {
        Some(stored) => begin(change.connection, &article, stored, (&patch, rebase))?,
        None => (article.input()?, article.row.version),
    };
    let was = WrittenFields::of(&before);
    let body_was = before.body.body.clone();
    let chooses = patch.has_primary_tag();
    let mut input = patch.apply(before).map_err(StoreError::Invalid)?;
    media_uses::fill(change.connection, &mut input, None)?;
    let references = References::find(change.connection, &input, chooses)?;
    free_slug(change.connection, &article, &input, caller)?;
    let written = WrittenFields::of(&input);
    let is_as_it_was = written == was
        && input.body.body == body_was
        && input.note.is_none()
        && stored
            .as_ref()
            .is_some_and(|stored| stored.base_version == base_version);
    if is_as_it_was {
        return Ok(());
    }
    let document = Document {
        written,
        named: named_by(references, &input),
    };
    save(change, &article, row, (document, input, base_version))
}

/// What a patch is applied to: the working copy, or that merged with the article as it is now; and the version of the
/// article that it is based on.
fn begin(
    connection: &mut Connection,
    article: &Loaded,
    stored: &Stored,
    (patch, rebase): (&ArticlePatch, Option<Rebase>),
) -> StoreResult<(ArticleInput, i64)> {
    let copy = as_named_now(connection, stored)?;
    let Some(Rebase(Version(seen))) = rebase else {
        return Ok((input_of(article, copy)?, stored.base_version));
    };
    let (merged, mut unsettled) = merge(connection, article, stored.base_version, copy)?;
    unsettled.retain(|conflict| !patch.has_member(conflict.member()));
    if seen != article.row.version || !unsettled.is_empty() {
        return Err(StoreError::Diverged {
            article_version: article.row.version,
            conflicts: unsettled,
        });
    }
    Ok((input_of(article, merged)?, seen))
}

/// An article as a working copy has it, for a patch to be applied to.
fn input_of(article: &Loaded, written: WrittenArticle) -> StoreResult<ArticleInput> {
    // What the server says of its picture is not read when it is sent.
    let lead_image = written.fields.lead_image.clone();
    let patch = ArticlePatch::replacing(
        written.fields.members(),
        written.body,
        (None, Telling::default()),
    );
    let input = patch.apply(article.input()?).map_err(StoreError::Invalid)?;
    Ok(ArticleInput {
        lead_image,
        ..input
    })
}

/// Keeps the version of an article that its working copy begins as, where it is from before versions were kept.
fn keep_base(change: &mut Change<'_>, article: &Loaded) -> StoreResult<()> {
    let version = Version(article.row.version);
    if revisions::is_kept(change.connection, article.id, version)? {
        return Ok(());
    }
    let found = Saved {
        step: RevisionStep::Found,
        origin: Origin::SYSTEM,
        at: change.now,
        remark: Remark::default(),
    };
    revisions::keep(change.connection, article.id, found)
}

/// The slug that a working copy gives its article is free now: whether it still is is seen when it is published.
fn free_slug(
    connection: &mut Connection,
    article: &Loaded,
    input: &ArticleInput,
    caller: &Caller,
) -> StoreResult<()> {
    let Some(slug) = input.slug.clone() else {
        return Ok(());
    };
    let claimed = slugs::claim(connection, Resource::Article, slug, Some(article.id));
    claimed.map_err(|error| with_holder(connection, error, caller))?;
    Ok(())
}

fn named_by(references: References, input: &ArticleInput) -> NamedIds {
    let (section, primary) = (references.section, references.primary);
    let state = references.into_state();
    NamedIds {
        authors: state.authors,
        section,
        tags: state.tags,
        primary: primary.filter(|_| input.primary_tag.is_some()),
    }
}

/// Writes a working copy, the first one of its article or in place of the one before. What was scheduled stays so.
fn save(
    change: &mut Change<'_>,
    article: &Loaded,
    before: Option<Row>,
    (document, input, base_version): (Document, ArticleInput, i64),
) -> StoreResult<()> {
    let (kind, actor) = change.origin.actor.parts();
    let (document, blocks) = (compressed(&document)?, compressed(&input.body.body)?);
    let shown = media_uses::ids(&input);
    let note = input.note.map(|note| note.into_string());
    let begun = before.as_ref().filter(|row| row.base_version.is_some());
    let (version, note) = match &before {
        Some(row) => (
            row.version + 1,
            note.or(begun.and_then(|row| row.note.clone())),
        ),
        None => (1, note),
    };
    let content = (
        working_copies::version.eq(version),
        working_copies::base_version.eq(Some(base_version)),
        working_copies::document.eq(Some(document)),
        working_copies::blocks.eq(Some(blocks)),
        working_copies::note.eq(note),
        working_copies::updated_at.eq(change.now),
        working_copies::updated_by_kind.eq(kind),
        working_copies::updated_by_id.eq(actor),
        working_copies::failure.eq(None::<String>),
    );
    let creation = (
        working_copies::created_at.eq(change.now),
        working_copies::created_by_kind.eq(kind),
        working_copies::created_by_id.eq(actor),
    );
    let of_article = working_copies::table.filter(working_copies::article_id.eq(article.id));
    match (&before, begun) {
        (None, _) => on_each_database!(change.connection, inner => {
            diesel::insert_into(working_copies::table)
                .values((working_copies::article_id.eq(article.id), content, creation))
                .execute(inner)?
        }),
        (Some(_), None) => diesel::update(of_article)
            .set((content, creation))
            .execute(change.connection)?,
        (Some(_), Some(_)) => diesel::update(of_article)
            .set(content)
            .execute(change.connection)?,
    };
    let before = match begun {
        Some(_) => uses::of_working_copy(change.connection, article.id)?,
        None => Vec::new(),
    };
    uses::replace(
        change.connection,
        article.id,
        Place::WorkingCopy,
        (&before, &shown),
    )?;
    record(change, article, "working_copy_saved", version);
    Ok(())
}

/// Takes a working copy away; its article stays as it is.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Forbidden`].
pub fn discard(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let (article, stored) = load_copy(change.connection, id, caller, expected)?;
    let version = clear(change, &article, &stored)?;
    record(change, &article, "working_copy_discarded", version);
    Ok(())
}

/// Empties the row of a working copy that is done with; its numbers go on.
fn clear(change: &mut Change<'_>, article: &Loaded, stored: &Stored) -> StoreResult<i64> {
    let version = stored.row.version + 1;
    diesel::update(working_copies::table.filter(working_copies::article_id.eq(article.id)))
        .set((
            working_copies::version.eq(version),
            working_copies::base_version.eq(None::<i64>),
            working_copies::document.eq(None::<Vec<u8>>),
            working_copies::blocks.eq(None::<Vec<u8>>),
            working_copies::note.eq(None::<String>),
            Schedule::default(),
        ))
        .execute(change.connection)?;
    uses::forget_working_copy(change.connection, article.id)?;
    Ok(version)
}

/// Says in the log what happened to the working copy of an article; `version` is the copy's.
fn record(change: &mut Change<'_>, article: &Loaded, kind: &'static str, version: i64) {
    let of = (article.id, article.row.content.slug.clone());
    let detail = serde_json::json!({"working_copy": version});
    change.record(Event::of_desk(kind, of, detail));
}
