//! Places in the log, as clients keep them.

use std::fmt;
use std::str::FromStr;

/// How many bytes of an entry's hash tell it from one with its number in another past.
const BYTES: usize = 8;

/// An entry of the log that somebody knows: its number, and the beginning of its hash. After a database was brought back from a
/// backup its numbers are given again, and the hash tells that it is another entry. Written `42-9f86d081884c7d65`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its number; 0 before the first entry.
    pub sequence: i64,
    /// The beginning of its hash. `None` of an entry that has none, since it was written before there were hashes, and where
    /// only the number is known.
    pub hash: Option<[u8; BYTES]>,
}

impl Mark {
    /// Before the first entry.
    pub const BEGINNING: Self = Self {
        sequence: 0,
        hash: None,
    };

    /// That of an entry, by its number and its hash.
    pub fn of(sequence: i64, hash: Option<&[u8]>) -> Self {
        let beginning = hash.and_then(|hash| hash.get(..BYTES)?.try_into().ok());
        Self {
            sequence,
            hash: beginning,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sequence.fmt(f)?;
        match self.hash {
            Some(hash) => write!(f, "-{:016x}", u64::from_be_bytes(hash)),
            None => Ok(()),
        }
    }
}

impl FromStr for Mark {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, hash) = match text.split_once('-') {
            Some((number, hash)) => (number, Some(hash)),
            None => (text, None),
        };
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let sequence = number.parse().ok().filter(|_| is_number);
        let hash = hash.map(|hash| {
            let is_hash =
                hash.len() == 2 * BYTES && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u64::from_str_radix(hash, 16).ok().filter(|_| is_hash);
            number.map(u64::to_be_bytes)
        });
        match (sequence, hash) {
            (Some(sequence), None) => Ok(Self {
                sequence,
                hash: None,
            }),
            (Some(sequence), Some(Some(hash))) => Ok(Self {
                sequence,
                hash: Some(hash),
            }),
            _ => Err("must be the id of an event".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        for text in ["0", "42", "42-009f86d081884c7d"] {
            let mark: Mark = text.parse().unwrap();
            assert_eq!(mark.to_string(), text);
        }
        let mark = Mark::of(42, Some(&[0xab; 32]));
        assert_eq!(mark.to_string(), "42-abababababababab");
        assert_eq!(Mark::of(42, Some(&[1, 2])).hash, None);
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        for wrong in [
            "",
            "-1",
            "+1",
            "x",
            "1-",
            "1-x",
            "1-12345678",
            "1-+23456789abcdef0",
            "99999999999999999999",
            "1-é",
        ] {
            assert!(wrong.parse::<Mark>().is_err(), "{wrong}");
        }
    }
}
