//! The one error type of the HTTP edge: problem documents (RFC 9457).
//!
//! Every problem's words are in [`TYPES`]; `/problems/{name}` documents them from the same table.
//!
//! - `kinds`: that table
//! - `document`: what a client is sent
//! - `from_store`: what a store could not do, as a problem

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use crate::merge::MergeConflict;
use crate::validation::{MOST_DETAIL, Violation, Violations, cut};

mod document;
mod from_store;
mod kinds;

pub use document::{Existing, LockHolder, OthersLock, ProblemDocument, RetractionNotice};
pub use kinds::*;

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

    /// Whether it is the server's, not the client's.
    pub fn is_failure(&self) -> bool {
        self.0.kind.status >= 500
    }

    /// Whether another copy of the database may answer otherwise: one that is reached, or that knows what this one has not
    /// heard of yet.
    pub fn is_of_this_copy(&self) -> bool {
        self.is_failure() || *self.0.kind == SYNC_EXPIRED
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

    /// The same with pointers into the body that had the operation among others.
    pub fn of_one_operation(mut self, index: usize, pointer: &str) -> Self {
        let errors = std::mem::take(&mut self.0.errors);
        self.0.errors = errors.under(&format!("/operations/{index}{pointer}"));
        self
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
