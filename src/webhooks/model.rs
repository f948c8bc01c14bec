//! Webhooks, deliveries and attempts as those see them who manage them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{Id, Timestamp};
use crate::messages::kinds::MessageKind;
use crate::messages::model::Message;
use serde_json::value::RawValue;

/// A webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "url": "https://site.example/hooks/dateline", "description": "The site's builder",
    "events": ["article.published", "article.updated", "article.unpublished"], "sections": [], "enabled": true,
    "disabled_at": null, "disabled_reason": null, "failing_since": null, "failures": 0, "held_until": null,
    "previous_secret_until": null, "version": 1, "created_at": "2026-03-01T08:30:00.000Z", "updated_at": "2026-03-01T08:30:00.000Z"
}))]
pub struct Webhook {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Where messages are sent.
    pub url: String,
    /// What it is for.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Which messages are sent.
    pub events: Vec<MessageKind>,
    /// Slugs of sections, as they are now: of articles, only messages of those that stand in one of them or below, or have just
    /// left it; empty for all. A section that was deleted stays.
    #[schema(max_items = 20)]
    pub sections: Vec<String>,
    /// Whether messages are sent. What happens while it is disabled is sent when it is enabled again.
    pub enabled: bool,
    /// Since when it is disabled; null when it is not.
    #[schema(required = true)]
    pub disabled_at: Option<Timestamp>,
    /// Why the server disabled it; null when somebody did, or it is enabled.
    #[schema(required = true)]
    pub disabled_reason: Option<String>,
    /// Since when every attempt failed; null when the last one did not.
    #[schema(required = true)]
    pub failing_since: Option<Timestamp>,
    /// How many attempts have failed since the last that did not.
    #[schema(minimum = 0)]
    pub failures: i64,
    /// Nothing is sent before, because the endpoint asked for it; null when it has not.
    #[schema(required = true)]
    pub held_until: Option<Timestamp>,
    /// Until when messages are signed with the secret of before as well; null when they are not.
    #[schema(required = true)]
    pub previous_secret_until: Option<Timestamp>,
    /// Counts its changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A webhook that was created, with its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CreatedWebhook {
    /// The webhook, as it is listed.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What messages are signed with (Standard Webhooks). Shown this once.
    #[schema(
        pattern = "^whsec_[A-Za-z0-9+/=]+$",
        example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfZmy5zSRo="
    )]
    pub secret: String,
}

/// A new secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookSecret {
    /// What messages are signed with from now on. Shown this once.
    #[schema(
        pattern = "^whsec_[A-Za-z0-9+/=]+$",
        example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfZmy5zSRo="
    )]
    pub secret: String,
    /// Until when they are signed with the one before as well; null when they are not.
    #[schema(required = true)]
    pub previous_secret_until: Option<Timestamp>,
}

/// What has become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It is to be sent.
    Pending,
    /// The endpoint has taken it.
    Delivered,
    /// The last attempt failed as well.
    Failed,
}

impl DeliveryStatus {
    /// Every status by name.
    pub const ALL: &[(&str, Self)] = &[
        ("pending", Self::Pending),
        ("delivered", Self::Delivered),
        ("failed", Self::Failed),
    ];

    /// Its name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The one with this name, as it is stored.
    pub fn stored(name: &str) -> Self {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map_or(Self::Failed, |(_, status)| *status)
    }
}

/// A message that is, or was, to be sent to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// Identifies it.
    pub id: Id,
    /// What the header `webhook-id` says: the same in all attempts, and at all webhooks.
    #[schema(example = "evt_1204_9c0d3b5a7e1f4826")]
    pub message_id: String,
    /// What the message tells.
    #[serde(rename = "type")]
    #[schema(value_type = MessageKind)]
    pub kind: String,
    /// What has become of it.
    pub status: DeliveryStatus,
    /// How many attempts were made.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// When the next one is due; null when none is.
    #[schema(required = true)]
    pub next_attempt_at: Option<Timestamp>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was taken or given up; null while it is pending.
    #[schema(required = true)]
    pub finished_at: Option<Timestamp>,
}

/// An attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookAttempt {
    /// Counted from 1.
    #[schema(minimum = 1)]
    pub number: i64,
    /// When it was begun.
    pub started_at: Timestamp,
    /// How long it took (milliseconds).
    #[schema(minimum = 0)]
    pub duration_ms: i64,
    /// The status that was answered; null when nothing was.
    #[schema(required = true)]
    pub status: Option<i64>,
    /// Why nothing was answered, in words; null when something was.
    #[schema(required = true)]
    pub error: Option<String>,
    /// The first kibibyte of the answer as text; null when there was none.
    #[schema(required = true)]
    pub response: Option<String>,
}

/// A delivery with what was sent, and what came of each attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryDetails {
    /// The delivery, as it is listed.
    #[serde(flatten)]
    pub delivery: WebhookDelivery,
    /// The message, as it is sent.
    #[schema(value_type = Message)]
    pub payload: Box<RawValue>,
    /// The attempts, the newest first; the last 50 of them.
    #[schema(max_items = 50)]
    pub attempts_made: Vec<WebhookAttempt>,
}
