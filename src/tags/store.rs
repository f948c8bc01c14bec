//! Tags in the database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Position, Tag, TagInput, TagKind, TagLink};
use crate::db::article_counts::hidden;
use crate::db::lock::{self, Lock};
use crate::db::schema::{article_tags, articles, tags};
use crate::db::slugs;
use crate::db::total::CEILING;
use crate::db::version::Expected;
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, Timestamp, stored};
use crate::events::{Change, Event, NameEvent};
use crate::merge_patch::MergePatch;
use crate::names::{self, MOST_ALIKE, compared, sort_name};
use crate::text::{Line, Prose, Slug};
use crate::validation::Violation;

mod list;
mod rules;
pub mod tree;
pub mod usage;

pub use list::{count, list, most_used, several};

#[derive(Queryable)]
struct TagRow {
    id: Id,
    slug: String,
    name: String,
    sort_name: String,
    kind: String,
    description: Option<String>,
    version: i64,
    _created_at: Timestamp,
    updated_at: Timestamp,
    published_articles: i64,
    position: i32,
}

impl TagRow {
    /// How many public articles it has: of the published ones, some are hidden.
    fn article_count(&self, hidden: &HashMap<Id, i64>) -> i64 {
        self.published_articles - hidden.get(&self.id).copied().unwrap_or(0)
    }

    fn into_tag(self, article_count: i64, ancestors: Vec<TagLink>) -> StoreResult<Tag> {
        Ok(Tag {
            article_count,
            kind: stored(&self.kind)?,
            id: self.id,
            slug: self.slug,
            name: self.name,
            description: self.description,
            parent: ancestors.last().cloned(),
            ancestors,
            position: Position::of_stored(self.position),
            updated_at: self.updated_at,
        })
    }

    fn input(&self, parent: Option<&TagLink>) -> StoreResult<TagInput> {
        Ok(TagInput {
            name: Line::as_stored(&self.name),
            slug: Some(stored(&self.slug)?),
            kind: stored(&self.kind)?,
            description: self.description.as_ref().map(Prose::as_stored),
            parent: parent.map(|parent| stored(&parent.slug)).transpose()?,
            position: Position::of_stored(self.position),
        })
    }
}

/// How many published articles these tags and sections have, whether the public sees them yet or not.
///
/// # Errors
/// When the database fails.
pub fn published_articles(
    connection: &mut Connection,
    ids: &[Id],
) -> StoreResult<HashMap<Id, i64>> {
    let counts: Vec<(Id, i64)> = tags::table
        .filter(tags::id.eq_any(ids.to_vec()))
        .select((tags::id, tags::published_articles))
        .load(connection)?;
    Ok(counts.into_iter().collect())
}

fn complete(connection: &mut Connection, row: TagRow) -> StoreResult<Tag> {
    let count = row.article_count(&hidden(connection)?);
    let ancestors = tree::ancestors(connection, &[row.id])?.remove(&row.id);
    row.into_tag(count, ancestors.unwrap_or_default())
}

/// How many public articles a tag or section has.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn count_of(connection: &mut Connection, id: Id) -> StoreResult<i64> {
    let row = find_row(connection, id)?;
    Ok(row.article_count(&hidden(connection)?))
}

/// The tag that a slug names.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find_by_slug(connection: &mut Connection, slug: &Slug) -> StoreResult<Tag> {
    let row = tags::table
        .filter(tags::slug.eq(slug.as_str()))
        .first(connection)?;
    complete(connection, row)
}

fn find_row(connection: &mut Connection, id: Id) -> StoreResult<TagRow> {
    Ok(tags::table.filter(tags::id.eq(id)).first(connection)?)
}

/// A tag by key, with its version.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<(Tag, i64)> {
    let row = find_row(connection, id)?;
    let version = row.version;
    Ok((complete(connection, row)?, version))
}

/// Keys and kinds of tags by slug, also by the slugs they once had; unknown ones are left out.
///
/// # Errors
/// When the database fails.
pub fn by_slugs(
    connection: &mut Connection,
    wanted: &[Slug],
) -> StoreResult<HashMap<Slug, (Id, TagKind)>> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let texts: Vec<&str> = wanted.iter().map(Slug::as_str).collect();
    let mut found: HashMap<Slug, (Id, TagKind)> = tags::table
        .filter(tags::slug.eq_any(texts))
        .select((tags::slug, tags::id, tags::kind))
        .load::<(String, Id, String)>(connection)?
        .into_iter()
        .map(|(slug, id, kind)| Ok((stored(&slug)?, (id, stored(&kind)?))))
        .collect::<StoreResult<_>>()?;
    let others: Vec<Slug> = wanted
        .iter()
        .filter(|slug| !found.contains_key(*slug))
        .cloned()
        .collect();
    for (slug, id) in slugs::once_named(connection, Resource::Tag, &others)? {
        let row = find_row(connection, id)?;
        found.insert(slug, (id, stored(&row.kind)?));
    }
    Ok(found)
}

/// Tags with their names that have the words of one of these; which of the names are the same is for
/// [`compared`] to say.
///
/// # Errors
/// When the database fails.
pub fn called(
    connection: &mut Connection,
    names: &[String],
) -> StoreResult<Vec<(String, (Id, TagKind))>> {
    let words: Vec<String> = names.iter().map(|name| sort_name(name)).collect();
    let found: Vec<(String, Id, String)> = tags::table
        .filter(tags::sort_name.eq_any(words))
        .order(tags::id)
        .select((tags::name, tags::id, tags::kind))
        .limit(MOST_ALIKE)
        .load(connection)?;
    let found = found.into_iter();
    found
        .map(|(name, id, kind)| Ok((name, (id, stored(&kind)?))))
        .collect()
}

/// Refuses a name that another tag of the kind has: case, width and kinds of space aside. Two would look
/// like one to editors, and each would have half of the articles. Until this transaction ends no other
/// tag takes it.
///
/// # Errors
/// [`StoreError::NameTaken`].
fn claim_name(
    connection: &mut Connection,
    name: &str,
    kind: TagKind,
    itself: Option<Id>,
) -> StoreResult<()> {
    lock::exclusive(connection, Lock::TagNames)?;
    let alike: Vec<(Id, String, String)> = tags::table
        .filter(tags::kind.eq(kind.as_str()))
        .filter(tags::sort_name.eq(sort_name(name)))
        .order(tags::id)
        .select((tags::id, tags::slug, tags::name))
        .limit(MOST_ALIKE)
        .load(connection)?;
    let wanted = compared(name);
    let mut others = alike.into_iter().filter(|(id, ..)| Some(*id) != itself);
    match others.find(|(_, _, other)| compared(other) == wanted) {
        None => Ok(()),
        Some((id, slug, name)) => Err(StoreError::NameTaken { id, slug, name }),
    }
}

/// Adds a tag; returns its key.
///
/// # Errors
/// [`StoreError::NameTaken`], [`StoreError::SlugTaken`], [`StoreError::Invalid`].
pub fn create(change: &mut Change<'_>, input: TagInput) -> StoreResult<Id> {
    let connection = &mut *change.connection;
    claim_name(connection, input.name.as_str(), input.kind, None)?;
    let parent = tree::find_parent(connection, input.parent.as_ref(), input.kind)?;
    let id = Id::generate();
    let slug = names::claim_slug(
        connection,
        Resource::Tag,
        id,
        input.slug,
        input.name.as_str(),
    )?;
    let now = change.now;
    diesel::insert_into(tags::table)
        .values((
            tags::id.eq(id),
            tags::slug.eq(slug.as_str()),
            tags::name.eq(input.name.as_str()),
            tags::sort_name.eq(sort_name(input.name.as_str())),
            tags::kind.eq(input.kind.as_str()),
            tags::description.eq(input.description.as_ref().map(|text| text.as_str())),
            tags::position.eq(Position::to_stored(input.position)),
            tags::version.eq(1),
            tags::created_at.eq(now),
            tags::updated_at.eq(now),
        ))
        .execute(connection)?;
    if let Some(parent) = parent {
        tree::place(connection, (id, slug.as_str(), input.kind), Some(parent))?;
    }
    change.record(Event::Name {
        event: NameEvent::Created(input.name.into_string()),
        of: Resource::Tag,
        id,
        slug: slug.into_string(),
    });
    Ok(id)
}

/// Changes a tag; what is as it was stays untouched.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::NameTaken`],
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`].
pub fn edit(
    change: &mut Change<'_>,
    id: Id,
    expected: &Expected,
    patch: MergePatch,
) -> StoreResult<()> {
    let connection = &mut *change.connection;
    if patch.has("parent") {
        // No article comes to stand below it meanwhile.
        lock::exclusive(connection, Lock::Merges)?;
    }
    // Nothing moves in the tree, so that all that stand below it are known to those who follow the change.
    lock::exclusive(connection, Lock::TagNames)?;
    lock::row(connection, Resource::Tag, id)?;
    let row = find_row(connection, id)?;
    expected.check(row.version)?;
    let ancestors = tree::ancestors(connection, &[id])?.remove(&id);
    let old_parent = ancestors.and_then(|mut ancestors| ancestors.pop());
    let before = row.input(old_parent.as_ref())?;
    let mut input: TagInput = patch.apply(&before).map_err(StoreError::Invalid)?;
    input.slug = input.slug.or_else(|| before.slug.clone());
    if input == before {
        return Ok(());
    }
    may_become(connection, &row, input.kind)?;
    let parent = tree::find_parent(connection, input.parent.as_ref(), input.kind)?;
    // Those that were named alike before that was refused stay until somebody renames them.
    let is_renamed = compared(input.name.as_str()) != compared(&row.name);
    if is_renamed || input.kind.as_str() != row.kind {
        claim_name(connection, input.name.as_str(), input.kind, Some(id))?;
    }
    let slug = names::change_slug(connection, Resource::Tag, id, &row.slug, input.slug)?;
    let changed = diesel::update(
        tags::table
            .filter(tags::id.eq(id))
            .filter(tags::version.eq(row.version)),
    )
    .set((
        tags::slug.eq(&slug),
        tags::name.eq(input.name.as_str()),
        tags::sort_name.eq(sort_name(input.name.as_str())),
        tags::kind.eq(input.kind.as_str()),
        tags::description.eq(input.description.as_ref().map(|text| text.as_str())),
        tags::position.eq(Position::to_stored(input.position)),
        tags::version.eq(row.version + 1),
        tags::updated_at.eq(change.now),
    ))
    .execute(connection)?;
    if changed == 0 {
        return Err(StoreError::VersionMismatch {
            current: row.version + 1,
        });
    }
    if parent != old_parent.map(|parent| parent.id) {
        tree::place(connection, (id, &slug, input.kind), parent)?;
    }
    let name = input.name.into_string();
    change.record(Event::Name {
        event: NameEvent::Edited((name != row.name).then_some(name)),
        of: Resource::Tag,
        id,
        slug,
    });
    Ok(())
}

/// Sections and other tags are what articles refer to in two ways.
fn may_become(connection: &mut Connection, tag: &TagRow, kind: TagKind) -> StoreResult<()> {
    if tag.kind != kind.as_str() && !tree::children(connection, tag.id)?.is_empty() {
        let detail = "must stay as it is while other tags stand below this one";
        return Err(StoreError::Invalid(
            Violation::new("/kind", "in_use", detail).into(),
        ));
    }
    let was_section = tag.kind == TagKind::Section.as_str();
    let detail = match (was_section, kind == TagKind::Section) {
        (true, false) if stands_in_use(connection, tag.id)? => {
            "must stay section while articles stand in it"
        }
        (false, true) if is_in_use(connection, tag.id)? => {
            "cannot become section while articles have the tag"
        }
        _ => return Ok(()),
    };
    Err(StoreError::Invalid(
        Violation::new("/kind", "in_use", detail).into(),
    ))
}

fn is_in_use(connection: &mut Connection, tag: Id) -> StoreResult<bool> {
    Ok(article_tags::table
        .filter(article_tags::tag_id.eq(tag))
        .select(article_tags::article_id)
        .first::<Id>(connection)
        .optional()?
        .is_some())
}

fn stands_in_use(connection: &mut Connection, section: Id) -> StoreResult<bool> {
    Ok(articles::table
        .filter(articles::section_id.eq(section))
        .select(articles::id)
        .first::<Id>(connection)
        .optional()?
        .is_some())
}

/// Merges a tag into another: its articles, the tags below it and its slugs, old ones included, go over. Returns
/// the key of the tag that stays.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Invalid`].
pub fn merge(change: &mut Change<'_>, id: Id, expected: &Expected, into: &Slug) -> StoreResult<Id> {
    let connection = &mut *change.connection;
    // In the order in which others take them.
    lock::exclusive(connection, Lock::Merges)?;
    lock::exclusive(connection, Lock::TagNames)?;
    let (merged, target) = names::begin_merge(connection, Resource::Tag, id, expected, into)?;
    let mut is_section = |id| -> StoreResult<bool> {
        Ok(find_row(connection, id)?.kind == TagKind::Section.as_str())
    };
    if is_section(merged.id)? != is_section(target.id)? {
        let detail = "must be a section if, and only if, the merged tag is one";
        return Err(names::invalid_target("wrong_kind", detail));
    }
    tree::follow_merge(change, &merged, &target)?;
    let connection = &mut *change.connection;
    diesel::update(articles::table.filter(articles::section_id.eq(id)))
        .set(articles::section_id.eq(target.id))
        .execute(connection)?;
    diesel::update(articles::table.filter(articles::primary_tag_id.eq(id)))
        .set(articles::primary_tag_id.eq(target.id))
        .execute(connection)?;
    rules::follow_merge(connection, id, target.id)?;
    names::merge(change, Resource::Tag, merged, &target)?;
    Ok(target.id)
}

/// Deletes a tag or section that no article has, by which no collection is filled, and below which nothing stands.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InUse`],
/// [`StoreError::FillsCollections`], [`StoreError::HasBelow`].
pub fn delete(change: &mut Change<'_>, id: Id, expected: &Expected) -> StoreResult<()> {
    lock::exclusive(change.connection, Lock::TagNames)?;
    let tag = names::begin_delete(change.connection, Resource::Tag, id, expected)?;
    let standing: Vec<Id> = articles::table
        .filter(articles::section_id.eq(id))
        .select(articles::id)
        .limit(CEILING + 1)
        .load(change.connection)?;
    // Without it, the rule would take what it was to narrow.
    let collections = rules::filled_by(change.connection, id)?;
    if !collections.is_empty() && standing.is_empty() {
        let slug = tag.slug;
        return Err(StoreError::FillsCollections { slug, collections });
    }
    let below = tree::children(change.connection, id)?;
    if !below.is_empty() && standing.is_empty() {
        let slug = tag.slug;
        return Err(StoreError::HasBelow { slug, below });
    }
    names::delete(change, Resource::Tag, tag, standing.len() as i64)
}
