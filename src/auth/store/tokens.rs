//! Tokens of tools in the database.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::auth::model::Right;
use crate::auth::secret::{self, API_TOKEN_PREFIX};
use crate::db::keyset::KeysetBound;
use crate::db::schema::api_tokens;
use crate::db::{Connection, Id, MultiBackend, StoreResult, Timestamp};
use crate::events::{Actor, Change, DeskEvent, Event};
use crate::page_by_id;

/// A tool's token, without the token itself, which is not kept.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct ApiToken {
    /// What `token revoke` takes.
    pub id: Id,
    /// What it is for.
    pub name: String,
    scopes: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it runs out, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The person who created it; `None` for the command line and for another token.
    pub created_by: Option<Id>,
}

impl ApiToken {
    /// What the token may do. A scope that a later version took away is left out.
    pub fn scopes(&self) -> Vec<Right> {
        self.scopes
            .split(' ')
            .filter_map(|scope| scope.parse().ok())
            .collect()
    }

    /// Whether it can be used now.
    pub fn is_valid(&self) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > Timestamp::now())
    }
}

/// Issues a token; returns it, this once. The log does not have it: see [`create`].
///
/// # Errors
/// When the database fails.
pub fn issue(
    connection: &mut Connection,
    name: &str,
    scopes: &[Right],
    expires_at: Option<Timestamp>,
) -> StoreResult<String> {
    let token = secret::generate(API_TOKEN_PREFIX);
    let scopes: Vec<&str> = scopes.iter().map(|right| right.as_str()).collect();
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::id.eq(Id::generate()),
            api_tokens::name.eq(name),
            api_tokens::token_hash.eq(secret::digest(&token)),
            api_tokens::scopes.eq(scopes.join(" ")),
            api_tokens::created_at.eq(Timestamp::now()),
            api_tokens::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(token)
}

/// The token that hashes to this.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound).
pub fn find(connection: &mut Connection, digest: &[u8]) -> StoreResult<ApiToken> {
    Ok(api_tokens::table
        .filter(api_tokens::token_hash.eq(digest))
        .select(ApiToken::as_select())
        .first(connection)?)
}

/// Notes that a token was used.
///
/// # Errors
/// When the database fails.
pub fn touch(connection: &mut Connection, id: Id) -> StoreResult<()> {
    diesel::update(api_tokens::table.filter(api_tokens::id.eq(id)))
        .set(api_tokens::last_used_at.eq(Timestamp::now()))
        .execute(connection)?;
    Ok(())
}

/// All tokens, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection) -> StoreResult<Vec<ApiToken>> {
    Ok(api_tokens::table
        .order(api_tokens::id)
        .select(ApiToken::as_select())
        .load(connection)?)
}

/// Up to `limit` tokens from a start, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    connection: &mut Connection,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<ApiToken>> {
    let query = api_tokens::table.into_boxed::<MultiBackend>();
    Ok(page_by_id!(query, api_tokens::id, start, false)
        .limit(limit)
        .select(ApiToken::as_select())
        .load(connection)?)
}

/// A token by key.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound).
pub fn find_by_id(connection: &mut Connection, id: Id) -> StoreResult<ApiToken> {
    Ok(api_tokens::table
        .filter(api_tokens::id.eq(id))
        .select(ApiToken::as_select())
        .first(connection)?)
}

/// Issues a token for whoever makes the change; returns it, this once, with its key.
///
/// # Errors
/// When the database fails.
pub fn create(
    change: &mut Change<'_>,
    name: &str,
    scopes: &[Right],
    expires_at: Option<Timestamp>,
) -> StoreResult<(Id, String)> {
    let connection = &mut *change.connection;
    let secret = issue(connection, name, scopes, expires_at)?;
    let token = find(connection, &secret::digest(&secret))?;
    if let Actor::User(user) = change.origin.actor {
        diesel::update(api_tokens::table.filter(api_tokens::id.eq(token.id)))
            .set(api_tokens::created_by.eq(user))
            .execute(connection)?;
    }
    let scopes: Vec<&str> = scopes.iter().map(|right| right.as_str()).collect();
    let detail = json!({"scopes": scopes, "expires_at": expires_at});
    change.record(event("token_created", &token, detail));
    Ok((token.id, secret))
}

fn event(kind: &'static str, token: &ApiToken, detail: Value) -> Event {
    Event::Desk(DeskEvent {
        kind,
        resource: "token",
        id: token.id,
        name: token.name.clone(),
        detail,
    })
}

/// Revokes a token; one that is revoked stays it. Returns whether it was not.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound) when there is none with this key.
pub fn revoke(change: &mut Change<'_>, id: Id) -> StoreResult<bool> {
    let connection = &mut *change.connection;
    let token = find_by_id(connection, id)?;
    let revoked = diesel::update(
        api_tokens::table
            .filter(api_tokens::id.eq(id))
            .filter(api_tokens::revoked_at.is_null()),
    )
    .set(api_tokens::revoked_at.eq(change.now))
    .execute(connection)?
        == 1;
    if revoked {
        change.record(event("token_revoked", &token, json!({})));
    }
    Ok(revoked)
}
