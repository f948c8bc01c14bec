//! Users in the database.

use diesel::prelude::*;

use crate::auth::model::Role;
use crate::db::schema::{refresh_tokens, users};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp, stored};
use crate::validation::Violation;

/// Someone who signs in.
#[derive(Debug, Clone, Queryable)]
pub struct User {
    /// Identifies them for good: an id never changes and is never used again.
    pub id: Id,
    /// Lower-case e-mail address.
    pub email: String,
    /// Display name.
    pub name: String,
    role: String,
    /// Salted hash of the password, in PHC string format.
    pub password_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

impl User {
    /// Their role as it is stored.
    pub fn stored_role(&self) -> &str {
        &self.role
    }

    /// Their role.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is none that this version knows.
    pub fn role(&self) -> StoreResult<Role> {
        stored(&self.role)
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
pub fn add(
    connection: &mut Connection,
    email: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> StoreResult<Id> {
    let email = normalise_email(email);
    if find_by_email(connection, &email)?.is_some() {
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
pub fn find_by_email(connection: &mut Connection, email: &str) -> StoreResult<Option<User>> {
    Ok(users::table
        .filter(users::email.eq(normalise_email(email)))
        .first(connection)
        .optional()?)
}

/// A user by key.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<User> {
    Ok(users::table.filter(users::id.eq(id)).first(connection)?)
}

/// All users by e-mail address.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection) -> StoreResult<Vec<User>> {
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
    let user = find_by_email(connection, email)?.ok_or(StoreError::NotFound)?;
    diesel::update(users::table.filter(users::id.eq(user.id)))
        .set(users::password_hash.eq(password_hash))
        .execute(connection)?;
    end_sessions(connection, user.id)
}

/// Lets a user sign in; or blocks sign-in and ends every session.
///
/// # Errors
/// [`StoreError::NotFound`] when nobody has this address.
pub fn set_enabled(connection: &mut Connection, email: &str, enabled: bool) -> StoreResult<()> {
    let user = find_by_email(connection, email)?.ok_or(StoreError::NotFound)?;
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
    let user = find_by_email(connection, email)?.ok_or(StoreError::NotFound)?;
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
