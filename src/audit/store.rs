//! Reading the log as an audit trail.

use chrono::{Datelike, TimeDelta};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::filter::{AuditFilter, AuditSort, ByActor, SlugKind, ToResource};
use super::model::{AuditEntry, AuditResource};
use crate::auth::actor::{ActorKind, ActorRef};
use crate::auth::store::actors;
use crate::db::keyset::KeysetBound;
use crate::db::schema::{articles, authors, collections, events, tags};
use crate::db::{Connection, Id, MultiBackend, Resource, StoreResult, Timestamp, slugs};
use crate::events::chain::Hash;
use crate::events::log::{self, Entry, Seen};
use crate::text::Slug;

/// How much later in the log than it should something may stand by its time: entries are numbered when their
/// transactions commit, by servers whose clocks differ.
const DISORDER: TimeDelta = TimeDelta::hours(1);

/// The numbers that a page lies between, without these.
#[derive(Debug, Clone, Copy)]
struct Range {
    after: i64,
    before: i64,
}

/// What a page is narrowed to, slugs looked up.
struct Narrowed<'a> {
    filter: &'a AuditFilter,
    kind_of_resource: Option<&'a str>,
    resource: Option<Id>,
}

/// Up to `limit` entries from a start, each with its position; the start's value is a sequence.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &AuditFilter,
    sort: AuditSort,
    start: Option<KeysetBound<i64>>,
    limit: i64,
) -> StoreResult<Vec<(AuditEntry, String)>> {
    let mut narrowed = Narrowed {
        filter,
        kind_of_resource: None,
        resource: None,
    };
    match &filter.resource {
        Some(ToResource::Kind(kind)) => narrowed.kind_of_resource = Some(kind),
        Some(ToResource::Id(kind, id)) => {
            narrowed.kind_of_resource = Some(kind);
            narrowed.resource = Some(*id);
        }
        Some(ToResource::Slug(kind, slug)) => match named(connection, *kind, slug)? {
            Some(id) => narrowed.resource = Some(id),
            None => return Ok(Vec::new()),
        },
        None => {}
    }
    let is_upwards = (sort == AuditSort::OldestFirst) != start.is_some_and(|start| start.backward);
    let range = range(connection, filter, start, is_upwards)?;
    let rows = rows(connection, &narrowed, range, is_upwards, limit)?;
    let entries = with_names(connection, rows)?.into_iter();
    Ok(entries
        .map(|entry| {
            let position = entry.sequence.to_string();
            (entry, position)
        })
        .collect())
}

/// Up to `limit` entries after one, in order, up to another one.
///
/// # Errors
/// When the database fails.
pub fn after(
    connection: &mut Connection,
    sequence: i64,
    last: i64,
    limit: i64,
) -> StoreResult<Vec<AuditEntry>> {
    let mut rows = log::after(connection, sequence, limit)?;
    rows.retain(|row| row.sequence <= last);
    with_names(connection, rows)
}

/// What a slug names, or once did.
fn named(connection: &mut Connection, kind: SlugKind, slug: &Slug) -> StoreResult<Option<Id>> {
    macro_rules! now {
        ($table:ident) => {
            $table::table
                .filter($table::slug.eq(slug.as_str()))
                .select($table::id)
                .first::<Id>(connection)
                .optional()?
        };
    }
    let (now, of) = match kind {
        SlugKind::Article => (now!(articles), Resource::Article),
        SlugKind::Tag => (now!(tags), Resource::Tag),
        SlugKind::Author => (now!(authors), Resource::Author),
        // Their slugs stay.
        SlugKind::Collection => return Ok(now!(collections)),
    };
    if now.is_some() {
        return Ok(now);
    }
    let mut once = slugs::once_named(connection, of, std::slice::from_ref(slug))?;
    Ok(once.remove(slug))
}

/// Between which numbers a page lies: what was recorded in the wanted time does as well, so that a page of a day long
/// ago looks at the entries of that day only.
fn range(
    connection: &mut Connection,
    filter: &AuditFilter,
    start: Option<KeysetBound<i64>>,
    is_upwards: bool,
) -> StoreResult<Range> {
    let mut range = Range {
        after: 0,
        before: i64::MAX,
    };
    if let Some(from) = filter
        .recorded_after
        .and_then(|from| moved(from, -DISORDER))
    {
        let earlier = events::table
            .filter(events::recorded_at.lt(from))
            .order((events::recorded_at.desc(), events::sequence.desc()))
            .select(events::sequence);
        range.after = earlier.first(connection).optional()?.unwrap_or(0);
    }
    if let Some(to) = filter.recorded_before.and_then(|to| moved(to, DISORDER)) {
        let later = events::table
            .filter(events::recorded_at.gt(to))
            .order((events::recorded_at, events::sequence))
            .select(events::sequence);
        range.before = later.first(connection).optional()?.unwrap_or(i64::MAX);
    }
    if let Some(start) = start {
        let own = i64::from(start.inclusive);
        match is_upwards {
            true => range.after = range.after.max(start.value.saturating_sub(own)),
            false => range.before = range.before.min(start.value.saturating_add(own)),
        }
    }
    Ok(range)
}

/// An instant moved; `None` outside the years that both databases sort.
fn moved(instant: Timestamp, by: TimeDelta) -> Option<Timestamp> {
    let moved = instant.utc().checked_add_signed(by)?;
    (1..=9999)
        .contains(&moved.year())
        .then(|| Timestamp::from(moved))
}

/// The rows of a page. Several kinds are read each from its own list and merged: one list of all of them would have to
/// be sorted.
fn rows(
    connection: &mut Connection,
    narrowed: &Narrowed<'_>,
    range: Range,
    is_upwards: bool,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    let kinds: Vec<&str> = (narrowed.filter.kinds.iter())
        .map(|kind| kind.as_str())
        .collect();
    let is_one_list = narrowed.filter.actor.is_some() || narrowed.resource.is_some();
    if kinds.len() < 2 || is_one_list {
        return page(connection, narrowed, &kinds, range, is_upwards, limit);
    }
    let mut found = Vec::new();
    for kind in &kinds {
        found.extend(page(
            connection,
            narrowed,
            &[*kind],
            range,
            is_upwards,
            limit,
        )?);
    }
    found.sort_by_key(|row| match is_upwards {
        true => row.sequence,
        false => -row.sequence,
    });
    found.dedup_by_key(|row| row.sequence);
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

fn page(
    connection: &mut Connection,
    narrowed: &Narrowed<'_>,
    kinds: &[&str],
    range: Range,
    is_upwards: bool,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    let filter = narrowed.filter;
    let mut query = events::table
        .filter(events::sequence.gt(range.after))
        .filter(events::sequence.lt(range.before))
        .into_boxed::<MultiBackend>();
    match filter.actor {
        Some(ByActor::User(id) | ByActor::Token(id)) => {
            query = query.filter(events::actor_id.eq(id));
        }
        Some(ByActor::System) => query = query.filter(events::actor_id.is_null()),
        None => {}
    }
    if let Some(id) = narrowed.resource {
        query = query.filter(events::resource_id.eq(id));
    }
    if let Some(kind) = narrowed.kind_of_resource {
        query = query.filter(events::resource.eq(kind.to_owned()));
    }
    match kinds {
        [] => {}
        [kind] => query = query.filter(events::kind.eq((*kind).to_owned())),
        kinds => {
            let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            query = query.filter(events::kind.eq_any(kinds));
        }
    }
    if let Some(from) = filter.recorded_after {
        query = query.filter(events::recorded_at.gt(from));
    }
    if let Some(to) = filter.recorded_before {
        query = query.filter(events::recorded_at.lt(to));
    }
    query = match is_upwards {
        true => query.order(events::sequence.asc()),
        false => query.order(events::sequence.desc()),
    };
    Ok(query
        .limit(limit)
        .select(Entry::as_select())
        .load(connection)?)
}

/// Entries as administrators see them, with what their actors are called now.
fn with_names(connection: &mut Connection, rows: Vec<Entry>) -> StoreResult<Vec<AuditEntry>> {
    let actors = rows
        .iter()
        .map(|row| (ActorKind::from_stored(&row.actor_kind), row.actor_id));
    let actors = actors::named(connection, actors)?;
    let rows = rows.into_iter().zip(actors);
    Ok(rows.map(|(row, actor)| entry(row, actor)).collect())
}

fn entry(row: Entry, actor: ActorRef) -> AuditEntry {
    let hash = |bytes: Option<Vec<u8>>| bytes.as_deref().and_then(Hash::stored);
    AuditEntry {
        sequence: row.sequence,
        recorded_at: row.recorded_at,
        kind: row.kind,
        resource: AuditResource {
            kind: row.resource,
            id: row.resource_id,
            slug: row.slug,
        },
        actor,
        request_id: row.request_id,
        readers_see: row.readers_see.as_deref().and_then(Seen::stored),
        detail: detail(row.detail),
        previous_hash: hash(row.previous_hash),
        hash: hash(row.hash),
    }
}

/// What is no object was written by somebody else: it is shown, not hidden.
fn detail(text: String) -> Map<String, Value> {
    serde_json::from_str(&text)
        .unwrap_or_else(|_| Map::from_iter([("unreadable".to_owned(), Value::String(text))]))
}
