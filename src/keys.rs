//! Keys that the service makes for itself and keeps in the database, the same for all its processes.

use diesel::prelude::*;
use rand::TryRngCore;
use rand::rngs::OsRng;

use crate::db::lock::{self, Lock};
use crate::db::schema::secrets;
use crate::db::{Connection, Id, StoreResult, Timestamp};

/// A secret that signs or hashes, with the id that names it.
#[derive(Clone, Queryable)]
pub struct Key {
    /// Names it, as in `kid` of a JWT.
    pub id: Id,
    /// 32 random bytes.
    pub secret: Vec<u8>,
}

/// 32 random bytes from the operating system.
///
/// # Panics
/// When the system has no randomness, without which nothing here is safe.
pub fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system gives randomness");
    bytes
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing access tokens.
    AccessTokens,
    /// Signing cursors.
    Cursors,
    /// Signing what an identity provider sends back with a sign-in.
    ProviderSignIns,
    /// Deriving the daily keys under which visitors are hashed.
    Visitors,
    /// Signing preview links.
    Previews,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::AccessTokens => "access_tokens",
            Self::Cursors => "cursors",
            Self::ProviderSignIns => "provider_sign_ins",
            Self::Visitors => "visitors",
            Self::Previews => "previews",
        }
    }
}

/// The keys for a purpose, the newest first; makes one when there is none. Run it in a write.
///
/// # Errors
/// When the database fails.
pub fn find_or_make(connection: &mut Connection, purpose: Purpose) -> StoreResult<Vec<Key>> {
    let found = find(connection, purpose)?;
    if !found.is_empty() {
        return Ok(found);
    }
    // Servers that start at once on an empty database must not each make their own.
    lock::exclusive(connection, Lock::Keys)?;
    if find(connection, purpose)?.is_empty() {
        add(connection, purpose)?;
    }
    find(connection, purpose)
}

/// The keys for a purpose, the newest first.
///
/// # Errors
/// When the database fails.
pub fn find(connection: &mut Connection, purpose: Purpose) -> StoreResult<Vec<Key>> {
    Ok(secrets::table
        .filter(secrets::purpose.eq(purpose.as_str()))
        .order((secrets::created_at.desc(), secrets::id.desc()))
        .select((secrets::id, secrets::secret))
        .load(connection)?)
}

/// Adds a key, which is the newest from now on.
///
/// # Errors
/// When the database fails.
pub fn add(connection: &mut Connection, purpose: Purpose) -> StoreResult<()> {
    diesel::insert_into(secrets::table)
        .values((
            secrets::id.eq(Id::generate()),
            secrets::purpose.eq(purpose.as_str()),
            secrets::secret.eq(random_bytes().to_vec()),
            secrets::created_at.eq(Timestamp::now()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Deletes all keys for a purpose but the newest: what the others signed is void.
///
/// # Errors
/// When the database fails.
pub fn drop_old(connection: &mut Connection, purpose: Purpose) -> StoreResult<usize> {
    let mut dropped = 0;
    for key in find(connection, purpose)?.into_iter().skip(1) {
        dropped +=
            diesel::delete(secrets::table.filter(secrets::id.eq(key.id))).execute(connection)?;
    }
    Ok(dropped)
}
