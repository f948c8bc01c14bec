//! Conditional requests (RFC 9110, section 13) and how answers carry their validators.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use crate::db::Timestamp;
use crate::db::version::Expected;
use crate::etag;
use crate::problem::{BAD_REQUEST, PRECONDITION_REQUIRED, Problem};

/// How long anyone may reuse a public answer without asking, and how long a stale one may stand
/// in while a cache asks again or while the server is down (RFC 9111, RFC 5861).
pub const PUBLIC_CACHE_CONTROL: &str =
    "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";

/// The `If-Match` header of a change: required.
#[derive(Debug)]
pub struct IfMatch(pub Expected);

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
fn none_match_names(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim())
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Answers a public GET with JSON: strong ETag, 304 where the client has these bytes, cache
/// lifetimes, and `Last-Modified` where it has a meaning. `adorn` adds headers to both.
pub fn public_json(
    request: &HttpRequest,
    value: &impl Serialize,
    last_modified: Option<Timestamp>,
    adorn: impl FnOnce(&mut HttpResponseBuilder),
) -> Result<HttpResponse, Problem> {
    let bytes = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Problem::new(&crate::problem::INTERNAL, crate::problem::INTERNAL.meaning)
    })?;
    let tag = etag::of_bytes(&bytes);
    let known = none_match_names(request.headers(), &tag);
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, PUBLIC_CACHE_CONTROL))
        .insert_header((header::VARY, "Accept-Encoding"));
    if let Some(instant) = last_modified {
        response.insert_header((
            header::LAST_MODIFIED,
            instant
                .utc()
                .format("%a, %d %b %Y %H:%M:%S GMT")
                .to_string(),
        ));
    }
    adorn(&mut response);
    Ok(if known {
        response.finish()
    } else {
        response.content_type("application/json").body(bytes)
    })
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

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

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
        let names = |value| none_match_names(&headers(header::IF_NONE_MATCH, value), "\"a\"");
        assert!(names("\"a\""));
        assert!(names("\"b\", W/\"a\""));
        assert!(names("*"));
        assert!(!names("\"b\""));
    }
}
