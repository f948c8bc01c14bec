//! Preview links as editors see them, and what whoever has one is told.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::model::Article;
use crate::articles::workflow::Status;
use crate::auth::actor::ActorRef;
use crate::db::version::Version;
use crate::db::{Id, Timestamp};
use crate::text::Prose;
use crate::validation::{Invalid, Violations};

/// A link to read one article without a token, until it expires or is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a21",
    "url": "https://news.example.com/preview?token=pv_AZqPPF0efESdWwxvD39qIQ",
    "token": "pv_AZqPPF0efESdWwxvD39qIQ", "expires_at": "2026-03-08T08:30:00.000Z", "revision": null,
    "note": "For the lawyer", "created_at": "2026-03-01T08:30:00.000Z",
    "created_by": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"}
}))]
pub struct PreviewLink {
    /// Identifies it.
    pub id: Id,
    /// The page of the newsroom's site that shows it; null where the server does not know one.
    #[schema(required = true)]
    pub url: Option<String>,
    /// What `/v1/preview/{token}` takes. Whoever has it may read the article.
    pub token: String,
    /// From then on it shows nothing any more.
    pub expires_at: Timestamp,
    /// The version of the article that it shows; null for the newest text: its working copy, where it has one.
    #[schema(required = true, minimum = 1)]
    pub revision: Option<i64>,
    /// What it is for, for the desk.
    #[schema(required = true)]
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: ActorRef,
}

/// The preview links of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewLinkList {
    /// Those that are good now, the newest first.
    pub data: Vec<PreviewLink>,
}

/// What is said of a link that is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"expires_at": "2026-03-08T08:30:00Z", "note": "For the lawyer"}))]
pub struct PreviewLinkInput {
    /// When it expires, at most 90 days from now; in 7 days when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub expires_at: Option<Timestamp>,
    /// The version of the article that it shows; the newest text when left out, whatever that will be.
    #[deserr(default, try_from(Option<i64>) = version -> Invalid)]
    #[schema(required = false, value_type = Option<i64>, minimum = 1)]
    pub revision: Option<Version>,
    /// What it is for, for the desk.
    #[deserr(default)]
    #[schema(required = false)]
    pub note: Option<Prose<1000>>,
}

fn version(number: Option<i64>) -> Result<Option<Version>, Invalid> {
    match number {
        Some(number) if number < 1 => Err(Invalid::new("out_of_range", "must be 1 or more")),
        number => Ok(number.map(Version)),
    }
}

/// That an article is shown by a preview link, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "draft", "is_public": false, "revision": 3, "is_working_copy": false,
    "expires_at": "2026-03-08T08:30:00.000Z"
}))]
pub struct PreviewMark {
    /// Where the article stands in the workflow.
    pub status: Status,
    /// Whether readers see the article now, though it may say something else there.
    pub is_public: bool,
    /// The version of the article that is shown, or that its working copy is based on.
    #[schema(minimum = 1)]
    pub revision: i64,
    /// Whether its working copy is shown.
    pub is_working_copy: bool,
    /// Until when the link is good.
    pub expires_at: Timestamp,
}

/// An article as readers would see it, marked as a preview. One that was never published has as `published_at` when it
/// was last saved.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewArticle {
    /// The article.
    #[serde(flatten)]
    pub article: Article,
    /// That this is a preview.
    pub preview: PreviewMark,
}
