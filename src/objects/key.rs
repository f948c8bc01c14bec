//! What names an object.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Most bytes of a key.
const MOST_BYTES: usize = 200;
/// Most bytes between two slashes: less than a file's name may have.
const MOST_OF_SEGMENT: usize = 100;

/// The path of an object in its store: segments of `[A-Za-z0-9._-]` with slashes between them, 1 to 200 bytes. No
/// segment begins with a dot, so that a key can neither lead out of a directory nor into what the store keeps for
/// itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is empty or too long.
    #[error("a key has 1 to 200 bytes")]
    Length,
    /// A part of it is not one that keys have.
    #[error(
        "a part of a key has 1 to 100 letters of ASCII, digits, dots, underscores and hyphens, and begins with no dot"
    )]
    Segment,
}

impl Key {
    /// As it was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; there is at least one.
    pub(super) fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

/// Whether it may stand between two slashes of a key.
pub(super) fn is_segment(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MOST_OF_SEGMENT).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(is_allowed)
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() || text.len() > MOST_BYTES {
            return Err(KeyError::Length);
        }
        if !text.split('/').all(is_segment) {
            return Err(KeyError::Segment);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_plain_segments_is_a_key() {
        for text in ["a", "a/b-c_d.e/F0", &"x".repeat(100), "a..b/c."] {
            assert_eq!(text.parse::<Key>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_a_key() {
        for text in [
            "/etc/passwd",
            "..",
            "a/../b",
            "a/..",
            ".",
            "./a",
            "a//b",
            "a/",
            "/",
            ".incoming/x",
            "a/.hidden",
            "a b",
            "a\\b",
            "a%2e",
            "a\0b",
            "ä",
            "a\n",
            &"x".repeat(101),
        ] {
            assert_eq!(text.parse::<Key>(), Err(KeyError::Segment), "{text:?}");
        }
    }

    #[test]
    fn a_key_is_neither_empty_nor_longer_than_200_bytes() {
        let long = format!("{0}/{0}", "x".repeat(100));
        assert_eq!(long.parse::<Key>(), Err(KeyError::Length));
        assert_eq!("".parse::<Key>(), Err(KeyError::Length));
        assert!(long[..200].trim_end_matches('/').parse::<Key>().is_ok());
    }
}
