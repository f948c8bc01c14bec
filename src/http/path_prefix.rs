//! The path below which a reverse proxy has put this server.

use std::str::FromStr;

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// A path such as `/content-api`, which a proxy takes away from the requests that it passes on; empty where
/// there is none. Addresses on this server that responses name begin with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// A path of this server as clients reach it.
    pub fn before(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Puts it before the paths of this server in `Location`, `Content-Location` and `Link` (RFC 8288).
    pub fn add_to(&self, response: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        for (name, start) in [
            (header::LOCATION, "/"),
            (header::CONTENT_LOCATION, "/"),
            (header::LINK, "</"),
        ] {
            let Some(Ok(value)) = response.get(&name).map(HeaderValue::to_str) else {
                continue;
            };
            // Paths of this server have no `<`: what is percent-encoded stays so.
            let value = match start {
                "</" => value.replace("</", &format!("<{}/", self.0)),
                _ if value.starts_with('/') => self.before(value),
                _ => continue,
            };
            if let Ok(value) = HeaderValue::try_from(value) {
                response.insert(name, value);
            }
        }
    }
}

impl FromStr for PathPrefix {
    type Err = String;

    /// A slash at its end makes no difference.
    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.trim().trim_end_matches('/');
        let is_plain = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(known)
        };
        let below = path.strip_prefix('/');
        if path.is_empty() || below.is_some_and(|below| below.split('/').all(is_plain)) {
            return Ok(Self(path.to_owned()));
        }
        Err(
            "it takes a path that begins with /, such as /content-api: letters, digits and - . _ ~"
                .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_is_one() {
        for (text, path) in [("", ""), ("/", ""), ("/api", "/api"), ("/a/b-1/", "/a/b-1")] {
            assert_eq!(text.parse(), Ok(PathPrefix(path.to_owned())), "{text}");
        }
        for wrong in [
            "api",
            "//api",
            "/a//b",
            "/a/../b",
            "/a?b",
            "/a#b",
            "/ä",
            "https://a.example/b",
            "/a b",
        ] {
            assert!(wrong.parse::<PathPrefix>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_of_this_server_begin_with_it() {
        let added = |name: header::HeaderName, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name.clone(), HeaderValue::from_static(value));
            PathPrefix("/api".into()).add_to(&mut headers);
            headers.get(name).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            added(header::LOCATION, "/v1/tags/a?b=/c"),
            "/api/v1/tags/a?b=/c"
        );
        assert_eq!(
            added(header::LOCATION, "https://a.example/b"),
            "https://a.example/b"
        );
        assert_eq!(
            added(
                header::LINK,
                "</v1/a?cursor=x>; rel=\"next\", </v1/a?cursor=y>; rel=\"prev\""
            ),
            "</api/v1/a?cursor=x>; rel=\"next\", </api/v1/a?cursor=y>; rel=\"prev\""
        );
    }
}
