//! Passwords and sign-ins of people, each change with what the log says of it. Whoever sets a password, begins or ends
//! sessions holds the row of their person.

use serde_json::{Value, json};

use super::links::{self, LinkState};
use super::people::{Authority, status_of, within_reach};
use super::sessions::{self, event};
use super::users::{self, User, UserChange};
use crate::auth::jwt::Session;
use crate::auth::person::PersonStatus;
use crate::db::{Id, StoreError, StoreResult};
use crate::events::Change;

/// Sets a password, and ends all links and sessions but one.
fn write_password(
    change: &mut Change<'_>,
    user: &User,
    password_hash: &str,
    kept: Option<Id>,
) -> StoreResult<()> {
    UserChange {
        password_hash,
        // Who has it open in an editor changes something else.
        version: user.version,
        ..UserChange::of(user)
    }
    .write(change.connection, user.id)?;
    links::withdraw(change.connection, user.id, change.now)?;
    sessions::end_all(change.connection, user.id, kept)?;
    Ok(())
}

/// Sets somebody's password and ends their sessions.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn set_password(change: &mut Change<'_>, id: Id, password_hash: &str) -> StoreResult<()> {
    let user = users::find_for_update(change.connection, id)?;
    write_password(change, &user, password_hash, None)?;
    change.record(event("password_changed", &user, json!({})));
    Ok(())
}

/// Changes one's own password, if it is still the one that was proven, and ends all other sessions.
///
/// # Errors
/// [`StoreError::Conflict`] when the password was changed meanwhile.
pub fn change_own_password(
    change: &mut Change<'_>,
    session: Session,
    proven: &str,
    password_hash: &str,
) -> StoreResult<()> {
    let user = users::find_for_update(change.connection, session.user)?;
    if user.password_hash() != Some(proven) || !user.can_sign_in() {
        return Err(StoreError::Conflict);
    }
    write_password(change, &user, password_hash, Some(session.id))?;
    change.record(event("password_changed", &user, json!({})));
    Ok(())
}

/// Begins a session of somebody whose password was proven; `None` when they are disabled or have another one by now.
///
/// # Errors
/// When the database fails.
pub fn sign_in(
    change: &mut Change<'_>,
    id: Id,
    proven: &str,
    user_agent: Option<&str>,
) -> StoreResult<Option<(Session, String)>> {
    let user = users::find_for_update(change.connection, id)?;
    if user.password_hash() != Some(proven) || !user.can_sign_in() {
        return Ok(None);
    }
    sessions::begin(change, &user, user_agent).map(Some)
}

/// Sets a password by a link, which is good no more, ends all sessions and begins one.
///
/// # Errors
/// When the database fails. What is wrong with the link is the other kind of answer.
pub fn accept(
    change: &mut Change<'_>,
    id: Id,
    token: &str,
    password_hash: &str,
    user_agent: Option<&str>,
) -> StoreResult<Result<(Session, String), LinkState>> {
    let user = users::find_for_update(change.connection, id)?;
    match links::use_up(change.connection, token, change.now)? {
        LinkState::Open(_) => {}
        state => return Ok(Err(state)),
    }
    if user.disabled_at.is_some() {
        return Ok(Err(LinkState::Withdrawn));
    }
    write_password(change, &user, password_hash, None)?;
    let kind = match status_of(&user) {
        PersonStatus::Invited => "person_joined",
        PersonStatus::Active | PersonStatus::Disabled => "password_changed",
    };
    change.record(event(kind, &user, json!({"by": "link"})));
    sessions::begin(change, &user, user_agent).map(Ok)
}

/// Records that somebody gave a wrong password for an account.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn note_failed_sign_in(change: &mut Change<'_>, id: Id) -> StoreResult<()> {
    let user = users::find(change.connection, id)?;
    change.record(event("sign_in_failed", &user, json!({})));
    Ok(())
}

/// Ends one session of somebody.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Forbidden`].
pub fn revoke_session(
    change: &mut Change<'_>,
    authority: &Authority,
    id: Id,
    session: Id,
) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    sessions::revoke(change, &user, session)
}

/// Ends all sessions of somebody.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Forbidden`].
pub fn revoke_sessions(change: &mut Change<'_>, authority: &Authority, id: Id) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    end_all_but(change, &user, None)
}

/// Ends one of one's own sessions.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none with this key.
pub fn revoke_own_session(change: &mut Change<'_>, own: Session, session: Id) -> StoreResult<()> {
    let user = users::find_for_update(change.connection, own.user)?;
    sessions::revoke(change, &user, session)
}

/// Ends all of one's own sessions but this one.
///
/// # Errors
/// When the database fails.
pub fn revoke_other_sessions(change: &mut Change<'_>, own: Session) -> StoreResult<()> {
    let user = users::find_for_update(change.connection, own.user)?;
    end_all_but(change, &user, Some(own.id))
}

fn end_all_but(change: &mut Change<'_>, user: &User, kept: Option<Id>) -> StoreResult<()> {
    if sessions::end_all(change.connection, user.id, kept)? {
        let which = if kept.is_some() { "others" } else { "all" };
        let detail: Value = json!({"sessions": which});
        change.record(event("session_revoked", user, detail));
    }
    Ok(())
}
