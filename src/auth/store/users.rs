//! Users in the database: their rows. What may be done to people, and what the log says of it, is in
//! [`people`](super::people) and [`access`](super::access).

use diesel::prelude::*;

use crate::auth::model::Role;
use crate::db::schema::users;
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp, stored};
use crate::first_for_update;
use crate::validation::Violation;

/// Someone who signs in.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct User {
    /// Identifies them for good: an id never changes and is never used again.
    pub id: Id,
    /// Lower-case e-mail address.
    pub email: String,
    /// Display name.
    pub name: String,
    role: String,
    password_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
    /// Raised by each change of their name, role or state.
    pub version: i64,
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

    /// Salted hash of the password, in PHC string format; `None` of someone who was invited and has not joined, or who
    /// joined by an identity provider.
    pub fn password_hash(&self) -> Option<&str> {
        let is_one = self.has_joined() && self.password_hash != ELSEWHERE;
        is_one.then_some(&*self.password_hash)
    }

    /// Whether they have set a password, or signed in by an identity provider.
    pub fn has_joined(&self) -> bool {
        self.password_hash != NONE
    }

    /// Whether they can sign in: they have joined and are not disabled.
    pub fn can_sign_in(&self) -> bool {
        self.disabled_at.is_none() && self.has_joined()
    }
}

/// Stands for no password, of somebody who has not joined: no password has this hash.
pub(super) const NONE: &str = "";

/// Stands for no password, of somebody who signs in by an identity provider: no password has this hash.
pub(super) const ELSEWHERE: &str = "!";

/// E-mail addresses are compared in lower case.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Adds a user's row.
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
                    "{email} is a user already; their password and role can be changed instead"
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
            users::version.eq(1),
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
        .select(User::as_select())
        .first(connection)
        .optional()?)
}

/// A user by key.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<User> {
    Ok(users::table
        .filter(users::id.eq(id))
        .select(User::as_select())
        .first(connection)?)
}

/// The same, held until the transaction ends. Whoever begins, renews or ends sessions of a user holds them, so that
/// none goes on which another transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find_for_update(connection: &mut Connection, id: Id) -> StoreResult<User> {
    let found = users::table.filter(users::id.eq(id));
    Ok(first_for_update!(
        connection,
        found.select(User::as_select())
    )?)
}

/// All users by e-mail address.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection) -> StoreResult<Vec<User>> {
    Ok(users::table
        .order(users::email)
        .select(User::as_select())
        .load(connection)?)
}

/// What is changed of a user's row.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = users)]
pub(super) struct UserChange<'a> {
    pub name: &'a str,
    pub role: &'a str,
    pub password_hash: &'a str,
    #[diesel(treat_none_as_null = true)]
    pub disabled_at: Option<Timestamp>,
    pub version: i64,
}

impl<'a> UserChange<'a> {
    /// That nothing but the version changes.
    pub fn of(user: &'a User) -> Self {
        Self {
            name: &user.name,
            role: &user.role,
            password_hash: &user.password_hash,
            disabled_at: user.disabled_at,
            version: user.version + 1,
        }
    }

    /// Writes it to the row, which is held.
    pub fn write(self, connection: &mut Connection, id: Id) -> StoreResult<()> {
        diesel::update(users::table.filter(users::id.eq(id)))
            .set(self)
            .execute(connection)?;
        Ok(())
    }
}
