//! The event log: everything that happened, in the order of the commits.
//!
//! Events are numbered without gaps, as the last thing that a transaction does: whoever has seen one
//! number has seen all below it, since those who number wait for each other until they have committed. Each has the
//! hash of the one before it and its own ([`chain`]).
//!
//! The clock makes things happen as well: an article appears when its time comes. What is to appear is
//! in `appearances`, and the log says so once when it has (`article_appeared`). Readers do not depend
//! on that: to them the database's clock decides. What expires is written: it is unpublished
//! (`articles::store::expiry`).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chain::{self, Content, Hash};
use super::change::Change;
use super::event::{ArticleEvent, ArticleState, Event, NameEvent, Remark};
use super::mark::Mark;
use super::seen::seen;
use crate::db::resource::Resource;
use crate::db::schema::{appearances, articles, due_appearances, events, next_clock_event};
use crate::db::statement::statement;
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp};

pub use super::seen::Seen;

/// Most articles that appear in one transaction.
const AT_ONCE: i64 = 100;

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Entry {
    /// Its number.
    pub sequence: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What happened ([`Event::kind`]).
    pub kind: String,
    /// To what.
    pub resource: String,
    /// To which one.
    pub resource_id: Id,
    /// Its slug after it.
    pub slug: String,
    /// `user`, `token` or `system`.
    pub actor_kind: String,
    /// Which user or token.
    pub actor_id: Option<Id>,
    /// The request that asked for it.
    pub request_id: Option<Id>,
    /// What readers see of it ([`Seen`]); null for nothing.
    pub readers_see: Option<String>,
    /// More, as JSON.
    pub detail: String,
    /// The hash of the entry before it; null before the chain began.
    pub previous_hash: Option<Vec<u8>>,
    /// Its own.
    pub hash: Option<Vec<u8>>,
}

/// What an entry says besides, of what others ask for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The version of an article or a collection after it.
    pub version: Option<i64>,
    /// Whether it handed an article over for review.
    pub submitted: bool,
    /// The slug that an article had before, where it has another one since.
    pub moved_from: Option<String>,
    /// The section that an article stood in after it.
    pub section: Option<Id>,
    /// The section that it has left.
    pub left_section: Option<Id>,
    /// Of a tag or an author that was merged: into which one.
    pub into: Option<Id>,
    /// Of the one that stays: which one was merged into it.
    pub merged: Option<Id>,
}

impl Entry {
    /// What its detail says; nothing where that cannot be read.
    pub fn said(&self) -> Said {
        serde_json::from_str(&self.detail).unwrap_or_default()
    }
}

/// The entries after a number, in order, up to a limit.
///
/// # Errors
/// When the database fails.
pub fn after(connection: &mut Connection, sequence: i64, limit: i64) -> StoreResult<Vec<Entry>> {
    Ok(events::table
        .filter(events::sequence.gt(sequence))
        .order(events::sequence)
        .limit(limit)
        .select(Entry::as_select())
        .load(connection)?)
}

/// What those have who keep a copy.
const IN_COPIES: [Resource; 3] = [Resource::Article, Resource::Tag, Resource::Author];

/// The entries after a number that readers saw something of, of articles, tags and authors, in order, up to a limit.
///
/// # Errors
/// When the database fails.
pub fn seen_after(
    connection: &mut Connection,
    sequence: i64,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    Ok(events::table
        .filter(events::sequence.gt(sequence))
        .filter(events::readers_see.is_not_null())
        .filter(events::resource.eq_any(IN_COPIES.map(Resource::as_str)))
        .order(events::sequence)
        .limit(limit)
        .select(Entry::as_select())
        .load(connection)?)
}

/// The last of these entries; the beginning of the log when there is none.
///
/// # Errors
/// When the database fails.
pub fn last_seen(connection: &mut Connection) -> StoreResult<Mark> {
    let last: Option<(i64, Option<Vec<u8>>)> = events::table
        .filter(events::readers_see.is_not_null())
        .filter(events::resource.eq_any(IN_COPIES.map(Resource::as_str)))
        .order(events::sequence.desc())
        .select((events::sequence, events::hash))
        .first(connection)
        .optional()?;
    Ok(last.map_or(Mark::BEGINNING, |(sequence, hash)| {
        Mark::of(sequence, hash.as_deref())
    }))
}

/// Whether the log has had this place: not when the database was brought back from a backup that is older, whatever has been
/// written since.
///
/// # Errors
/// When the database fails.
pub fn knows(connection: &mut Connection, mark: &Mark) -> StoreResult<bool> {
    if *mark == Mark::BEGINNING {
        return Ok(true);
    }
    let found: Option<Option<Vec<u8>>> = events::table
        .filter(events::sequence.eq(mark.sequence))
        .select(events::hash)
        .first(connection)
        .optional()?;
    Ok(found.is_some_and(|hash| {
        let here = Mark::of(mark.sequence, hash.as_deref());
        mark.hash.is_none() || here == *mark
    }))
}

/// Where the log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 when there is none.
    pub sequence: i64,
    /// Its hash; `None` when it has none, or there is no entry.
    pub hash: Option<Hash>,
    /// The last number that was ever given. More than `sequence` when entries at the end are gone.
    pub numbered: i64,
}

impl Head {
    /// The last entry.
    pub fn mark(&self) -> Mark {
        Mark::of(self.sequence, self.hash.as_ref().map(Hash::bytes))
    }
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    hash: Option<Vec<u8>>,
    #[diesel(sql_type = BigInt)]
    numbered: i64,
}

/// Where the log ends.
///
/// # Errors
/// When the database fails.
pub fn head(connection: &mut Connection) -> StoreResult<Head> {
    let numbered = match connection {
        Connection::Sqlite(_) => "SELECT seq FROM sqlite_sequence WHERE name = 'events'",
        Connection::Postgres(_) => "SELECT last FROM event_sequence",
    };
    let row: HeadRow = diesel::sql_query(format!(
        "SELECT coalesce((SELECT max(sequence) FROM events), 0) AS sequence, \
         (SELECT hash FROM events ORDER BY sequence DESC LIMIT 1) AS hash, coalesce(({numbered}), 0) AS numbered"
    ))
    .get_result(connection)?;
    Ok(Head {
        sequence: row.sequence,
        hash: row.hash.as_deref().and_then(Hash::stored),
        numbered: row.numbered,
    })
}

/// Writes events into the log and numbers them: the last thing that a transaction does.
pub(super) fn append(change: &mut Change<'_>, happened: &[Event]) -> StoreResult<()> {
    let mut last = None;
    for event in happened {
        let seen = seen(change, event)?;
        last = Some(number(change, event, seen, last)?);
    }
    Ok(())
}

/// To what an event happened, and more: the kind of thing, which one, its slug, and the detail.
fn about(event: &Event) -> (&str, Id, &str, Value) {
    match event {
        Event::Article {
            event,
            id,
            slug,
            version,
            before,
            after,
            remark,
        } => {
            let detail = detail_of_article(event, *version, remark, [before, after]);
            (Resource::Article.as_str(), *id, slug, detail)
        }
        Event::Appeared { id, slug, version } => (
            Resource::Article.as_str(),
            *id,
            slug,
            json!({"version": version}),
        ),
        Event::Name {
            event,
            of,
            id,
            slug,
            ..
        } => (of.as_str(), *id, slug, detail_of_name(event)),
        Event::Collection {
            id, slug, version, ..
        } => ("collection", *id, slug, json!({"version": version})),
        Event::Desk(event) => (event.resource, event.id, &event.name, event.detail.clone()),
    }
}

const ON_SQLITE: &str = "INSERT INTO events (recorded_at, kind, resource, resource_id, slug, actor_kind, actor_id, \
     request_id, readers_see, detail, sequence, previous_hash, hash) VALUES (";

/// Hashes as [`chain::hash`] does.
const ON_POSTGRES: &str = "WITH next AS (UPDATE event_sequence SET last = last + 1, previous_hash = hash, \
     hash = sha256(hash || int8send(last + 1) || convert_to($11, 'UTF8')) RETURNING last, previous_hash, hash) \
     INSERT INTO events (sequence, recorded_at, kind, resource, resource_id, slug, actor_kind, actor_id, request_id, \
     readers_see, detail, previous_hash, hash) \
     SELECT last, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, previous_hash, hash FROM next";

/// The number and the hash of an entry that this transaction wrote on SQLite.
type Numbered = Option<(i64, Hash)>;

/// Numbers without gaps, in the order of commits: on SQLite one writes at a time, and takes back the number with
/// the rest; on Postgres a row is held from here to the commit, which has the hash of the entry before as well.
fn number(
    change: &mut Change<'_>,
    event: &Event,
    seen: Option<Seen>,
    last: Option<Numbered>,
) -> StoreResult<Numbered> {
    let (resource, resource_id, slug, detail) = about(event);
    let detail = detail.to_string();
    let (actor_kind, actor_id) = change.origin.actor.parts();
    let content = Content {
        recorded_at: change.now,
        kind: event.kind(),
        resource,
        resource_id,
        slug,
        actor_kind,
        actor_id,
        request_id: change.origin.request.map(Id),
        readers_see: seen.map(Seen::as_str),
        detail: &detail,
    };
    let following = match (&*change.connection, last.flatten()) {
        (Connection::Sqlite(_), None) => {
            let head = head(change.connection)?;
            Some((head.numbered, head.hash.unwrap_or(Hash::GENESIS)))
        }
        (_, last) => last,
    };
    match change.connection {
        Connection::Sqlite(sqlite) => {
            let (sequence, previous) = match following {
                Some((sequence, hash)) => (sequence + 1, hash),
                None => (1, Hash::GENESIS),
            };
            let hash = chain::hash(&previous, sequence, &content.canonical());
            statement(ON_SQLITE)
                .bind::<TimestampSql, _>(content.recorded_at, ", ")
                .bind::<Text, _>(content.kind, ", ")
                .bind::<Text, _>(content.resource, ", ")
                .bind::<IdSql, _>(content.resource_id, ", ")
                .bind::<Text, _>(content.slug, ", ")
                .bind::<Text, _>(content.actor_kind, ", ")
                .bind::<Nullable<IdSql>, _>(content.actor_id, ", ")
                .bind::<Nullable<IdSql>, _>(content.request_id, ", ")
                .bind::<Nullable<Text>, _>(content.readers_see, ", ")
                .bind::<Text, _>(content.detail, ", ")
                .bind::<BigInt, _>(sequence, ", ")
                .bind::<Binary, _>(previous.bytes(), ", ")
                .bind::<Binary, _>(hash.bytes(), ")")
                .execute(sqlite)?;
            Ok(Some((sequence, hash)))
        }
        Connection::Postgres(_) => {
            diesel::sql_query(ON_POSTGRES)
                .bind::<TimestampSql, _>(content.recorded_at)
                .bind::<Text, _>(content.kind)
                .bind::<Text, _>(content.resource)
                .bind::<IdSql, _>(content.resource_id)
                .bind::<Text, _>(content.slug)
                .bind::<Text, _>(content.actor_kind)
                .bind::<Nullable<IdSql>, _>(content.actor_id)
                .bind::<Nullable<IdSql>, _>(content.request_id)
                .bind::<Nullable<Text>, _>(content.readers_see)
                .bind::<Text, _>(content.detail)
                .bind::<Text, _>(content.canonical())
                .execute(change.connection)?;
            Ok(None)
        }
    }
}

/// A correction that readers do not see any more stays on record, and so does that they were not told of a change, and what
/// nobody finds in the article any more: the slug that it had, its section, and the one that it left.
fn detail_of_article(
    event: &ArticleEvent,
    version: i64,
    remark: &Remark,
    [before, after]: [&ArticleState; 2],
) -> Value {
    let mut detail = json!({"version": version});
    match event {
        ArticleEvent::CorrectionChanged(was) | ArticleEvent::CorrectionWithdrawn(was) => {
            detail["correction"] = json!(was);
        }
        _ if remark.silent => detail["silent"] = json!(true),
        _ => {}
    }
    if remark.submitted {
        detail["submitted"] = json!(true);
    }
    if let Some(slug) = &remark.moved_from {
        detail["moved_from"] = json!(slug);
    }
    if let Some(section) = after.section {
        detail["section"] = json!(section);
    }
    if let Some(section) = before.section.filter(|_| before.section != after.section) {
        detail["left_section"] = json!(section);
    }
    detail
}

fn detail_of_name(event: &NameEvent) -> Value {
    match event {
        NameEvent::Created(_) | NameEvent::Edited(_) | NameEvent::Deleted => json!({}),
        NameEvent::Merged(into) => json!({"into": into}),
        NameEvent::Absorbed(merged) => json!({"merged": merged}),
    }
}

/// In how many milliseconds the next article appears or expires, by the database's clock: none or fewer when it has
/// and the log does not say so; `None` when none is to.
///
/// # Errors
/// When the database fails.
pub fn next(connection: &mut Connection) -> StoreResult<Option<i64>> {
    Ok(next_clock_event::table
        .select(next_clock_event::milliseconds)
        .first(connection)?)
}

/// Records that articles whose time has come, up to an instant where one is given, have appeared, in the order of their times and each
/// once, whatever other processes do; returns how many there were, at most a hundred.
///
/// # Errors
/// When the database fails.
pub fn appear(change: &mut Change<'_>, up_to: Option<Timestamp>) -> StoreResult<usize> {
    let due: Vec<(Id, Timestamp)> = due_appearances::table
        .filter(due_appearances::due_at.le(up_to.unwrap_or(Timestamp::LATEST)))
        .order((due_appearances::due_at, due_appearances::article_id))
        .limit(AT_ONCE)
        .select((due_appearances::article_id, due_appearances::due_at))
        .load(change.connection)?;
    for (id, due_at) in &due {
        // Another process that was faster has taken it away, and an editor may have moved it.
        let taken = diesel::delete(
            appearances::table
                .filter(appearances::article_id.eq(id))
                .filter(appearances::due_at.eq(due_at)),
        )
        .execute(change.connection)?;
        if taken > 0 {
            let (slug, version) = articles::table
                .filter(articles::id.eq(id))
                .select((articles::slug, articles::version))
                .first(change.connection)?;
            change.record(Event::Appeared {
                id: *id,
                slug,
                version,
            });
        }
    }
    Ok(due.len())
}
