//! The header, and what tells a request that is sent again from another one.

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpMessage, HttpRequest};
use sha2::{Digest, Sha256};

use crate::db::Id;
use crate::http::body::{BodyDigest, IDEMPOTENCY_KEY};
use crate::problem::{BAD_REQUEST, Problem};
use crate::validation::cut;

/// Says that a response is the stored one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Most characters of a key.
pub const MOST_CHARACTERS: usize = 255;

/// A request that a caller may send again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The user or the API token: keys of others are other keys.
    pub caller: Id,
    /// The key, without quotes.
    pub key: String,
    /// A hash of the method, the path with its query, `If-Match` and the body.
    pub fingerprint: [u8; 32],
}

impl Attempt {
    /// Of a request whose body has been read; `None` without the header.
    ///
    /// # Errors
    /// `bad-request` for what is no key.
    pub fn of(request: &HttpRequest, caller: Id) -> Result<Option<Self>, Problem> {
        let Some(key) = sent_key(request)? else {
            return Ok(None);
        };
        let body = request.extensions().get::<BodyDigest>().copied();
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(request.method().as_str().as_bytes());
        part(request.path().as_bytes());
        part(request.query_string().as_bytes());
        for expected in request.headers().get_all(header::IF_MATCH) {
            part(expected.as_bytes());
        }
        part(b"body");
        part(&body.map_or([0; 32], |body| body.0));
        Ok(Some(Self {
            caller,
            key,
            fingerprint: hash.finalize().into(),
        }))
    }

    /// A number that hardly any other caller's key has.
    pub fn lock(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(self.caller.0.as_bytes());
        hash.update(self.key.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        i64::from_be_bytes(first)
    }
}

fn sent_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut sent = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    let value = value.to_str().unwrap_or_default();
    match read(value).filter(|_| sent.next().is_none()) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::new(
            &BAD_REQUEST,
            format!(
                "Idempotency-Key takes one key of 1 to {MOST_CHARACTERS} visible ASCII characters, in double quotes or \
                 without, such as a UUID; it came as {}.",
                cut(value, 64)
            ),
        )),
    }
}

/// The key that the header's value is: a string as structured fields write it (RFC 9651, section 3.3.3), or the bare
/// characters. Both spellings are the same key.
fn read(value: &str) -> Option<String> {
    let value = value.trim_matches([' ', '\t']);
    let key = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None => value.to_owned(),
    };
    let is_key = (1..=MOST_CHARACTERS).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    is_key.then_some(key)
}

/// What stands between quotes, of which the first has been read.
fn unquoted(quoted: &str) -> Option<String> {
    let (mut key, mut characters) = (String::new(), quoted.chars());
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            character => key.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        for (sent, key) in [
            ("8e03978e-40d5", "8e03978e-40d5"),
            ("\"8e03978e-40d5\"", "8e03978e-40d5"),
            ("  \"a\"\t", "a"),
            (r#""a\"\\""#, r#"a"\"#),
            ("a;b=c", "a;b=c"),
        ] {
            assert_eq!(read(sent).as_deref(), Some(key), "{sent}");
        }
        let (longest, longer) = ("k".repeat(255), "k".repeat(256));
        assert_eq!(read(&longest).as_deref(), Some(longest.as_str()));
        assert_eq!(read(&format!("\"{longest}\"")), Some(longest));
        for wrong in [
            "", "  ", "\"\"", "\"a", "\"a\"b", "a b", "\"a b\"", r#""\n""#, &longer,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
