//! Tokens of tools in the database.

use diesel::prelude::*;

use crate::auth::model::Right;
use crate::auth::secret::{self, API_TOKEN_PREFIX};
use crate::db::schema::api_tokens;
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};

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

/// Issues a token; returns it, this once.
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
    let scopes: Vec<&str> = scopes.iter().map(|right| right.scope()).collect();
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
/// [`StoreError::NotFound`].
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

/// Revokes a token.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none with this key, or it is revoked already.
pub fn revoke(connection: &mut Connection, id: Id) -> StoreResult<()> {
    let revoked = diesel::update(
        api_tokens::table
            .filter(api_tokens::id.eq(id))
            .filter(api_tokens::revoked_at.is_null()),
    )
    .set(api_tokens::revoked_at.eq(Timestamp::now()))
    .execute(connection)?;
    if revoked == 0 {
        return Err(StoreError::NotFound);
    }
    Ok(())
}
