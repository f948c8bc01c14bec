//! Creating, replacing and deleting collections.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::rows::{self, Row, RuleTags, SlotRow, WITH, WITHOUT};
use crate::articles::model::TagKey;
use crate::articles::store::references::{is_no_section, not_found};
use crate::collections::input::{CollectionInput, FillInput, SlotInput};
use crate::db::lock::{self, Lock};
use crate::db::schema::{articles, collection_slots, collection_tags, collections};
use crate::db::version::{Expected, Precondition};
use crate::db::{Connection, Id, StoreError, StoreResult};
use crate::events::{Change, CollectionEvent, Event};
use crate::tags::model::TagKind;
use crate::text::Slug;
use crate::validation::{Violation, Violations};
use crate::{on_each_database, tags};

/// All that an input says, with what it names found.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    title: String,
    slots: Vec<SlotRow>,
    fill: Option<FillContent>,
}

#[derive(Debug, PartialEq, Eq)]
struct FillContent {
    limit: i32,
    section: Option<Id>,
    language: Option<String>,
    with: Vec<Id>,
    without: Vec<Id>,
}

/// Creates the collection that a slug names, or replaces it; what is as it was stays untouched. Returns whether it
/// is new.
///
/// # Errors
/// [`StoreError::Invalid`], and those of [`Precondition::check`].
pub fn put(
    change: &mut Change<'_>,
    slug: &Slug,
    precondition: &Precondition,
    input: CollectionInput,
) -> StoreResult<bool> {
    let connection = &mut *change.connection;
    // Tags that its rule names stay until it is written.
    lock::shared(connection, Lock::Merges)?;
    let standing = rows::find(connection, slug);
    let standing = match standing {
        Err(StoreError::NotFound) => None,
        found => Some(found?),
    };
    precondition.check(standing.as_ref().map(|row| row.version))?;
    let content = Content::find(connection, input)?;
    let is_new = standing.is_none();
    match standing {
        None => create(change, slug, &content)?,
        Some(row) if Content::of(change.connection, &row)? == content => {}
        Some(row) => replace(change, row, &content)?,
    }
    Ok(is_new)
}

fn create(change: &mut Change<'_>, slug: &Slug, content: &Content) -> StoreResult<()> {
    let id = Id::generate();
    diesel::insert_into(collections::table)
        .values((
            collections::id.eq(id),
            collections::slug.eq(slug.as_str()),
            collections::title.eq(&content.title),
            collections::version.eq(1),
            collections::created_at.eq(change.now),
            collections::updated_at.eq(change.now),
        ))
        .execute(change.connection)?;
    content.write(change.connection, id)?;
    record(change, CollectionEvent::Created, id, slug.to_string(), 1);
    Ok(())
}

fn replace(change: &mut Change<'_>, row: Row, content: &Content) -> StoreResult<()> {
    let version = row.version + 1;
    let connection = &mut *change.connection;
    // Held until this is committed: of two who replace the same version the second finds another.
    let held = collections::table
        .filter(collections::id.eq(row.id))
        .filter(collections::version.eq(row.version));
    let changed = diesel::update(held)
        .set((
            collections::title.eq(&content.title),
            collections::version.eq(version),
            collections::updated_at.eq(change.now),
        ))
        .execute(connection)?;
    if changed == 0 {
        return Err(StoreError::VersionMismatch { current: version });
    }
    diesel::delete(collection_slots::table.filter(collection_slots::collection_id.eq(row.id)))
        .execute(connection)?;
    diesel::delete(collection_tags::table.filter(collection_tags::collection_id.eq(row.id)))
        .execute(connection)?;
    content.write(connection, row.id)?;
    record(change, CollectionEvent::Changed, row.id, row.slug, version);
    Ok(())
}

/// Deletes a collection; its articles stay what they are.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
pub fn delete(change: &mut Change<'_>, slug: &Slug, expected: &Expected) -> StoreResult<()> {
    let row = rows::find(change.connection, slug)?;
    expected.check(row.version)?;
    let held = collections::table
        .filter(collections::id.eq(row.id))
        .filter(collections::version.eq(row.version));
    if diesel::delete(held).execute(change.connection)? == 0 {
        let current = row.version + 1;
        return Err(StoreError::VersionMismatch { current });
    }
    record(
        change,
        CollectionEvent::Deleted,
        row.id,
        row.slug,
        row.version,
    );
    Ok(())
}

fn record(change: &mut Change<'_>, event: CollectionEvent, id: Id, slug: String, version: i64) {
    change.record(Event::Collection {
        event,
        id,
        slug,
        version,
    });
}

impl Content {
    /// What an input says.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] with everything that was not found.
    fn find(connection: &mut Connection, input: CollectionInput) -> StoreResult<Self> {
        let mut wrong = unknown_articles(connection, &input.slots.0)?;
        let fill = input
            .fill
            .map(|fill| FillContent::find(connection, &fill, &mut wrong));
        let fill = fill.transpose()?;
        wrong.into_result().map_err(StoreError::Invalid)?;
        Ok(Self {
            title: input.title.into_string(),
            slots: input.slots.0.into_iter().map(SlotRow::from).collect(),
            fill,
        })
    }

    /// What a collection says now.
    fn of(connection: &mut Connection, row: &Row) -> StoreResult<Self> {
        let RuleTags { with, without } = rows::tags_of(connection, row.id)?;
        let fill = row.fill_limit.map(|limit| FillContent {
            limit,
            section: row.fill_section_id,
            language: row.fill_language.clone(),
            with: with.into_iter().map(|tag| tag.id).collect(),
            without: without.into_iter().map(|tag| tag.id).collect(),
        });
        Ok(Self {
            title: row.title.clone(),
            slots: rows::slots(connection, row.id)?,
            fill,
        })
    }

    fn write(&self, connection: &mut Connection, collection: Id) -> StoreResult<()> {
        self.write_slots(connection, collection)?;
        let fill = self.fill.as_ref();
        diesel::update(collections::table.filter(collections::id.eq(collection)))
            .set((
                collections::fill_limit.eq(fill.map(|fill| fill.limit)),
                collections::fill_section_id.eq(fill.and_then(|fill| fill.section)),
                collections::fill_language.eq(fill.and_then(|fill| fill.language.as_deref())),
            ))
            .execute(connection)?;
        if let Some(fill) = fill {
            write_tags(connection, collection, WITH, &fill.with)?;
            write_tags(connection, collection, WITHOUT, &fill.without)?;
        }
        Ok(())
    }

    fn write_slots(&self, connection: &mut Connection, collection: Id) -> StoreResult<()> {
        let slots = (0_i32..).zip(&self.slots);
        let rows: Vec<_> = slots
            .map(|(position, slot)| {
                (
                    collection_slots::collection_id.eq(collection),
                    collection_slots::position.eq(position),
                    collection_slots::article_id.eq(slot.article_id),
                    collection_slots::headline.eq(slot.headline.as_deref()),
                    collection_slots::label.eq(slot.label.as_deref()),
                    collection_slots::shown_from.eq(slot.shown_from),
                    collection_slots::shown_until.eq(slot.shown_until),
                )
            })
            .collect();
        if !rows.is_empty() {
            on_each_database!(connection, inner => {
                diesel::insert_into(collection_slots::table).values(&rows).execute(inner)?;
            });
        }
        Ok(())
    }
}

impl From<SlotInput> for SlotRow {
    fn from(slot: SlotInput) -> Self {
        Self {
            article_id: slot.article,
            headline: slot.headline.map(|text| text.into_string()),
            label: slot.label.map(|text| text.into_string()),
            shown_from: slot.from,
            shown_until: slot.until,
        }
    }
}

fn unknown_articles(connection: &mut Connection, slots: &[SlotInput]) -> StoreResult<Violations> {
    let ids: Vec<Id> = slots.iter().map(|slot| slot.article).collect();
    let known: Vec<Id> = articles::table
        .filter(articles::id.eq_any(ids))
        .select(articles::id)
        .load(connection)?;
    let known: HashSet<Id> = known.into_iter().collect();
    let unknown = slots
        .iter()
        .enumerate()
        .filter(|(_, slot)| !known.contains(&slot.article));
    Ok(unknown
        .map(|(index, _)| {
            let pointer = format!("/slots/{index}/article");
            Violation::new(pointer, "not_found", "must be the id of an article")
        })
        .collect())
}

fn write_tags(
    connection: &mut Connection,
    collection: Id,
    part: &str,
    tags: &[Id],
) -> StoreResult<()> {
    let rows: Vec<_> = (0_i32..)
        .zip(tags)
        .map(|(position, tag)| {
            (
                collection_tags::collection_id.eq(collection),
                collection_tags::part.eq(part),
                collection_tags::tag_id.eq(*tag),
                collection_tags::position.eq(position),
            )
        })
        .collect();
    if !rows.is_empty() {
        on_each_database!(connection, inner => {
            diesel::insert_into(collection_tags::table).values(&rows).execute(inner)?;
        });
    }
    Ok(())
}

type Known = HashMap<Slug, TagKey>;

impl FillContent {
    /// What a rule says; what it names and is not there is added to what is wrong.
    fn find(
        connection: &mut Connection,
        fill: &FillInput,
        wrong: &mut Violations,
    ) -> StoreResult<Self> {
        let lists = [&fill.tags.0, &fill.exclude_tags.0];
        let named = lists.into_iter().flatten().chain(&fill.section);
        let known = tags::store::by_slugs(connection, &named.cloned().collect::<Vec<_>>())?;
        let with = ids(connection, &known, "/fill/tags", lists[0], wrong)?;
        let without = ids(connection, &known, "/fill/exclude_tags", lists[1], wrong)?;
        let not_both = fill.exclude_tags.0.iter().enumerate();
        for (index, slug) in not_both {
            if known.get(slug).is_some_and(|(id, _)| with.contains(id)) {
                let pointer = format!("/fill/exclude_tags/{index}");
                let detail = format!("\"{slug}\" is in /fill/tags as well");
                wrong.push(Violation::new(pointer, "contradictory", detail));
            }
        }
        Ok(Self {
            limit: fill.limit,
            section: section(connection, &known, fill.section.as_ref(), wrong)?,
            language: fill.language.as_ref().map(ToString::to_string),
            with,
            without,
        })
    }
}

/// The keys of tags, each once: of two slugs one may have been given up for the other.
fn ids(
    connection: &mut Connection,
    known: &Known,
    pointer: &str,
    slugs: &[Slug],
    wrong: &mut Violations,
) -> StoreResult<Vec<Id>> {
    let mut ids = Vec::new();
    for (index, slug) in slugs.iter().enumerate() {
        match known.get(slug) {
            Some((id, _)) if ids.contains(id) => {}
            Some((id, _)) => ids.push(*id),
            None => wrong.push(not_found(
                connection,
                format!("{pointer}/{index}"),
                "tag",
                slug,
            )?),
        }
    }
    Ok(ids)
}

fn section(
    connection: &mut Connection,
    known: &Known,
    slug: Option<&Slug>,
    wrong: &mut Violations,
) -> StoreResult<Option<Id>> {
    const POINTER: &str = "/fill/section";
    let Some(slug) = slug else {
        return Ok(None);
    };
    match known.get(slug) {
        Some((id, TagKind::Section)) => return Ok(Some(*id)),
        Some(_) => wrong.push(is_no_section(POINTER, slug.as_str())),
        None => wrong.push(not_found(connection, POINTER.into(), "tag", slug)?),
    }
    Ok(None)
}
