//! Revisions: every saved version of an article, compressed. A body that stays as it is, or comes back, is stored
//! once.

use std::cell::RefCell;

use diesel::prelude::*;
use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;

use super::load::known_slug;
use super::rows::{Content, References};
use crate::articles::revisions::model::{Revision, RevisionStep, RevisionSummary};
use crate::articles::workflow::Status;
use crate::articles::written::{Document, NamedIds, WrittenArticle, WrittenFields};
use crate::auth::actor::ActorKind;
use crate::auth::store::actors;
use crate::body::Body;
use crate::db::desk_schema::{revision_bodies, revisions};
use crate::db::keyset::KeysetBound;
use crate::db::schema::{articles, full_articles};
use crate::db::version::Version;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp, stored};
use crate::events::{Origin, Remark};
use crate::on_each_database;

/// How well they are compressed: more takes several times as long, for a tenth.
const LEVEL: i32 = 3;

/// Most bytes of what is stored, before it is compressed: far more than an article may have.
const MOST_BYTES: usize = 64 << 20;

/// What made a version.
pub struct Saved {
    /// Which step.
    pub step: RevisionStep,
    /// Who, by which request.
    pub origin: Origin,
    /// When.
    pub at: Timestamp,
    /// What is said of it.
    pub remark: Remark,
}

/// Keeps the present version of an article, as it was written; one that is kept already stays as it is.
///
/// # Errors
/// When the database fails.
pub fn keep(connection: &mut Connection, article: Id, saved: Saved) -> StoreResult<()> {
    let ((status, version), content, refers_to): ((String, i64), Content, References) =
        articles::table
            .inner_join(full_articles::table.on(full_articles::id.eq(articles::id)))
            .filter(articles::id.eq(article))
            .select((
                (articles::status, articles::version),
                Content::as_select(),
                References::as_select(),
            ))
            .first(connection)?;
    let status: Status = stored(&status)?;
    let input = content.to_input(&refers_to)?;
    let document = Document {
        written: WrittenFields::of(&input),
        named: NamedIds {
            authors: refers_to.authors.0.iter().map(|author| author.id).collect(),
            section: content.section_id,
            tags: refers_to.tags.0.iter().map(|tag| tag.id).collect(),
            primary: content.primary_tag_id,
        },
    };
    let body_hash = keep_body(connection, article, &input.body.body)?;
    let (actor_kind, actor_id) = saved.origin.actor.parts();
    let step = match (saved.step, status) {
        // Published in the same change.
        (RevisionStep::Created, Status::Published) => RevisionStep::Published,
        (step, _) => step,
    };
    let row = (
        revisions::article_id.eq(article),
        revisions::version.eq(version),
        revisions::recorded_at.eq(saved.at),
        revisions::step.eq(step.as_str()),
        revisions::status.eq(status.as_str()),
        revisions::actor_kind.eq(actor_kind),
        revisions::actor_id.eq(actor_id),
        revisions::note.eq(saved.remark.note),
        revisions::restored_from.eq(saved.remark.restored_from),
        revisions::silent.eq(i32::from(saved.remark.silent)),
        revisions::headline.eq(document.written.headline.clone()),
        revisions::word_count.eq(content.word_count()),
        revisions::document.eq(compressed(&document)?),
        revisions::body_hash.eq(body_hash),
        revisions::thinned_from.eq(may_be_thinned(step, status).then_some(saved.at)),
    );
    on_each_database!(connection, inner => {
        diesel::insert_into(revisions::table).values(row).on_conflict_do_nothing().execute(inner)?
    });
    Ok(())
}

/// Whether a version need not be kept for ever: what was only written, and not by a step of the workflow.
fn may_be_thinned(step: RevisionStep, status: Status) -> bool {
    step == RevisionStep::Edited && status != Status::Published
}

/// Stores a body unless the article has had it before; returns its hash.
fn keep_body(connection: &mut Connection, article: Id, body: &Body) -> StoreResult<Vec<u8>> {
    let json = serde_json::to_vec(body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let hash = Sha256::digest(&json).to_vec();
    let row = (
        revision_bodies::article_id.eq(article),
        revision_bodies::hash.eq(hash.clone()),
        revision_bodies::blocks.eq(packed(&json)?),
    );
    on_each_database!(connection, inner => {
        diesel::insert_into(revision_bodies::table).values(row).on_conflict_do_nothing().execute(inner)?
    });
    Ok(hash)
}

pub(super) fn compressed(document: &impl serde::Serialize) -> StoreResult<Vec<u8>> {
    let json =
        serde_json::to_vec(document).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    packed(&json)
}

thread_local! {
    /// The tables of the compressor, which take longer to make than an article to compress.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

fn packed(bytes: &[u8]) -> StoreResult<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL).map_err(unpackable)?),
        };
        compressor.compress(bytes).map_err(unpackable)
    })
}

pub(super) fn unpacked<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> StoreResult<T> {
    let json = zstd::bulk::decompress(bytes, MOST_BYTES).map_err(unpackable)?;
    serde_json::from_slice(&json).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn unpackable(error: std::io::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = revisions)]
struct SummaryRow {
    version: i64,
    recorded_at: Timestamp,
    step: String,
    status: String,
    actor_kind: String,
    actor_id: Option<Id>,
    note: Option<String>,
    restored_from: Option<i64>,
    silent: i32,
    headline: Option<String>,
    word_count: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = revisions)]
struct RevisionRow {
    #[diesel(embed)]
    summary: SummaryRow,
    document: Vec<u8>,
}

fn summaries(
    connection: &mut Connection,
    rows: Vec<SummaryRow>,
) -> StoreResult<Vec<RevisionSummary>> {
    let actors = rows
        .iter()
        .map(|row| (ActorKind::from_stored(&row.actor_kind), row.actor_id));
    let actors = actors::named(connection, actors)?;
    let summary = |(row, actor): (SummaryRow, _)| {
        Ok(RevisionSummary {
            version: row.version,
            recorded_at: row.recorded_at,
            step: stored(&row.step)?,
            status: stored(&row.status)?,
            actor,
            note: row.note,
            restored_from: row.restored_from,
            silent: row.silent != 0,
            headline: row.headline,
            word_count: row.word_count,
        })
    };
    rows.into_iter().zip(actors).map(summary).collect()
}

/// Whether a version of an article is kept.
///
/// # Errors
/// When the database fails.
pub(super) fn is_kept(
    connection: &mut Connection,
    article: Id,
    version: Version,
) -> StoreResult<bool> {
    let kept: Option<i64> = revisions::table
        .filter(revisions::article_id.eq(article))
        .filter(revisions::version.eq(version.0))
        .select(revisions::version)
        .first(connection)
        .optional()?;
    Ok(kept.is_some())
}

/// Up to `limit` versions of an article from a start, the newest first (backward: last), each with its sort value.
/// With `only_own`, another user's article is not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn list(
    connection: &mut Connection,
    article: Id,
    only_own: Option<Id>,
    start: Option<KeysetBound<Version>>,
    limit: i64,
) -> StoreResult<Vec<(RevisionSummary, String)>> {
    known_slug(connection, article, only_own)?;
    let mut query = revisions::table
        .filter(revisions::article_id.eq(article))
        .into_boxed::<MultiBackend>();
    query = match start {
        Some(start) if start.backward => query
            .filter(revisions::version.ge(start.value.0 + i64::from(!start.inclusive)))
            .order(revisions::version.asc()),
        Some(start) => query
            .filter(revisions::version.le(start.value.0 - i64::from(!start.inclusive)))
            .order(revisions::version.desc()),
        None => query.order(revisions::version.desc()),
    };
    let rows = query
        .limit(limit)
        .select(SummaryRow::as_select())
        .load(connection)?;
    let summaries = summaries(connection, rows)?.into_iter();
    Ok(summaries
        .map(|summary| {
            let value = summary.version.to_string();
            (summary, value)
        })
        .collect())
}

/// A version of an article, whole; the newest one where none is named. With `only_own`, another user's article is
/// not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(
    connection: &mut Connection,
    article: Id,
    only_own: Option<Id>,
    version: Option<Version>,
) -> StoreResult<Revision> {
    known_slug(connection, article, only_own)?;
    Ok(load(connection, article, version)?.0)
}

/// A version, and what it named.
pub(super) fn load(
    connection: &mut Connection,
    article: Id,
    version: Option<Version>,
) -> StoreResult<(Revision, NamedIds)> {
    let mut query = revisions::table
        .inner_join(
            revision_bodies::table.on(revision_bodies::article_id
                .eq(revisions::article_id)
                .and(revision_bodies::hash.eq(revisions::body_hash))),
        )
        .filter(revisions::article_id.eq(article))
        .into_boxed::<MultiBackend>();
    if let Some(version) = version {
        query = query.filter(revisions::version.eq(version.0));
    }
    let (row, blocks): (RevisionRow, Vec<u8>) = query
        .order(revisions::version.desc())
        .limit(1)
        .select((RevisionRow::as_select(), revision_bodies::blocks))
        .first(connection)?;
    let document: Document = unpacked(&row.document)?;
    let body: Body = unpacked(&blocks)?;
    let summary = summaries(connection, vec![row.summary])?.pop();
    let revision = Revision {
        summary: summary.ok_or(StoreError::NotFound)?,
        article: WrittenArticle {
            fields: document.written,
            body,
        },
    };
    Ok((revision, document.named))
}

/// Whether [`thin`] has something to look at.
///
/// # Errors
/// When the database fails.
pub fn is_thinning_due(connection: &mut Connection, before: Timestamp) -> StoreResult<bool> {
    let due: Option<i64> = revisions::table
        .filter(revisions::thinned_from.lt(before))
        .order(revisions::thinned_from)
        .select(revisions::version)
        .first(connection)
        .optional()?;
    Ok(due.is_some())
}

/// Of versions that were only written, and not published, before an instant, leaves the last one of each day;
/// looks at `limit` of them at most, and returns how many that were.
///
/// # Errors
/// When the database fails.
pub fn thin(connection: &mut Connection, before: Timestamp, limit: i64) -> StoreResult<usize> {
    let due: Vec<(Id, i64, Timestamp)> = revisions::table
        .filter(revisions::thinned_from.lt(before))
        .order((
            revisions::thinned_from,
            revisions::article_id,
            revisions::version,
        ))
        .limit(limit)
        .select((
            revisions::article_id,
            revisions::version,
            revisions::recorded_at,
        ))
        .load(connection)?;
    for (article, version, recorded_at) in &due {
        let this = revisions::table
            .filter(revisions::article_id.eq(article))
            .filter(revisions::version.eq(version));
        let next: Option<Timestamp> = revisions::table
            .filter(revisions::article_id.eq(article))
            .filter(revisions::version.gt(version))
            .order(revisions::version)
            .select(revisions::recorded_at)
            .first(connection)
            .optional()?;
        // The newest one is the article as it stands.
        if next.is_some_and(|next| next.day() == recorded_at.day()) {
            diesel::delete(this).execute(connection)?;
        } else {
            diesel::update(this)
                .set(revisions::thinned_from.eq(None::<Timestamp>))
                .execute(connection)?;
        }
    }
    forget_bodies(
        connection,
        due.iter().map(|(article, ..)| *article).collect(),
    )?;
    Ok(due.len())
}

/// Takes away bodies that no version of these articles has any more.
fn forget_bodies(connection: &mut Connection, mut of: Vec<Id>) -> StoreResult<()> {
    of.sort_unstable();
    of.dedup();
    for article in of {
        diesel::sql_query(
            "DELETE FROM revision_bodies WHERE article_id = $1 AND NOT EXISTS (SELECT 1 FROM revisions r \
             WHERE r.article_id = revision_bodies.article_id AND r.body_hash = revision_bodies.hash)",
        )
        .bind::<crate::db::types::IdSql, _>(article)
        .execute(connection)?;
    }
    Ok(())
}
