//! Links by which people set a password, in the database: invitations, and resets of passwords that were forgotten.
//! Each is good once, a new one ends those before it, and only the hash of its token is kept.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::auth::secret::{self, LINK_PREFIX};
use crate::db::schema::password_links;
use crate::db::{Connection, Id, StoreResult, Timestamp};

/// How long a link is remembered after it has expired, to say so.
const REMEMBERED: chrono::Duration = chrono::Duration::days(30);

/// What a token of a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Setting the password of this user.
    Open(Id),
    /// Nothing: it was never made, or is forgotten.
    Unknown,
    /// Nothing any more: its time is over.
    Expired,
    /// Nothing any more: a password was set by it.
    Used,
    /// Nothing any more: a newer one was made, or its person was disabled.
    Withdrawn,
}

/// A link, without its token.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = password_links)]
struct Row {
    user_id: Id,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
}

impl Row {
    fn state(&self, now: Timestamp) -> LinkState {
        match self {
            Self {
                used_at: Some(_), ..
            } => LinkState::Used,
            Self {
                withdrawn_at: Some(_),
                ..
            } => LinkState::Withdrawn,
            Self { expires_at, .. } if *expires_at <= now => LinkState::Expired,
            Self { user_id, .. } => LinkState::Open(*user_id),
        }
    }
}

/// Makes a link for a user, whose row is held; returns its token, this once.
///
/// # Errors
/// When the database fails.
pub(super) fn make(
    connection: &mut Connection,
    user: Id,
    now: Timestamp,
    expires_at: Timestamp,
) -> StoreResult<String> {
    withdraw(connection, user, now)?;
    let token = secret::generate(LINK_PREFIX);
    diesel::insert_into(password_links::table)
        .values((
            password_links::token_hash.eq(secret::digest(&token)),
            password_links::user_id.eq(user),
            password_links::created_at.eq(now),
            password_links::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(token)
}

/// Ends the open links of a user, whose row is held.
///
/// # Errors
/// When the database fails.
pub(super) fn withdraw(connection: &mut Connection, user: Id, now: Timestamp) -> StoreResult<()> {
    diesel::update(
        password_links::table
            .filter(password_links::user_id.eq(user))
            .filter(password_links::used_at.is_null())
            .filter(password_links::withdrawn_at.is_null()),
    )
    .set(password_links::withdrawn_at.eq(now))
    .execute(connection)?;
    Ok(())
}

/// What a token is good for.
///
/// # Errors
/// When the database fails.
pub fn state(connection: &mut Connection, token: &str) -> StoreResult<LinkState> {
    let row = password_links::table
        .filter(password_links::token_hash.eq(secret::digest(token)))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    Ok(row.map_or(LinkState::Unknown, |row| row.state(Timestamp::now())))
}

/// Uses a link of a user whose row is held: of two who use it at once one finds it open.
///
/// # Errors
/// When the database fails.
pub(super) fn use_up(
    connection: &mut Connection,
    token: &str,
    now: Timestamp,
) -> StoreResult<LinkState> {
    let state = state(connection, token)?;
    if let LinkState::Open(_) = state {
        diesel::update(
            password_links::table.filter(password_links::token_hash.eq(secret::digest(token))),
        )
        .set(password_links::used_at.eq(now))
        .execute(connection)?;
    }
    Ok(state)
}

/// Until when the open links of some users are good; expired ones included.
///
/// # Errors
/// When the database fails.
pub(super) fn expiries(
    connection: &mut Connection,
    users: &[Id],
) -> StoreResult<HashMap<Id, Timestamp>> {
    let found: Vec<(Id, Timestamp)> = password_links::table
        .filter(password_links::user_id.eq_any(users.to_vec()))
        .filter(password_links::used_at.is_null())
        .filter(password_links::withdrawn_at.is_null())
        .select((password_links::user_id, password_links::expires_at))
        .load(connection)?;
    Ok(found.into_iter().collect())
}

/// Deletes links that expired long ago.
///
/// # Errors
/// When the database fails.
pub fn forget_expired(connection: &mut Connection) -> StoreResult<usize> {
    let forgotten = Timestamp::now().plus(-REMEMBERED);
    Ok(
        diesel::delete(password_links::table.filter(password_links::expires_at.lt(forgotten)))
            .execute(connection)?,
    )
}
