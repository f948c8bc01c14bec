//! What is kept of a collection.

use diesel::prelude::*;

use crate::collections::model::CollectionSummary;
use crate::db::keyset::KeysetBound;
use crate::db::schema::{collection_slots, collection_tags, collections, tags};
use crate::db::{Connection, Id, MultiBackend, StoreResult, Timestamp, stored};
use crate::tags::model::TagKind;
use crate::text::Slug;

/// A collection without its slots and tags.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = collections)]
pub(super) struct Row {
    pub id: Id,
    pub slug: String,
    pub title: String,
    pub fill_limit: Option<i32>,
    pub fill_section_id: Option<Id>,
    pub fill_language: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Row {
    pub(super) fn summary(self) -> CollectionSummary {
        CollectionSummary {
            id: self.id,
            slug: self.slug,
            title: self.title,
            updated_at: self.updated_at,
        }
    }
}

/// A slot as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = collection_slots)]
pub(super) struct SlotRow {
    pub article_id: Id,
    pub headline: Option<String>,
    pub label: Option<String>,
    pub shown_from: Option<Timestamp>,
    pub shown_until: Option<Timestamp>,
}

/// A tag of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleTag {
    pub id: Id,
    pub slug: String,
    pub kind: TagKind,
}

/// The tags of a rule, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleTags {
    pub with: Vec<RuleTag>,
    pub without: Vec<RuleTag>,
}

/// What `collection_tags.part` says of a tag that is wanted.
pub(super) const WITH: &str = "with";
/// And of one that is not.
pub(super) const WITHOUT: &str = "without";

/// The collection that a slug names.
pub(super) fn find(connection: &mut Connection, slug: &Slug) -> StoreResult<Row> {
    Ok(collections::table
        .filter(collections::slug.eq(slug.as_str()))
        .select(Row::as_select())
        .first(connection)?)
}

/// Up to `limit` collections from a start, by slug.
pub(super) fn page(
    connection: &mut Connection,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Row>> {
    use collections::slug;
    let mut query = collections::table.into_boxed::<MultiBackend>();
    query = match start {
        Some(start) => match (start.backward, start.inclusive) {
            (false, false) => query.filter(slug.gt(start.value)).order(slug.asc()),
            (false, true) => query.filter(slug.ge(start.value)).order(slug.asc()),
            (true, false) => query.filter(slug.lt(start.value)).order(slug.desc()),
            (true, true) => query.filter(slug.le(start.value)).order(slug.desc()),
        },
        None => query.order(slug.asc()),
    };
    Ok(query
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?)
}

/// The slots of a collection, whether they are shown now or not.
pub(super) fn slots(connection: &mut Connection, collection: Id) -> StoreResult<Vec<SlotRow>> {
    Ok(collection_slots::table
        .filter(collection_slots::collection_id.eq(collection))
        .order(collection_slots::position)
        .select(SlotRow::as_select())
        .load(connection)?)
}

/// The tags of a collection's rule.
pub(super) fn tags_of(connection: &mut Connection, collection: Id) -> StoreResult<RuleTags> {
    let rows: Vec<(String, Id, String, String)> = collection_tags::table
        .inner_join(tags::table)
        .filter(collection_tags::collection_id.eq(collection))
        .order((collection_tags::position, collection_tags::tag_id))
        .select((collection_tags::part, tags::id, tags::slug, tags::kind))
        .load(connection)?;
    let mut found = RuleTags::default();
    for (part, id, slug, kind) in rows {
        let kind = stored(&kind)?;
        let tag = RuleTag { id, slug, kind };
        match part == WITH {
            true => found.with.push(tag),
            false => found.without.push(tag),
        }
    }
    Ok(found)
}
