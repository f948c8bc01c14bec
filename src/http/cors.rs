//! What browsers are told of responses to pages of other origins (Fetch, "HTTP extensions").

use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::observe::REQUEST_ID;
use crate::problem::Problem;

/// The limits in force (`draft-ietf-httpapi-ratelimit-headers`).
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of them.
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How a cache handled a request (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Headers that scripts may read.
pub const EXPOSED: [HeaderName; 9] = [
    header::AGE,
    CACHE_STATUS,
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    RATELIMIT,
    RATELIMIT_POLICY,
    REQUEST_ID,
];

/// Public responses are the same for all origins, and say so to all: a cache that got one without
/// `Origin` gives it to browsers that send one.
pub fn for_any_origin() -> [(HeaderName, HeaderValue); 2] {
    let exposed = EXPOSED.map(|name| name.to_string()).join(", ");
    [
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::try_from(exposed).expect("names of headers are ASCII"),
        ),
    ]
}

/// A problem that is the same for all origins, as public responses are.
pub fn to_any_origin(problem: Problem) -> Problem {
    for_any_origin()
        .into_iter()
        .fold(problem, |problem, (name, value)| {
            problem.with_header(name, value)
        })
}
