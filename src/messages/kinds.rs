//! Which messages there are.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};

use crate::audit::kinds::EventKind;
use crate::db::Resource;
use crate::events::log::{Entry, Seen};
use crate::validation::{Invalid, Violations, unknown};

/// Who may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anyone: readers see what happened.
    Readers,
    /// Who may read articles of any status.
    Desk,
}

macro_rules! kinds {
    ($($name:ident = $word:literal, $audience:ident, $meaning:literal;)*) => {
        /// What a message tells.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageKind {
            $(#[doc = $meaning] $name,)*
        }

        impl MessageKind {
            /// Every kind by name.
            pub const ALL: &[(&str, Self)] = &[$(($word, Self::$name)),*];

            /// The kind's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Who may be told.
            pub fn audience(self) -> Audience {
                match self { $(Self::$name => Audience::$audience),* }
            }

            /// What it tells, for the document.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

kinds! {
    ArticlePublished = "article.published", Readers, "Readers see an article that they did not see before: it was published, its time has come, or its embargo is over.";
    ArticleUpdated = "article.updated", Readers, "Something that readers see of an article was changed.";
    ArticleMoved = "article.moved", Readers, "An article has another slug, and perhaps other changes; `previous_slug` has the one before.";
    ArticleCorrected = "article.corrected", Readers, "An article was given a correction, or one of its corrections was changed or withdrawn.";
    ArticleUnpublished = "article.unpublished", Readers, "Readers do not see an article any more: it was taken back, thrown away, or its time is over.";
    ArticleRetracted = "article.retracted", Readers, "An article was withdrawn for a reason.";
    TagCreated = "tag.created", Readers, "A tag or a section was created.";
    TagUpdated = "tag.updated", Readers, "A tag or a section was changed.";
    TagMerged = "tag.merged", Readers, "A tag or a section was merged into another one, `merged_into`.";
    TagDeleted = "tag.deleted", Readers, "A tag or a section was deleted.";
    AuthorCreated = "author.created", Readers, "An author was created.";
    AuthorUpdated = "author.updated", Readers, "An author was changed.";
    AuthorMerged = "author.merged", Readers, "An author was merged into another one, `merged_into`.";
    AuthorDeleted = "author.deleted", Readers, "An author was deleted.";
    CollectionCreated = "collection.created", Readers, "A collection was created.";
    CollectionUpdated = "collection.updated", Readers, "A collection was changed.";
    CollectionDeleted = "collection.deleted", Readers, "A collection was deleted.";
    ArticleCreated = "article.created", Desk, "An article was created, as a draft or published at once.";
    ArticleSubmitted = "article.submitted", Desk, "An article was handed over for review.";
    ArticleSaved = "article.saved", Desk, "An article that readers do not see was changed.";
    ArticleScheduled = "article.scheduled", Desk, "An article will be published later, or is under embargo.";
    ArticleTrashed = "article.trashed", Desk, "An article was thrown away.";
    ArticleRestored = "article.restored", Desk, "An article was brought back from the trash.";
    ArticleDeleted = "article.deleted", Desk, "An article was deleted for good.";
    WorkingCopySaved = "working_copy.saved", Desk, "The working copy of an article was begun, changed, scheduled or taken off the schedule.";
    WorkingCopyDiscarded = "working_copy.discarded", Desk, "The working copy of an article was discarded.";
    WorkingCopyFailed = "working_copy.failed", Desk, "The working copy of an article could not be published when it should have been.";
    MediaCreated = "media.created", Desk, "A picture, audio, video or document was uploaded.";
    MediaUpdated = "media.updated", Desk, "What is said of a picture, audio, video or document was changed.";
    MediaDeleted = "media.deleted", Desk, "A picture, audio, video or document was deleted.";
    Ping = "ping", Readers, "Nothing happened: somebody tries whether messages arrive.";
}

crate::closed_set!(
    MessageKind,
    MessageKind::ALL,
    "What a message tells. Later versions have more kinds."
);

impl MessageKind {
    /// The kinds that can be subscribed to.
    pub fn subscribed() -> impl Iterator<Item = Self> {
        let all = Self::ALL.iter().map(|(_, kind)| *kind);
        all.filter(|kind| *kind != Self::Ping)
    }

    /// What readers are told of an entry of the log; `None` for nothing.
    pub fn for_readers(entry: &Entry, has_moved: bool) -> Option<Self> {
        let seen = Seen::stored(entry.readers_see.as_deref()?)?;
        let kind: Option<EventKind> = entry.kind.parse().ok();
        Some(match (entry.resource.as_str(), seen) {
            (of, Seen::Appeared) if of == Resource::Article.as_str() => Self::ArticlePublished,
            (of, Seen::Changed) if of == Resource::Article.as_str() => match kind {
                Some(
                    EventKind::ArticleCorrected
                    | EventKind::ArticleCorrectionChanged
                    | EventKind::ArticleCorrectionWithdrawn,
                ) => Self::ArticleCorrected,
                _ if has_moved => Self::ArticleMoved,
                _ => Self::ArticleUpdated,
            },
            (of, Seen::Disappeared) if of == Resource::Article.as_str() => match kind {
                Some(EventKind::ArticleRetracted) => Self::ArticleRetracted,
                _ => Self::ArticleUnpublished,
            },
            (of, Seen::Appeared) if of == Resource::Tag.as_str() => Self::TagCreated,
            (of, Seen::Changed) if of == Resource::Tag.as_str() => Self::TagUpdated,
            (of, Seen::Disappeared) if of == Resource::Tag.as_str() => match kind {
                Some(EventKind::TagMerged) => Self::TagMerged,
                _ => Self::TagDeleted,
            },
            (of, Seen::Appeared) if of == Resource::Author.as_str() => Self::AuthorCreated,
            (of, Seen::Changed) if of == Resource::Author.as_str() => Self::AuthorUpdated,
            (of, Seen::Disappeared) if of == Resource::Author.as_str() => match kind {
                Some(EventKind::AuthorMerged) => Self::AuthorMerged,
                _ => Self::AuthorDeleted,
            },
            ("collection", Seen::Appeared) => Self::CollectionCreated,
            ("collection", Seen::Changed) => Self::CollectionUpdated,
            ("collection", Seen::Disappeared) => Self::CollectionDeleted,
            _ => return None,
        })
    }

    /// What the desk is told of an entry of the log besides; `None` for nothing.
    pub fn for_desk(entry: &Entry, is_submitted: bool) -> Option<Self> {
        let is_seen = entry.readers_see.is_some();
        Some(match entry.kind.parse().ok()? {
            EventKind::ArticleCreated if is_submitted => Self::ArticleSubmitted,
            EventKind::ArticleCreated => Self::ArticleCreated,
            EventKind::ArticleEdited if is_submitted => Self::ArticleSubmitted,
            EventKind::ArticleEdited if !is_seen => Self::ArticleSaved,
            EventKind::ArticlePublished if !is_seen => Self::ArticleScheduled,
            EventKind::ArticleTrashed => Self::ArticleTrashed,
            EventKind::ArticleRestored => Self::ArticleRestored,
            EventKind::ArticleDeleted => Self::ArticleDeleted,
            EventKind::WorkingCopySaved
            | EventKind::WorkingCopyScheduled
            | EventKind::WorkingCopyUnscheduled => Self::WorkingCopySaved,
            EventKind::WorkingCopyDiscarded => Self::WorkingCopyDiscarded,
            EventKind::WorkingCopyFailed => Self::WorkingCopyFailed,
            EventKind::MediaUploaded => Self::MediaCreated,
            EventKind::MediaChanged => Self::MediaUpdated,
            EventKind::MediaDeleted => Self::MediaDeleted,
            _ => return None,
        })
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MessageKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(word, _)| *word == text);
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(word, _)| *word).collect();
            unknown("event", text, &known)
        })
    }
}

impl Serialize for MessageKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Deserr<Violations> for MessageKind {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|reason: String| {
                Violations::at(location, Invalid::new("unknown_value", reason))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_standard_webhooks() {
        let known = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
        for (word, kind) in MessageKind::ALL {
            assert!(word.chars().all(known), "{word}");
            assert_eq!(word.parse(), Ok(*kind));
        }
        let reason = "article.publish".parse::<MessageKind>().unwrap_err();
        assert!(reason.contains("article.published"), "{reason}");
    }
}
