//! Who people are at an identity provider, in the database: one identity each, by issuer and subject, for good.

use diesel::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::people::{self, Authority, within_reach};
use super::sessions::event;
use super::users::{self, ELSEWHERE, User, UserChange};
use super::{access, links};
use crate::auth::model::Role;
use crate::auth::oidc::account::Account;
use crate::db::identity_schema::identities;
use crate::db::lock::{self, Lock};
use crate::db::{Connection, Id, StoreError, StoreResult};
use crate::events::{Change, DeskEvent, Event};

/// Why somebody cannot enter whom the provider vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nobody was invited with an address that the provider may speak for, and nobody is added.
    Unknown,
    /// They are disabled here.
    Disabled(Id),
    /// The person with their address is somebody else at the provider.
    OtherIdentity(Id),
    /// Their groups gave them their role, and give none any more.
    NoRole(Id),
}

impl Refused {
    /// The reason, as the audit trail has it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Disabled(_) => "disabled",
            Self::OtherIdentity(_) => "other_identity",
            Self::NoRole(_) => "no_role",
        }
    }

    /// The person whom it concerns, where there is one.
    pub fn person(self) -> Option<Id> {
        match self {
            Self::Unknown => None,
            Self::Disabled(id) | Self::OtherIdentity(id) | Self::NoRole(id) => Some(id),
        }
    }
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = identities)]
struct Row {
    user_id: Id,
    role_by_groups: i32,
}

fn find(connection: &mut Connection, account: &Account) -> StoreResult<Option<Row>> {
    Ok(identities::table
        .find((&account.issuer, &account.subject))
        .select(Row::as_select())
        .first(connection)
        .optional()?)
}

fn is_linked(connection: &mut Connection, user: Id) -> StoreResult<bool> {
    let linked = identities::table.filter(identities::user_id.eq(user));
    let found: Option<Id> = linked
        .select(identities::user_id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

/// Lets somebody in whom the provider vouches for: whoever is linked with them, else the person with their address,
/// else a new one. Their role is what their groups say. Returns the person.
///
/// # Errors
/// When the database fails. That they cannot enter is the other kind of answer, and leaves everything as it was.
pub fn enter(change: &mut Change<'_>, account: &Account) -> StoreResult<Result<Id, Refused>> {
    if let Some(row) = find(change.connection, account)? {
        return enter_again(change, account, &row);
    }
    // Of two who come for the first time at once the second one finds what the first one has done.
    lock::exclusive(change.connection, Lock::Identities)?;
    if let Some(row) = find(change.connection, account)? {
        return enter_again(change, account, &row);
    }
    let Some(email) = &account.email else {
        return Ok(Err(Refused::Unknown));
    };
    match users::find_by_email(change.connection, email.as_str())? {
        Some(user) => link(change, account, user.id),
        None => add(change, account),
    }
}

fn enter_again(
    change: &mut Change<'_>,
    account: &Account,
    row: &Row,
) -> StoreResult<Result<Id, Refused>> {
    let user = users::find_for_update(change.connection, row.user_id)?;
    if user.disabled_at.is_some() {
        return Ok(Err(Refused::Disabled(user.id)));
    }
    let role = match account.role {
        Some(role) => Some(role),
        None if account.groups_decide && row.role_by_groups != 0 => match account.default_role {
            Some(role) => Some(role),
            None => return Ok(Err(Refused::NoRole(user.id))),
        },
        // Somebody else has given them their role.
        None => None,
    };
    give(change, user.id, role)?;
    let by_groups = row.role_by_groups != 0 || account.role.is_some();
    diesel::update(identities::table.find((&account.issuer, &account.subject)))
        .set((
            identities::last_used_at.eq(change.now),
            identities::role_by_groups.eq(i32::from(by_groups)),
        ))
        .execute(change.connection)?;
    Ok(Ok(user.id))
}

/// Links the person with an address, who may be invited and not have joined.
fn link(change: &mut Change<'_>, account: &Account, id: Id) -> StoreResult<Result<Id, Refused>> {
    let user = users::find_for_update(change.connection, id)?;
    if user.disabled_at.is_some() {
        return Ok(Err(Refused::Disabled(id)));
    }
    if is_linked(change.connection, id)? {
        return Ok(Err(Refused::OtherIdentity(id)));
    }
    insert(change, account, &user, account.role.is_some())?;
    if !user.has_joined() {
        UserChange {
            password_hash: ELSEWHERE,
            ..UserChange::of(&user)
        }
        .write(change.connection, id)?;
        links::withdraw(change.connection, id, change.now)?;
        change.record(event(
            "person_joined",
            &user,
            json!({"by": account.provider}),
        ));
    }
    give(change, id, account.role)?;
    Ok(Ok(id))
}

/// Adds somebody who was not invited, where a role is given to such people.
fn add(change: &mut Change<'_>, account: &Account) -> StoreResult<Result<Id, Refused>> {
    let role = account.role.or(account.default_role);
    let (Some(role), Some(email)) = (role, &account.email) else {
        return Ok(Err(Refused::Unknown));
    };
    let id = users::add(
        change.connection,
        email.as_str(),
        account.name.as_str(),
        role,
        ELSEWHERE,
    )?;
    let user = users::find(change.connection, id)?;
    let detail = json!({"role": role, "by": account.provider});
    change.record(event("person_joined", &user, detail));
    insert(change, account, &user, account.groups_decide)?;
    Ok(Ok(id))
}

fn insert(
    change: &mut Change<'_>,
    account: &Account,
    user: &User,
    by_groups: bool,
) -> StoreResult<()> {
    diesel::insert_into(identities::table)
        .values((
            identities::issuer.eq(&account.issuer),
            identities::subject.eq(&account.subject),
            identities::user_id.eq(user.id),
            identities::role_by_groups.eq(i32::from(by_groups)),
            identities::linked_at.eq(change.now),
            identities::last_used_at.eq(change.now),
        ))
        .execute(change.connection)?;
    change.record(event("identity_linked", user, whose(account)));
    Ok(())
}

/// Whose identity it is, for the log.
fn whose(account: &Account) -> Value {
    json!({"by": account.provider, "issuer": account.issuer, "subject": account.subject})
}

/// Gives somebody the role that their groups say. The last admin who can sign in stays one, and is let in.
fn give(change: &mut Change<'_>, id: Id, role: Option<Role>) -> StoreResult<()> {
    let Some(role) = role else {
        return Ok(());
    };
    match people::set_role(change, &Authority::Groups, id, role) {
        Err(StoreError::InvalidTransition { detail, .. }) => {
            tracing::warn!(%role, detail, "groups would have given another role");
            Ok(())
        }
        given => given,
    }
}

/// Records that somebody could not enter: of the person, or of the identity when nobody here is it.
///
/// # Errors
/// When the database fails.
pub fn note_refused(
    change: &mut Change<'_>,
    account: &Account,
    refused: Refused,
) -> StoreResult<()> {
    let mut detail = whose(account);
    detail["reason"] = refused.reason().into();
    let noted = match refused.person() {
        Some(id) => event(
            "sign_in_failed",
            &users::find(change.connection, id)?,
            detail,
        ),
        None => Event::Desk(DeskEvent {
            kind: "sign_in_failed",
            resource: "identity",
            id: id_of(account),
            name: account.name.as_str().to_owned(),
            detail,
        }),
    };
    change.record(noted);
    Ok(())
}

/// Names an identity that nobody here has: the same each time it comes.
pub fn id_of(account: &Account) -> Id {
    let mut hash = Sha256::new();
    hash.update((account.issuer.len() as u64).to_be_bytes());
    hash.update(&account.issuer);
    hash.update(&account.subject);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Id(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Takes somebody's identity from them, and ends the sessions that they may have by it.
///
/// # Errors
/// [`StoreError::NotFound`] also when they have none, [`StoreError::Forbidden`] for somebody out of reach.
pub fn unlink(change: &mut Change<'_>, authority: &Authority, id: Id) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    let linked = identities::table.filter(identities::user_id.eq(id));
    if diesel::delete(linked).execute(change.connection)? == 0 {
        return Err(StoreError::NotFound);
    }
    change.record(event("identity_unlinked", &user, json!({})));
    access::revoke_sessions(change, authority, id)
}
