//! People as those see and change them who may, and what they see of themselves.

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::email::Email;
use super::model::Role;
use super::password;
use crate::db::{Id, Timestamp};
use crate::text::Line;
use crate::validation::{Invalid, Violations};

/// Whether a person can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// They were invited, and have neither set a password nor signed in by the identity provider.
    Invited,
    /// They can sign in.
    Active,
    /// They cannot sign in until they are enabled.
    Disabled,
}

impl PersonStatus {
    /// Every status by name.
    pub const ALL: &[(&str, Self)] = &[
        ("invited", Self::Invited),
        ("active", Self::Active),
        ("disabled", Self::Disabled),
    ];
}

/// Someone who signs in, or is invited to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "email": "kim@example.com", "name": "Kim Newcomer",
    "role": "editor", "status": "invited", "version": 1, "created_at": "2026-03-01T08:30:00.000Z",
    "disabled_at": null, "link_expires_at": "2026-03-08T08:30:00.000Z"
}))]
pub struct Person {
    /// Identifies them for good.
    pub id: Id,
    /// E-mail address, in lower case.
    #[schema(value_type = String, format = Email)]
    pub email: String,
    /// Display name.
    pub name: String,
    /// What they are in the newsroom.
    pub role: Role,
    /// Whether they can sign in.
    pub status: PersonStatus,
    /// Raised by each change of name, role or status.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When they were invited or added.
    pub created_at: Timestamp,
    /// Since when they are disabled; null when they are not.
    #[schema(required = true)]
    pub disabled_at: Option<Timestamp>,
    /// When the last link expires, or expired, by which they have not set a password; null when there is none.
    #[schema(required = true)]
    pub link_expires_at: Option<Timestamp>,
}

/// Whom to invite.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"email": "kim@example.com", "name": "Kim Newcomer", "role": "editor"}))]
pub struct PersonInvitation {
    /// E-mail address, in any case; nobody else's.
    #[schema(value_type = String, format = Email, max_length = 254)]
    pub email: Email,
    /// Display name.
    pub name: Line<120>,
    /// What they will be: nothing that may do more than the caller.
    pub role: Role,
}

/// What can be changed of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"name": "Kim Newcomer", "role": "editor"}))]
pub struct PersonInput {
    /// Display name.
    pub name: Line<120>,
    /// What they are, from their next request on: nothing that may do more than the caller.
    pub role: Role,
}

/// A link by which a person sets a password, once. It is shown this once: pass it on to nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "token": "dk_k3J…", "url": "https://desk.example/join#token=dk_k3J…",
    "expires_at": "2026-03-08T08:30:00.000Z"
}))]
pub struct PasswordLink {
    /// What `/v1/auth/invitations/accept` takes.
    pub token: String,
    /// The page that the server was told of (`--invitation-url`), with the token behind its `#`, where no server's log
    /// has it; null without that setting.
    #[schema(required = true)]
    pub url: Option<String>,
    /// Until when it is good. A newer link ends it at once.
    pub expires_at: Timestamp,
}

/// A person who was invited, and how they join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitedPerson {
    /// Who.
    pub person: Person,
    /// By which they set their password. Shown this once.
    pub link: PasswordLink,
}

/// A password of at least 10 characters and at most 1,000 bytes.
#[derive(Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, try_from(String) = Self::new -> Invalid)]
#[schema(value_type = String, format = Password, min_length = 10, max_length = 1000)]
pub struct NewPassword(String);

impl NewPassword {
    fn new(text: String) -> Result<Self, Invalid> {
        password::check(&text).map_err(|reason| Invalid::new("weak_password", reason))?;
        Ok(Self(text))
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A password that is set by a link.
#[derive(Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"token": "dk_k3J…", "password": "correct horse battery"}))]
pub struct Acceptance {
    /// The link's token.
    pub token: String,
    /// The password to sign in with from now on.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1000)]
    pub password: NewPassword,
}

/// A person's own password, changed.
#[derive(Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "current_password": "correct horse battery", "new_password": "staple correct horse"
}))]
pub struct PasswordChange {
    /// The password until now.
    #[schema(format = Password)]
    pub current_password: String,
    /// The password from now on.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1000)]
    pub new_password: NewPassword,
}

/// A session: one sign-in, on one device or in one browser. Addresses are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "created_at": "2026-03-01T08:30:00.000Z",
    "last_used_at": "2026-03-01T09:45:00.000Z", "expires_at": "2026-03-31T09:45:00.000Z",
    "user_agent": "Mozilla/5.0 …", "current": true
}))]
pub struct SignIn {
    /// Identifies it.
    pub id: Id,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last renewed, which is every 15 minutes while it is in use.
    pub last_used_at: Timestamp,
    /// When it ends unless it is renewed before.
    pub expires_at: Timestamp,
    /// What the program that signed in calls itself, up to 200 characters; null when it says nothing.
    #[schema(required = true)]
    pub user_agent: Option<String>,
    /// Whether the request belongs to it.
    pub current: bool,
}

/// Sessions that go on, those used last first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignIns {
    /// At most 100.
    #[schema(max_items = 100)]
    pub data: Vec<SignIn>,
}
