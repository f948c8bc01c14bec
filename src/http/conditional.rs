//! Conditional requests (RFC 9110, section 13) and how responses carry their validators.

use std::future::{Ready, ready};
use std::str::FromStr;
use std::time::SystemTime;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue, HttpDate};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::IntoParams;

use crate::db::version::{Expected, Precondition};
use crate::etag::{self, PRIVATE};
use crate::problem::{BAD_REQUEST, PRECONDITION_REQUIRED, Problem};
use crate::validation::cut;

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

/// What a `PUT` may find: with `If-Match` one of the versions that it names, with `If-None-Match: *` nothing, and
/// with neither nothing as well, so that nobody overwrites what they have not read.
#[derive(Debug, IntoParams)]
#[into_params(names("If-Match"), parameter_in = Header)]
pub struct IfMatchOrNew(
    /// The ETag that was read, or `*`, to replace what is there; to create, leave it out.
    #[param(value_type = Option<String>)]
    pub Precondition,
);

impl FromRequest for IfMatchOrNew {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(precondition(request.headers()).map(Self))
    }
}

fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let expected = headers
        .contains_key(header::IF_MATCH)
        .then(|| if_match(headers))
        .transpose()?;
    let mut none_match = headers.get_all(header::IF_NONE_MATCH);
    let is_new = match none_match.next() {
        None => false,
        Some(value) if value.as_bytes().trim_ascii() == b"*" && none_match.next().is_none() => true,
        Some(_) => {
            let detail = "If-None-Match takes * here: create it, unless there is one.";
            return Err(Problem::new(&BAD_REQUEST, detail));
        }
    };
    Ok(Precondition { expected, is_new })
}

/// Reads the versions that `If-Match` names. Some clients take the quotes off an ETag: what can only be one
/// is read as one.
///
/// # Errors
/// `precondition-required` without the header, `bad-request` for what is no ETag.
fn if_match(headers: &HeaderMap) -> Result<Expected, Problem> {
    let (mut versions, mut has_weak) = (Vec::new(), false);
    let (mut present, mut names_something) = (false, false);
    for value in headers.get_all(header::IF_MATCH) {
        present = true;
        let value = value
            .to_str()
            .map_err(|_| Problem::new(&BAD_REQUEST, "The If-Match header is not ASCII."))?;
        if value.trim() == "*" {
            return Ok(Expected::Any);
        }
        // Proxies that join headers leave empty places (RFC 9110, section 5.6.1.2).
        for tag in entity_tags(value).filter(|tag| !tag.is_empty()) {
            names_something = true;
            let strong = tag.strip_prefix("W/").unwrap_or(tag);
            match etag::version_in(strong).or_else(|| etag::version_in(&format!("\"{strong}\""))) {
                Some(_) if strong != tag => has_weak = true,
                Some(version) => versions.push(version),
                // A foreign one never matches here (RFC 9110, section 13.1.1).
                None if is_quoted(strong) => has_weak |= strong != tag,
                None => return Err(no_entity_tag(tag)),
            }
        }
    }
    if present && !names_something {
        return Err(no_entity_tag(""));
    }
    match (present, versions.is_empty() && has_weak) {
        (false, _) => Err(Problem::new(
            &PRECONDITION_REQUIRED,
            "Send If-Match with the ETag that you read.",
        )),
        (true, true) => Ok(Expected::Weak),
        (true, false) => Ok(Expected::OneOf(versions)),
    }
}

/// The versions that a text names as the header `If-Match` does; `None` for what names none.
pub fn expected_of(text: &str) -> Option<Expected> {
    let mut headers = HeaderMap::new();
    headers.insert(header::IF_MATCH, HeaderValue::from_str(text).ok()?);
    if_match(&headers).ok()
}

/// The parts of a list of ETags; a comma between quotes is part of one.
fn entity_tags(list: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    list.split(move |character| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    })
    .map(str::trim)
}

fn is_quoted(tag: &str) -> bool {
    let opaque = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    opaque.is_some_and(|opaque| !opaque.contains('"'))
}

fn no_entity_tag(tag: &str) -> Problem {
    Problem::new(
        &BAD_REQUEST,
        format!(
            "If-Match takes the ETag that you read, in its quotes, as in If-Match: \"v3\", or *; it came with \
             {}.",
            match tag {
                "" => "nothing".to_owned(),
                tag => cut(tag, 64),
            }
        ),
    )
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
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .json(value)
}

/// Answers with JSON that no cache may store.
pub fn private_json(mut response: HttpResponseBuilder, value: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .json(value)
}

/// 204 for what is gone.
pub fn gone() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .finish()
}

/// 204 with the version that something has now, for a caller who may change it and not read it.
pub fn receipt(version: i64) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ETAG, etag::of_version(version)))
        .insert_header((header::CACHE_CONTROL, PRIVATE))
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
        assert_eq!(expected("W/\"v3\""), Expected::Weak);
        assert_eq!(expected("W/\"x\""), Expected::Weak);
        assert!(expected("W/\"v3\"").check(3).is_err());
        assert!(expected("W/\"v2\", \"v3\"").check(3).is_ok());
        assert!(expected("\"v2\"").check(3).is_err());
        assert!(if_match(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_put_replaces_what_was_read_and_creates_what_is_not_there() {
        let put = |name, value| precondition(&headers(name, value));
        let none = precondition(&HeaderMap::new()).unwrap();
        assert!(none.check(None).is_ok());
        assert!(none.check(Some(3)).is_err());
        let new = put(header::IF_NONE_MATCH, " *").unwrap();
        assert!(new.check(None).is_ok());
        assert!(new.check(Some(3)).is_err());
        let known = put(header::IF_MATCH, "\"v3\"").unwrap();
        assert!(known.check(Some(3)).is_ok());
        assert!(known.check(Some(4)).is_err());
        assert!(known.check(None).is_err());
        assert!(put(header::IF_MATCH, "*").unwrap().check(None).is_err());
        assert!(put(header::IF_NONE_MATCH, "\"v3\"").is_err());
    }

    #[test]
    fn an_etag_without_quotes_is_read_and_what_is_none_is_refused() {
        let read = |value| if_match(&headers(header::IF_MATCH, value));
        assert_eq!(read("v3").unwrap(), Expected::OneOf(vec![3]));
        assert_eq!(read("v3, v4").unwrap(), Expected::OneOf(vec![3, 4]));
        assert_eq!(read("W/v3").unwrap(), Expected::Weak);
        assert_eq!(read("\"a,b\", \"v3\"").unwrap(), Expected::OneOf(vec![3]));
        for foreign in ["\"3\"", "\"v03\"", "\"\"", "\"x,v3\""] {
            assert_eq!(read(foreign).unwrap(), Expected::OneOf(vec![]), "{foreign}");
        }
        for wrong in [
            "",
            "3",
            "x",
            "v",
            "v03",
            "\"v3",
            "v3\"",
            "'v3'",
            "\"v3\" \"v4\"",
            "*, v3",
            ",",
        ] {
            let problem = read(wrong).unwrap_err().to_string();
            assert!(problem.contains("\"v3\""), "{wrong}: {problem}");
        }
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
