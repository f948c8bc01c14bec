//! Sessions in the database: a family of refresh tokens for each sign-in. Each is good once, and for as
//! long as two tabs of a browser may take to use it at the same time.

use std::collections::HashSet;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::users::{self, User};
use crate::auth::jwt::Session;
use crate::auth::model::Role;
use crate::auth::person::SignIn;
use crate::auth::secret::{self, REFRESH_TOKEN_PREFIX};
use crate::db::lock::{self, Lock};
use crate::db::schema::{self, refresh_tokens};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp, stored};
use crate::events::{Actor, Change, DeskEvent, Event};

/// Most sessions of a person that are listed.
pub const MOST_LISTED: usize = 100;

/// How long a refresh token can be used.
pub const REFRESH_LIFETIME: chrono::Duration = chrono::Duration::days(30);

/// How long after its first use a refresh token can be used again: tabs of one browser that find their
/// access token run out at the same moment send the same one, and so does whoever has lost the answer.
/// Whoever uses it later has a copy.
pub const REUSE_GRACE: chrono::Duration = chrono::Duration::seconds(10);

/// What using a refresh token came to.
#[derive(Debug)]
pub enum Refreshed {
    /// The next refresh token of the session.
    Renewed {
        /// The new token, shown this once.
        token: String,
        /// The session that goes on.
        session: Session,
    },
    /// Unknown, expired, revoked, or used before; in the last case, unless that was just now
    /// ([`REUSE_GRACE`]), the whole family is revoked, because either its owner or a thief holds a copy.
    Refused,
}

/// Begins a session of a user whose row is held; returns it with its first refresh token.
///
/// # Errors
/// When the database fails.
pub(super) fn begin(
    change: &mut Change<'_>,
    user: &User,
    user_agent: Option<&str>,
) -> StoreResult<(Session, String)> {
    begin_by(change, user, user_agent, json!({}))
}

/// The same; `detail` is an object that says how they signed in, for the log.
///
/// # Errors
/// When the database fails.
pub(super) fn begin_by(
    change: &mut Change<'_>,
    user: &User,
    user_agent: Option<&str>,
    mut detail: Value,
) -> StoreResult<(Session, String)> {
    let session = Session {
        user: user.id,
        id: Id::generate(),
    };
    let token = add_refresh_token(change.connection, session, change.now, user_agent)?;
    detail["session"] = json!(session.id);
    change.record(event("signed_in", user, detail));
    Ok((session, token))
}

/// What happened to a person.
pub(super) fn event(kind: &'static str, user: &User, detail: Value) -> Event {
    Event::Desk(DeskEvent {
        kind,
        resource: "person",
        id: user.id,
        name: user.name.clone(),
        detail,
    })
}

/// The role of a session's user, while the session has not ended and the user may sign in.
///
/// # Errors
/// When the database fails.
pub fn role_in(connection: &mut Connection, session: Session) -> StoreResult<Option<Role>> {
    let role: Option<String> = refresh_tokens::table
        .inner_join(schema::users::table)
        .filter(refresh_tokens::family_id.eq(session.id))
        .filter(refresh_tokens::user_id.eq(session.user))
        .filter(refresh_tokens::revoked_at.is_null())
        .filter(schema::users::disabled_at.is_null())
        .select(schema::users::role)
        .first(connection)
        .optional()?;
    role.map(|role| stored(&role)).transpose()
}

fn add_refresh_token(
    connection: &mut Connection,
    session: Session,
    begun_at: Timestamp,
    user_agent: Option<&str>,
) -> StoreResult<String> {
    let token = secret::generate(REFRESH_TOKEN_PREFIX);
    let now = Timestamp::now();
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(secret::digest(&token)),
            refresh_tokens::family_id.eq(session.id),
            refresh_tokens::user_id.eq(session.user),
            refresh_tokens::created_at.eq(now),
            refresh_tokens::expires_at.eq(now.plus(REFRESH_LIFETIME)),
            refresh_tokens::begun_at.eq(begun_at),
            refresh_tokens::user_agent.eq(user_agent),
        ))
        .execute(connection)?;
    Ok(token)
}

/// A refresh token, without the token.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
struct Row {
    family_id: Id,
    user_id: Id,
    created_at: Timestamp,
    expires_at: Timestamp,
    begun_at: Option<Timestamp>,
    user_agent: Option<String>,
}

impl Row {
    fn begun_at(&self) -> Timestamp {
        self.begun_at.unwrap_or(self.created_at)
    }
}

fn find_row(connection: &mut Connection, digest: &[u8]) -> StoreResult<Option<Row>> {
    Ok(refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(digest))
        .select(Row::as_select())
        .first(connection)
        .optional()?)
}

/// Uses a refresh token: it is void soon afterwards, and what is returned has the next one.
///
/// # Errors
/// When the database fails.
pub fn refresh(change: &mut Change<'_>, token: &str) -> StoreResult<Refreshed> {
    let digest = secret::digest(token);
    let now = change.now;
    let connection = &mut *change.connection;
    let Some(row) = find_row(connection, &digest)? else {
        return Ok(Refreshed::Refused);
    };
    // Whoever ends all sessions of a user must not miss the token that is made here.
    let user = users::find_for_update(connection, row.user_id)?;
    let session = Session {
        user: user.id,
        id: row.family_id,
    };
    // Nor must whoever ends this one.
    lock::exclusive(connection, Lock::Family(session.id))?;
    // One statement decides who used it first, also between processes.
    let first_use = diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::token_hash.eq(&digest))
            .filter(refresh_tokens::used_at.is_null())
            .filter(refresh_tokens::revoked_at.is_null()),
    )
    .set(refresh_tokens::used_at.eq(now))
    .execute(connection)?
        == 1;
    if !first_use && !is_used_just_now(connection, &digest, now)? {
        if revoke_family(connection, session.id, now)? {
            change.record(revoked(&user, session.id, "refresh_token_reused"));
        }
        return Ok(Refreshed::Refused);
    }
    if row.expires_at <= now || user.disabled_at.is_some() {
        return Ok(Refreshed::Refused);
    }
    let user_agent = row.user_agent.as_deref();
    let token = add_refresh_token(connection, session, row.begun_at(), user_agent)?;
    Ok(Refreshed::Renewed { token, session })
}

/// That a session was ended by somebody else than its owner signing out there, and why.
fn revoked(user: &User, session: Id, why: &str) -> Event {
    Event::Desk(DeskEvent {
        kind: "session_revoked",
        resource: "session",
        id: session,
        name: user.name.clone(),
        detail: json!({"person": user.id, "reason": why}),
    })
}

/// Whether a token was used within [`REUSE_GRACE`] and its family has not ended since. To be asked under
/// the family's lock.
fn is_used_just_now(
    connection: &mut Connection,
    digest: &[u8],
    now: Timestamp,
) -> StoreResult<bool> {
    let used = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(digest))
        .filter(refresh_tokens::used_at.gt(now.plus(-REUSE_GRACE)))
        .filter(refresh_tokens::revoked_at.is_null())
        .select(refresh_tokens::family_id);
    Ok(used.first::<Id>(connection).optional()?.is_some())
}

/// Ends a session; returns whether it had not ended before.
fn revoke_family(connection: &mut Connection, family: Id, now: Timestamp) -> StoreResult<bool> {
    let revoked = diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::family_id.eq(family))
            .filter(refresh_tokens::revoked_at.is_null()),
    )
    .set(refresh_tokens::revoked_at.eq(now))
    .execute(connection)?;
    Ok(revoked > 0)
}

/// Whether a refresh token was ever issued and is not forgotten.
///
/// # Errors
/// When the database fails.
pub fn is_known(connection: &mut Connection, token: &str) -> StoreResult<bool> {
    Ok(refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(secret::digest(token)))
        .select(refresh_tokens::family_id)
        .first::<Id>(connection)
        .optional()?
        .is_some())
}

/// Ends the session that a refresh token belongs to; an unknown token is no error.
///
/// # Errors
/// When the database fails.
pub fn end(change: &mut Change<'_>, token: &str) -> StoreResult<()> {
    let connection = &mut *change.connection;
    let Some(row) = find_row(connection, &secret::digest(token))? else {
        return Ok(());
    };
    lock::exclusive(connection, Lock::Family(row.family_id))?;
    if revoke_family(connection, row.family_id, change.now)? {
        let user = users::find(connection, row.user_id)?;
        change.origin.actor = Actor::User(user.id);
        let detail = json!({"session": row.family_id});
        change.record(event("signed_out", &user, detail));
    }
    Ok(())
}

/// The sessions of a user that go on, those renewed last first: at most [`MOST_LISTED`].
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    user: Id,
    current: Option<Id>,
) -> StoreResult<Vec<SignIn>> {
    // Each session has one token that was not used, or few: those of tabs that renewed it together.
    let rows: Vec<Row> = refresh_tokens::table
        .filter(refresh_tokens::user_id.eq(user))
        .filter(refresh_tokens::used_at.is_null())
        .filter(refresh_tokens::revoked_at.is_null())
        .filter(refresh_tokens::expires_at.gt(Timestamp::now()))
        .order(refresh_tokens::created_at.desc())
        .limit(4 * MOST_LISTED as i64)
        .select(Row::as_select())
        .load(connection)?;
    let mut seen = HashSet::new();
    let newest = rows.into_iter().filter(|row| seen.insert(row.family_id));
    let sessions = newest.take(MOST_LISTED).map(|row| SignIn {
        id: row.family_id,
        created_at: row.begun_at(),
        last_used_at: row.created_at,
        expires_at: row.expires_at,
        current: current == Some(row.family_id),
        user_agent: row.user_agent,
    });
    Ok(sessions.collect())
}

/// Ends one session of a user.
///
/// # Errors
/// [`StoreError::NotFound`] when they have none that goes on with this key.
pub fn revoke(change: &mut Change<'_>, user: &User, session: Id) -> StoreResult<()> {
    let connection = &mut *change.connection;
    lock::exclusive(connection, Lock::Family(session))?;
    let of_user = refresh_tokens::table
        .filter(refresh_tokens::family_id.eq(session))
        .filter(refresh_tokens::user_id.eq(user.id))
        .select(refresh_tokens::family_id);
    let is_theirs = of_user.first::<Id>(connection).optional()?.is_some();
    if !is_theirs || !revoke_family(connection, session, change.now)? {
        return Err(StoreError::NotFound);
    }
    change.record(revoked(user, session, "revoked"));
    Ok(())
}

/// Ends all sessions of a user whose row is held, but for one to keep; returns whether there were any.
///
/// # Errors
/// When the database fails.
pub(super) fn end_all(connection: &mut Connection, user: Id, but: Option<Id>) -> StoreResult<bool> {
    let theirs = refresh_tokens::table.filter(refresh_tokens::user_id.eq(user));
    let ended = match but {
        Some(kept) => {
            diesel::delete(theirs.filter(refresh_tokens::family_id.ne(kept))).execute(connection)?
        }
        None => diesel::delete(theirs).execute(connection)?,
    };
    Ok(ended > 0)
}

/// Deletes refresh tokens that ran out.
///
/// # Errors
/// When the database fails.
pub fn forget_expired(connection: &mut Connection) -> StoreResult<usize> {
    Ok(diesel::delete(
        refresh_tokens::table.filter(refresh_tokens::expires_at.lt(Timestamp::now())),
    )
    .execute(connection)?)
}
