//! Webhooks as they are written.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::articles::input::DistinctList;
use crate::db::Timestamp;
use crate::messages::kinds::{Audience, MessageKind};
use crate::text::{AbsoluteUrl, Line, Slug};
use crate::validation::{Invalid, Violations};

/// The sections that a webhook is told of.
pub type WantedSections = DistinctList<Slug, 20>;

/// What can be written of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://site.example/hooks/dateline", "events": ["article.published", "article.updated", "article.unpublished"]
}))]
pub struct WebhookInput {
    /// Where messages are sent: an `https` address. Private networks, and `http` to them, only where the server allows it
    /// (`--webhook-allow`).
    pub url: AbsoluteUrl,
    /// What it is for.
    #[deserr(default)]
    #[schema(required = false)]
    pub description: Option<Line<200>>,
    /// Which messages are sent; all of which readers see something when left out. Those for the desk need the right
    /// `articles:read`.
    #[deserr(default)]
    #[schema(required = false)]
    pub events: WantedEvents,
    /// Slugs of sections: of articles, only messages of those that stand in one of them or below, or have just left it. All when
    /// left out. Messages of tags, authors and collections are sent in any case.
    #[deserr(default)]
    #[schema(required = false)]
    pub sections: WantedSections,
    /// Whether messages are sent; true when left out.
    #[deserr(default = true)]
    #[schema(required = false, default = true)]
    pub enabled: bool,
}

/// Kinds of messages: at least one, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WantedEvents(pub Vec<MessageKind>);

impl Default for WantedEvents {
    fn default() -> Self {
        let all = MessageKind::subscribed();
        Self(
            all.filter(|kind| kind.audience() == Audience::Readers)
                .collect(),
        )
    }
}

impl WantedEvents {
    /// Whether some are for the desk alone.
    pub fn has_any_for_desk(&self) -> bool {
        self.0.iter().any(|kind| kind.audience() == Audience::Desk)
    }
}

impl Deserr<Violations> for WantedEvents {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        const MOST: usize = MessageKind::ALL.len();
        let kinds = DistinctList::<MessageKind, MOST>::deserialize_from_value(value, location)?.0;
        if kinds.is_empty() {
            let invalid = Invalid::new("empty", "must name at least one event");
            return Err(Violations::at(location, invalid));
        }
        if let Some(index) = kinds.iter().position(|kind| *kind == MessageKind::Ping) {
            let detail = "cannot be subscribed to: every webhook is sent it when it is tried";
            let invalid = Invalid::new("unknown_value", detail);
            return Err(Violations::at(location.push_index(index), invalid));
        }
        Ok(Self(kinds))
    }
}

impl PartialSchema for WantedEvents {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(MessageKind::name()))
            .min_items(Some(1))
            .max_items(Some(MessageKind::ALL.len()))
            .unique_items(true)
            .into()
    }
}

impl ToSchema for WantedEvents {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((MessageKind::name().into(), MessageKind::schema()));
    }
}

/// How a secret is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"overlap_hours": 24}))]
pub struct SecretRotation {
    /// How long messages are signed with the secret of before as well: 0 to 168 hours, 24 when left out.
    #[deserr(default = 24, try_from(i64) = hours -> Invalid)]
    #[schema(required = false, minimum = 0, maximum = 168, default = 24)]
    pub overlap_hours: i64,
}

impl Default for SecretRotation {
    fn default() -> Self {
        Self { overlap_hours: 24 }
    }
}

fn hours(number: i64) -> Result<i64, Invalid> {
    match number {
        0..=168 => Ok(number),
        _ => Err(Invalid::new("out_of_range", "must be from 0 to 168")),
    }
}

/// What is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"since": "2026-03-01T08:30:00Z"}))]
pub struct Replay {
    /// All that happened from here on.
    pub since: Timestamp,
}
