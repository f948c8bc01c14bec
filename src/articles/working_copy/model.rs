//! A working copy as editors see it.

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::parts::CorrectionInput;
use crate::articles::telling::Telling;
use crate::articles::written::WrittenArticle;
use crate::auth::actor::ActorRef;
use crate::db::{Id, Timestamp};
use crate::merge::MergeConflict;
use crate::text::Prose;
use crate::validation::{Violations, Warning};

/// What is said of an article's working copy where the article is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "version": 5, "base_version": 7, "updated_at": "2026-03-01T08:30:00.000Z",
    "publish_at": "2026-03-02T06:00:00.000Z", "failure": null
}))]
pub struct WorkingCopySummary {
    /// Counts its changes; `"w…"` of it is its ETag. No number comes twice, whatever was discarded before.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The version of the article that it began as, or that was merged into it last.
    #[schema(minimum = 1)]
    pub base_version: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it will be published by itself; null when that is for somebody to do.
    #[schema(required = true)]
    pub publish_at: Option<Timestamp>,
    /// Why it was not published when it should have been; null since it was changed or scheduled again.
    #[schema(required = true)]
    pub failure: Option<PublishFailure>,
}

/// Why a working copy was not published at its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "failed_at": "2026-03-02T06:00:00.412Z", "publish_at": "2026-03-02T06:00:00.000Z",
    "reason": "the article and its working copy changed /headline in different ways"
}))]
pub struct PublishFailure {
    /// When that was found.
    pub failed_at: Timestamp,
    /// When it should have been published.
    pub publish_at: Timestamp,
    /// Why it was not, for people.
    pub reason: String,
}

/// Changes to a published article that readers do not see yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WorkingCopy {
    /// The article.
    pub article_id: Id,
    /// Where it stands.
    #[serde(flatten)]
    pub summary: WorkingCopySummary,
    /// The version that the article has now. When it is another one than `base_version`, the two are merged when the
    /// working copy is published.
    #[schema(minimum = 1)]
    pub article_version: i64,
    /// What both have changed since `base_version`, in different ways: until that is settled it cannot be published.
    pub conflicts: Vec<MergeConflict>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Who began it.
    pub created_by: ActorRef,
    /// Who changed it last.
    pub updated_by: ActorRef,
    /// Why, in the words of whoever changed it last and gave a reason.
    #[schema(required = true)]
    pub note: Option<String>,
    /// The article as it is written in it. What it named and is gone is left out.
    pub article: WrittenArticle,
    /// What a write changed or left out of what was sent; left out where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<Warning>,
}

/// What is said when a working copy is published. Of one that is scheduled it is stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "publish_at": "2026-03-02T06:00:00Z",
    "correction": {"kind": "update", "text": "This article was rewritten after the vote."}
}))]
pub struct PublishWorkingCopyInput {
    /// When; at once when left out, or when it is over.
    #[deserr(default)]
    #[schema(required = false)]
    pub publish_at: Option<Timestamp>,
    /// Why, for the desk: it stands in the article's revisions.
    #[deserr(default)]
    #[schema(required = false)]
    pub note: Option<Prose<1000>>,
    /// `true` leaves readers' `updated_at` as it is.
    #[deserr(default)]
    #[schema(required = false)]
    pub silent: bool,
    /// What readers are told was corrected.
    #[deserr(default)]
    #[schema(required = false)]
    pub correction: Option<CorrectionInput>,
}

impl PublishWorkingCopyInput {
    /// What the desk and what readers are told of it.
    pub fn said(&self) -> (Option<Prose<1000>>, Telling) {
        let telling = Telling {
            silent: self.silent,
            correction: self.correction.clone(),
        };
        (self.note.clone(), telling)
    }
}
