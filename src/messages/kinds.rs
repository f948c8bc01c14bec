//! Which messages there are.

use crate::audit::kinds::EventKind;
use crate::db::Resource;
use crate::events::log::{Entry, Seen};

/// Who may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anyone: readers see what happened.
    Readers,
    /// Who may read articles of any status.
    Desk,
}

crate::word_set! {
    MessageKind, "event", "What a message tells. Later versions have more kinds.";

    ArticlePublished = "article.published", "Readers see an article that they did not see before: it was published, its time has come, or its embargo is over.";
    ArticleUpdated = "article.updated", "Something that readers see of an article was changed.";
    ArticleMoved = "article.moved", "An article has another slug, and perhaps other changes; `previous_slug` has the one before.";
    ArticleCorrected = "article.corrected", "An article was given a correction, or one of its corrections was changed or withdrawn.";
    ArticleUnpublished = "article.unpublished", "Readers do not see an article any more: it was taken back, thrown away, or its time is over.";
    ArticleRetracted = "article.retracted", "An article was withdrawn for a reason.";
    TagCreated = "tag.created", "A tag or a section was created.";
    TagUpdated = "tag.updated", "A tag or a section was changed.";
    TagMerged = "tag.merged", "A tag or a section was merged into another one, `merged_into`.";
    TagDeleted = "tag.deleted", "A tag or a section was deleted.";
    AuthorCreated = "author.created", "An author was created.";
    AuthorUpdated = "author.updated", "An author was changed.";
    AuthorMerged = "author.merged", "An author was merged into another one, `merged_into`.";
    AuthorDeleted = "author.deleted", "An author was deleted.";
    CollectionCreated = "collection.created", "A collection was created.";
    CollectionUpdated = "collection.updated", "A collection was changed.";
    CollectionDeleted = "collection.deleted", "A collection was deleted.";
    ArticleCreated = "article.created", "An article was created, as a draft or published at once.";
    ArticleSubmitted = "article.submitted", "An article was handed over for review.";
    ArticleSaved = "article.saved", "An article that readers do not see was changed.";
    ArticleScheduled = "article.scheduled", "An article will be published later, or is under embargo.";
    ArticleTrashed = "article.trashed", "An article was thrown away.";
    ArticleRestored = "article.restored", "An article was brought back from the trash.";
    ArticleDeleted = "article.deleted", "An article was deleted for good.";
    WorkingCopySaved = "working_copy.saved", "The working copy of an article was begun, changed, scheduled or taken off the schedule.";
    WorkingCopyDiscarded = "working_copy.discarded", "The working copy of an article was discarded.";
    WorkingCopyFailed = "working_copy.failed", "The working copy of an article could not be published when it should have been.";
    MediaCreated = "media.created", "A picture, audio, video or document was uploaded.";
    MediaUpdated = "media.updated", "What is said of a picture, audio, video or document was changed.";
    MediaDeleted = "media.deleted", "A picture, audio, video or document was deleted.";
    Ping = "ping", "Nothing happened: somebody tries whether messages arrive.";
}

impl MessageKind {
    /// The kinds that can be subscribed to.
    pub fn subscribed() -> impl Iterator<Item = Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|kind| *kind != Self::Ping)
    }

    /// Who may be told.
    pub fn audience(self) -> Audience {
        match self {
            Self::ArticlePublished
            | Self::ArticleUpdated
            | Self::ArticleMoved
            | Self::ArticleCorrected
            | Self::ArticleUnpublished
            | Self::ArticleRetracted
            | Self::TagCreated
            | Self::TagUpdated
            | Self::TagMerged
            | Self::TagDeleted
            | Self::AuthorCreated
            | Self::AuthorUpdated
            | Self::AuthorMerged
            | Self::AuthorDeleted
            | Self::CollectionCreated
            | Self::CollectionUpdated
            | Self::CollectionDeleted
            | Self::Ping => Audience::Readers,
            Self::ArticleCreated
            | Self::ArticleSubmitted
            | Self::ArticleSaved
            | Self::ArticleScheduled
            | Self::ArticleTrashed
            | Self::ArticleRestored
            | Self::ArticleDeleted
            | Self::WorkingCopySaved
            | Self::WorkingCopyDiscarded
            | Self::WorkingCopyFailed
            | Self::MediaCreated
            | Self::MediaUpdated
            | Self::MediaDeleted => Audience::Desk,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_standard_webhooks() {
        let known = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
        for kind in MessageKind::ALL {
            let word = kind.as_str();
            assert!(word.chars().all(known), "{word}");
            assert_eq!(word.parse(), Ok(*kind));
        }
        let refusal = "article.publish".parse::<MessageKind>().unwrap_err();
        assert!(refusal.detail.contains("article.published"), "{refusal}");
    }
}
