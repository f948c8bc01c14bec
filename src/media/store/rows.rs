//! What is kept of an item.

use diesel::prelude::*;

use super::base;
use crate::auth::actor::{ActorKind, ActorRef};
use crate::auth::store::actors;
use crate::body::media::{FocalPoint, ImageRendition, MediaFile, MediaKind};
use crate::db::desk_schema::{media, media_uses};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::media::addresses::Addresses;
use crate::media::model::{MediaItem, Rendition, StoredRendition};
use pictures::{Encoding, Focal, Format, Variant};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = media)]
pub(super) struct Row {
    pub id: Id,
    pub name: String,
    hash: String,
    kind: String,
    mime: String,
    bytes: i64,
    width: Option<i32>,
    height: Option<i32>,
    duration_ms: Option<i64>,
    is_animated: i32,
    thumbhash: Option<String>,
    renditions: String,
    #[diesel(embed)]
    pub said: Said,
    pub version: i64,
    pub created_at: Timestamp,
    created_by_kind: String,
    pub created_by_id: Option<Id>,
    updated_at: Timestamp,
}

/// What editors say of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = media, treat_none_as_null = true)]
pub(super) struct Said {
    pub file_name: Option<String>,
    pub alt: Option<String>,
    pub caption: Option<String>,
    pub credit: Option<String>,
    pub copyright_notice: Option<String>,
    pub usage_terms: Option<String>,
    pub licence_url: Option<String>,
    pub rights_expire_at: Option<Timestamp>,
    pub digital_source_type: Option<String>,
    pub focal_x: Option<i32>,
    pub focal_y: Option<i32>,
}

impl Said {
    /// In hundredths of the width and the height.
    pub(super) fn focal(&self) -> Focal {
        let part = |part: Option<i32>| part.and_then(|part| u8::try_from(part).ok());
        part(self.focal_x)
            .zip(part(self.focal_y))
            .and_then(|(x, y)| Focal::new(x, y))
            .unwrap_or_default()
    }

    fn focal_point(&self) -> Option<FocalPoint> {
        let (x, y) = self.focal_x.zip(self.focal_y)?;
        let fraction = |part: i32| f64::from(part) / 100.0;
        Some(FocalPoint {
            x: fraction(x),
            y: fraction(y),
        })
    }
}

impl Row {
    pub(super) fn kind(&self) -> MediaKind {
        let known = MediaKind::ALL.iter().find(|(name, _)| *name == self.kind);
        known.map_or(MediaKind::Document, |(_, kind)| *kind)
    }

    fn format(&self) -> StoreResult<Format> {
        Format::from_mime(&self.mime)
            .ok_or_else(|| StoreError::Corrupt(format!("{:?} is no format of media", self.mime)))
    }

    fn stored_renditions(&self) -> StoreResult<Vec<StoredRendition>> {
        serde_json::from_str(&self.renditions).map_err(StoreError::unreadable)
    }

    /// The size of a picture.
    fn size(&self) -> Option<(u32, u32)> {
        let side = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok());
        side(self.width).zip(side(self.height))
    }

    /// What it gives to those that show it.
    pub(super) fn file(&self, base: &str) -> StoreResult<MediaFile> {
        let addresses = Addresses::new(base, &self.name);
        let renditions = self.stored_renditions()?;
        let webp = encoded_as(&renditions, Encoding::WebP);
        let widest = encoded_as(&renditions, Encoding::Jpeg).last().cloned();
        let pixels = |side: Option<i32>| side.and_then(|side| u16::try_from(side).ok());
        let (url, width, height) = match &widest {
            Some(widest) => (
                addresses.of(&widest.file),
                Some(widest.width),
                Some(widest.height),
            ),
            None => (
                addresses.original(self.format()?),
                pixels(self.width),
                pixels(self.height),
            ),
        };
        Ok(MediaFile {
            kind: self.kind(),
            url,
            mime: self.mime.clone(),
            bytes: self.bytes,
            width,
            height,
            duration_ms: self.duration_ms,
            alt: self.said.alt.clone(),
            caption: self.said.caption.clone(),
            credit: self.said.credit.clone(),
            focal_point: self.said.focal_point(),
            srcset: webp
                .map(|one| ImageRendition {
                    url: addresses.of(&one.file),
                    width: one.width,
                    height: one.height,
                })
                .collect(),
            crops: addresses.crops(self.size().filter(|_| widest.is_some()), self.said.focal()),
            thumbhash: self.thumbhash.clone(),
            digital_source_type: self.said.digital_source_type.clone(),
        })
    }

    /// As editors see it.
    pub(super) fn item(
        self,
        base: &str,
        use_count: i64,
        created_by: ActorRef,
    ) -> StoreResult<MediaItem> {
        let addresses = Addresses::new(base, &self.name);
        let file = self.file(base)?;
        let renditions = self.stored_renditions()?.into_iter().map(|one| Rendition {
            url: addresses.of(&one.file),
            format: encoding_of(&one.file).mime().to_owned(),
            width: one.width,
            height: one.height,
            bytes: one.bytes,
        });
        Ok(MediaItem {
            id: self.id,
            version: self.version,
            kind: file.kind,
            original_url: addresses.original(self.format()?),
            renditions: renditions.collect(),
            focal_point: self.said.focal_point(),
            mime: self.mime,
            bytes: self.bytes,
            hash: self.hash,
            file_name: self.said.file_name,
            url: file.url,
            width: self.width,
            height: self.height,
            duration_ms: self.duration_ms,
            is_animated: self.is_animated != 0,
            thumbhash: self.thumbhash,
            crops: file.crops,
            alt: self.said.alt,
            caption: self.said.caption,
            credit: self.said.credit,
            copyright_notice: self.said.copyright_notice,
            usage_terms: self.said.usage_terms,
            licence_url: self.said.licence_url,
            rights_expire_at: self.said.rights_expire_at,
            digital_source_type: self.said.digital_source_type,
            use_count,
            created_at: self.created_at,
            created_by,
            updated_at: self.updated_at,
        })
    }
}

fn encoding_of(file: &str) -> Encoding {
    file.parse::<Variant>()
        .map_or(Encoding::Jpeg, Variant::encoding)
}

fn encoded_as(
    renditions: &[StoredRendition],
    encoding: Encoding,
) -> impl DoubleEndedIterator<Item = &StoredRendition> {
    renditions
        .iter()
        .filter(move |one| encoding_of(&one.file) == encoding)
}

/// Rows as editors see them, in their order.
pub(super) fn items(connection: &mut Connection, rows: Vec<Row>) -> StoreResult<Vec<MediaItem>> {
    let base = base::url(connection)?;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let counts: Vec<(Id, i64)> = media_uses::table
        .filter(media_uses::media_id.eq_any(ids))
        .group_by(media_uses::media_id)
        .select((
            media_uses::media_id,
            diesel::dsl::count(media_uses::article_id).aggregate_distinct(),
        ))
        .load(connection)?;
    let actors = rows.iter().map(|row| {
        (
            ActorKind::from_stored(&row.created_by_kind),
            row.created_by_id,
        )
    });
    let actors = actors::named(connection, actors)?;
    let counted = |id: Id| {
        let found = counts.iter().find(|(of, _)| *of == id);
        found.map_or(0, |(_, count)| *count)
    };
    rows.into_iter()
        .zip(actors)
        .map(|(row, actor)| {
            let used = counted(row.id);
            row.item(&base, used, actor)
        })
        .collect()
}

pub(super) fn load(connection: &mut Connection, id: Id) -> StoreResult<Row> {
    Ok(media::table
        .filter(media::id.eq(id))
        .select(Row::as_select())
        .first(connection)?)
}

/// An item as editors see it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<MediaItem> {
    let row = load(connection, id)?;
    items(connection, vec![row])?
        .pop()
        .ok_or(StoreError::NotFound)
}

/// The item that was made of a file with this hash (SHA-256) when it was uploaded.
///
/// # Errors
/// When the database fails.
pub fn uploaded(connection: &mut Connection, upload_hash: &[u8; 32]) -> StoreResult<Option<Id>> {
    Ok(media::table
        .filter(media::upload_hash.eq(upload_hash.as_slice()))
        .select(media::id)
        .first(connection)
        .optional()?)
}

/// What renditions of an item are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// What the original is.
    pub format: Format,
    /// The size of the picture, upright; `None` of what is none.
    pub size: Option<(u32, u32)>,
    /// Around what it is cropped.
    pub focal: Focal,
}

/// The item whose files have a name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn source(connection: &mut Connection, name: &str) -> StoreResult<Source> {
    let row: Row = media::table
        .filter(media::name.eq(name))
        .select(Row::as_select())
        .first(connection)?;
    Ok(Source {
        format: row.format()?,
        size: row.size().filter(|_| row.kind() == MediaKind::Image),
        focal: row.said.focal(),
    })
}

/// A file that an item has: the last part of its address, and its size in bytes.
pub type StoredFile = (String, i64);

/// The names under which files are kept, in order, after one, with the files that there must be: the last parts of
/// their addresses, and their sizes in bytes. At most 500 items.
///
/// # Errors
/// When the database fails.
pub fn names_after(
    connection: &mut Connection,
    after: &str,
) -> StoreResult<Vec<(String, Vec<StoredFile>)>> {
    let rows: Vec<Row> = media::table
        .filter(media::name.gt(after))
        .order(media::name)
        .limit(500)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let original = Addresses::original_file(row.format()?);
            let renditions = row.stored_renditions()?;
            let files = renditions.into_iter().map(|one| (one.file, one.bytes));
            let files = files.chain([(original, row.bytes)]).collect();
            Ok((row.name, files))
        })
        .collect()
}
