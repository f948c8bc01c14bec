//! What a collection is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::card::ArticleCard;
use crate::articles::model::ListedArticle;
use crate::articles::workflow::Status;
use crate::db::{Id, Timestamp};
use crate::http::fields::Known;

/// A collection in a list for readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "home", "title": "Home",
    "updated_at": "2026-03-01T08:30:00.000Z"
}))]
pub struct CollectionSummary {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub title: String,
    /// When an editor last changed it. Its articles change besides.
    pub updated_at: Timestamp,
}

/// The fields that `fields=` can choose in a list of collections.
pub const FIELDS: Known = &[
    ("id", &[]),
    ("slug", &[]),
    ("title", &[]),
    ("updated_at", &[]),
];

/// How an article came into a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// An editor put it into a slot.
    Pinned,
    /// The rule took it.
    Filled,
}

/// An article in a collection.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CollectedArticle {
    /// The article, under the headline that its slot gives it, if it does.
    #[serde(flatten)]
    pub article: ListedArticle,
    /// What stands beside its headline here: "Live", "Analysis".
    #[schema(required = true)]
    pub label: Option<String>,
    /// Whether an editor or the rule placed it.
    pub placement: Placement,
}

/// A collection for readers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Collection {
    /// Its public articles: those that are pinned in their order, then the newest of those that its rule takes.
    #[schema(max_items = 100)]
    pub data: Vec<CollectedArticle>,
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub title: String,
    /// When an editor last changed it. Its articles change besides.
    pub updated_at: Timestamp,
}

/// An article in a collection, with `view=card`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CollectedCard {
    /// The article as teasers show it, under the headline that its slot gives it, if it does.
    #[serde(flatten)]
    pub article: ArticleCard,
    /// What stands beside its headline here: "Live", "Analysis".
    #[schema(required = true)]
    pub label: Option<String>,
    /// Whether an editor or the rule placed it.
    pub placement: Placement,
}

/// A collection for readers, with `view=card`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CollectionCards {
    /// Its public articles: those that are pinned in their order, then the newest of those that its rule takes.
    #[schema(max_items = 100)]
    pub data: Vec<CollectedCard>,
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub title: String,
    /// When an editor last changed it. Its articles change besides.
    pub updated_at: Timestamp,
}

/// A collection in an editorial list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditorialCollectionSummary {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub title: String,
    /// Counts its changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// How many slots it has.
    #[schema(minimum = 0, maximum = 100)]
    pub slot_count: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What the desk needs to know of the article in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SlotArticle {
    /// Its name in URLs.
    pub slug: String,
    /// Its own headline, once there is one.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// Where it stands in the workflow.
    pub status: Status,
    /// When it was, or will be, published.
    #[schema(required = true)]
    pub published_at: Option<Timestamp>,
    /// Whether the public sees it now.
    pub is_public: bool,
}

/// A place in a collection, with its article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Slot {
    /// The article's id.
    pub article: Id,
    /// The headline that it has here; null for its own.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// What stands beside its headline here.
    #[schema(required = true)]
    pub label: Option<String>,
    /// From when it is shown; null for no beginning.
    #[schema(required = true)]
    pub from: Option<Timestamp>,
    /// Until when it is shown; null for no end.
    #[schema(required = true)]
    pub until: Option<Timestamp>,
    /// Whether readers see it here now: the article is public, and it is the slot's time.
    pub is_shown: bool,
    /// The article; null when it is not public and the caller may not read it.
    #[schema(required = true)]
    pub about: Option<SlotArticle>,
}

/// What fills a collection below its slots: the newest articles to which all of this applies and that do not
/// stand above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fill {
    /// Of this section; null for any.
    #[schema(required = true)]
    pub section: Option<String>,
    /// With one of these tags; empty for any.
    #[schema(max_items = 5)]
    pub tags: Vec<String>,
    /// With none of these tags.
    #[schema(max_items = 20)]
    pub exclude_tags: Vec<String>,
    /// In this language, in whatever script, region or variant unless that is named; null for any.
    #[schema(required = true)]
    pub language: Option<String>,
    /// How many articles the collection has in all, those in slots included.
    #[schema(minimum = 1, maximum = 100)]
    pub limit: i32,
}

/// A collection for editors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditorialCollection {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub title: String,
    /// Counts its changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Its slots, in their order.
    #[schema(max_items = 100)]
    pub slots: Vec<Slot>,
    /// What fills it below them; null for nothing.
    #[schema(required = true)]
    pub fill: Option<Fill>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
