//! Lists of tags.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::{TagRow, tree};
use crate::db::article_counts::hidden;
use crate::db::keyset::KeysetBound;
use crate::db::schema::{
    article_tags, articles, collection_tags, collections, tag_ancestors, tags,
};
use crate::db::total::{CEILING, Total};
use crate::db::{Connection, Id, MultiBackend, StoreResult};
use crate::names::{self, containing};
use crate::tags::model::{Standing, Tag, TagFilter, TagKind, TagSort};
use crate::{page_by_name, rows_by_count};

/// A tag with the value that its list is sorted by.
pub type Positioned = (Tag, String);

type Query = tags::BoxedQuery<'static, MultiBackend>;

/// A filter with the key of what it names.
struct Narrowed<'a> {
    filter: &'a TagFilter,
    /// The tag below which they stand, if there is one with that slug.
    parent: Option<Id>,
}

impl<'a> Narrowed<'a> {
    fn find(connection: &mut Connection, filter: &'a TagFilter) -> StoreResult<Self> {
        let parent = match &filter.standing {
            Some(Standing::Below(slug)) => {
                let found = super::by_slugs(connection, std::slice::from_ref(slug))?;
                found.into_values().next().map(|(id, _)| id)
            }
            Some(Standing::Top) | None => None,
        };
        Ok(Self { filter, parent })
    }

    fn query(&self) -> Query {
        let filter = self.filter;
        let mut query = tags::table.into_boxed::<MultiBackend>();
        if let Some(kind) = filter.kind {
            query = query.filter(tags::kind.eq(kind.as_str()));
        }
        if let Some(part) = &filter.name_contains {
            let [written, joined] = containing(part);
            query = query.filter(
                tags::sort_name
                    .like(written)
                    .or(tags::sort_name.like(joined)),
            );
        }
        query = match &filter.standing {
            None => query,
            Some(Standing::Top) => query.filter(not(exists(
                tag_ancestors::table.filter(tag_ancestors::tag_id.eq(tags::id)),
            ))),
            Some(Standing::Below(_)) => query.filter(
                tags::id.eq_any(
                    tag_ancestors::table
                        .filter(tag_ancestors::ancestor_id.eq_any(self.parent))
                        .filter(tag_ancestors::distance.eq(1))
                        .select(tag_ancestors::tag_id),
                ),
            ),
        };
        if filter.unused {
            query = unused(query);
        }
        query
    }
}

/// Those that no article of any status, no collection and no other tag refers to.
fn unused(query: Query) -> Query {
    let id = tags::id;
    query
        .filter(tags::published_articles.eq(0))
        .filter(not(exists(
            article_tags::table.filter(article_tags::tag_id.eq(id)),
        )))
        .filter(not(exists(
            articles::table.filter(articles::section_id.eq(id.nullable())),
        )))
        .filter(not(exists(
            tag_ancestors::table.filter(tag_ancestors::ancestor_id.eq(id)),
        )))
        .filter(not(exists(
            collection_tags::table.filter(collection_tags::tag_id.eq(id)),
        )))
        .filter(not(exists(
            collections::table.filter(collections::fill_section_id.eq(id.nullable())),
        )))
}

/// Up to `limit` tags from a start, each with its own position.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &TagFilter,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Positioned>> {
    let narrowed = Narrowed::find(connection, filter)?;
    let query = || narrowed.query();
    match filter.sort {
        TagSort::Name => by_name(connection, query(), start, limit),
        TagSort::ArticleCount => {
            let rows = by_count(connection, &query, start, limit)?;
            complete(connection, rows)
        }
        TagSort::Position => by_position(connection, query(), start, limit),
    }
}

/// These tags, in any order; those that are gone are left out.
///
/// # Errors
/// When the database fails.
pub fn several(connection: &mut Connection, ids: &[Id]) -> StoreResult<Vec<Tag>> {
    let rows: Vec<TagRow> = tags::table
        .filter(tags::id.eq_any(ids.to_vec()))
        .load(connection)?;
    let rows = rows.into_iter().map(|row| (row, String::new()));
    let tags = complete(connection, rows.collect())?;
    Ok(tags.into_iter().map(|(tag, _)| tag).collect())
}

/// Rows with their positions, as tags.
fn complete(
    connection: &mut Connection,
    rows: Vec<(TagRow, String)>,
) -> StoreResult<Vec<Positioned>> {
    let hidden = hidden(connection)?;
    let ids: Vec<Id> = rows.iter().map(|(row, _)| row.id).collect();
    let mut ancestors = tree::ancestors(connection, &ids)?;
    rows.into_iter()
        .map(|(row, position)| {
            let count = row.article_count(&hidden);
            let above = ancestors.remove(&row.id).unwrap_or_default();
            Ok((row.into_tag(count, above)?, position))
        })
        .collect()
}

fn by_name(
    connection: &mut Connection,
    query: Query,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Positioned>> {
    let query = page_by_name!(tags, query, start);
    let rows: Vec<TagRow> = query.limit(limit).load(connection)?;
    let positioned = |row: TagRow| {
        let position = row.sort_name.clone();
        (row, position)
    };
    complete(connection, rows.into_iter().map(positioned).collect())
}

/// Those with the smallest numbers first, then by name.
fn by_position(
    connection: &mut Connection,
    query: Query,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Positioned>> {
    use tags::{id, position, sort_name};
    let parsed = |value: String| -> Result<(i32, String), std::num::ParseIntError> {
        let (number, name) = value.split_once(' ').unwrap_or((&value, ""));
        Ok((number.parse()?, name.to_owned()))
    };
    // One that was signed for such a list can be read.
    let start = start.and_then(|start| start.try_map(parsed).ok());
    let query = match start {
        Some(start) if start.backward => {
            let last = start.bound(false);
            let (number, name) = start.value;
            query
                .filter(position.le(number))
                .filter(
                    position
                        .lt(number)
                        .or(sort_name.lt(name.clone()))
                        .or(sort_name.eq(name).and(id.lt(last))),
                )
                .order((position.desc(), sort_name.desc(), id.desc()))
        }
        Some(start) => {
            let last = start.bound(true);
            let (number, name) = start.value;
            query
                .filter(position.ge(number))
                .filter(
                    position
                        .gt(number)
                        .or(sort_name.gt(name.clone()))
                        .or(sort_name.eq(name).and(id.gt(last))),
                )
                .order((position.asc(), sort_name.asc(), id.asc()))
        }
        None => query.order((position.asc(), sort_name.asc(), id.asc())),
    };
    let rows: Vec<TagRow> = query.limit(limit).load(connection)?;
    let positioned = |row: TagRow| {
        let value = format!("{} {}", row.position, row.sort_name);
        (row, value)
    };
    complete(connection, rows.into_iter().map(positioned).collect())
}

/// Those with the most articles first.
fn by_count(
    connection: &mut Connection,
    narrowed: &dyn Fn() -> Query,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<(TagRow, String)>> {
    let (hidden, start) = (hidden(connection)?, names::count_start(start));
    let rows: Vec<TagRow> =
        rows_by_count!(connection, tags, narrowed, hidden, start.as_ref(), limit);
    let place = |row: &TagRow| (row.article_count(&hidden), row.id);
    Ok(names::page_by_count(rows, place, start.as_ref(), limit))
}

/// The tags, or the sections, that have most public articles, each with how many.
///
/// # Errors
/// When the database fails.
pub fn most_used(
    connection: &mut Connection,
    sections: bool,
    limit: i64,
) -> StoreResult<Vec<(Id, i64)>> {
    let section = TagKind::Section.as_str();
    let narrowed = || {
        let tags = tags::table.into_boxed::<MultiBackend>();
        if sections {
            tags.filter(tags::kind.eq(section))
        } else {
            tags.filter(tags::kind.ne(section))
        }
    };
    let rows = by_count(connection, &narrowed, None, limit)?;
    let counted = rows.into_iter().map(|(row, count)| (row.id, count));
    let counted = counted.filter_map(|(id, count)| Some((id, count.parse().ok()?)));
    Ok(counted.filter(|(_, count)| *count > 0).collect())
}

/// How many tags a list has.
///
/// # Errors
/// When the database fails.
pub fn count(connection: &mut Connection, filter: &TagFilter) -> StoreResult<Total> {
    let counted: Vec<Id> = Narrowed::find(connection, filter)?
        .query()
        .select(tags::id)
        .limit(CEILING + 1)
        .load(connection)?;
    Ok(Total::counted(counted.len() as i64))
}
