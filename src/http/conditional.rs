//! Conditional requests (RFC 9110, section 13) and how responses carry their validators.

use std::future::{Ready, ready};
use std::str::FromStr;
use std::time::SystemTime;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue, HttpDate};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::IntoParams;

use crate::db::version::Expected;
use crate::etag;
use crate::problem::{BAD_REQUEST, PRECONDITION_REQUIRED, Problem};

/// The `If-Match` header of a change: required.
#[derive(Debug, IntoParams)]
#[into_params(names("If-Match"), parameter_in = Header)]
pub struct IfMatch(
    /// The ETag that was read, or `*`.
    #[param(value_type = String)]
    pub Expected,
);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if_match(request.headers()).map(Self))
    }
}

fn if_match(headers: &HeaderMap) -> Result<Expected, Problem> {
    let mut versions = Vec::new();
    let mut present = false;
    for value in headers.get_all(header::IF_MATCH) {
        present = true;
        let value = value
            .to_str()
            .map_err(|_| Problem::new(&BAD_REQUEST, "The If-Match header is not ASCII."))?;
        for tag in value.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Expected::Any);
            }
            // A weak or foreign tag never matches here (RFC 9110, section 13.1.1).
            versions.extend(etag::version_in(tag));
        }
    }
    if !present {
        return Err(Problem::new(
            &PRECONDITION_REQUIRED,
            "Send If-Match with the ETag that you read.",
        ));
    }
    Ok(Expected::OneOf(versions))
}

/// Whether `If-None-Match` names this ETag or any (weak comparison, RFC 9110, section 13.1.2).
pub fn none_match_names(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim())
        .any(|tag| tag == "*" || etag == tag.strip_prefix("W/").unwrap_or(tag))
}

/// Whether something was modified after the instant that `If-Modified-Since` names, or may have
/// been: a date that cannot be read counts as none (RFC 9110, section 13.1.3). Dates have whole
/// seconds.
pub fn modified_since(headers: &HeaderMap, last_modified: Option<SystemTime>) -> bool {
    let known = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok())
        .and_then(|date| HttpDate::from_str(date).ok())
        .map(SystemTime::from);
    match (known, last_modified) {
        (Some(known), Some(last_modified)) => last_modified > known,
        _ => true,
    }
}

/// Answers an editorial request with a resource and its version as ETag; never stored by caches.
pub fn editorial_json(
    mut response: HttpResponseBuilder,
    version: i64,
    value: &impl Serialize,
) -> HttpResponse {
    response
        .insert_header((header::ETAG, etag::of_version(version)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(value)
}

/// Answers with JSON that no cache may store.
pub fn private_json(mut response: HttpResponseBuilder, value: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(value)
}

/// 204 with the version that something has now, for a caller who may change it and not read it.
pub fn receipt(version: i64) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ETAG, etag::of_version(version)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn if_match_compares_strongly() {
        let expected = |value| if_match(&headers(header::IF_MATCH, value)).unwrap();
        assert!(expected("\"v3\"").check(3).is_ok());
        assert!(expected("\"x\", \"v3\"").check(3).is_ok());
        assert!(expected("*").check(9).is_ok());
        assert!(expected("W/\"v3\"").check(3).is_err());
        assert!(expected("\"v2\"").check(3).is_err());
        assert!(if_match(&HeaderMap::new()).is_err());
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let names = |value| {
            let tag = HeaderValue::from_static("\"a\"");
            none_match_names(&headers(header::IF_NONE_MATCH, value), &tag)
        };
        assert!(names("\"a\""));
        assert!(names("\"b\", W/\"a\""));
        assert!(names("*"));
        assert!(!names("\"b\""));
    }

    #[test]
    fn if_modified_since_compares_whole_seconds() {
        let noon = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_772_366_400);
        let modified =
            |value| modified_since(&headers(header::IF_MODIFIED_SINCE, value), Some(noon));
        assert!(!modified("Sun, 01 Mar 2026 12:00:00 GMT"));
        assert!(!modified("Sun, 01 Mar 2026 12:00:01 GMT"));
        assert!(modified("Sun, 01 Mar 2026 11:59:59 GMT"));
        assert!(modified("yesterday"));
        assert!(modified_since(&HeaderMap::new(), Some(noon)));
    }
}
