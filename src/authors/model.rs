//! What an author is.

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::profile::{EmailAddress, SocialLink, SocialLinks};
use crate::db::total::TotalIs;
use crate::db::{Id, Timestamp};
use crate::http::fields::Known;
use crate::text::{AbsoluteUrl, Line, Prose, Slug, WebUrl};
use crate::validation::Violations;

/// An author as an article shows them: all that "About the author" needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "alex-writer", "name": "Alex Writer",
    "role": "Correspondent", "bio": "Alex writes about ports and the people in them.",
    "avatar_url": "https://images.example.com/alex.jpg", "website": "https://alex.example.com/",
    "social": [{"network": "mastodon", "url": "https://social.example.com/@alex"}],
    "contact_email": "alex@example.com"
}))]
pub struct AuthorRef {
    /// Identifies them for good: an id never changes and is never used again.
    pub id: Id,
    /// Their name in URLs.
    pub slug: String,
    /// Their name as it is printed.
    pub name: String,
    /// What they are in the newsroom.
    #[schema(required = true)]
    pub role: Option<String>,
    /// A few sentences about them, plain text.
    #[schema(required = true)]
    pub bio: Option<String>,
    /// A portrait.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// Their own pages.
    #[schema(required = true)]
    pub website: Option<String>,
    /// Where else readers find them, in order.
    #[schema(max_items = 20)]
    pub social: Vec<SocialLink>,
    /// Where readers can write to them; null unless they want that.
    #[schema(required = true)]
    pub contact_email: Option<String>,
}

/// An author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "alex-writer", "name": "Alex Writer",
    "role": "Correspondent", "bio": null, "avatar_url": null, "website": null, "social": [],
    "contact_email": null, "article_count": 12, "updated_at": "2026-03-01T08:30:00.000Z"
}))]
pub struct Author {
    /// Identifies them for good: an id never changes and is never used again.
    pub id: Id,
    /// Their name in URLs.
    pub slug: String,
    /// Their name as it is printed.
    pub name: String,
    /// What they are in the newsroom.
    #[schema(required = true)]
    pub role: Option<String>,
    /// A few sentences about them, plain text.
    #[schema(required = true)]
    pub bio: Option<String>,
    /// A portrait.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// Their own pages.
    #[schema(required = true)]
    pub website: Option<String>,
    /// Where else readers find them, in order.
    #[schema(max_items = 20)]
    pub social: Vec<SocialLink>,
    /// Where readers can write to them; null unless they want that.
    #[schema(required = true)]
    pub contact_email: Option<String>,
    /// How many public articles are theirs now.
    #[schema(minimum = 0)]
    pub article_count: i64,
    /// When the entry was last changed.
    pub updated_at: Timestamp,
}

impl From<&Author> for AuthorRef {
    fn from(author: &Author) -> Self {
        Self {
            id: author.id,
            slug: author.slug.clone(),
            name: author.name.clone(),
            role: author.role.clone(),
            bio: author.bio.clone(),
            avatar_url: author.avatar_url.clone(),
            website: author.website.clone(),
            social: author.social.clone(),
            contact_email: author.contact_email.clone(),
        }
    }
}

/// What editors write of an author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"name": "Alex Writer", "role": "Correspondent"}))]
pub struct AuthorInput {
    /// Their name as it is printed.
    pub name: Line<120>,
    /// Their name in URLs; made from the name when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub slug: Option<Slug>,
    /// What they are in the newsroom.
    #[deserr(default)]
    #[schema(required = false)]
    pub role: Option<Line<120>>,
    /// A few sentences about them, plain text.
    #[deserr(default)]
    #[schema(required = false)]
    pub bio: Option<Prose<4000>>,
    /// A portrait.
    #[deserr(default)]
    #[schema(required = false)]
    pub avatar_url: Option<WebUrl>,
    /// Their own pages.
    #[deserr(default)]
    #[schema(required = false)]
    pub website: Option<AbsoluteUrl>,
    /// Where else readers find them, in order, no page twice.
    #[deserr(default)]
    #[schema(required = false)]
    pub social: SocialLinks,
    /// An address that readers are shown: leave it out unless the author wants that.
    #[deserr(default)]
    #[schema(required = false)]
    pub contact_email: Option<EmailAddress>,
}

/// An author's order in lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuthorSort {
    /// By name, accents folded.
    #[default]
    Name,
    /// Those with the most articles first.
    ArticleCount,
}

impl AuthorSort {
    /// What `sort=` takes.
    pub const ALL: &[(&str, Self)] =
        &[("name", Self::Name), ("-article_count", Self::ArticleCount)];
}

/// Which authors a list has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorFilter {
    /// Only names that contain this, accents folded.
    pub name_contains: Option<String>,
    /// Only those of no article.
    pub unused: bool,
    /// Their order.
    pub sort: AuthorSort,
}

/// What refers to an author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"articles": 14, "articles_are": "exact", "published": 12}))]
pub struct AuthorUsage {
    /// How many articles are theirs, of any status, those in the trash included.
    #[schema(minimum = 0)]
    pub articles: i64,
    /// Whether `articles` is all of them: of those that are not published at most 1,000 are counted.
    pub articles_are: TotalIs,
    /// How many of them are published, scheduled ones and those under embargo included.
    #[schema(minimum = 0)]
    pub published: i64,
}

/// An author as the desk sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditorialAuthor {
    /// The author.
    #[serde(flatten)]
    pub author: Author,
    /// Counts the changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What refers to them.
    pub usage: AuthorUsage,
}

/// The fields that `fields=` can choose.
pub const FIELDS: Known = &[
    ("id", &[]),
    ("slug", &[]),
    ("name", &[]),
    ("role", &[]),
    ("bio", &[]),
    ("avatar_url", &[]),
    ("website", &[]),
    ("social", &["network", "url"]),
    ("contact_email", &[]),
    ("article_count", &[]),
    ("updated_at", &[]),
];
