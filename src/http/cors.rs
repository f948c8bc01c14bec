//! What browsers are told of responses to pages of other origins (Fetch, "HTTP extensions").
//!
//! Anyone's page may read what is public and report shares; the rest is for listed origins. Every response
//! says so, whatever its status and whoever made it, and a preflight is answered for every path: a browser
//! that is refused one shows its page nothing, not even that something is not found.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;

use super::observe::REQUEST_ID;
use super::template::routed_path;

/// The limits in force (`draft-ietf-httpapi-ratelimit-headers`).
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of them.
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How a cache handled a request (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Seconds for which a browser may remember a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

const ANY: HeaderValue = HeaderValue::from_static("*");

/// What every answer to a preflight depends on.
const PREFLIGHT_VARIES: HeaderValue =
    HeaderValue::from_static("access-control-request-method, access-control-request-headers");

/// Request headers that no page may send along: the browser's own credentials, which nothing here takes.
const NEVER: &[&str] = &["cookie", "cookie2", "proxy-authorization"];

/// Headers that scripts may read.
pub const EXPOSED: [HeaderName; 10] = [
    header::AGE,
    CACHE_STATUS,
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    RATELIMIT,
    RATELIMIT_POLICY,
    REQUEST_ID,
    HeaderName::from_static("idempotency-replayed"),
];

/// Origins whose pages may call what is not public.
#[derive(Debug, Clone, Default)]
pub struct EditorialOrigins(pub Vec<String>);

/// Public responses are the same for all origins, and say so to all: a cache that got one without
/// `Origin` gives it to browsers that send one. For responses that are kept, which do not pass by
/// [`CrossOrigin`] again.
pub fn for_any_origin() -> [(HeaderName, HeaderValue); 2] {
    [(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY), exposed()]
}

fn exposed() -> (HeaderName, HeaderValue) {
    // It is sent with every response: put together once.
    static NAMES: LazyLock<HeaderValue> = LazyLock::new(|| {
        let names = EXPOSED.map(|name| name.to_string()).join(", ");
        HeaderValue::try_from(names).expect("names of headers are ASCII")
    });
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, NAMES.clone())
}

/// Whether a browser asks what a page of another origin may send.
pub fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && request.contains_key(header::ORIGIN)
        && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether only pages of listed origins may call a path.
pub fn is_for_listed_origins(path: &str) -> bool {
    ["/v1/editorial/", "/v1/auth/"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// What a path that has no resource answers to a preflight: that anything may be asked, to be told that
/// nothing is there.
pub fn preflight_anywhere() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((
            header::ALLOW,
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ))
        .finish()
}

/// What a request's response says to pages of other origins.
#[derive(Debug)]
pub struct CrossOrigin {
    /// Which origin may read it; `None` where that of the request may not.
    allowed: Option<HeaderValue>,
    /// Whether the response differs from origin to origin.
    varies: bool,
    /// The headers that may be sent, of those that a preflight asks for.
    preflight: Option<Option<HeaderValue>>,
}

impl CrossOrigin {
    /// Of a request, before it is handed on; `None` on a listener that no page is to read from, such as that
    /// of operators, which has no [`EditorialOrigins`].
    pub fn of(request: &ServiceRequest) -> Option<Self> {
        let listed = request.app_data::<Data<EditorialOrigins>>()?;
        let varies = is_for_listed_origins(routed_path(request.request()));
        let headers = request.headers();
        let allowed = match varies {
            true => headers
                .get(header::ORIGIN)
                .filter(|origin| listed.0.iter().any(|known| *origin == known)),
            false => Some(&ANY),
        };
        Some(Self {
            allowed: allowed.cloned(),
            varies,
            preflight: is_preflight(request.method(), headers).then(|| sendable(headers)),
        })
    }

    /// Adds it to a response; `Allow` lists the methods of its path.
    pub fn add_to(&self, response: &mut HeaderMap) {
        if self.varies {
            response.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if self.preflight.is_some() {
            response.append(header::VARY, PREFLIGHT_VARIES);
        }
        let Some(allowed) = &self.allowed else {
            return;
        };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone());
        let Some(sendable) = &self.preflight else {
            let (name, value) = exposed();
            response.insert(name, value);
            return;
        };
        if let Some(methods) = response.get(header::ALLOW).cloned() {
            response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if let Some(sendable) = sendable {
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, sendable.clone());
        }
        response.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
}

/// The headers that may be sent, of those that a preflight asks for: all but a few. Tracing, caching and the
/// client's own headers change nothing about a response.
fn sendable(request: &HeaderMap) -> Option<HeaderValue> {
    let asked = request.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let names: Vec<String> = asked
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .map(|name| name.as_str().to_owned())
        .filter(|name| !NEVER.contains(&name.as_str()))
        .collect();
    HeaderValue::try_from(names.join(", "))
        .ok()
        .filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_may_be_sent_but_the_browser_s_credentials() {
        let sendable = |asked: &str| {
            let mut headers = HeaderMap::new();
            let asked = HeaderValue::from_str(asked).unwrap();
            headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, asked);
            sendable(&headers).map(|names| names.to_str().unwrap().to_owned())
        };
        assert_eq!(
            sendable("Sentry-Trace,baggage, x-own").as_deref(),
            Some("sentry-trace, baggage, x-own")
        );
        assert_eq!(
            sendable("authorization,cookie").as_deref(),
            Some("authorization")
        );
        for nothing in ["", ",", "cookie", "a b"] {
            assert_eq!(sendable(nothing), None, "{nothing}");
        }
    }
}
