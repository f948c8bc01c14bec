//! The one error type of the HTTP edge: problem documents (RFC 9457).
//!
//! Every problem's words are in [`TYPES`]; `/problems/{name}` documents them from the same table.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::db::total::{Total, TotalIs};
use crate::db::{Holder, Id, LockedBy, Outage, Resource, StoreError, Timestamp};
use crate::etag::{self, PRIVATE};
use crate::log::Repeated;
use crate::merge::MergeConflict;
use crate::validation::{MOST_DETAIL, Violation, Violations, cut};

/// A kind of problem: what `type` in a problem document points to.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemType {
    /// The last part of its URL, `/problems/{name}`.
    pub name: &'static str,
    /// The HTTP status it comes with.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// A short summary, the same for every occurrence.
    pub title: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
}

macro_rules! problem_types {
    ($($constant:ident = $name:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning]
        pub const $constant: ProblemType = ProblemType {
            name: $name, status: $status, title: $title, meaning: $meaning,
        };)*

        /// Every kind of problem this server answers with.
        pub const TYPES: &[&ProblemType] = &[$(&$constant),*];
    };
}

problem_types! {
    BAD_REQUEST = "bad-request", 400, "Bad request",
        "The request could not be understood as HTTP or as UTF-8 text.";
    MALFORMED_JSON = "malformed-json", 400, "Malformed JSON",
        "The body is not JSON (RFC 8259), is cut short, or is nested too deeply. `detail` names line and column.";
    INVALID_PARAMETER = "invalid-parameter", 400, "Invalid parameter",
        "A query parameter is unknown or has a value that it cannot take. `detail` names it, and the one that was probably meant.";
    INVALID_CURSOR = "invalid-cursor", 400, "Invalid cursor",
        "The cursor was not made by this server for this list with these filters. Start again without one.";
    UNAUTHENTICATED = "unauthenticated", 401, "Not signed in",
        "The request needs `Authorization: Bearer …` with an access token or an API token that is valid now.";
    INVALID_CREDENTIALS = "invalid-credentials", 401, "Wrong e-mail address or password",
        "No user has this e-mail address and password. Which of the two is wrong is not said.";
    FORBIDDEN = "forbidden", 403, "Not allowed",
        "The token is valid, but its role or scopes do not include this. `detail` names the right that is needed.";
    NOT_FOUND = "not-found", 404, "Not found",
        "Not found, or not public.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed",
        "This resource does not take this method; the `Allow` header lists those it takes.";
    REQUEST_TIMEOUT = "request-timeout", 408, "Request took too long",
        "The request did not arrive in full within the time limit.";
    SLUG_TAKEN = "slug-taken", 409, "Slug is taken",
        "Another resource has this slug. `suggestion` is the nearest free one; `existing` names an article that has it, to callers who may read that.";
    NAME_TAKEN = "name-taken", 409, "Name is taken",
        "Another tag of the same kind has this name, case and kinds of space aside. `existing` names it.";
    IN_USE = "in-use", 409, "In use",
        "Articles refer to it, or collections are filled by it, so that it cannot be deleted. `article_count` says how many articles do, of any status; merging it into another takes all along.";
    WRONG_STATE = "wrong-state", 409, "Not possible in this state",
        "The step is not allowed from the state it is in. `allowed` lists the steps of an article that are.";
    MERGE_CONFLICT = "merge-conflict", 409, "Changed in two ways",
        "The article and its working copy have changed the same thing in different ways, named in `conflicts` with both sides. Nothing was changed. Settle it in the working copy: `PATCH` it with what you decide and `rebase` set to `article_version`.";
    LOCKED = "locked", 409, "Somebody else edits it",
        "Another person, or a tool, has said that they edit this article. `lock` says who, and until when. It keeps nobody from writing: a change needs `If-Match` only. With the right `articles:publish`, `take=true` takes the lock over.";
    CONFLICT = "conflict", 409, "Written at the same moment",
        "Something that this request builds on was written at the same moment. Nothing was changed; try again.";
    KEY_IN_FLIGHT = "idempotency-key-in-flight", 409, "Being answered",
        "A request with this `Idempotency-Key` has not been answered yet. Send it again after `Retry-After` seconds: it is answered as the first one then.";
    SHOWN_ONCE = "shown-once", 409, "Shown once only",
        "The request with this `Idempotency-Key` was done, and its response had a secret in it, which is not kept. `detail` says where the thing is that it made; delete that and make another one.";
    RETRACTED = "retracted", 410, "Retracted",
        "Readers knew this article, and it was withdrawn for good. `retraction` says when, and what editors tell readers of it.";
    LINK_OVER = "link-over", 410, "The link is over",
        "The preview link has expired or was revoked; whoever sent it can make another one.";
    PRECONDITION_FAILED = "precondition-failed", 412, "Changed since you read it",
        "The `If-Match` header does not name the current version. The `ETag` header does: read again, then repeat the change.";
    TOO_LARGE = "too-large", 413, "Too large",
        "The body is larger than this resource takes.";
    URI_TOO_LONG = "uri-too-long", 414, "Address too long",
        "The request's path and query are longer than this server reads.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "Unsupported media type",
        "The body's `Content-Type` is not one that this resource takes.";
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable", 416, "Range not satisfiable",
        "The file is shorter than where the range begins. `Content-Range` says how long it is.";
    VALIDATION = "validation", 422, "Validation failed",
        "The body is well-formed, but its content is not acceptable. `errors` lists everything that is wrong, each with a JSON pointer.";
    KEY_REUSED = "idempotency-key-reused", 422, "Idempotency-Key used for something else",
        "Another request was sent with this `Idempotency-Key` in the last 24 hours: another path, query, body or `If-Match`. Nothing was changed; take a new key for a new request.";
    PRECONDITION_REQUIRED = "precondition-required", 428, "If-Match is required",
        "A change needs an `If-Match` header with the ETag that was read, so that two editors never overwrite each other.";
    RATE_LIMITED = "rate-limited", 429, "Too many requests",
        "Wait as long as `Retry-After` says.";
    HEADERS_TOO_LARGE = "headers-too-large", 431, "Headers too large",
        "The request's header fields are larger than this server reads.";
    INTERNAL = "internal", 500, "Internal error",
        "The server failed. `instance` is the request's id: its operator finds the reason in the log under it.";
    UNAVAILABLE = "unavailable", 503, "Not available now",
        "The server or its database is busy or starting, or the identity provider is away. Try again after `Retry-After` seconds.";
    OUTCOME_UNKNOWN = "outcome-unknown", 504, "Outcome unknown",
        "The database did not say whether it has made the change: it is there as a whole, or not at all. Read what you meant to change before you send it again.";
    TOO_SLOW = "too-slow", 503, "Takes too long",
        "What was asked for takes longer than the server gives one request, and was ended. Ask for less: fewer or rarer words in `q`, no `beginning*`, a tag, a section or dates to narrow it, no `count`.";
}

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

/// What a handler returns instead of a result.
#[derive(Debug)]
pub struct Problem(Box<Occurrence>);

/// Boxed, so that a result with a problem is as small as one without.
#[derive(Debug)]
struct Occurrence {
    kind: &'static ProblemType,
    detail: String,
    errors: Violations,
    suggestion: Option<String>,
    existing: Option<Existing>,
    article_count: Option<i64>,
    allowed: Option<Vec<&'static str>>,
    operation: Option<usize>,
    retraction: Option<RetractionNotice>,
    diverged: Option<(i64, Vec<MergeConflict>)>,
    lock: Option<OthersLock>,
    headers: Vec<(HeaderName, HeaderValue)>,
    is_outage: bool,
}

impl Problem {
    /// A problem of one kind with what happened this time.
    pub fn new(kind: &'static ProblemType, detail: impl Into<String>) -> Self {
        Self(Box::new(Occurrence {
            kind,
            detail: cut(&detail.into(), MOST_DETAIL),
            errors: Violations::default(),
            suggestion: None,
            existing: None,
            article_count: None,
            allowed: None,
            operation: None,
            retraction: None,
            diverged: None,
            lock: None,
            headers: Vec::new(),
            is_outage: false,
        }))
    }

    /// The answer for whatever is not public, does not exist, or may not be known of: always the
    /// same, so that it tells nothing.
    pub fn not_found() -> Self {
        Self::new(&NOT_FOUND, "Not found, or not public.")
    }

    /// The answer for an article that readers knew and that was retracted; `detail` is the notice, cut where it is
    /// long, or `otherwise`.
    pub fn retracted(retraction: RetractionNotice, otherwise: &str) -> Self {
        let mut problem = Self::new(
            &RETRACTED,
            retraction.notice.as_deref().unwrap_or(otherwise),
        );
        problem.0.retraction = Some(retraction);
        problem
    }

    /// The answer for an article that somebody else edits.
    fn locked(by: LockedBy) -> Self {
        let who = by.name.as_deref().unwrap_or("somebody else");
        let detail = format!("It is being edited by {who}, until {}.", by.until);
        let mut problem = Self::new(&LOCKED, detail);
        problem.0.lock = Some(by.into());
        problem
    }

    /// Whether it is the server's, not the client's.
    pub fn is_failure(&self) -> bool {
        self.0.kind.status >= 500
    }

    /// Whether it is that the database cannot be reached.
    pub fn is_outage(&self) -> bool {
        self.0.is_outage
    }

    /// A wrong query parameter.
    pub fn parameter(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(
            &INVALID_PARAMETER,
            format!("Parameter \"{name}\" {reason}."),
        )
    }

    /// Everything wrong with a body.
    pub fn validation(errors: Violations) -> Self {
        let detail = match errors.listed() {
            [only] if only.pointer.is_empty() => format!("The body {}.", only.detail),
            [only] => format!("{} {}.", only.pointer, only.detail),
            _ => format!("{} things are wrong; see `errors`.", errors.len()),
        };
        let mut problem = Self::new(&VALIDATION, detail);
        problem.0.errors = errors;
        problem
    }

    /// 503 with the seconds after which trying again makes sense.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(&UNAVAILABLE, detail).with_header(header::RETRY_AFTER, HeaderValue::from(1))
    }

    /// The database cannot do it now.
    fn of_outage(outage: Outage, reason: &str) -> Self {
        // Each kind for itself: one must not hide another.
        static LOGS: [Repeated; Outage::COUNT] = [const { Repeated::new() }; Outage::COUNT];
        LOGS[outage as usize].warn(&format!("database unavailable ({outage:?}): {reason}"));
        let (detail, seconds) = match outage {
            Outage::Unreachable => ("The database cannot be reached.", 1),
            Outage::Busy => ("The database is busy.", 1),
            Outage::QueueFull => ("Too much waits to be written.", 1),
            Outage::DiskFull => ("The database's disk is full: nothing can be written.", 60),
            Outage::ReadOnly => ("The database can only be read at present.", 10),
            Outage::Unsuitable => ("The database is not ready for this server.", 10),
        };
        let mut problem = Self::new(&UNAVAILABLE, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds));
        problem.0.is_outage = outage == Outage::Unreachable;
        problem
    }

    /// Why one operation of several cannot be made, and so none of them.
    fn of_operation(index: usize, pointer: Option<&str>, error: StoreError) -> Self {
        let mut problem = Self::from(error);
        if let Some(pointer) = pointer {
            problem = problem.of_one_operation(index, pointer);
        }
        problem.0.detail = cut(
            &format!(
                "Operation {index}: {} Nothing was changed.",
                problem.0.detail
            ),
            MOST_DETAIL,
        );
        problem.0.operation = Some(index);
        problem
    }

    /// The same with pointers into the body that had the operation among others.
    pub fn of_one_operation(mut self, index: usize, pointer: &str) -> Self {
        let errors = std::mem::take(&mut self.0.errors);
        self.0.errors = errors.under(&format!("/operations/{index}{pointer}"));
        self
    }

    /// 412 with the version that stands.
    fn precondition_failed(current: i64, detail: &str) -> Self {
        let problem = Self::new(&PRECONDITION_FAILED, detail)
            .with_header(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
        match HeaderValue::try_from(etag::of_version(current)) {
            Ok(tag) => problem.with_header(header::ETAG, tag),
            Err(_) => problem,
        }
    }

    /// 429 with the time after which the next request is answered.
    pub fn rate_limited(detail: impl Into<String>, wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        Self::new(&RATE_LIMITED, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The problem that stands for a bare status from the framework.
    pub fn from_status(status: StatusCode) -> Self {
        let kind = TYPES
            .iter()
            .find(|kind| kind.status == status.as_u16())
            .copied()
            .unwrap_or(if status.is_server_error() {
                &INTERNAL
            } else {
                &BAD_REQUEST
            });
        Self::new(kind, kind.meaning)
    }

    /// The same with a header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Which kind of problem this is.
    pub fn kind(&self) -> &'static ProblemType {
        self.0.kind
    }

    /// The answer, with the request's id where one is known.
    pub fn to_response(&self, request_id: Option<&str>) -> HttpResponse {
        let document = self.document(request_id);
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for header in &self.0.headers {
            response.insert_header(header.clone());
        }
        response.body(serde_json::to_vec(&document).unwrap_or_default())
    }

    /// The document, with the request's id where one is known.
    pub fn document(&self, request_id: Option<&str>) -> ProblemDocument<'_> {
        let occurrence = &*self.0;
        ProblemDocument {
            type_url: format!("/problems/{}", occurrence.kind.name),
            title: occurrence.kind.title,
            status: occurrence.kind.status,
            detail: &occurrence.detail,
            instance: request_id.map(|id| format!("urn:uuid:{id}")),
            errors: occurrence.errors.listed(),
            more_errors: occurrence.errors.more(),
            suggestion: occurrence.suggestion.as_deref(),
            existing: occurrence.existing.as_ref(),
            article_count: occurrence.article_count,
            allowed: occurrence.allowed.as_deref(),
            operation: occurrence.operation,
            retraction: occurrence.retraction.as_ref(),
            conflicts: occurrence
                .diverged
                .as_ref()
                .map(|(_, conflicts)| &conflicts[..]),
            article_version: occurrence.diverged.as_ref().map(|(version, _)| *version),
            lock: occurrence.lock.as_ref(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.name, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.to_response(None)
    }
}

impl From<Violation> for Problem {
    fn from(wrong: Violation) -> Self {
        Self::validation(wrong.into())
    }
}

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        Self::validation(violations)
    }
}

fn in_use(of: Resource, slug: &str, articles: Total) -> String {
    let number = match (articles.items, articles.is) {
        (1, _) => "1 article refers".to_owned(),
        (number, TotalIs::Exact) => format!("{number} articles refer"),
        (number, TotalIs::AtLeast) => format!("More than {number} articles refer"),
    };
    format!(
        "{number} to the {of} \"{slug}\", of any status; merge it into another, or change them first."
    )
}

/// How long the day lasts (UTC).
fn until_tomorrow() -> Duration {
    let now = Timestamp::now();
    let day = chrono::Duration::days(1);
    let left = now.cut_to(day).plus(day).utc() - now.utc();
    left.to_std().unwrap_or_default()
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::VersionMismatch { current } => Self::precondition_failed(
                current,
                "It was changed since you read it; the ETag header names the current version.",
            ),
            StoreError::WeakVersion { current } => Self::precondition_failed(
                current,
                "If-Match has a weak ETag (W/\"…\"), which never matches (RFC 9110, section 13.1.1). A proxy \
                 that compresses responses may have made it weak: send it without W/, as in the ETag header.",
            ),
            StoreError::SlugTaken {
                slug,
                suggestion,
                existing,
            } => {
                let mut problem = Self::new(
                    &SLUG_TAKEN,
                    format!("The slug \"{slug}\" is taken; \"{suggestion}\" is free."),
                );
                problem.0.suggestion = Some(suggestion);
                problem.0.existing = existing.map(|article| Existing::from(*article));
                problem
            }
            StoreError::NameTaken { id, slug, name } => {
                let detail = format!("The tag \"{slug}\" has the name \"{name}\" already.");
                let mut problem = Self::new(&NAME_TAKEN, detail);
                problem.0.existing = Some(Existing {
                    id,
                    slug,
                    name: Some(name),
                    headline: None,
                });
                problem
            }
            StoreError::Taken(violations, holder) => {
                let mut problem = Self::validation(violations);
                problem.0.existing = Some((*holder).into());
                problem
            }
            StoreError::InUse { of, slug, articles } => {
                let mut problem = Self::new(&IN_USE, in_use(of, &slug, articles));
                problem.0.article_count = Some(articles.items);
                problem
            }
            StoreError::MediaInUse {
                articles,
                has_more,
                slugs,
            } => {
                let more = if has_more { "More than " } else { "" };
                let named = match slugs.is_empty() {
                    true => String::new(),
                    false => format!(": {}", slugs.join(", ")),
                };
                let detail = format!(
                    "{more}{articles} articles or working copies show it{named}. /uses lists them."
                );
                let mut problem = Self::new(&IN_USE, detail);
                problem.0.article_count = i64::try_from(articles).ok();
                problem
            }
            StoreError::FillsCollections { slug, collections } => Self::new(
                &IN_USE,
                format!(
                    "Collections are filled by the tag \"{slug}\": {}. Change their rules first, or merge the \
                     tag into another.",
                    collections.join(", ")
                ),
            ),
            StoreError::HasBelow { slug, below } => Self::new(
                &IN_USE,
                format!(
                    "Other tags stand below the tag \"{slug}\": {}. Give them another parent first, or merge the \
                     tag into another.",
                    below.join(", ")
                ),
            ),
            StoreError::VersionRequired => Self::new(
                &PRECONDITION_REQUIRED,
                "There is one already: send If-Match with the ETag that you read.",
            ),
            StoreError::NoVersion => Self::new(
                &PRECONDITION_FAILED,
                "There is none, so that If-Match cannot name its version; leave it out to create one.",
            )
            .with_header(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE)),
            StoreError::Exists { current } => Self::precondition_failed(
                current,
                "There is one already, and If-None-Match asked for a new one; the ETag header names its version.",
            ),
            StoreError::InvalidTransition { detail, allowed } => {
                let mut problem = Self::new(&WRONG_STATE, detail);
                problem.0.allowed = Some(allowed);
                problem
            }
            StoreError::Diverged {
                article_version,
                conflicts,
            } => {
                let detail = match conflicts.is_empty() {
                    true => format!("The article has version {article_version} by now: look at it first."),
                    false => MERGE_CONFLICT.meaning.to_owned(),
                };
                let mut problem = Self::new(&MERGE_CONFLICT, detail);
                problem.0.diverged = Some((article_version, conflicts));
                problem
            }
            StoreError::Forbidden(detail) => Self::new(&FORBIDDEN, detail),
            StoreError::Locked(by) => Self::locked(*by),
            StoreError::Conflict => Self::new(&CONFLICT, CONFLICT.meaning),
            StoreError::Invalid(violations) => Self::validation(violations),
            StoreError::TooSlow => Self::new(
                &TOO_SLOW,
                "This takes longer than one request gets, and was ended. Narrow it: fewer words in q, \
                 no beginnings, a tag, a section, an author, dates, or no count.",
            ),
            StoreError::KeyReused => Self::new(&KEY_REUSED, KEY_REUSED.meaning),
            StoreError::KeyInFlight => Self::new(&KEY_IN_FLIGHT, KEY_IN_FLIGHT.meaning)
                .with_header(header::RETRY_AFTER, HeaderValue::from(1)),
            StoreError::ShownOnce(location) => Self::new(
                &SHOWN_ONCE,
                match location {
                    Some(location) => format!(
                        "It was done: see {location}. The secret in its response is not kept; delete it and make \
                         another one."
                    ),
                    None => SHOWN_ONCE.meaning.to_owned(),
                },
            ),
            StoreError::TooManyKeys => Self::rate_limited(
                "The responses stored under your idempotency keys today are as many as a day (UTC) has. Send this \
                 without a key, or many articles in one batch.",
                until_tomorrow(),
            ),
            StoreError::Operation {
                index,
                pointer,
                error,
            } => Self::of_operation(index, pointer, *error),
            StoreError::Unavailable(outage, reason) => Self::of_outage(outage, &reason),
            StoreError::OutcomeUnknown(reason) => {
                tracing::warn!(%reason, "whether a write was committed is unknown");
                Self::new(&OUTCOME_UNKNOWN, OUTCOME_UNKNOWN.meaning)
            }
            StoreError::Corrupt(reason) => {
                tracing::error!(%reason, "what is stored cannot be read");
                Self::new(&INTERNAL, INTERNAL.meaning)
            }
            StoreError::Database(error) => {
                tracing::error!(%error, "database");
                Self::new(&INTERNAL, INTERNAL.meaning)
            }
        }
    }
}
