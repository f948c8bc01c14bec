//! Sessions in the database: a family of refresh tokens for each sign-in. Each is good once, and for as
//! long as two tabs of a browser may take to use it at the same time.

use diesel::prelude::*;

use super::users;
use crate::auth::jwt::Session;
use crate::auth::model::Role;
use crate::auth::secret::{self, REFRESH_TOKEN_PREFIX};
use crate::db::lock::{self, Lock};
use crate::db::schema::{self, refresh_tokens};
use crate::db::{Connection, Id, StoreResult, Timestamp, stored};

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

/// Begins a session; returns it with its first refresh token.
///
/// # Errors
/// When the database fails.
pub fn begin(connection: &mut Connection, user: Id) -> StoreResult<(Session, String)> {
    let session = Session {
        user,
        id: Id::generate(),
    };
    Ok((session, add_refresh_token(connection, session)?))
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

fn add_refresh_token(connection: &mut Connection, session: Session) -> StoreResult<String> {
    let token = secret::generate(REFRESH_TOKEN_PREFIX);
    let now = Timestamp::now();
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(secret::digest(&token)),
            refresh_tokens::family_id.eq(session.id),
            refresh_tokens::user_id.eq(session.user),
            refresh_tokens::created_at.eq(now),
            refresh_tokens::expires_at.eq(now.plus(REFRESH_LIFETIME)),
        ))
        .execute(connection)?;
    Ok(token)
}

/// Uses a refresh token: it is void soon afterwards, and what is returned has the next one.
///
/// # Errors
/// When the database fails.
pub fn refresh(connection: &mut Connection, token: &str) -> StoreResult<Refreshed> {
    let digest = secret::digest(token);
    let now = Timestamp::now();
    let found = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(&digest))
        .select((
            refresh_tokens::family_id,
            refresh_tokens::user_id,
            refresh_tokens::expires_at,
        ))
        .first::<(Id, Id, Timestamp)>(connection)
        .optional()?;
    let Some((family, user, expires_at)) = found else {
        return Ok(Refreshed::Refused);
    };
    // The next token of a family that is being revoked must not be missed by that.
    lock::exclusive(connection, Lock::Family(family))?;
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
        revoke_family(connection, family, now)?;
        return Ok(Refreshed::Refused);
    }
    let user = users::find(connection, user)?;
    if expires_at <= now || user.disabled_at.is_some() {
        return Ok(Refreshed::Refused);
    }
    let session = Session {
        user: user.id,
        id: family,
    };
    Ok(Refreshed::Renewed {
        token: add_refresh_token(connection, session)?,
        session,
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

fn revoke_family(connection: &mut Connection, family: Id, now: Timestamp) -> StoreResult<()> {
    diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::family_id.eq(family))
            .filter(refresh_tokens::revoked_at.is_null()),
    )
    .set(refresh_tokens::revoked_at.eq(now))
    .execute(connection)?;
    Ok(())
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
pub fn end(connection: &mut Connection, token: &str) -> StoreResult<()> {
    let family = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(secret::digest(token)))
        .select(refresh_tokens::family_id)
        .first::<Id>(connection)
        .optional()?;
    if let Some(family) = family {
        lock::exclusive(connection, Lock::Family(family))?;
        revoke_family(connection, family, Timestamp::now())?;
    }
    Ok(())
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
