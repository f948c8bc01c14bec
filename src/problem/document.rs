//! The body of an answer that says what went wrong, and what may stand in it besides.

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::TYPES;
use crate::db::{Holder, Id, LockedBy, Timestamp};
use crate::merge::MergeConflict;
use crate::validation::Violation;

/// The body of a problem answer, `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/not-found", "title": "Not found", "status": 404,
    "detail": "There is no public article here.",
    "instance": "urn:uuid:019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11"
}))]
pub struct ProblemDocument<'a> {
    /// A relative URL that documents this kind of problem.
    #[serde(rename = "type")]
    #[schema(value_type = ProblemUrl)]
    pub type_url: String,
    /// A short summary, the same for every occurrence.
    pub title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time.
    pub detail: &'a str,
    /// The request's id, also in the `X-Request-Id` header and in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub instance: Option<String>,
    /// Everything wrong with the body, at once.
    #[serde(skip_serializing_if = "<[Violation]>::is_empty")]
    #[schema(required = false)]
    pub errors: &'a [Violation],
    /// How many more things are wrong than `errors` lists, which are at most 100.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false, minimum = 1)]
    pub more_errors: usize,
    /// With `slug-taken`: the nearest free slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub suggestion: Option<&'a str>,
    /// With `name-taken`: the tag that has the name. With `slug-taken`, and with `validation` where a former URL
    /// is taken: the article that has it, when the caller may read that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub existing: Option<&'a Existing>,
    /// With `in-use`: how many articles of any status refer to it; of more than 10,000, 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub article_count: Option<i64>,
    /// With `wrong-state`: the steps that are allowed now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub allowed: Option<&'a [&'static str]>,
    /// Of an atomic batch: the place of the operation that cannot be made, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub operation: Option<usize>,
    /// With `retracted`: what readers are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retraction: Option<&'a RetractionNotice>,
    /// With `merge-conflict`: what was changed in different ways; empty where the article is another version than the one
    /// that was to be merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conflicts: Option<&'a [MergeConflict]>,
    /// With `merge-conflict`: the version that the article has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub article_version: Option<i64>,
    /// With `locked`: who edits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lock: Option<&'a OthersLock>,
}

/// Somebody else's lock of an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "person": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"},
    "since": "2026-03-01T08:30:00.000Z", "until": "2026-03-01T08:35:00.000Z"
}))]
pub struct OthersLock {
    /// Who holds it.
    pub person: LockHolder,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

/// Who holds a lock.
#[derive(Debug, Serialize, ToSchema)]
pub struct LockHolder {
    /// `user` for a person, `token` for a tool.
    pub kind: String,
    /// Which person or token.
    pub id: Id,
    /// What they are called now; null where nobody knows any more.
    #[schema(required = true)]
    pub name: Option<String>,
}

impl From<LockedBy> for OthersLock {
    fn from(locked: LockedBy) -> Self {
        Self {
            person: LockHolder {
                kind: locked.kind,
                id: locked.id,
                name: locked.name,
            },
            since: locked.since,
            until: locked.until,
        }
    }
}

/// What readers are told of an article that was retracted: neither its headline nor its text, which may be what was
/// wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "slug": "flood-fund",
    "notice": "We have retracted this article: a central statement in it could not be confirmed.",
    "published_at": "2026-02-27T06:00:00.000Z", "retracted_at": "2026-03-01T08:30:00.000Z"
}))]
pub struct RetractionNotice {
    /// The slug that it had.
    pub slug: String,
    /// What editors tell readers, plain text; null when they gave no notice.
    #[schema(required = true)]
    pub notice: Option<String>,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was retracted.
    pub retracted_at: Timestamp,
}

/// What is there already.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "slug": "climate", "name": "Climate"
}))]
pub struct Existing {
    /// Its key.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// A tag's name for readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// An article's headline; a draft may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub headline: Option<String>,
}

impl From<Holder> for Existing {
    fn from(article: Holder) -> Self {
        Self {
            id: article.id,
            slug: article.slug,
            name: None,
            headline: article.headline,
        }
    }
}

/// The `type` of every kind of problem, for the OpenAPI document.
struct ProblemUrl;

impl PartialSchema for ProblemUrl {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(
                TYPES.iter().map(|kind| format!("/problems/{}", kind.name)),
            ))
            .into()
    }
}

impl ToSchema for ProblemUrl {}

fn is_zero(number: &usize) -> bool {
    *number == 0
}
