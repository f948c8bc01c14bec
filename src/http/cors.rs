//! What browsers are told of answers to pages of other origins (Fetch, "HTTP extensions").

use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::observe::REQUEST_ID;

/// Headers that scripts may read.
pub const EXPOSED: [HeaderName; 5] = [
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    REQUEST_ID,
];

/// Public answers are the same for all origins, and say so to all: a cache that got one without
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
