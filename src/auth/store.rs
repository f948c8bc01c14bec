//! Users, keys, refresh tokens and API tokens in the database.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::jwt::{Session, SigningKey};
use super::model::{Right, Role};
use super::secret::{self, API_TOKEN_PREFIX, REFRESH_TOKEN_PREFIX};
use crate::db::schema::{api_tokens, refresh_tokens, secrets, users};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::validation::Violation;

/// How long a refresh token can be used.
pub const REFRESH_LIFETIME: chrono::Duration = chrono::Duration::days(30);

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing access tokens.
    AccessTokens,
    /// Signing cursors.
    Cursors,
    /// Deriving the daily keys under which visitors are hashed.
    Visitors,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::AccessTokens => "access_tokens",
            Self::Cursors => "cursors",
            Self::Visitors => "visitors",
        }
    }
}

/// Any number that no other lock of this program has.
const KEYS_LOCK: i64 = 0x6b65_7973;

/// The keys for a purpose, the newest first; makes one when there is none. Run it in a write.
///
/// # Errors
/// When the database fails.
pub fn keys(connection: &mut Connection, purpose: Purpose) -> StoreResult<Vec<SigningKey>> {
    let found = find_keys(connection, purpose)?;
    if !found.is_empty() {
        return Ok(found);
    }
    // Servers that start at once on an empty database must not each make their own.
    if let Connection::Postgres(postgres) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(KEYS_LOCK)
            .execute(postgres)?;
        let found = find_keys(connection, purpose)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    add_key(connection, purpose)?;
    find_keys(connection, purpose)
}

/// The keys for a purpose, the newest first.
///
/// # Errors
/// When the database fails.
pub fn find_keys(connection: &mut Connection, purpose: Purpose) -> StoreResult<Vec<SigningKey>> {
    Ok(secrets::table
        .filter(secrets::purpose.eq(purpose.as_str()))
        .order((secrets::created_at.desc(), secrets::id.desc()))
        .select((secrets::id, secrets::secret))
        .load::<(Id, Vec<u8>)>(connection)?
        .into_iter()
        .map(|(id, secret)| SigningKey { id, secret })
        .collect())
}

/// Adds a key, which is the newest from now on.
///
/// # Errors
/// When the database fails.
pub fn add_key(connection: &mut Connection, purpose: Purpose) -> StoreResult<()> {
    diesel::insert_into(secrets::table)
        .values((
            secrets::id.eq(Id::generate()),
            secrets::purpose.eq(purpose.as_str()),
            secrets::secret.eq(secret::random_bytes().to_vec()),
            secrets::created_at.eq(Timestamp::now()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Deletes all keys for a purpose but the newest: what the others signed is void.
///
/// # Errors
/// When the database fails.
pub fn drop_old_keys(connection: &mut Connection, purpose: Purpose) -> StoreResult<usize> {
    let mut dropped = 0;
    for key in find_keys(connection, purpose)?.into_iter().skip(1) {
        dropped +=
            diesel::delete(secrets::table.filter(secrets::id.eq(key.id))).execute(connection)?;
    }
    Ok(dropped)
}

/// Someone who signs in.
#[derive(Debug, Clone, Queryable)]
pub struct User {
    /// Key.
    pub id: Id,
    /// Lower-case e-mail address.
    pub email: String,
    /// How they are called.
    pub name: String,
    role: String,
    /// PHC string.
    pub password_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

impl User {
    /// Their role; whatever the database does not know is the weakest.
    pub fn role(&self) -> Role {
        self.role.parse().unwrap_or(Role::Viewer)
    }
}

/// E-mail addresses are compared in lower case.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::Invalid`] when the e-mail address is taken.
pub fn add_user(
    connection: &mut Connection,
    email: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> StoreResult<Id> {
    let email = normalise_email(email);
    if find_user_by_email(connection, &email)?.is_some() {
        return Err(StoreError::Invalid(
            Violation::new(
                "/email",
                "taken",
                format!(
                    "{email} is a user already; `dateline user passwd` and `user role` change them"
                ),
            )
            .into(),
        ));
    }
    let id = Id::generate();
    diesel::insert_into(users::table)
        .values((
            users::id.eq(id),
            users::email.eq(email),
            users::name.eq(name),
            users::role.eq(role.as_str()),
            users::password_hash.eq(password_hash),
            users::created_at.eq(Timestamp::now()),
        ))
        .execute(connection)?;
    Ok(id)
}

/// The user with an e-mail address.
///
/// # Errors
/// When the database fails.
pub fn find_user_by_email(connection: &mut Connection, email: &str) -> StoreResult<Option<User>> {
    Ok(users::table
        .filter(users::email.eq(normalise_email(email)))
        .first(connection)
        .optional()?)
}

/// A user by key.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find_user(connection: &mut Connection, id: Id) -> StoreResult<User> {
    Ok(users::table.filter(users::id.eq(id)).first(connection)?)
}

/// All users by e-mail address.
///
/// # Errors
/// When the database fails.
pub fn list_users(connection: &mut Connection) -> StoreResult<Vec<User>> {
    Ok(users::table.order(users::email).load(connection)?)
}

/// Changes a password and ends every session of the user.
///
/// # Errors
/// [`StoreError::NotFound`] when nobody has this address.
pub fn set_password(
    connection: &mut Connection,
    email: &str,
    password_hash: &str,
) -> StoreResult<()> {
    let user = find_user_by_email(connection, email)?.ok_or(StoreError::NotFound)?;
    diesel::update(users::table.filter(users::id.eq(user.id)))
        .set(users::password_hash.eq(password_hash))
        .execute(connection)?;
    end_sessions(connection, user.id)
}

/// Lets a user sign in, or ends every session and lets them no more.
///
/// # Errors
/// [`StoreError::NotFound`] when nobody has this address.
pub fn set_enabled(connection: &mut Connection, email: &str, enabled: bool) -> StoreResult<()> {
    let user = find_user_by_email(connection, email)?.ok_or(StoreError::NotFound)?;
    let disabled_at = (!enabled).then(|| user.disabled_at.unwrap_or_else(Timestamp::now));
    diesel::update(users::table.filter(users::id.eq(user.id)))
        .set(users::disabled_at.eq(disabled_at))
        .execute(connection)?;
    if !enabled {
        end_sessions(connection, user.id)?;
    }
    Ok(())
}

/// Gives a user another role, from their next request on.
///
/// # Errors
/// [`StoreError::NotFound`] when nobody has this address.
pub fn set_role(connection: &mut Connection, email: &str, role: Role) -> StoreResult<()> {
    let user = find_user_by_email(connection, email)?.ok_or(StoreError::NotFound)?;
    diesel::update(users::table.filter(users::id.eq(user.id)))
        .set(users::role.eq(role.as_str()))
        .execute(connection)?;
    Ok(())
}

fn end_sessions(connection: &mut Connection, user: Id) -> StoreResult<()> {
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::user_id.eq(user)))
        .execute(connection)?;
    Ok(())
}

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
    /// Unknown, expired, revoked, or used before; in the last case the whole family is revoked,
    /// because either its owner or a thief holds a copy.
    Refused,
}

/// Begins a session; answers it with its first refresh token.
///
/// # Errors
/// When the database fails.
pub fn begin_session(connection: &mut Connection, user: Id) -> StoreResult<(Session, String)> {
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
pub fn role_in_session(connection: &mut Connection, session: Session) -> StoreResult<Option<Role>> {
    let role: Option<String> = refresh_tokens::table
        .inner_join(users::table)
        .filter(refresh_tokens::family_id.eq(session.id))
        .filter(refresh_tokens::user_id.eq(session.user))
        .filter(refresh_tokens::revoked_at.is_null())
        .filter(users::disabled_at.is_null())
        .select(users::role)
        .first(connection)
        .optional()?;
    Ok(role.map(|role| role.parse().unwrap_or(Role::Viewer)))
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

/// Uses a refresh token: it is void afterwards, and the answer carries the next one.
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
    lock_family(connection, family)?;
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
    if !first_use {
        revoke_family(connection, family, now)?;
        return Ok(Refreshed::Refused);
    }
    let user = find_user(connection, user)?;
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

/// On Postgres a family's next token could be added while the family is being revoked, and be
/// missed by it. SQLite has one writer.
fn lock_family(connection: &mut Connection, family: Id) -> StoreResult<()> {
    if let Connection::Postgres(connection) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(family.0.as_u64_pair().1.cast_signed())
            .execute(connection)?;
    }
    Ok(())
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
pub fn is_refresh_token(connection: &mut Connection, token: &str) -> StoreResult<bool> {
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
pub fn end_session(connection: &mut Connection, token: &str) -> StoreResult<()> {
    let family = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(secret::digest(token)))
        .select(refresh_tokens::family_id)
        .first::<Id>(connection)
        .optional()?;
    if let Some(family) = family {
        lock_family(connection, family)?;
        revoke_family(connection, family, Timestamp::now())?;
    }
    Ok(())
}

/// Deletes refresh tokens that ran out.
///
/// # Errors
/// When the database fails.
pub fn forget_expired_sessions(connection: &mut Connection) -> StoreResult<usize> {
    Ok(diesel::delete(
        refresh_tokens::table.filter(refresh_tokens::expires_at.lt(Timestamp::now())),
    )
    .execute(connection)?)
}

/// A tool's token, without the token itself, which is not kept.
#[derive(Debug, Clone, Queryable)]
pub struct ApiToken {
    /// Key; what `token revoke` takes.
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

macro_rules! api_token_columns {
    () => {
        (
            api_tokens::id,
            api_tokens::name,
            api_tokens::scopes,
            api_tokens::created_at,
            api_tokens::expires_at,
            api_tokens::last_used_at,
            api_tokens::revoked_at,
        )
    };
}

/// Issues a token; answers it, this once.
///
/// # Errors
/// When the database fails.
pub fn issue_api_token(
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
pub fn find_api_token(connection: &mut Connection, digest: &[u8]) -> StoreResult<ApiToken> {
    Ok(api_tokens::table
        .filter(api_tokens::token_hash.eq(digest))
        .select(api_token_columns!())
        .first(connection)?)
}

/// Notes that a token was used.
///
/// # Errors
/// When the database fails.
pub fn touch_api_token(connection: &mut Connection, id: Id) -> StoreResult<()> {
    diesel::update(api_tokens::table.filter(api_tokens::id.eq(id)))
        .set(api_tokens::last_used_at.eq(Timestamp::now()))
        .execute(connection)?;
    Ok(())
}

/// All tokens, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn list_api_tokens(connection: &mut Connection) -> StoreResult<Vec<ApiToken>> {
    Ok(api_tokens::table
        .order(api_tokens::id)
        .select(api_token_columns!())
        .load(connection)?)
}

/// Revokes a token.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none with this key, or it is revoked already.
pub fn revoke_api_token(connection: &mut Connection, id: Id) -> StoreResult<()> {
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
