//! Errors in the form that clients of Ghost read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::{NOT_FOUND, Problem, RETRACTED};

/// What went wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GhostErrors {
    /// One.
    pub errors: Vec<GhostError>,
}

/// An error of Ghost.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GhostError {
    /// For people.
    pub message: String,
    /// More, for people.
    #[schema(required = true)]
    pub context: Option<String>,
    /// For programs: `NotFoundError`, `NoPermissionError`, `BadRequestError`, `InternalServerError`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Always null.
    #[schema(required = true)]
    pub details: Option<String>,
    /// Always null.
    #[schema(required = true)]
    pub property: Option<String>,
    /// What to do; null where nothing is known.
    #[schema(required = true)]
    pub help: Option<String>,
    /// Always null.
    #[schema(required = true)]
    pub code: Option<String>,
    /// Of this error.
    pub id: Uuid,
    /// Always null.
    #[serde(rename = "ghostErrorCode")]
    #[schema(required = true)]
    pub ghost_error_code: Option<String>,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The key is not the one that is set.
    Key(&'static str),
    /// The request says what is not understood.
    Request(String),
    /// It is not there: what it is called.
    Missing(&'static str),
    /// Something else.
    Other(Problem),
}

impl Failure {
    /// Of an error of the cache or of the database, of something that is called so.
    pub fn of(problem: Problem, what: &'static str) -> Self {
        match [&NOT_FOUND, &RETRACTED].contains(&problem.kind()) {
            true => Self::Missing(what),
            false => Self::Other(problem),
        }
    }

    /// The response.
    pub fn into_response(self) -> HttpResponse {
        let mut help = None;
        let (status, kind, message, context) = match self {
            Self::Key(context) => {
                help =
                    Some("Send the parameter key with the key that --ghost-key sets.".to_owned());
                let message = "Authorization failed".to_owned();
                (
                    StatusCode::FORBIDDEN,
                    "NoPermissionError",
                    message,
                    context.to_owned(),
                )
            }
            Self::Request(context) => {
                let message = "Validation error, cannot read list.".to_owned();
                (StatusCode::BAD_REQUEST, "BadRequestError", message, context)
            }
            Self::Missing(what) => {
                let message = format!("Resource not found error, cannot read {what}.");
                let mut named = what.to_owned();
                named[..1].make_ascii_uppercase();
                let context = format!("{named} not found.");
                (StatusCode::NOT_FOUND, "NotFoundError", message, context)
            }
            Self::Other(problem) => {
                let status = problem.kind().status;
                let status =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                let message = problem.kind().title.to_owned();
                (status, "InternalServerError", message, problem.to_string())
            }
        };
        let error = GhostError {
            message,
            context: Some(context),
            kind,
            details: None,
            property: None,
            help,
            code: None,
            id: Uuid::now_v7(),
            ghost_error_code: None,
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.json(GhostErrors {
            errors: vec![error],
        })
    }
}
