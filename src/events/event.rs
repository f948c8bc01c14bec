//! What happened to an article, a tag, an author or a collection, or to what only editors have.

use serde::Serialize;
use serde_json::Value;

use crate::db::{Id, Resource, Timestamp};

/// What others depend on of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleState {
    /// Whether its status is `published`: it may be scheduled or under embargo.
    pub is_published: bool,
    /// When it is published, or was.
    pub published_at: Option<Timestamp>,
    /// Until when readers do not see it although it is published.
    pub embargo_until: Option<Timestamp>,
    /// From when on readers do not see it any more although it is published.
    pub unpublish_at: Option<Timestamp>,
    /// The section that it stands in.
    pub section: Option<Id>,
    /// Its tags, in order.
    pub tags: Vec<Id>,
    /// Its authors, in order.
    pub authors: Vec<Id>,
}

impl ArticleState {
    /// From when readers see it; `None` unless it is published.
    pub fn public_from(&self) -> Option<Timestamp> {
        let published = self.published_at.filter(|_| self.is_published)?;
        Some(
            self.embargo_until
                .map_or(published, |end| end.max(published)),
        )
    }

    /// From when on they do not any more; `None` when no end is set, or it is not published.
    pub fn public_until(&self) -> Option<Timestamp> {
        self.unpublish_at.filter(|_| self.is_published)
    }

    /// Whether readers see it at an instant.
    pub fn is_public(&self, now: Timestamp) -> bool {
        self.public_from().is_some_and(|from| from <= now)
            && self.public_until().is_none_or(|until| until > now)
    }

    /// Whether the clock, left alone, shows it to readers at the same times as another.
    pub fn is_public_when(&self, other: &Self) -> bool {
        self.public_from() == other.public_from() && self.public_until() == other.public_until()
    }
}

/// A correction, as the log keeps one that readers do not see any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// Which one.
    pub id: Id,
    /// What it was: `correction`, `clarification` or `update`.
    pub kind: String,
    /// Its words, at most 4,000 characters.
    pub text: String,
    /// When readers were told.
    pub published_at: Timestamp,
}

/// What happened to an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleEvent {
    /// It was created.
    Created,
    /// Its content was changed.
    Edited,
    /// It was published, now or for later.
    Published,
    /// It was taken back.
    Unpublished,
    /// It was withdrawn for a reason.
    Retracted,
    /// It was thrown away.
    Trashed,
    /// It was brought back from the trash.
    Restored,
    /// It was given a correction.
    Corrected,
    /// A correction of it was changed; as that was before.
    CorrectionChanged(Correction),
    /// A correction of it was withdrawn; as that was.
    CorrectionWithdrawn(Correction),
    /// Its time was over: the clock had hidden it from readers, and the server took it back.
    Expired,
    /// It was deleted for good.
    Deleted,
}

/// What is said of a change to an article besides what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remark {
    /// Why it was made, in the words of whoever made it.
    pub note: Option<String>,
    /// The version that it brought back.
    pub restored_from: Option<i64>,
    /// Whether readers were not told of it.
    pub silent: bool,
    /// Whether it handed the article over for review.
    pub submitted: bool,
    /// The slug that the article had before, where it has another one since.
    pub moved_from: Option<String>,
}

impl Remark {
    /// A note alone.
    pub fn of(note: Option<String>) -> Self {
        Self {
            note,
            ..Self::default()
        }
    }
}

/// What happened to a tag or an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameEvent {
    /// It was created with this name.
    Created(String),
    /// It was changed; with its name where that is another one.
    Edited(Option<String>),
    /// It was merged into another one, and is gone.
    Merged(Id),
    /// This other one was merged into it. What follows for articles follows from that one's [`Merged`](Self::Merged).
    Absorbed(Id),
    /// No article referred to it, and it is gone.
    Deleted,
}

/// What happened to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionEvent {
    /// It was created.
    Created,
    /// Its title, its slots or its rule were changed.
    Changed,
    /// It is gone.
    Deleted,
}

/// What happened to something that readers never see: a person who signs in, a token, a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskEvent {
    /// What happened, as the log calls it: `token_revoked`.
    pub kind: &'static str,
    /// To what kind of thing: `token`.
    pub resource: &'static str,
    /// To which one.
    pub id: Id,
    /// What editors know it by, a name or a slug. No secret.
    pub name: String,
    /// More, as a JSON object of a few members.
    pub detail: Value,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a change has a few, nearly all of articles, and they live as long as it"
)]
pub enum Event {
    /// To an article.
    Article {
        /// What.
        event: ArticleEvent,
        /// Which one.
        id: Id,
        /// Its slug after it.
        slug: String,
        /// Its version after it.
        version: i64,
        /// As it was; nothing at all when it is new.
        before: ArticleState,
        /// As it is now.
        after: ArticleState,
        /// What is said of it.
        remark: Remark,
    },
    /// An article's time came: the clock made it public, and nothing about it was written.
    Appeared {
        /// Which one.
        id: Id,
        /// Its slug.
        slug: String,
        /// Its version.
        version: i64,
    },
    /// To a tag or an author.
    Name {
        /// What.
        event: NameEvent,
        /// Which of them.
        of: Resource,
        /// Which one.
        id: Id,
        /// Its slug after it.
        slug: String,
    },
    /// To a collection.
    Collection {
        /// What.
        event: CollectionEvent,
        /// Which one.
        id: Id,
        /// Its slug.
        slug: String,
        /// Its version after it; of one that is gone, its last.
        version: i64,
    },
    /// To something that readers never see.
    Desk(DeskEvent),
}

impl Event {
    /// Something at the desk that happened to an article of which readers see nothing: the article's key and slug.
    pub fn of_desk(kind: &'static str, (id, slug): (Id, String), detail: Value) -> Self {
        Self::Desk(DeskEvent {
            kind,
            resource: Resource::Article.as_str(),
            id,
            name: slug,
            detail,
        })
    }

    /// What it is called in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Article { event, .. } => match event {
                ArticleEvent::Created => "article_created",
                ArticleEvent::Edited => "article_edited",
                ArticleEvent::Published => "article_published",
                ArticleEvent::Unpublished => "article_unpublished",
                ArticleEvent::Retracted => "article_retracted",
                ArticleEvent::Trashed => "article_trashed",
                ArticleEvent::Restored => "article_restored",
                ArticleEvent::Corrected => "article_corrected",
                ArticleEvent::CorrectionChanged(_) => "article_correction_changed",
                ArticleEvent::CorrectionWithdrawn(_) => "article_correction_withdrawn",
                ArticleEvent::Expired => "article_expired",
                ArticleEvent::Deleted => "article_deleted",
            },
            Self::Appeared { .. } => "article_appeared",
            Self::Name { event, of, .. } => match (of, event) {
                (Resource::Author, NameEvent::Created(_)) => "author_created",
                (Resource::Author, NameEvent::Edited(_) | NameEvent::Absorbed(_)) => {
                    "author_edited"
                }
                (Resource::Author, NameEvent::Merged(_)) => "author_merged",
                (Resource::Author, NameEvent::Deleted) => "author_deleted",
                (_, NameEvent::Created(_)) => "tag_created",
                (_, NameEvent::Edited(_) | NameEvent::Absorbed(_)) => "tag_edited",
                (_, NameEvent::Merged(_)) => "tag_merged",
                (_, NameEvent::Deleted) => "tag_deleted",
            },
            Self::Collection { event, .. } => match event {
                CollectionEvent::Created => "collection_created",
                CollectionEvent::Changed => "collection_changed",
                CollectionEvent::Deleted => "collection_deleted",
            },
            Self::Desk(event) => event.kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_public_from_the_later_of_two_instants() {
        let (early, late) = (Timestamp::EARLIEST, Timestamp::now());
        let mut article = ArticleState {
            is_published: true,
            published_at: Some(early),
            ..ArticleState::default()
        };
        assert_eq!(article.public_from(), Some(early));
        article.embargo_until = Some(late);
        assert_eq!(article.public_from(), Some(late));
        assert!(!article.is_public(early));
        assert!(article.is_public(late));
        article.is_published = false;
        assert_eq!(article.public_from(), None);
    }
}
