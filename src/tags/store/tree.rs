//! Which tags stand below which: sections and their subsections.
//!
//! `tag_ancestors` has every tag above each tag with its distance, so that reading the way up, or all that is below,
//! is one step in an index. Whoever writes it has `Lock::TagNames`, and `Lock::Merges` where articles may stand below
//! what moves.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::db::schema::{tag_ancestors, tags};
use crate::db::types::IdSql;
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, stored};
use crate::events::{Change, Event, NameEvent};
use crate::names::{Named, invalid_target};
use crate::tags::model::{TagKind, TagLink};
use crate::text::Slug;
use crate::validation::Violation;

/// Most tags from the top of a tree down to one, that one included.
const MOST_LEVELS: i64 = 8;
/// Most sections in a tree: a list of one looks at the articles of all below it.
const MOST_SECTIONS: i64 = 100;
/// Most tags of another kind in a tree: moving one writes the way up of all below it.
const MOST_TAGS: i64 = 2_000;
/// Most tags that are named to whoever cannot delete the one above them.
const MOST_NAMED: i64 = 10;

#[derive(Queryable, Selectable)]
#[diesel(table_name = tags)]
struct LinkRow {
    id: Id,
    slug: String,
    name: String,
}

/// All that some tags stand below, of each from the top down; those that stand below none are left out.
///
/// # Errors
/// When the database fails.
pub fn ancestors(
    connection: &mut Connection,
    ids: &[Id],
) -> StoreResult<HashMap<Id, Vec<TagLink>>> {
    let rows: Vec<(Id, LinkRow)> = tag_ancestors::table
        .inner_join(tags::table.on(tags::id.eq(tag_ancestors::ancestor_id)))
        .filter(tag_ancestors::tag_id.eq_any(ids.to_vec()))
        .order((tag_ancestors::tag_id, tag_ancestors::distance.desc()))
        .select((tag_ancestors::tag_id, LinkRow::as_select()))
        .load(connection)?;
    let mut found: HashMap<Id, Vec<TagLink>> = HashMap::new();
    for (tag, LinkRow { id, slug, name }) in rows {
        found
            .entry(tag)
            .or_default()
            .push(TagLink { id, slug, name });
    }
    Ok(found)
}

/// Some tags, of which each section brings all that stand below it: what readers look for when they name one.
#[derive(Debug, Default)]
pub struct WithSubsections(HashMap<Id, Vec<Id>>);

impl WithSubsections {
    /// Finds what stands below those of these tags that are sections.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find(
        connection: &mut Connection,
        tags: impl IntoIterator<Item = (Id, TagKind)>,
    ) -> StoreResult<Self> {
        let sections = tags.into_iter();
        let sections = sections.filter(|(_, kind)| *kind == TagKind::Section);
        let sections: Vec<Id> = sections.map(|(id, _)| id).collect();
        let mut found: HashMap<Id, Vec<Id>> = HashMap::new();
        for (section, below) in below(connection, &sections)? {
            found.entry(section).or_default().push(below);
        }
        Ok(Self(found))
    }

    /// These tags, and the sections below those that are sections, none twice.
    pub fn of(&self, tags: &[(Id, TagKind)]) -> Vec<(Id, TagKind)> {
        let mut all: Vec<(Id, TagKind)> = tags.to_vec();
        let below = tags.iter().filter_map(|(id, _)| self.0.get(id)).flatten();
        all.extend(below.map(|id| (*id, TagKind::Section)));
        let mut seen = HashSet::new();
        all.retain(|(id, _)| seen.insert(*id));
        all
    }
}

/// All tags that stand below some, each with that one's key; a tag below two of them comes twice.
fn below(connection: &mut Connection, ids: &[Id]) -> StoreResult<Vec<(Id, Id)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(tag_ancestors::table
        .filter(tag_ancestors::ancestor_id.eq_any(ids.to_vec()))
        .order((tag_ancestors::ancestor_id, tag_ancestors::tag_id))
        .select((tag_ancestors::ancestor_id, tag_ancestors::tag_id))
        .load(connection)?)
}

/// The sections that stand below a tag; none where that is no section.
///
/// # Errors
/// When the database fails.
pub fn sections_below(connection: &mut Connection, id: Id) -> StoreResult<Vec<Id>> {
    Ok(tag_ancestors::table
        .inner_join(tags::table.on(tags::id.eq(tag_ancestors::tag_id)))
        .filter(tag_ancestors::ancestor_id.eq(id))
        .filter(tags::kind.eq(TagKind::Section.as_str()))
        .order(tags::id)
        .select(tags::id)
        .load(connection)?)
}

/// Slugs of tags right below one, a few of them.
pub(super) fn children(connection: &mut Connection, id: Id) -> StoreResult<Vec<String>> {
    Ok(tag_ancestors::table
        .inner_join(tags::table.on(tags::id.eq(tag_ancestors::tag_id)))
        .filter(tag_ancestors::ancestor_id.eq(id))
        .filter(tag_ancestors::distance.eq(1))
        .order(tags::slug)
        .limit(MOST_NAMED)
        .select(tags::slug)
        .load(connection)?)
}

fn wrong(code: &'static str, detail: String) -> StoreError {
    StoreError::Invalid(Violation::new("/parent", code, detail).into())
}

/// The tag that a slug names, as what another one of a kind is to stand below.
///
/// # Errors
/// [`StoreError::Invalid`].
pub(super) fn find_parent(
    connection: &mut Connection,
    slug: Option<&Slug>,
    kind: TagKind,
) -> StoreResult<Option<Id>> {
    let Some(slug) = slug else {
        return Ok(None);
    };
    match super::by_slugs(connection, std::slice::from_ref(slug))?.get(slug) {
        Some((id, found)) if *found == kind => Ok(Some(*id)),
        Some((_, found)) => {
            let detail =
                format!("must be of kind {kind}, as this tag is; \"{slug}\" is of kind {found}");
            Err(wrong("wrong_kind", detail))
        }
        None => {
            let detail = format!("\"{slug}\" is not the slug of any tag");
            Err(wrong("not_found", detail))
        }
    }
}

/// All that stand above a tag, from the top down, and the key of what is at the top of its tree.
fn above(connection: &mut Connection, id: Id) -> StoreResult<(Vec<TagLink>, Id)> {
    let above = ancestors(connection, &[id])?.remove(&id);
    let above = above.unwrap_or_default();
    let top = above.first().map_or(id, |first| first.id);
    Ok((above, top))
}

/// How many tags are below one, and on how many levels.
fn extent(connection: &mut Connection, id: Id) -> StoreResult<(i64, i64)> {
    use diesel::dsl::{count_star, max};
    let (tags, levels): (i64, Option<i32>) = tag_ancestors::table
        .filter(tag_ancestors::ancestor_id.eq(id))
        .select((count_star(), max(tag_ancestors::distance)))
        .first(connection)?;
    Ok((tags, levels.map_or(0, i64::from)))
}

/// A tag that is to be moved: its key, slug and kind.
type Moved<'a> = (Id, &'a str, TagKind);

/// Refuses a parent that stands below the tag itself, or would make its tree too deep or too large.
fn check(connection: &mut Connection, (id, slug, kind): Moved, parent: Id) -> StoreResult<()> {
    let (above_parent, top) = above(connection, parent)?;
    if parent == id || above_parent.iter().any(|link| link.id == id) {
        let mut circle = vec![slug.to_owned()];
        if parent != id {
            circle.extend(slug_of(connection, parent)?);
            let between = above_parent.into_iter().rev();
            circle.extend(
                between
                    .take_while(|link| link.id != id)
                    .map(|link| link.slug),
            );
        }
        circle.push(slug.to_owned());
        let detail = format!("would make a circle: {}", circle.join(" below "));
        return Err(wrong("circular", detail));
    }
    let (own, levels) = extent(connection, id)?;
    if above_parent.len() as i64 + 2 + levels > MOST_LEVELS {
        let detail = format!("would make a tree of more than {MOST_LEVELS} levels");
        return Err(wrong("too_deep", detail));
    }
    let most = match kind {
        TagKind::Section => MOST_SECTIONS,
        _ => MOST_TAGS,
    };
    let moved = match above(connection, id)?.1 == top {
        true => 0,
        false => own + 1,
    };
    if extent(connection, top)?.0 + 1 + moved > most {
        let detail = format!("would make a tree of more than {most} tags");
        return Err(wrong("too_many", detail));
    }
    Ok(())
}

fn slug_of(connection: &mut Connection, id: Id) -> StoreResult<Option<String>> {
    Ok(tags::table
        .filter(tags::id.eq(id))
        .select(tags::slug)
        .first(connection)
        .optional()?)
}

/// Puts a tag, with all below it, below another one, or at the top.
///
/// # Errors
/// [`StoreError::Invalid`] where it cannot stand there.
pub(super) fn place(
    connection: &mut Connection,
    moved: Moved,
    parent: Option<Id>,
) -> StoreResult<()> {
    if let Some(parent) = parent {
        check(connection, moved, parent)?;
    }
    let (id, ..) = moved;
    // What was above it is above all below it no more.
    diesel::sql_query(
        "DELETE FROM tag_ancestors \
         WHERE (tag_id = $1 OR tag_id IN (SELECT tag_id FROM tag_ancestors WHERE ancestor_id = $1)) \
         AND ancestor_id IN (SELECT ancestor_id FROM tag_ancestors WHERE tag_id = $1)",
    )
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    let Some(parent) = parent else {
        return Ok(());
    };
    diesel::sql_query(
        "INSERT INTO tag_ancestors (tag_id, distance, ancestor_id) \
         SELECT lower.id, lower.distance + upper.distance, upper.id \
         FROM (SELECT $1 AS id, 0 AS distance UNION ALL \
               SELECT tag_id, distance FROM tag_ancestors WHERE ancestor_id = $1) AS lower \
         CROSS JOIN (SELECT $2 AS id, 1 AS distance UNION ALL \
                     SELECT ancestor_id, distance + 1 FROM tag_ancestors WHERE tag_id = $2) AS upper",
    )
    .bind::<IdSql, _>(id)
    .bind::<IdSql, _>(parent)
    .execute(connection)?;
    Ok(())
}

/// A tag that stands right below another one.
#[derive(Queryable, Selectable)]
#[diesel(table_name = tags)]
struct ChildRow {
    id: Id,
    slug: String,
    kind: String,
}

/// Lets the tags right below one stand below the one that it is merged into. Where that one is below it itself, it
/// takes its place first, so that no circle comes of it.
///
/// # Errors
/// [`StoreError::Invalid`] where they cannot stand there.
pub(super) fn follow_merge(
    change: &mut Change<'_>,
    merged: &Named,
    into: &Named,
) -> StoreResult<()> {
    let connection = &mut *change.connection;
    let children: Vec<ChildRow> = tags::table
        .inner_join(tag_ancestors::table.on(tag_ancestors::tag_id.eq(tags::id)))
        .filter(tag_ancestors::ancestor_id.eq(merged.id))
        .filter(tag_ancestors::distance.eq(1))
        .order(tags::id)
        .select(ChildRow::as_select())
        .load(connection)?;
    let Some(kind) = children.first().map(|child| child.kind.clone()) else {
        return Ok(());
    };
    let kind: TagKind = stored(&kind)?;
    let same_kind = tags::table
        .filter(tags::id.eq(into.id))
        .filter(tags::kind.eq(kind.as_str()))
        .select(tags::id)
        .first::<Id>(connection)
        .optional()?;
    if same_kind.is_none() {
        let detail = format!("must be of kind {kind}, as the tags below the merged tag are");
        return Err(invalid_target("wrong_kind", &detail));
    }
    let below_itself = above(connection, into.id)?.0;
    if below_itself.iter().any(|link| link.id == merged.id) {
        let parent = above(connection, merged.id)?.0.pop().map(|link| link.id);
        place(connection, (into.id, &into.slug, kind), parent).map_err(at_into)?;
    }
    for child in children.into_iter().filter(|child| child.id != into.id) {
        let connection = &mut *change.connection;
        place(connection, (child.id, &child.slug, kind), Some(into.id)).map_err(at_into)?;
        diesel::update(tags::table.filter(tags::id.eq(child.id)))
            .set((
                tags::version.eq(tags::version + 1),
                tags::updated_at.eq(change.now),
            ))
            .execute(connection)?;
        change.record(Event::Name {
            event: NameEvent::Edited(None),
            of: Resource::Tag,
            id: child.id,
            slug: child.slug,
        });
    }
    Ok(())
}

/// What is wrong with a place, as what is wrong with the tag that it is merged into.
fn at_into(error: StoreError) -> StoreError {
    match error {
        StoreError::Invalid(wrong) => match wrong.listed().first() {
            Some(first) => invalid_target(first.code, &first.detail),
            None => StoreError::Invalid(wrong),
        },
        other => other,
    }
}
