//! The desk at a glance, and who edits what.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::workflow::Status;
use crate::auth::actor::ActorRef;
use crate::db::total::TotalIs;
use crate::db::{Id, Timestamp};
use crate::validation::{Invalid, Violations};

/// Who edits an article now, as far as they said. It keeps nobody from writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "person": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"},
    "since": "2026-03-01T08:30:00.000Z", "until": "2026-03-01T08:35:00.000Z"
}))]
pub struct ArticleLock {
    /// Who: a person, or a tool by the name of its token.
    pub person: ActorRef,
    /// Since when, without a break.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

/// Whether an article is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"lock": null}))]
pub struct LockState {
    /// Who edits it; null when nobody says so.
    #[schema(required = true)]
    pub lock: Option<ArticleLock>,
}

/// For how long an article is locked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"seconds": 300}))]
pub struct LockInput {
    /// Seconds from now on, 60 to 3,600; 300 when left out.
    #[deserr(default)]
    #[schema(value_type = Option<i64>, required = false, minimum = 60, maximum = 3600)]
    pub seconds: LockSeconds,
}

/// Seconds that a lock is held unless it is renewed: 60 to 3,600.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockSeconds(i32);

impl LockSeconds {
    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl Default for LockSeconds {
    fn default() -> Self {
        Self(300)
    }
}

impl Deserr<Violations> for LockSeconds {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef,
    ) -> Result<Self, Violations> {
        let seconds = <Option<i64> as Deserr<Violations>>::deserialize_from_value(value, location)?;
        match seconds.map(i32::try_from) {
            None => Ok(Self::default()),
            Some(Ok(seconds @ 60..=3600)) => Ok(Self(seconds)),
            Some(_) => Err(Violations::at(
                location,
                Invalid::new("out_of_range", "must be a whole number from 60 to 3600"),
            )),
        }
    }
}

/// An article, as far as it takes to name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskArticle {
    /// Identifies it for good.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its headline, once there is one.
    #[schema(required = true)]
    pub headline: Option<String>,
}

/// How many articles have a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusCount {
    /// The status.
    pub status: Status,
    /// How many have it; of more than 10,000, 10,000.
    #[schema(minimum = 0)]
    pub total: i64,
    /// Whether `total` is all of them.
    pub total_is: TotalIs,
}

/// What the clock does to a published article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComingChange {
    /// Readers see it from then on.
    Appears,
    /// Readers do not see it any more from then on.
    Expires,
    /// Its working copy is published then.
    WorkingCopy,
}

/// What the clock will do to an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DueArticle {
    /// When.
    pub at: Timestamp,
    /// What.
    #[schema(inline)]
    pub change: ComingChange,
    /// Which article.
    pub article: DeskArticle,
}

/// What has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// It is published and its end has come, so that readers do not see it, but the server has not unpublished it.
    NotTakenBack,
    /// Readers see it, but the log does not say that it appeared: whoever follows that does not know.
    NotAnnounced,
    /// Its working copy should have been published and could not be; the article's `working_copy.failure` says why.
    WorkingCopyRefused,
}

/// What should have happened to an article and has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailedArticle {
    /// When it should have.
    pub at: Timestamp,
    /// What has failed. Later versions know more.
    #[schema(inline)]
    pub reason: FailureReason,
    /// Which article.
    pub article: DeskArticle,
}

/// An article that somebody edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LockedArticle {
    /// Which article.
    pub article: DeskArticle,
    /// Who edits it.
    pub lock: ArticleLock,
}

/// A published article that shows something whose rights have expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExpiredMedia {
    /// The item of the media.
    pub media_id: Id,
    /// When its rights expired.
    pub rights_expire_at: Timestamp,
    /// Which article shows it.
    pub article: DeskArticle,
}

/// The desk at a glance: of the articles that the caller may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "counts": [{"status": "draft", "total": 12, "total_is": "exact"}],
    "due": [{
        "at": "2026-03-01T08:30:00.000Z", "change": "appears",
        "article": {"id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "flood-fund", "headline": "Cities agree on a flood fund"}
    }],
    "has_more_due": false,
    "failed": [],
    "has_more_failed": false,
    "locked": [{
        "article": {"id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "flood-fund", "headline": "Cities agree on a flood fund"},
        "lock": {
            "person": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"},
            "since": "2026-03-01T08:30:00.000Z", "until": "2026-03-01T08:35:00.000Z"
        }
    }],
    "has_more_locked": false,
    "expired_media": [],
    "has_more_expired_media": false
}))]
pub struct Desk {
    /// How many articles there are of each status, all six of them.
    pub counts: Vec<StatusCount>,
    /// What the clock does to published articles in the next 24 hours, in the order of time: the first 100.
    #[schema(max_items = 100)]
    pub due: Vec<DueArticle>,
    /// Whether there is more than `due` lists.
    pub has_more_due: bool,
    /// Working copies that could not be published at their time, and what the clock should have led to more than a
    /// minute ago and has not, the oldest first: the first 100.
    #[schema(max_items = 100)]
    pub failed: Vec<FailedArticle>,
    /// Whether there is more than `failed` lists.
    pub has_more_failed: bool,
    /// Who edits what, those first who began first: the first 100.
    #[schema(max_items = 100)]
    pub locked: Vec<LockedArticle>,
    /// Whether there is more than `locked` lists.
    pub has_more_locked: bool,
    /// Published articles that show something whose rights have expired, those first that have done so for longest: the
    /// first 100.
    #[schema(max_items = 100)]
    pub expired_media: Vec<ExpiredMedia>,
    /// Whether there is more than `expired_media` lists.
    pub has_more_expired_media: bool,
}
