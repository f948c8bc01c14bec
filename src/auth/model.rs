//! Roles, rights and scopes: one table that guards, documents and tests read.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Id;
use crate::events::{Actor, Origin, RequestId};
use crate::validation::{Violations, unknown};

crate::word_set! {
    Right, "scope", "What a caller may do: the scopes of API tokens.";

    ArticlesRead = "articles:read", "Read articles of any status.";
    ArticlesWrite = "articles:write", "Create, edit, trash and restore articles.";
    ArticlesPublish = "articles:publish", "Publish, unpublish and retract articles; add, change and withdraw corrections.";
    TagsWrite = "tags:write", "Create, edit, merge and delete tags.";
    AuthorsWrite = "authors:write", "Create, edit, merge and delete authors.";
    CollectionsRead = "collections:read", "Read collections as editors write them.";
    CollectionsWrite = "collections:write", "Create, replace and delete collections.";
    MediaRead = "media:read", "Read pictures, audio, video and documents, and what is said of them.";
    MediaWrite = "media:write", "Upload, describe and delete pictures, audio, video and documents.";
    SharesWrite = "shares:write", "Set share counts that were observed elsewhere.";
    PeopleManage = "people:manage", "Invite, change and disable people, end their sessions, and reset their passwords.";
    TokensManage = "tokens:manage", "Create, list and revoke API tokens.";
    WebhooksManage = "webhooks:manage", "Create, change and delete webhooks, and read what was sent to them.";
    AuditRead = "audit:read", "Read the log of who did what.";
    ArticlesDelete = "articles:delete", "Delete articles in the trash for good.";
}

/// What a person is in the newsroom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[deserr(error = Violations, rename_all = lowercase)]
pub enum Role {
    /// Everything, other people, API tokens and share counts that were observed elsewhere included.
    Admin,
    /// All articles, tags, authors and collections, publishing included; not the counts that tools observed.
    Editor,
    /// Their own articles, without publishing them.
    Author,
    /// Reading everything, changing nothing.
    Viewer,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: &[Self] = &[Self::Admin, Self::Editor, Self::Author, Self::Viewer];

    /// The role's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Author => "author",
            Self::Viewer => "viewer",
        }
    }

    /// What the role may do.
    pub fn rights(self) -> &'static [Right] {
        match self {
            Self::Admin => Right::ALL,
            Self::Editor => &[
                Right::ArticlesRead,
                Right::ArticlesWrite,
                Right::ArticlesPublish,
                Right::TagsWrite,
                Right::AuthorsWrite,
                Right::CollectionsRead,
                Right::CollectionsWrite,
                Right::MediaRead,
                Right::MediaWrite,
                Right::ArticlesDelete,
            ],
            Self::Author => &[
                Right::ArticlesRead,
                Right::ArticlesWrite,
                Right::CollectionsRead,
                Right::MediaRead,
                Right::MediaWrite,
            ],
            Self::Viewer => &[
                Right::ArticlesRead,
                Right::CollectionsRead,
                Right::MediaRead,
            ],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|role| role.as_str() == text)
            .copied()
            .ok_or_else(|| {
                let known: Vec<&str> = Self::ALL.iter().map(|role| role.as_str()).collect();
                unknown("role", text, &known)
            })
    }
}

/// Whoever sends a request with a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person, signed in.
    User {
        /// The user.
        id: Id,
        /// Their role when the access token was issued.
        role: Role,
    },
    /// A tool with an API token.
    Tool {
        /// The token.
        id: Id,
        /// What it may do.
        scopes: Vec<Right>,
    },
}

impl Caller {
    /// Whoever said that something is to be published later: what they might do when they said it, the server does for
    /// them.
    pub fn publishing_for(actor: Actor) -> Self {
        match actor {
            Actor::User(id) => Self::User {
                id,
                role: Role::Editor,
            },
            Actor::Token(id) => Self::Tool {
                id,
                scopes: Role::Editor.rights().to_vec(),
            },
            Actor::System => Self::Tool {
                id: Id(uuid::Uuid::nil()),
                scopes: Role::Editor.rights().to_vec(),
            },
        }
    }

    /// Whether this caller may do that at all.
    pub fn may(&self, right: Right) -> bool {
        match self {
            Self::User { role, .. } => role.rights().contains(&right),
            Self::Tool { scopes, .. } => scopes.contains(&right),
        }
    }

    /// Whether this caller may do all of that: nobody gives others more than they have.
    pub fn may_all(&self, rights: &[Right]) -> bool {
        rights.iter().all(|right| self.may(*right))
    }

    /// The user whose articles are the only ones this caller sees and edits; `None` for callers
    /// who see all.
    pub fn only_own(&self) -> Option<Id> {
        match self {
            Self::User {
                id,
                role: Role::Author,
            } => Some(*id),
            _ => None,
        }
    }

    /// Where a change comes from that this caller asks for.
    pub fn origin(&self, request: RequestId) -> Origin {
        Origin {
            actor: self.into(),
            request: Some(request.0),
        }
    }

    /// The user's or the token's.
    pub fn id(&self) -> Id {
        match self {
            Self::User { id, .. } | Self::Tool { id, .. } => *id,
        }
    }

    /// The user, where the caller is a person.
    pub fn user(&self) -> Option<Id> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Tool { .. } => None,
        }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::User { id, .. } => Self::User(*id),
            Caller::Tool { id, .. } => Self::Token(*id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_cannot_publish_and_a_viewer_cannot_write() {
        let may = |role: Role, right| role.rights().contains(&right);
        assert!(!may(Role::Author, Right::ArticlesPublish));
        assert!(!may(Role::Viewer, Right::ArticlesWrite));
        assert!(may(Role::Editor, Right::ArticlesPublish));
    }

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for right in Right::ALL {
            assert_eq!(right.as_str().parse(), Ok(*right));
        }
        let refusal = "article:read".parse::<Right>().unwrap_err();
        assert!(refusal.detail.contains("articles:read"), "{refusal}");
    }
}
