//! What an answer that is no success means.

use std::io;

use reqwest::{Response, StatusCode};

use super::body::collect;
use super::xml::error_code;
use crate::objects::ObjectError;
use crate::objects::error::{malformed, reasons};

/// Most bytes of an error's body that are read.
const MOST_BYTES: u64 = 64 * 1024;

/// A call that came to nothing.
pub(super) struct Failure {
    pub error: ObjectError,
    /// Whether the same call may succeed soon.
    pub is_passing: bool,
}

/// No answer came, or not a whole one.
pub(super) fn of_connection(error: reqwest::Error) -> Failure {
    // What cannot be sent cannot be sent again either.
    let is_passing = !error.is_builder();
    let reason = reasons(&error.without_url());
    let error = match is_passing {
        true => ObjectError::Unavailable(reason),
        false => malformed(reason),
    };
    Failure { error, is_passing }
}

/// Nothing came, or nothing more, for a while.
pub(super) fn of_silence() -> Failure {
    Failure {
        error: ObjectError::Unavailable("it does not answer".to_owned()),
        is_passing: true,
    }
}

/// An answer that is neither a success nor a missing object.
pub(super) async fn of_answer(response: Response) -> Failure {
    let status = response.status();
    let code = code(response).await;
    let word = code.as_deref().unwrap_or_default();
    let said = format!("it answered {} {word}", status.as_u16());
    let said = said.trim_end().to_owned();
    let is_passing = is_passing(status, word);
    let error = match status.as_u16() {
        _ if is_full(status, word) => ObjectError::Full(said),
        _ if is_passing || status.is_server_error() => ObjectError::Unavailable(said),
        401 | 403 => ObjectError::Refused(said),
        300..=399 => ObjectError::Refused(format!("{said}: the bucket is in another region")),
        400 if word.starts_with("AuthorizationHeader") => ObjectError::Refused(said),
        404 => ObjectError::Refused(format!("{said}: there is no such bucket")),
        _ => malformed(said),
    };
    Failure { error, is_passing }
}

/// An answer of 404; `None` when the bucket is there, and only the object is not.
pub(super) async fn of_missing(response: Response) -> Option<Failure> {
    let is_bucket = code(response).await.as_deref() == Some("NoSuchBucket");
    is_bucket.then(|| Failure {
        error: ObjectError::Refused("there is no such bucket".to_owned()),
        is_passing: false,
    })
}

/// A body that did not come to its end.
pub(super) fn of_body(error: io::Error) -> Failure {
    Failure {
        error: ObjectError::Unavailable(error.to_string()),
        is_passing: true,
    }
}

async fn code(response: Response) -> Option<String> {
    let body = collect(response, MOST_BYTES).await.ok()?;
    error_code(std::str::from_utf8(&body).ok()?)
}

fn is_passing(status: StatusCode, code: &str) -> bool {
    // AWS answers an upload that came too slowly with 400.
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504) || code == "RequestTimeout"
}

fn is_full(status: StatusCode, code: &str) -> bool {
    let is_full = [
        "EntityTooLarge",
        "InsufficientStorage",
        "QuotaExceeded",
        "XMinioStorageFull",
    ];
    matches!(status.as_u16(), 413 | 507) || is_full.contains(&code)
}
