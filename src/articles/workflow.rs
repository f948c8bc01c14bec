//! Statuses, the steps between them, and what publishing needs.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{StoreError, StoreResult, Timestamp};
use crate::events::ArticleState;
use crate::text::Prose;
use crate::validation::{Violation, Violations};

/// Where an article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being written.
    Draft,
    /// Waiting for an editor.
    InReview,
    /// Public from `published_at` on, or from the end of its embargo when that is later.
    Published,
    /// Was public, is not now.
    Unpublished,
    /// Was public and was withdrawn for a reason.
    Retracted,
    /// Thrown away; can be restored.
    Trashed,
}

impl Status {
    /// Every status by name.
    pub const ALL: &[(&str, Self)] = &[
        ("draft", Self::Draft),
        ("in_review", Self::InReview),
        ("published", Self::Published),
        ("unpublished", Self::Unpublished),
        ("retracted", Self::Retracted),
        ("trashed", Self::Trashed),
    ];

    /// The status's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, status)| *status == self)
            .map_or("draft", |(name, _)| name)
    }

    /// Whether readers see an article of this status, with these times, at an instant ([`ArticleState::is_public`]).
    pub fn is_public(
        self,
        published_at: Option<Timestamp>,
        embargo_until: Option<Timestamp>,
        unpublish_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        ArticleState {
            is_published: self == Self::Published,
            published_at,
            embargo_until,
            unpublish_at,
            ..ArticleState::default()
        }
        .is_public(now)
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| *value).ok_or(())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The statuses that an editor sets by hand while writing; all others are reached by steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Violations, rename_all = lowercase)]
pub enum WorkingStatus {
    /// Being written.
    Draft,
    /// Waiting for an editor.
    #[deserr(rename = "in_review")]
    InReview,
}

impl WorkingStatus {
    /// The status it is.
    pub fn status(self) -> Status {
        match self {
            Self::Draft => Status::Draft,
            Self::InReview => Status::InReview,
        }
    }
}

/// What can be done with an article as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change what it says.
    Edit,
    /// Make it public, now or later.
    Publish,
    /// Take it back.
    Unpublish,
    /// Withdraw it, with a reason.
    Retract,
    /// Throw it away.
    Trash,
    /// Bring it back from the trash.
    Restore,
    /// Tell readers what was changed.
    Correct,
    /// Change its working copy.
    EditWorkingCopy,
    /// Publish its working copy.
    PublishWorkingCopy,
    /// Show it to somebody by a link.
    Preview,
    /// Delete it for good.
    Delete,
}

/// What may follow what.
pub const STEPS: &[(Step, &str, &[Status])] = &[
    (
        Step::Edit,
        "edit",
        &[
            Status::Draft,
            Status::InReview,
            Status::Published,
            Status::Unpublished,
        ],
    ),
    (
        Step::Publish,
        "publish",
        &[
            Status::Draft,
            Status::InReview,
            Status::Published,
            Status::Unpublished,
        ],
    ),
    (Step::Unpublish, "unpublish", &[Status::Published]),
    (
        Step::Retract,
        "retract",
        &[Status::Published, Status::Unpublished],
    ),
    (
        Step::Trash,
        "trash",
        &[
            Status::Draft,
            Status::InReview,
            Status::Published,
            Status::Unpublished,
            Status::Retracted,
        ],
    ),
    (Step::Restore, "restore", &[Status::Trashed]),
    (
        Step::Correct,
        "correct",
        &[Status::Published, Status::Unpublished],
    ),
    (
        Step::EditWorkingCopy,
        "edit_working_copy",
        &[Status::Published],
    ),
    (
        Step::PublishWorkingCopy,
        "publish_working_copy",
        &[Status::Published],
    ),
    (
        Step::Preview,
        "preview",
        &[
            Status::Draft,
            Status::InReview,
            Status::Published,
            Status::Unpublished,
        ],
    ),
    (Step::Delete, "delete", &[Status::Trashed]),
];

impl Step {
    fn row(self) -> (&'static str, &'static [Status]) {
        STEPS
            .iter()
            .find(|(step, _, _)| *step == self)
            .map_or(("", &[]), |(_, name, from)| (name, from))
    }

    /// Whether the step may be taken from a status.
    ///
    /// # Errors
    /// [`StoreError::InvalidTransition`] with the steps that may.
    pub fn check(self, from: Status) -> StoreResult<()> {
        let (name, allowed_from) = self.row();
        if allowed_from.contains(&from) {
            return Ok(());
        }
        Err(StoreError::InvalidTransition {
            detail: format!("An article that is {from} cannot take the step \"{name}\"."),
            allowed: STEPS
                .iter()
                .filter(|(_, _, statuses)| statuses.contains(&from))
                .map(|(_, name, _)| *name)
                .collect(),
        })
    }
}

/// The status in which an article comes back from the trash: never public at once.
pub fn restored(before: Status) -> Status {
    match before {
        Status::Published => Status::Unpublished,
        Status::Trashed => Status::Draft,
        other => other,
    }
}

/// When to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"published_at": "2026-03-01T08:30:00Z"}))]
pub struct PublishInput {
    /// In the future, the article appears then by itself. When left out: the time at which it was
    /// first public, or when it never was, now or the end of its embargo.
    #[deserr(default)]
    #[schema(required = false)]
    pub published_at: Option<Timestamp>,
    /// Kept back until then; null lifts an embargo, left out keeps the one there is.
    #[deserr(default)]
    #[schema(value_type = Option<Timestamp>, required = false)]
    pub embargo_until: Embargo,
    /// From then on it is not public any more, by itself and to the second; null takes that back, left out keeps
    /// a time that is to come.
    #[deserr(default)]
    #[schema(value_type = Option<Timestamp>, required = false)]
    pub unpublish_at: Expiry,
    /// Why, for the desk: it stands in the article's revisions.
    #[deserr(default)]
    #[schema(required = false)]
    pub note: Option<Prose<1000>>,
}

impl PublishInput {
    /// Why, in the words of whoever publishes.
    pub fn note(&self) -> Option<String> {
        self.note.as_ref().map(|note| note.as_str().to_owned())
    }
}

/// What publishing does to an embargo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Embargo {
    /// Nothing is said: it stays as it is.
    #[default]
    Kept,
    /// `null`: there is none any more.
    Lifted,
    /// There is one until then.
    Until(Timestamp),
}

impl Deserr<Violations> for Embargo {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let until: Option<Timestamp> = Deserr::deserialize_from_value(value, location)?;
        Ok(until.map_or(Self::Lifted, Self::Until))
    }
}

/// What publishing, or a change of a published article, does to the time at which it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expiry {
    /// Nothing is said: it stays as it is.
    #[default]
    Kept,
    /// `null`: it does not end by itself.
    Removed,
    /// It ends then.
    At(Timestamp),
}

impl Expiry {
    /// When it ends, of an article that ended at `before` so far. A time that is over when it is published again
    /// says nothing of that.
    pub fn of(self, before: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Kept => before.filter(|instant| *instant > now),
            Self::Removed => None,
            Self::At(instant) => Some(instant),
        }
    }
}

impl Deserr<Violations> for Expiry {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let at: Option<Timestamp> = Deserr::deserialize_from_value(value, location)?;
        Ok(at.map_or(Self::Removed, Self::At))
    }
}

/// Refuses an end that is over already, or that comes before readers see the article.
///
/// # Errors
/// [`StoreError::Invalid`] at `/unpublish_at`.
pub fn check_expiry(article: &ArticleState, now: Timestamp) -> StoreResult<()> {
    let (Some(from), Some(end)) = (article.public_from(), article.unpublish_at) else {
        return Ok(());
    };
    if end > from.max(now) {
        return Ok(());
    }
    let detail = "must be in the future, and after published_at and embargo_until";
    Err(StoreError::Invalid(
        Violation::new("/unpublish_at", "too_early", detail).into(),
    ))
}

/// Why an article is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "reason": "The main source withdrew the statement.",
    "notice": "We have retracted this article: a central statement in it could not be confirmed."
}))]
pub struct RetractInput {
    /// For editors; readers never see it.
    pub reason: Prose<4000>,
    /// For readers: what the article's address says from now on (410), and `/v1/corrections`. Plain text. When left
    /// out they are told that the article was retracted, and when.
    #[deserr(default)]
    #[schema(required = false)]
    pub notice: Option<Prose<4000>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_step_names_the_allowed_ones() {
        let Err(StoreError::InvalidTransition { allowed, .. }) =
            Step::Publish.check(Status::Trashed)
        else {
            panic!("publishing from the trash was allowed");
        };
        assert_eq!(allowed, ["restore", "delete"]);
    }

    #[test]
    fn nothing_comes_back_from_the_trash_public() {
        for (_, status) in Status::ALL {
            assert_ne!(restored(*status), Status::Published);
            assert_ne!(restored(*status), Status::Trashed);
        }
    }

    #[test]
    fn a_retracted_article_can_only_be_thrown_away() {
        for (step, name, _) in STEPS {
            assert_eq!(step.check(Status::Retracted).is_ok(), *name == "trash");
        }
    }
}
