//! Advisory locks: who edits which article, until when. They run out by the database's clock (`held_locks`); no write
//! asks for them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::load::known_slug;
use crate::articles::desk::model::{ArticleLock, LockSeconds};
use crate::auth::actor::{ActorKind, ActorRef};
use crate::auth::model::Caller;
use crate::db::desk_schema::{article_locks, held_locks};
use crate::db::schema::full_articles;
use crate::db::types::IdSql;
use crate::db::{
    Connection, Id, Json, LockedBy, MultiBackend, StoreError, StoreResult, Timestamp, dialect,
};
use crate::events::{Actor, Change, Event};
use crate::first_for_update;

/// A lock, as views have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HeldLock {
    kind: String,
    id: Id,
    name: Option<String>,
    since: Timestamp,
    until: Timestamp,
}

impl From<HeldLock> for ArticleLock {
    fn from(held: HeldLock) -> Self {
        Self {
            person: ActorRef {
                kind: ActorKind::from_stored(&held.kind),
                id: Some(held.id),
                name: held.name,
            },
            since: held.since,
            until: held.until,
        }
    }
}

fn held(
    connection: &mut Connection,
    article: Id,
    only_own: Option<Id>,
) -> StoreResult<Option<HeldLock>> {
    let mut query = full_articles::table
        .filter(full_articles::id.eq(article))
        .into_boxed::<MultiBackend>();
    if let Some(user) = only_own {
        query = query.filter(full_articles::created_by.eq(user));
    }
    let lock: Option<Json<HeldLock>> = query.select(full_articles::held_lock).first(connection)?;
    Ok(lock.map(|lock| lock.0))
}

/// Who edits an article; `None` when nobody says so. With `only_own`, another user's article is not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(
    connection: &mut Connection,
    article: Id,
    only_own: Option<Id>,
) -> StoreResult<Option<ArticleLock>> {
    Ok(held(connection, article, only_own)?.map(ArticleLock::from))
}

/// Takes the lock of an article for a caller, or renews it; with `takes_over` also from somebody else, which is on
/// record. Returns it.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Locked`] when somebody else holds it.
pub fn take(
    change: &mut Change<'_>,
    article: Id,
    caller: &Caller,
    seconds: LockSeconds,
    takes_over: bool,
) -> StoreResult<ArticleLock> {
    let connection = &mut *change.connection;
    let slug = known_slug(connection, article, caller.only_own())?;
    let holder = Holder::of(caller);
    let query = held_locks::table
        .filter(held_locks::article_id.eq(article))
        .select((held_locks::holder_kind, held_locks::holder_id));
    let standing: Option<(String, Id)> = first_for_update!(connection, query).optional()?;
    let standing = standing.map(|(kind, id)| Holder { kind, id });
    let other = standing.filter(|standing| *standing != holder);
    if other.is_some() && !takes_over {
        return Err(refusal(connection, article)?);
    }
    // Somebody may have been faster where there was none.
    if !write(connection, article, &holder, seconds, other.as_ref())? {
        return Err(refusal(connection, article)?);
    }
    let lock = held(connection, article, None)?.ok_or(StoreError::Conflict)?;
    if let Some(from) = other {
        let detail = json!({"from": {"kind": from.kind, "id": from.id}});
        change.record(Event::of_desk(
            "article_lock_taken",
            (article, slug),
            detail,
        ));
    }
    Ok(lock.into())
}

/// Whoever holds a lock: `user` or `token`, and which one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Holder {
    kind: String,
    id: Id,
}

impl Holder {
    fn of(caller: &Caller) -> Self {
        let (kind, _) = Actor::from(caller).parts();
        Self {
            kind: kind.to_owned(),
            id: caller.id(),
        }
    }
}

/// Writes a lock where there is none, where the one there is has run out, or where it is the holder's own or `other`'s.
/// Returns whether it did. One that goes on keeps the instant since when it is held.
fn write(
    connection: &mut Connection,
    article: Id,
    holder: &Holder,
    seconds: LockSeconds,
    other: Option<&Holder>,
) -> StoreResult<bool> {
    let (now, until) = (dialect::now(connection), dialect::later(connection, "$4"));
    let other = other.unwrap_or(holder);
    let written = diesel::sql_query(format!(
        "INSERT INTO article_locks AS l (article_id, holder_kind, holder_id, taken_at, expires_at) \
         VALUES ($1, $2, $3, {now}, {until}) \
         ON CONFLICT (article_id) DO UPDATE SET holder_kind = excluded.holder_kind, \
         holder_id = excluded.holder_id, expires_at = excluded.expires_at, \
         taken_at = CASE WHEN l.holder_kind = excluded.holder_kind AND l.holder_id = excluded.holder_id \
                              AND l.expires_at > excluded.taken_at \
                         THEN l.taken_at ELSE excluded.taken_at END \
         WHERE l.expires_at <= excluded.taken_at \
            OR l.holder_kind = excluded.holder_kind AND l.holder_id = excluded.holder_id \
            OR l.holder_kind = $5 AND l.holder_id = $6"
    ))
    .bind::<IdSql, _>(article)
    .bind::<Text, _>(&holder.kind)
    .bind::<IdSql, _>(holder.id)
    .bind::<BigInt, _>(i64::from(seconds.get()) * 1000)
    .bind::<Text, _>(&other.kind)
    .bind::<IdSql, _>(other.id)
    .execute(connection)?;
    Ok(written > 0)
}

/// That somebody else holds the lock.
fn refusal(connection: &mut Connection, article: Id) -> StoreResult<StoreError> {
    let Some(held) = held(connection, article, None)? else {
        // It has run out just now.
        return Ok(StoreError::Conflict);
    };
    Ok(StoreError::Locked(Box::new(LockedBy {
        kind: held.kind,
        id: held.id,
        name: held.name,
        since: held.since,
        until: held.until,
    })))
}

/// Releases a caller's lock, if there is one.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Locked`] when somebody else holds it.
pub fn release(change: &mut Change<'_>, article: Id, caller: &Caller) -> StoreResult<()> {
    let connection = &mut *change.connection;
    known_slug(connection, article, caller.only_own())?;
    let holder = Holder::of(caller);
    let released = diesel::delete(
        article_locks::table
            .filter(article_locks::article_id.eq(article))
            .filter(article_locks::holder_kind.eq(&holder.kind))
            .filter(article_locks::holder_id.eq(holder.id)),
    )
    .execute(connection)?;
    if released == 0 && held(connection, article, None)?.is_some() {
        return Err(refusal(connection, article)?);
    }
    Ok(())
}

/// Forgets locks that have run out, which nobody sees any more.
///
/// # Errors
/// When the database fails.
pub fn forget_expired(connection: &mut Connection) -> StoreResult<()> {
    diesel::delete(article_locks::table.filter(article_locks::expires_at.lt(Timestamp::now())))
        .execute(connection)?;
    Ok(())
}
