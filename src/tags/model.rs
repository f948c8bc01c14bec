//! What a tag is.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::db::total::TotalIs;
use crate::db::{Id, Timestamp};
use crate::http::fields::Known;
use crate::text::{Line, Prose, Slug};
use crate::validation::{Invalid, Violations};

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
    /// Whether it was chosen to stand for the article. Not shown in responses.
    #[serde(skip_serializing, default)]
    #[schema(ignore)]
    pub is_primary: bool,
}

/// A tag that another one stands below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"slug": "world", "name": "World"}))]
pub struct TagLink {
    /// Not shown in responses.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
}

/// The section that an article stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "slug": "africa", "name": "Africa", "ancestors": [{"slug": "world", "name": "World"}]
}))]
pub struct SectionRef {
    /// Not shown in responses.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
    /// The sections that it stands below, for breadcrumbs: from the top down to its parent; none for one at the
    /// top.
    #[schema(max_items = 7)]
    pub ancestors: Vec<TagLink>,
    /// Whether it was chosen to stand for the article. Not shown in responses.
    #[serde(skip_serializing, default)]
    #[schema(ignore)]
    pub is_primary: bool,
}

impl SectionRef {
    /// The same as a tag.
    pub fn as_tag(&self) -> TagRef {
        TagRef {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            kind: TagKind::Section,
            is_primary: self.is_primary,
        }
    }
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "climate", "name": "Climate",
    "kind": "topic", "description": null, "parent": null, "ancestors": [], "position": null,
    "article_count": 12, "updated_at": "2026-03-01T08:30:00.000Z"
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
    /// The tag that it stands below, which is of the same kind.
    #[schema(required = true)]
    pub parent: Option<TagLink>,
    /// All that it stands below, for breadcrumbs: from the top down to its parent; none for one at the top.
    #[schema(max_items = 7)]
    pub ancestors: Vec<TagLink>,
    /// Where it stands in navigation, smaller numbers first; null for after those that have a number.
    #[schema(required = true)]
    pub position: Option<Position>,
    /// How many public articles have it now; those of tags below it are not counted.
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
    /// Slug of a tag of the same kind that it is to stand below: a section, of which this is a subsection. At the top
    /// when left out. A tag has at most 7 above it, a tree of sections at most 100, one of other tags at most 2,000.
    #[deserr(default)]
    #[schema(required = false)]
    pub parent: Option<Slug>,
    /// Where it stands in navigation, smaller numbers first; after those that have a number when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub position: Option<Position>,
}

/// A place in navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Position(i32);

impl Position {
    /// The largest.
    const MOST: i64 = 1_000_000;
    /// What is kept where there is none: after all others.
    const NONE: i32 = i32::MAX;

    /// What is kept of one.
    pub fn to_stored(position: Option<Self>) -> i32 {
        position.map_or(Self::NONE, |position| position.0)
    }

    /// The one that is kept.
    pub fn of_stored(stored: i32) -> Option<Self> {
        (stored != Self::NONE).then_some(Self(stored))
    }
}

impl Deserr<Violations> for Position {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let number = <i64 as Deserr<Violations>>::deserialize_from_value(value, location)?;
        let in_range = (0..=Self::MOST).contains(&number);
        let position = i32::try_from(number).ok().filter(|_| in_range);
        position.map(Self).ok_or_else(|| {
            let detail = format!("must be from 0 to {}", Self::MOST);
            Violations::at(location, Invalid::new("out_of_range", detail))
        })
    }
}

impl PartialSchema for Position {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(0))
            .maximum(Some(Self::MOST))
            .into()
    }
}

impl ToSchema for Position {}

/// Into what something is merged.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"into": "climate-adaptation"}))]
pub struct MergeInput {
    /// The slug of what stays.
    pub into: Slug,
}

/// A tag's order in lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagSort {
    /// By name, accents folded.
    #[default]
    Name,
    /// The most used first.
    ArticleCount,
    /// By their positions, those without one last; then by name.
    Position,
}

impl TagSort {
    /// What `sort=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("name", Self::Name),
        ("-article_count", Self::ArticleCount),
        ("position", Self::Position),
    ];
}

crate::closed_set!(
    TagSort,
    Self::ALL,
    "The order of tags: by name, the most used first, or as they stand in navigation."
);

/// Where the tags of a list stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// At the top: below no other.
    Top,
    /// Right below the tag with this slug.
    Below(Slug),
}

/// Which tags a list has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagFilter {
    /// Only this kind.
    pub kind: Option<TagKind>,
    /// Only names that contain this, accents folded.
    pub name_contains: Option<String>,
    /// Only those that stand there.
    pub standing: Option<Standing>,
    /// Only those that nothing refers to.
    pub unused: bool,
    /// Their order.
    pub sort: TagSort,
}

/// What refers to a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "articles": 14, "articles_are": "exact", "published": 12, "children": 0, "collections": 1
}))]
pub struct TagUsage {
    /// How many articles have it, of any status, those in the trash included.
    #[schema(minimum = 0)]
    pub articles: i64,
    /// Whether `articles` is all of them: of those that are not published at most 1,000 are counted.
    pub articles_are: TotalIs,
    /// How many of them are published, scheduled ones and those under embargo included.
    #[schema(minimum = 0)]
    pub published: i64,
    /// How many tags stand right below it.
    #[schema(minimum = 0)]
    pub children: i64,
    /// How many collections are filled by it, or without what has it.
    #[schema(minimum = 0)]
    pub collections: i64,
}

/// A tag as the desk sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditorialTag {
    /// The tag.
    #[serde(flatten)]
    pub tag: Tag,
    /// Counts its changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What refers to it.
    pub usage: TagUsage,
}

/// The fields that `fields=` can choose.
pub const FIELDS: Known = &[
    ("id", &[]),
    ("slug", &[]),
    ("name", &[]),
    ("kind", &[]),
    ("description", &[]),
    ("parent", &["slug", "name"]),
    ("ancestors", &["slug", "name"]),
    ("position", &[]),
    ("article_count", &[]),
    ("updated_at", &[]),
];
