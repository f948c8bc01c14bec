//! What a page of changes says.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::articles::model::Article;
use crate::authors::model::Author;
use crate::authors::profile::SocialLink;
use crate::db::{Id, Timestamp};
use crate::tags::model::{Position, Tag, TagKind};

/// What is said of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncKind {
    /// An article as it is now: `article`.
    Article,
    /// An article that readers do not see any more, whatever the reason. A client that never had it does nothing.
    DeletedArticle,
    /// A tag or a section as it is now: `tag`.
    Tag,
    /// A tag that is gone; with `merged_into` where it was merged.
    DeletedTag,
    /// An author as they are now: `author`.
    Author,
    /// An author who is gone; with `merged_into` where they were merged.
    DeletedAuthor,
}

/// A tag, without the number of its articles, which changes with them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SyncedTag {
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
    /// What it names.
    pub kind: TagKind,
    /// What it is about.
    #[schema(required = true)]
    pub description: Option<String>,
    /// The tag that it stands below.
    #[schema(required = true)]
    pub parent_id: Option<Id>,
    /// Where it stands in navigation, smaller numbers first; null for after those that have a number.
    #[schema(required = true)]
    pub position: Option<Position>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl From<Tag> for SyncedTag {
    fn from(tag: Tag) -> Self {
        Self {
            slug: tag.slug,
            name: tag.name,
            kind: tag.kind,
            description: tag.description,
            parent_id: tag.parent.map(|parent| parent.id),
            position: tag.position,
            updated_at: tag.updated_at,
        }
    }
}

/// An author, without the number of their articles, which changes with them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SyncedAuthor {
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
    pub social: Vec<SocialLink>,
    /// Where readers can write to them; null unless they want that.
    #[schema(required = true)]
    pub contact_email: Option<String>,
    /// When the entry was last changed.
    pub updated_at: Timestamp,
}

impl From<Author> for SyncedAuthor {
    fn from(author: Author) -> Self {
        Self {
            slug: author.slug,
            name: author.name,
            role: author.role,
            bio: author.bio,
            avatar_url: author.avatar_url,
            website: author.website,
            social: author.social,
            contact_email: author.contact_email,
            updated_at: author.updated_at,
        }
    }
}

/// Something as it is now, or that it is gone. Put it where its `id` is, whatever was there.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncItem {
    /// What is said.
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: SyncKind,
    /// Of what.
    pub id: Id,
    /// Of an article: all that readers see of it but share counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Article>, nullable = false)]
    pub article: Option<Box<RawValue>>,
    /// Of a tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tag: Option<SyncedTag>,
    /// Of an author.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<SyncedAuthor>,
    /// Of what is gone: the slug that it had last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// Of a tag or an author that is gone: into which one it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub merged_into: Option<Id>,
    /// Of what is gone: when readers saw it for the last time, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deleted_at: Option<Timestamp>,
}

impl SyncItem {
    /// One that says nothing yet.
    pub(super) fn new(kind: SyncKind, id: Id) -> Self {
        Self {
            kind,
            id,
            article: None,
            tag: None,
            author: None,
            slug: None,
            merged_into: None,
            deleted_at: None,
        }
    }

    /// A tag as it is.
    pub(super) fn of_tag(tag: Tag) -> Self {
        let id = tag.id;
        Self {
            tag: Some(tag.into()),
            ..Self::new(SyncKind::Tag, id)
        }
    }

    /// An author as they are.
    pub(super) fn of_author(author: Author) -> Self {
        let id = author.id;
        Self {
            author: Some(author.into()),
            ..Self::new(SyncKind::Author, id)
        }
    }
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncPage {
    /// What to put into the copy, in this order.
    pub data: Vec<SyncItem>,
    /// Where to read on: pass it as `cursor`, at once while `has_more` is true, and later for what has changed since.
    pub cursor: String,
    /// Whether more is there now. False: the copy is as everything was.
    pub has_more: bool,
}
