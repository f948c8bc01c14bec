//! Sign-ins that came back from an identity provider, in the database: each `state` is good once, and so is the code
//! that the client exchanges for tokens.

use diesel::prelude::*;
use diesel::sql_types::Binary;
use serde_json::json;

use super::sessions;
use super::users;
use crate::auth::jwt::Session;
use crate::auth::oidc::state;
use crate::auth::secret::{self, SIGN_IN_CODE_PREFIX};
use crate::db::identity_schema::provider_sign_ins;
use crate::db::types::TimestampSql;
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::events::Change;

/// How long a code can be exchanged (seconds): a page loads and calls.
pub const CODE_LIFETIME: i64 = 60;

/// How long a `state` is remembered after it has expired.
const REMEMBERED: chrono::Duration = chrono::Duration::minutes(5);

/// Uses a `state`, named by its hash; returns whether nobody had.
///
/// # Errors
/// When the database fails.
pub fn use_state(
    connection: &mut Connection,
    state_hash: &[u8],
    lifetime: chrono::Duration,
) -> StoreResult<bool> {
    let expires_at = Timestamp::now().plus(lifetime + REMEMBERED);
    let inserted = diesel::sql_query(
        "INSERT INTO provider_sign_ins (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(state_hash.to_vec())
    .bind::<TimestampSql, _>(expires_at)
    .execute(connection)?;
    Ok(inserted == 1)
}

/// Makes the code for a person who was let in; returns it, this once.
///
/// # Errors
/// When the database fails.
pub fn make_code(
    change: &mut Change<'_>,
    state_hash: &[u8],
    code_challenge: &str,
    user: Id,
) -> StoreResult<String> {
    let code = secret::generate(SIGN_IN_CODE_PREFIX);
    let expires_at = change.now.plus(chrono::Duration::seconds(CODE_LIFETIME));
    diesel::update(provider_sign_ins::table.find(state_hash))
        .set((
            provider_sign_ins::code_hash.eq(secret::digest(&code)),
            provider_sign_ins::code_challenge.eq(code_challenge),
            provider_sign_ins::code_expires_at.eq(expires_at),
            provider_sign_ins::user_id.eq(user),
        ))
        .execute(change.connection)?;
    Ok(code)
}

/// Whether a code was made and not used, before anything is written for it.
///
/// # Errors
/// When the database fails.
pub fn is_known(connection: &mut Connection, code: &str) -> StoreResult<bool> {
    let found: Option<Vec<u8>> = provider_sign_ins::table
        .filter(provider_sign_ins::code_hash.eq(secret::digest(code)))
        .select(provider_sign_ins::state_hash)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = provider_sign_ins)]
struct Row {
    code_challenge: Option<String>,
    code_expires_at: Option<Timestamp>,
    user_id: Option<Id>,
}

/// Exchanges a code for a session; `None` when it is none, has expired, is not proven by its verifier, or its person is
/// disabled by now. Whichever it is, the code is good no more.
///
/// # Errors
/// When the database fails.
pub fn redeem(
    change: &mut Change<'_>,
    code: &str,
    verifier: &str,
    provider: &str,
    user_agent: Option<&str>,
) -> StoreResult<Option<(Session, String)>> {
    let digest = secret::digest(code);
    let named = provider_sign_ins::table.filter(provider_sign_ins::code_hash.eq(&digest));
    let row: Option<Row> = named
        .select(Row::as_select())
        .first(change.connection)
        .optional()?;
    // Of two who use it at once one still finds it.
    let used = diesel::update(named)
        .set(provider_sign_ins::code_hash.eq(None::<Vec<u8>>))
        .execute(change.connection)?;
    let Some(row) = row.filter(|_| used == 1) else {
        return Ok(None);
    };
    let (Some(challenge), Some(expires_at), Some(user)) =
        (row.code_challenge, row.code_expires_at, row.user_id)
    else {
        return Ok(None);
    };
    if expires_at <= change.now || !state::proves(verifier, &challenge) {
        return Ok(None);
    }
    let user = users::find_for_update(change.connection, user)?;
    if !user.can_sign_in() {
        return Ok(None);
    }
    change.origin.actor = crate::events::Actor::User(user.id);
    sessions::begin_by(change, &user, user_agent, json!({"by": provider})).map(Some)
}

/// Deletes sign-ins that can be neither replayed nor exchanged any more.
///
/// # Errors
/// When the database fails.
pub fn forget_expired(connection: &mut Connection) -> StoreResult<usize> {
    Ok(diesel::delete(
        provider_sign_ins::table.filter(provider_sign_ins::expires_at.lt(Timestamp::now())),
    )
    .execute(connection)?)
}
