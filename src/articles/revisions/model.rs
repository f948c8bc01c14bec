//! Revisions as editors see them.

use std::str::FromStr;

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::parts::CorrectionInput;
use crate::articles::telling::Telling;
use crate::articles::workflow::Status;
use crate::articles::written::WrittenArticle;
use crate::auth::actor::ActorRef;
use crate::body::BlockChange;
use crate::db::Timestamp;
use crate::diff::FieldChange;
use crate::events::ArticleEvent;
use crate::text::Prose;
use crate::validation::Violations;

macro_rules! steps {
    ($($step:ident = $name:literal, $meaning:literal;)*) => {
        /// What made a version of an article.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum RevisionStep {
            $(#[doc = $meaning] $step,)*
        }

        impl RevisionStep {
            /// Each by its name.
            pub const ALL: &[(&str, Self)] = &[$(($name, Self::$step)),*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$step => $name),* }
            }
        }
    };
}

steps! {
    Created = "created", "It was created.";
    Edited = "edited", "What it says was changed.";
    Published = "published", "It was published, now or for later.";
    Unpublished = "unpublished", "It was taken back.";
    Retracted = "retracted", "It was withdrawn for a reason.";
    Trashed = "trashed", "It was thrown away.";
    Restored = "restored", "It was brought back from the trash.";
    Corrected = "corrected", "It was given a correction.";
    CorrectionChanged = "correction_changed", "A correction of it was changed.";
    CorrectionWithdrawn = "correction_withdrawn", "A correction of it was withdrawn.";
    Expired = "expired", "Its time was over, and it was taken back.";
    Found = "found", "It was there before revisions were kept.";
}

impl RevisionStep {
    /// What made the version that an event tells of; `None` where nothing is left.
    pub fn of(event: &ArticleEvent) -> Option<Self> {
        Some(match event {
            ArticleEvent::Created => Self::Created,
            ArticleEvent::Edited => Self::Edited,
            ArticleEvent::Published => Self::Published,
            ArticleEvent::Unpublished => Self::Unpublished,
            ArticleEvent::Expired => Self::Expired,
            ArticleEvent::Retracted => Self::Retracted,
            ArticleEvent::Trashed => Self::Trashed,
            ArticleEvent::Restored => Self::Restored,
            ArticleEvent::Corrected => Self::Corrected,
            ArticleEvent::CorrectionChanged(_) => Self::CorrectionChanged,
            ArticleEvent::CorrectionWithdrawn(_) => Self::CorrectionWithdrawn,
            ArticleEvent::Deleted => return None,
        })
    }
}

impl FromStr for RevisionStep {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, step)| *step).ok_or(())
    }
}

/// A version of an article in the list of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 4, "recorded_at": "2026-03-01T08:30:00.000Z", "step": "edited", "status": "published",
    "actor": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"},
    "note": "The figure was wrong", "restored_from": null, "silent": false, "headline": "Harbour cities agree on a flood fund",
    "word_count": 512
}))]
pub struct RevisionSummary {
    /// Which version; `"v…"` of it was its ETag. Numbers are missing where old drafts were thinned out.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was saved.
    pub recorded_at: Timestamp,
    /// What made it.
    #[schema(inline)]
    pub step: RevisionStep,
    /// The status from then on.
    pub status: Status,
    /// Who made it.
    pub actor: ActorRef,
    /// Why, in the words of whoever made it; of a retraction its reason, of a correction its text.
    #[schema(required = true)]
    pub note: Option<String>,
    /// The version that it brought back.
    #[schema(required = true, minimum = 1)]
    pub restored_from: Option<i64>,
    /// Whether readers were not told of it: their `updated_at` stayed.
    pub silent: bool,
    /// Its headline.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// How many words its body has.
    #[schema(minimum = 0)]
    pub word_count: i32,
}

/// A version of an article, whole.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Revision {
    /// What the list says of it.
    #[serde(flatten)]
    pub summary: RevisionSummary,
    /// The article as it was written.
    pub article: WrittenArticle,
}

/// What differs between two versions of an article.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "from": 3, "to": 4,
    "fields": [{
        "pointer": "/headline", "unit": "words", "from": "A fund for harbours", "to": "A flood fund for harbours",
        "runs": [
            {"op": "equal", "text": "A "}, {"op": "insert", "text": "flood "},
            {"op": "equal", "text": "fund for harbours"}
        ]
    }],
    "body": [{
        "op": "insert", "from_index": null, "to_index": 3, "count": 1,
        "block": {"type": "paragraph", "html": "The fund begins in May."}, "changes": []
    }]
}))]
pub struct RevisionDiff {
    /// The version that is compared.
    #[schema(minimum = 1)]
    pub from: i64,
    /// The version that it is compared with.
    #[schema(minimum = 1)]
    pub to: i64,
    /// What is another of all but the body.
    pub fields: Vec<FieldChange>,
    /// What became of the blocks of the body, in the order of the one that it is compared with.
    pub body: Vec<BlockChange>,
}

/// What is said of bringing a version back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"note": "The figures were right after all."}))]
pub struct RestoreInput {
    /// Why, for the desk: it stands in the new revision.
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

impl RestoreInput {
    /// What the desk and what readers are told of it.
    pub fn said(self) -> (Option<Prose<1000>>, Telling) {
        let telling = Telling {
            silent: self.silent,
            correction: self.correction,
        };
        (self.note, telling)
    }
}
