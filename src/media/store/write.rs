//! Adding, describing and deleting items. Each function is one change and runs in one transaction.

use diesel::prelude::*;
use serde_json::json;

use super::rows::{self, Row, Said};
use super::uses;
use crate::auth::model::{Caller, Right};
use crate::body::media::{FocalPoint, MediaKind};
use crate::db::desk_schema::media;
use crate::db::lock::{self, Lock};
use crate::db::version::Expected;
use crate::db::{Id, StoreError, StoreResult};
use crate::events::{Change, DeskEvent, Event};
use crate::media::input::{DigitalSourceType, MediaInput, in_hundredths};
use crate::media::model::StoredRendition;
use crate::media::processing::{self, Processed};
use crate::merge_patch::MergePatch;
use crate::names;
use crate::on_each_database;
use crate::text::{Line, Prose, WebUrl};
use crate::validation::{Violation, Violations};
use pictures::Format;

/// A file that has been read and stored, to become an item.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The name of its files.
    pub name: String,
    /// SHA-256 of the file that is served, hexadecimal.
    pub hash: String,
    /// SHA-256 of the file that was uploaded.
    pub upload_hash: [u8; 32],
    /// What it is.
    pub format: Format,
    /// Bytes of the file that is served.
    pub bytes: i64,
    /// Pixels, of a picture or a video.
    pub size: Option<(u32, u32)>,
    /// Milliseconds, of audio or video.
    pub duration_ms: Option<i64>,
    /// Whether it moves although it is a picture.
    pub is_animated: bool,
    /// A ThumbHash in Base64, of a picture.
    pub thumbhash: Option<String>,
    /// Those that have been made.
    pub renditions: Vec<StoredRendition>,
    /// What the file and whoever uploaded it say.
    pub said: MediaInput,
}

impl NewItem {
    /// What was made of a file, under the name of its files, with what whoever uploaded it says.
    pub fn of(
        name: &str,
        upload_hash: [u8; 32],
        format: Format,
        processed: Processed,
        said: MediaInput,
    ) -> Self {
        let inspected = processed.inspected;
        let renditions = processed.renditions.into_iter();
        Self {
            name: name.to_owned(),
            hash: processed.hash,
            upload_hash,
            format,
            bytes: processed.bytes,
            size: inspected.width.zip(inspected.height),
            duration_ms: inspected
                .duration_ms
                .and_then(|milliseconds| i64::try_from(milliseconds).ok()),
            is_animated: inspected.is_animated,
            thumbhash: processed.thumbhash,
            renditions: renditions.map(|(rendition, _)| rendition).collect(),
            said: processing::said(said, &processed.metadata),
        }
    }
}

fn kind_of(format: Format) -> MediaKind {
    let name = format.kind().name();
    let known = MediaKind::ALL.iter().find(|(known, _)| *known == name);
    known.map_or(MediaKind::Document, |(_, kind)| *kind)
}

impl Said {
    fn of(input: MediaInput) -> Self {
        let focal = input.focal_point.map(in_hundredths);
        Self {
            file_name: input.file_name.map(Line::into_string),
            alt: input.alt.map(Line::into_string),
            caption: input.caption.map(Prose::into_string),
            credit: input.credit.map(Line::into_string),
            copyright_notice: input.copyright_notice.map(Line::into_string),
            usage_terms: input.usage_terms.map(Prose::into_string),
            licence_url: input.licence_url.map(WebUrl::into_string),
            rights_expire_at: input.rights_expire_at,
            digital_source_type: input
                .digital_source_type
                .map(|name| name.as_str().to_owned()),
            focal_x: focal.map(|(x, _)| x.into()),
            focal_y: focal.map(|(_, y)| y.into()),
        }
    }

    fn to_input(&self) -> MediaInput {
        let focal = self.focal_x.zip(self.focal_y);
        MediaInput {
            file_name: self.file_name.as_ref().map(Line::as_stored),
            alt: self.alt.as_ref().map(Line::as_stored),
            caption: self.caption.as_ref().map(Prose::as_stored),
            credit: self.credit.as_ref().map(Line::as_stored),
            copyright_notice: self.copyright_notice.as_ref().map(Line::as_stored),
            usage_terms: self.usage_terms.as_ref().map(Prose::as_stored),
            licence_url: self.licence_url.as_ref().map(WebUrl::as_stored),
            rights_expire_at: self.rights_expire_at,
            digital_source_type: self
                .digital_source_type
                .as_deref()
                .map(DigitalSourceType::as_stored),
            focal_point: focal.map(|(x, y)| FocalPoint {
                x: f64::from(x) / 100.0,
                y: f64::from(y) / 100.0,
            }),
        }
    }

    /// What a search looks in: a row of folded words for each that is said.
    fn words(&self) -> String {
        let all = [
            &self.alt,
            &self.caption,
            &self.credit,
            &self.copyright_notice,
            &self.file_name,
        ];
        let rows = all.into_iter().flatten().map(|text| names::sort_name(text));
        rows.collect::<Vec<_>>().join("\t")
    }

    fn credit_words(&self) -> String {
        self.credit
            .as_deref()
            .map(names::sort_name)
            .unwrap_or_default()
    }

    /// Whether those that show it show something else than before.
    fn is_shown_otherwise(&self, before: &Self) -> bool {
        let shown = |said: &Self| {
            (
                said.alt.clone(),
                said.caption.clone(),
                said.credit.clone(),
                said.digital_source_type.clone(),
                (said.focal_x, said.focal_y),
            )
        };
        shown(self) != shown(before)
    }
}

/// Adds an item, unless the same file was uploaded before; returns its key, and whether it is new.
///
/// # Errors
/// When the database fails.
pub fn add(change: &mut Change<'_>, item: NewItem) -> StoreResult<(Id, bool)> {
    let (kind, actor) = change.origin.actor.parts();
    let said = Said::of(item.said);
    let id = Id::generate();
    let side = |side: Option<u32>| side.and_then(|side| i32::try_from(side).ok());
    let renditions = serde_json::to_string(&item.renditions).map_err(StoreError::unreadable)?;
    let row = (
        (
            media::id.eq(id),
            media::name.eq(&item.name),
            media::hash.eq(&item.hash),
            media::upload_hash.eq(item.upload_hash.as_slice()),
            media::kind.eq(kind_of(item.format).as_str()),
            media::mime.eq(item.format.mime()),
            media::bytes.eq(item.bytes),
            media::width.eq(side(item.size.map(|(width, _)| width))),
            media::height.eq(side(item.size.map(|(_, height)| height))),
            media::duration_ms.eq(item.duration_ms),
            media::is_animated.eq(i32::from(item.is_animated)),
            media::thumbhash.eq(item.thumbhash),
            media::renditions.eq(renditions),
        ),
        media::words.eq(said.words()),
        media::credit_words.eq(said.credit_words()),
        (
            media::version.eq(1),
            media::created_at.eq(change.now),
            media::created_by_kind.eq(kind),
            media::created_by_id.eq(actor),
            media::updated_at.eq(change.now),
        ),
        &said,
    );
    let added = on_each_database!(change.connection, inner => {
        diesel::insert_into(media::table)
            .values(row)
            .on_conflict(media::upload_hash)
            .do_nothing()
            .execute(inner)?
    });
    if added == 0 {
        let known = rows::uploaded(change.connection, &item.upload_hash)?;
        return Ok((known.ok_or(StoreError::Conflict)?, false));
    }
    record(
        change,
        "media_uploaded",
        id,
        &said,
        json!({"mime": item.format.mime()}),
    );
    Ok((id, true))
}

fn record(
    change: &mut Change<'_>,
    kind: &'static str,
    id: Id,
    said: &Said,
    detail: serde_json::Value,
) {
    let name = said.file_name.clone().unwrap_or_else(|| id.to_string());
    change.record(Event::Desk(DeskEvent {
        kind,
        resource: RESOURCE,
        id,
        name,
        detail,
    }));
}

/// What the event log calls an item.
pub const RESOURCE: &str = "media";
/// Of an event: whether those that show the item show something else than before.
pub const IS_SHOWN_OTHERWISE: &str = "is_shown_otherwise";

/// An item that a caller may change, as they read it.
fn load(change: &mut Change<'_>, id: Id, caller: &Caller, expected: &Expected) -> StoreResult<Row> {
    let row = rows::load(change.connection, id)?;
    expected.check(row.version)?;
    let is_own = |user: Id| row.created_by_id == Some(user);
    if caller.only_own().is_some_and(|user| !is_own(user)) {
        return Err(StoreError::Forbidden(
            "Somebody else has uploaded it; authors change what they have uploaded themselves."
                .into(),
        ));
    }
    Ok(row)
}

/// From here to the end of the transaction no article is written: whoever writes one shares this lock.
fn hold_articles(change: &mut Change<'_>) -> StoreResult<()> {
    lock::exclusive(change.connection, Lock::Merges)
}

/// What readers see only those change who may publish, and it goes on having what publishing needs.
fn check_published(
    change: &mut Change<'_>,
    row: &Row,
    said: &Said,
    caller: &Caller,
) -> StoreResult<()> {
    if !uses::is_published(change.connection, row.id)? {
        return Ok(());
    }
    if !caller.may(Right::ArticlesPublish) {
        return Err(StoreError::Forbidden(format!(
            "A published article shows it; changing that needs the right {}.",
            Right::ArticlesPublish
        )));
    }
    let mut wrong = Violations::default();
    for (pointer, before, now) in [
        ("/alt", &row.said.alt, &said.alt),
        ("/credit", &row.said.credit, &said.credit),
    ] {
        if before.is_some() && now.is_none() {
            let detail = "is needed: a published article shows it";
            wrong.push(Violation::new(pointer, "needed_to_publish", detail));
        }
    }
    wrong.into_result().map_err(StoreError::Invalid)
}

/// Changes what is said of an item. A patch that changes nothing leaves it as it is: its version too.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Invalid`], [`StoreError::Forbidden`] when
/// somebody else has uploaded it, or a published article shows it and the caller may not publish.
pub fn edit(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    patch: MergePatch,
) -> StoreResult<()> {
    let row = load(change, id, caller, expected)?;
    let input = patch
        .apply(&row.said.to_input())
        .map_err(StoreError::Invalid)?;
    let said = Said::of(input);
    if said == row.said {
        return Ok(());
    }
    let is_shown_otherwise = said.is_shown_otherwise(&row.said);
    if is_shown_otherwise {
        hold_articles(change)?;
        check_published(change, &row, &said, caller)?;
    }
    let held = media::table
        .filter(media::id.eq(id))
        .filter(media::version.eq(row.version));
    let changed = diesel::update(held)
        .set((
            &said,
            media::words.eq(said.words()),
            media::credit_words.eq(said.credit_words()),
            media::version.eq(row.version + 1),
            media::updated_at.eq(change.now),
        ))
        .execute(change.connection)?;
    if changed == 0 {
        let current = row.version + 1;
        return Err(StoreError::VersionMismatch { current });
    }
    let detail = json!({"version": row.version + 1, IS_SHOWN_OTHERWISE: is_shown_otherwise});
    record(change, "media_changed", id, &said, detail);
    Ok(())
}

/// Deletes an item that no article shows; returns the name of its files, which are to be deleted then.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Forbidden`], [`StoreError::MediaInUse`].
pub fn delete(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<String> {
    hold_articles(change)?;
    let row = load(change, id, caller, expected)?;
    let shown = uses::list(change.connection, id, None)?;
    if !shown.data.is_empty() {
        let known = uses::known_to(change.connection, id, caller)?;
        return Err(StoreError::MediaInUse {
            articles: shown.data.len(),
            has_more: shown.has_more,
            slugs: known
                .data
                .into_iter()
                .map(|one| one.slug)
                .take(10)
                .collect(),
        });
    }
    diesel::delete(media::table.filter(media::id.eq(id))).execute(change.connection)?;
    record(change, "media_deleted", id, &row.said, json!({}));
    Ok(row.name)
}
