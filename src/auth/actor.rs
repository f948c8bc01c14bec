//! Who did something, as editors are told.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Id;

/// What kind of actor did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A person, signed in.
    User,
    /// A tool, with an API token.
    Token,
    /// The server itself, or the command line.
    System,
}

impl ActorKind {
    /// Each by its name.
    pub const ALL: &[(&str, Self)] = &[
        ("user", Self::User),
        ("token", Self::Token),
        ("system", Self::System),
    ];

    /// By its name; what nobody knows any more is the server's.
    pub fn from_stored(name: &str) -> Self {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map_or(Self::System, |(_, kind)| *kind)
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorRef {
    /// A person, a tool, or the server.
    #[schema(inline)]
    pub kind: ActorKind,
    /// Which person or token; null for the server.
    #[schema(required = true)]
    pub id: Option<Id>,
    /// What they are called now; null for the server, and where nobody knows any more.
    #[schema(required = true)]
    pub name: Option<String>,
}
