//! What an entry of the audit trail is.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::db::{Id, Timestamp};
use crate::events::chain::Hash;
use crate::events::log::Seen;

/// Something that happened, who did it, and the hashes that it stands in the log with.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "sequence": 1204, "recorded_at": "2026-03-01T08:30:00.000Z", "kind": "article_published",
    "resource": {"kind": "article", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "harbour-cities-agree-flood-fund"},
    "actor": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"},
    "request_id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a13", "readers_see": "appeared", "detail": {"version": 3},
    "previous_hash": "2f1b0c1e7d3a4f5866778899aabbccddeeff00112233445566778899aabbccdd",
    "hash": "9c0d3b5a7e1f4826644e5d6c7b8a99080706050403020100ffeeddccbbaa9988"
}))]
pub struct AuditEntry {
    /// Its number in the log, from 1 on without gaps, in the order of the commits.
    #[schema(minimum = 1)]
    pub sequence: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What happened, such as `article_published`. Later versions have more kinds.
    pub kind: String,
    /// To what.
    pub resource: AuditResource,
    /// Who did it.
    pub actor: AuditActor,
    /// The request that asked for it, as its `X-Request-Id` said; null for what no request asked for.
    #[schema(required = true)]
    pub request_id: Option<Id>,
    /// What readers see of it; null for nothing.
    #[schema(required = true)]
    pub readers_see: Option<Seen>,
    /// More, by the kind of event.
    #[schema(value_type = AuditDetail)]
    pub detail: Map<String, Value>,
    /// The SHA-256 hash of the entry before it; null in entries from before the log had hashes.
    #[schema(value_type = Option<String>, required = true, pattern = "^[0-9a-f]{64}$")]
    pub previous_hash: Option<Hash>,
    /// Its own, made of `previous_hash` and what the entry says; null in entries from before the log had hashes.
    #[schema(value_type = Option<String>, required = true, pattern = "^[0-9a-f]{64}$")]
    pub hash: Option<Hash>,
}

/// What an entry says besides, by its kind: the version of an article or a collection, what something was merged into,
/// the operation and the right of what was denied.
pub struct AuditDetail;

impl PartialSchema for AuditDetail {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some("More about what happened, by its kind."))
            .into()
    }
}

impl ToSchema for AuditDetail {}

/// What something happened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditResource {
    /// `article`, `tag`, `author`, `collection`, `user`, `token` and others that later versions have.
    pub kind: String,
    /// Which one.
    pub id: Id,
    /// Its slug, or the name of what has none, after what happened.
    pub slug: String,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditActor {
    /// A person, a tool, or the server.
    #[schema(inline)]
    pub kind: ActorKind,
    /// The person's or the token's; null for the server.
    #[schema(required = true)]
    pub id: Option<Id>,
    /// What the person or the token is called now; null for the server, and for who is gone.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// Who can do something.
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
    /// The one with this name, as it is stored.
    pub fn stored(name: &str) -> Self {
        match name {
            "user" => Self::User,
            "token" => Self::Token,
            _ => Self::System,
        }
    }
}
