//! What a tag is.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{Id, Timestamp};
use crate::http::fields::Known;
use crate::text::{Line, Prose, Slug};
use crate::validation::Violations;

/// What a tag names.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[deserr(error = Violations, rename_all = lowercase)]
pub enum TagKind {
    /// What it is about.
    #[default]
    Topic,
    /// Someone.
    Person,
    /// A company, party, agency or club.
    Organisation,
    /// Somewhere.
    Place,
    /// Something that happens.
    Event,
    /// Articles that belong together.
    Series,
    /// The part of the paper: an article has one at most, in a field of its own.
    Section,
}

impl TagKind {
    /// Every kind by name.
    pub const ALL: &[(&str, Self)] = &[
        ("topic", Self::Topic),
        ("person", Self::Person),
        ("organisation", Self::Organisation),
        ("place", Self::Place),
        ("event", Self::Event),
        ("series", Self::Series),
        ("section", Self::Section),
    ];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("topic", |(name, _)| name)
    }
}

impl FromStr for TagKind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| *value).ok_or(())
    }
}

impl fmt::Display for TagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A tag as articles name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"slug": "climate", "name": "Climate", "kind": "topic"}))]
pub struct TagRef {
    /// Not shown in responses.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
    /// What it names.
    pub kind: TagKind,
}

/// The section that an article stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"slug": "world", "name": "World"}))]
pub struct SectionRef {
    /// Not shown in responses.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "climate", "name": "Climate",
    "kind": "topic", "description": null, "article_count": 12,
    "updated_at": "2026-03-01T08:30:00.000Z"
}))]
pub struct Tag {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
    /// What it names.
    pub kind: TagKind,
    /// What it is about.
    #[schema(required = true)]
    pub description: Option<String>,
    /// How many public articles have it now.
    #[schema(minimum = 0)]
    pub article_count: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What editors write of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"name": "Climate", "kind": "topic"}))]
pub struct TagInput {
    /// Its name for readers.
    pub name: Line<120>,
    /// Its name in URLs; made from the name when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub slug: Option<Slug>,
    /// What it names; `topic` when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub kind: TagKind,
    /// What it is about.
    #[deserr(default)]
    #[schema(required = false)]
    pub description: Option<Prose<2000>>,
}

/// Into what something is merged.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"into": "climate-adaptation"}))]
pub struct MergeInput {
    /// The slug of what stays.
    pub into: Slug,
}

/// A tag's order in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSort {
    /// By name, accents folded.
    Name,
    /// The most used first.
    ArticleCount,
}

impl TagSort {
    /// What `sort=` takes.
    pub const ALL: &[(&str, Self)] =
        &[("name", Self::Name), ("-article_count", Self::ArticleCount)];
}

crate::closed_set!(
    TagSort,
    Self::ALL,
    "The order of tags: by name, or the most used first."
);

/// Which tags a list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// Only this kind.
    pub kind: Option<TagKind>,
    /// Only names that contain this, accents folded.
    pub name_contains: Option<String>,
    /// Their order.
    pub sort: TagSort,
}

/// The fields that `fields=` can choose.
pub const FIELDS: Known = &[
    ("id", &[]),
    ("slug", &[]),
    ("name", &[]),
    ("kind", &[]),
    ("description", &[]),
    ("article_count", &[]),
    ("updated_at", &[]),
];
