//! What a message says.

use serde::Serialize;
use utoipa::ToSchema;

use super::kinds::MessageKind;
use crate::articles::workflow::Status;
use crate::db::{Id, Timestamp};

/// Something that happened. What it says of an article is what holds when the message is made, which may be later than what it
/// tells: read the rest from the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "article.published", "timestamp": "2026-03-01T08:30:00.000Z", "sequence": 1204, "data": {
        "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "harbour-cities-agree-flood-fund", "version": 3,
        "url": "https://news.example/harbour-cities-agree-flood-fund", "headline": "Harbour cities agree on a flood fund",
        "section": "world", "published_at": "2026-03-01T08:30:00.000Z", "updated_at": "2026-03-01T08:30:00.000Z"
    }
}))]
pub struct Message {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Its number in the log: what has a larger one was committed later. 0 for `ping`. Two messages can tell of one entry.
    #[schema(minimum = 0)]
    pub sequence: i64,
    /// To what it happened.
    pub data: MessageData,
}

/// To what something happened. Of an article that readers do not see there is its id, its slug and its version, and in messages for
/// the desk its status, headline and section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageData {
    /// Which one; of `ping` the endpoint.
    pub id: Id,
    /// Its slug after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// Of `article.moved`: its slug before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub previous_slug: Option<String>,
    /// Of an article or a collection: its version after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub version: Option<i64>,
    /// Of an article that readers see: where; left out when the site's address is not set and it has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// Of an article: its headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub headline: Option<String>,
    /// Of an article: the slug of the section that it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<String>,
    /// Of an article, for the desk: where it stands in the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<Status>,
    /// Of an article: when it was, or will be, published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub published_at: Option<Timestamp>,
    /// Of an article: when it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_at: Option<Timestamp>,
    /// Of a tag or an author: into which one it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub merged_into: Option<Id>,
}

impl MessageData {
    /// Of something of which nothing else is known.
    pub fn of(id: Id) -> Self {
        Self {
            id,
            slug: None,
            previous_slug: None,
            version: None,
            url: None,
            headline: None,
            section: None,
            status: None,
            published_at: None,
            updated_at: None,
            merged_into: None,
        }
    }
}
