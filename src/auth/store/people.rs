//! What may be done to people, each with what the log says of it. Rows of [`users`] are held while they change.

use diesel::prelude::*;
use serde_json::json;

use super::links;
use super::sessions::{self, event};
use super::users::{self, NONE, User, UserChange};
use crate::auth::email::Email;
use crate::auth::model::{Caller, Role};
use crate::auth::person::{Person, PersonInput, PersonInvitation, PersonStatus};
use crate::db::keyset::KeysetBound;
use crate::db::lock::{self, Lock};
use crate::db::schema;
use crate::db::version::Expected;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp};
use crate::events::Change;
use crate::merge_patch::MergePatch;
use crate::page_by_id;
use crate::text::Line;

/// How many rows are read at once while people are looked for.
const AT_ONCE: i64 = 200;

/// Who changes people.
#[derive(Debug, Clone)]
pub enum Authority {
    /// Somebody who may do no more to others than their own rights reach.
    Caller(Caller),
    /// Whoever runs the command line on the database: may do anything.
    Operator,
    /// The groups that an identity provider says somebody is in: give any role, and take it from anybody but the last
    /// admin.
    Groups,
}

impl Authority {
    /// Refuses to hand out or to touch a role that may do what this authority may not: whoever could reset an admin's
    /// password would be one.
    fn reaches(&self, role: Role) -> StoreResult<()> {
        match self {
            Self::Caller(caller) if !caller.may_all(role.rights()) => {
                let missing = role.rights().iter().find(|right| !caller.may(**right));
                let missing = missing.map_or("", |right| right.as_str());
                Err(StoreError::Forbidden(format!(
                    "Nobody gives or manages more than they have: the role {role} has the right {missing}."
                )))
            }
            Self::Caller(_) | Self::Operator | Self::Groups => Ok(()),
        }
    }
}

/// A link that was made: its token, this once, and until when it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The token.
    pub token: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Which people are listed.
#[derive(Debug, Clone, Default)]
pub struct PersonFilter {
    /// Part of a name or an e-mail address, in any case.
    pub q: Option<String>,
    /// Only those with this role.
    pub role: Option<Role>,
    /// Only those of this status.
    pub status: Option<PersonStatus>,
}

impl PersonFilter {
    fn takes(&self, user: &User) -> bool {
        let has = |text: &str| {
            let wanted = self.q.as_deref().map(str::to_lowercase);
            wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted))
        };
        self.role
            .is_none_or(|role| role.as_str() == user.stored_role())
            && self.status.is_none_or(|status| status == status_of(user))
            && (has(&user.name) || has(&user.email))
    }
}

pub(super) fn status_of(user: &User) -> PersonStatus {
    match (user.disabled_at, user.has_joined()) {
        (Some(_), _) => PersonStatus::Disabled,
        (None, false) => PersonStatus::Invited,
        (None, true) => PersonStatus::Active,
    }
}

fn described(user: User, link_expires_at: Option<Timestamp>) -> StoreResult<Person> {
    Ok(Person {
        role: user.role()?,
        status: status_of(&user),
        id: user.id,
        email: user.email,
        name: user.name,
        version: user.version,
        created_at: user.created_at,
        disabled_at: user.disabled_at,
        link_expires_at,
    })
}

/// A person by key.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<Person> {
    let user = users::find(connection, id)?;
    let expiry = links::expiries(connection, &[id])?.remove(&id);
    described(user, expiry)
}

/// Up to `limit` people from a start, those added first. A newsroom has so few people that those who are not wanted
/// are left out as they are read.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &PersonFilter,
    mut start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Person>> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let mut found: Vec<User> = Vec::new();
    loop {
        let read = rows(connection, start.clone())?;
        let is_last = (read.len() as i64) < AT_ONCE;
        if let Some(last) = read.last() {
            start = Some(KeysetBound {
                value: String::new(),
                id: last.id,
                backward: start.is_some_and(|start| start.backward),
                inclusive: false,
            });
        }
        found.extend(read.into_iter().filter(|user| filter.takes(user)));
        if is_last || found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    let ids: Vec<Id> = found.iter().map(|user| user.id).collect();
    let mut expiries = links::expiries(connection, &ids)?;
    let people = found.into_iter().map(|user| {
        let expiry = expiries.remove(&user.id);
        described(user, expiry)
    });
    people.collect()
}

fn rows(connection: &mut Connection, start: Option<KeysetBound<String>>) -> StoreResult<Vec<User>> {
    let query = schema::users::table.into_boxed::<MultiBackend>();
    Ok(page_by_id!(query, schema::users::id, start, false)
        .limit(AT_ONCE)
        .select(User::as_select())
        .load(connection)?)
}

/// Adds somebody with a password.
///
/// # Errors
/// [`StoreError::Invalid`] when the e-mail address is taken.
pub fn add(
    change: &mut Change<'_>,
    email: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> StoreResult<Id> {
    let id = users::add(change.connection, email, name, role, password_hash)?;
    let user = users::find(change.connection, id)?;
    change.record(event("person_joined", &user, json!({"role": role})));
    Ok(id)
}

/// Invites somebody; returns their key and the link by which they join.
///
/// # Errors
/// [`StoreError::Invalid`] when the e-mail address is taken, [`StoreError::Forbidden`] for a role out of reach.
pub fn invite(
    change: &mut Change<'_>,
    authority: &Authority,
    invitation: &PersonInvitation,
    lifetime: chrono::Duration,
) -> StoreResult<(Id, NewLink)> {
    let PersonInvitation { email, name, role } = invitation;
    authority.reaches(*role)?;
    let id = users::add(
        change.connection,
        email.as_str(),
        name.as_str(),
        *role,
        NONE,
    )?;
    let user = users::find(change.connection, id)?;
    let link = make_link(change, &user, lifetime)?;
    let detail = json!({"role": role, "expires_at": link.expires_at});
    change.record(event("person_invited", &user, detail));
    Ok((id, link))
}

/// What a link is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFor {
    /// Somebody who was invited and has not joined.
    Joining,
    /// Somebody who has joined and forgot their password.
    Reset,
}

/// Makes another link for somebody; the one before ends.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Forbidden`] for somebody out of reach, and
/// [`StoreError::InvalidTransition`] when they have joined, or not, or are disabled.
pub fn link(
    change: &mut Change<'_>,
    authority: &Authority,
    id: Id,
    purpose: LinkFor,
    lifetime: chrono::Duration,
) -> StoreResult<NewLink> {
    let user = within_reach(change.connection, authority, id)?;
    let refuse = |detail: String| {
        Err(StoreError::InvalidTransition {
            detail,
            allowed: Vec::new(),
        })
    };
    let name = &user.name;
    match (status_of(&user), purpose) {
        (PersonStatus::Disabled, _) => {
            return refuse(format!("{name} is disabled; enable them first."));
        }
        (PersonStatus::Active, LinkFor::Joining) => {
            return refuse(format!(
                "{name} has joined; make a link to reset their password instead."
            ));
        }
        (PersonStatus::Invited, LinkFor::Reset) => {
            return refuse(format!("{name} has not joined; invite them again instead."));
        }
        _ => {}
    }
    let link = make_link(change, &user, lifetime)?;
    let detail = json!({"expires_at": link.expires_at});
    let kind = match purpose {
        LinkFor::Joining => "person_invited",
        LinkFor::Reset => "password_reset_created",
    };
    change.record(event(kind, &user, detail));
    Ok(link)
}

fn make_link(
    change: &mut Change<'_>,
    user: &User,
    lifetime: chrono::Duration,
) -> StoreResult<NewLink> {
    let expires_at = change.now.plus(lifetime);
    let token = links::make(change.connection, user.id, change.now, expires_at)?;
    Ok(NewLink { token, expires_at })
}

/// Somebody whose role an authority reaches, held.
pub(super) fn within_reach(
    connection: &mut Connection,
    authority: &Authority,
    id: Id,
) -> StoreResult<User> {
    let user = users::find_for_update(connection, id)?;
    authority.reaches(user.role()?)?;
    Ok(user)
}

/// Changes a name or a role; what is as it was stays untouched.
///
/// # Errors
/// [`StoreError::NotFound`], those of [`Expected::check`], [`StoreError::Invalid`], [`StoreError::Forbidden`] for
/// somebody or a role out of reach, and [`StoreError::InvalidTransition`] for the last admin.
pub fn edit(
    change: &mut Change<'_>,
    authority: &Authority,
    id: Id,
    expected: &Expected,
    patch: MergePatch,
) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    expected.check(user.version)?;
    let before = PersonInput {
        name: Line::as_stored(user.name.clone()),
        role: user.role()?,
    };
    let input: PersonInput = patch.apply(&before).map_err(StoreError::Invalid)?;
    authority.reaches(input.role)?;
    if input == before {
        return Ok(());
    }
    write_edit(change, authority, &user, &input)
}

/// Gives somebody a name and a role.
fn write_edit(
    change: &mut Change<'_>,
    authority: &Authority,
    user: &User,
    input: &PersonInput,
) -> StoreResult<()> {
    let before = user.role()?;
    let mut detail = json!({});
    if before != input.role {
        keep_an_admin(change.connection, authority, user)?;
        detail["role"] = json!({"before": before, "after": input.role});
    }
    if user.name != input.name.as_str() {
        detail["name"] = json!({"before": user.name, "after": input.name});
    }
    UserChange {
        name: input.name.as_str(),
        role: input.role.as_str(),
        ..UserChange::of(user)
    }
    .write(change.connection, user.id)?;
    let user = users::find(change.connection, user.id)?;
    change.record(event("person_changed", &user, detail));
    Ok(())
}

/// Gives somebody another role.
///
/// # Errors
/// As [`edit`].
pub fn set_role(
    change: &mut Change<'_>,
    authority: &Authority,
    id: Id,
    role: Role,
) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    let input = PersonInput {
        name: Line::as_stored(user.name.clone()),
        role,
    };
    if user.role()? == role {
        return Ok(());
    }
    write_edit(change, authority, &user, &input)
}

/// Refuses to take the last admin who can sign in from the newsroom: of two who are taken at once, the second one is.
fn keep_an_admin(
    connection: &mut Connection,
    authority: &Authority,
    user: &User,
) -> StoreResult<()> {
    if matches!(authority, Authority::Operator)
        || user.stored_role() != Role::Admin.as_str()
        || !user.can_sign_in()
    {
        return Ok(());
    }
    lock::exclusive(connection, Lock::Admins)?;
    let another: Option<Id> = schema::users::table
        .filter(schema::users::role.eq(Role::Admin.as_str()))
        .filter(schema::users::id.ne(user.id))
        .filter(schema::users::disabled_at.is_null())
        .filter(schema::users::password_hash.ne(NONE))
        .select(schema::users::id)
        .first(connection)
        .optional()?;
    if another.is_none() {
        let detail = format!(
            "{} is the last admin who can sign in. Let somebody else join as an admin first.",
            user.name
        );
        return Err(StoreError::InvalidTransition {
            detail,
            allowed: Vec::new(),
        });
    }
    Ok(())
}

/// Blocks sign-in, and ends every session and link; somebody who is disabled stays it. Tokens that they created go on.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Forbidden`], [`StoreError::InvalidTransition`] for the last admin.
pub fn disable(change: &mut Change<'_>, authority: &Authority, id: Id) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    if user.disabled_at.is_some() {
        return Ok(());
    }
    keep_an_admin(change.connection, authority, &user)?;
    UserChange {
        disabled_at: Some(change.now),
        ..UserChange::of(&user)
    }
    .write(change.connection, id)?;
    links::withdraw(change.connection, id, change.now)?;
    sessions::end_all(change.connection, id, None)?;
    change.record(event("person_disabled", &user, json!({})));
    Ok(())
}

/// Lets somebody sign in again; their sessions stay ended.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Forbidden`].
pub fn enable(change: &mut Change<'_>, authority: &Authority, id: Id) -> StoreResult<()> {
    let user = within_reach(change.connection, authority, id)?;
    if user.disabled_at.is_none() {
        return Ok(());
    }
    UserChange {
        disabled_at: None,
        ..UserChange::of(&user)
    }
    .write(change.connection, id)?;
    change.record(event("person_enabled", &user, json!({})));
    Ok(())
}

/// The key of whoever has an e-mail address.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn id_of(connection: &mut Connection, email: &Email) -> StoreResult<Id> {
    let user = users::find_by_email(connection, email.as_str())?;
    user.map(|user| user.id).ok_or(StoreError::NotFound)
}
