//! The hash chain of the event log: what is hashed of an entry, and how.
//!
//! The hash of an entry is SHA-256 over three things, one after the other:
//!
//! 1. the hash of the entry before it, 32 bytes; of the first one [`Hash::GENESIS`];
//! 2. its sequence, 8 bytes, the most significant first;
//! 3. its content as JSON in UTF-8: an array without spaces of `recorded_at` (RFC 3339 in UTC with milliseconds and
//!    `Z`), `kind`, the resource's kind, id and slug, the actor's kind and id or null, `request_id` or null,
//!    `readers_see` or null, and `detail` as it is stored. Ids are lower-case UUIDs with hyphens; strings escape
//!    only what JSON must have escaped.
//!
//! Whoever changes, removes, adds or moves an entry leaves a place where this does not hold, unless all hashes from
//! there on are made anew; against that helps a hash that is kept elsewhere (docs/RUNBOOK.md).

use std::fmt;
use std::fmt::Write;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::log::Entry;
use crate::db::{Id, Timestamp};

/// A SHA-256 hash; written in 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry of the chain is hashed with: 32 zero bytes.
    pub const GENESIS: Self = Self([0; 32]);

    /// The hash that a database has stored; `None` for what is none.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its 32 bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.as_bytes();
        let is_hash = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).unwrap_or_default();
        }
        match is_hash {
            true => Ok(Self(bytes)),
            false => Err("must be a hash of 64 hexadecimal digits".into()),
        }
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is hashed of an entry besides its sequence.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What happened.
    pub kind: &'a str,
    /// To what kind of thing.
    pub resource: &'a str,
    /// To which one.
    pub resource_id: Id,
    /// Its slug after it.
    pub slug: &'a str,
    /// `user`, `token` or `system`.
    pub actor_kind: &'a str,
    /// Which user or token.
    pub actor_id: Option<Id>,
    /// The request that asked for it.
    pub request_id: Option<Id>,
    /// What readers see of it.
    pub readers_see: Option<&'a str>,
    /// More, as JSON.
    pub detail: &'a str,
}

impl<'a> Content<'a> {
    /// That of an entry as it is stored.
    pub fn of(entry: &'a Entry) -> Self {
        Self {
            recorded_at: entry.recorded_at,
            kind: &entry.kind,
            resource: &entry.resource,
            resource_id: entry.resource_id,
            slug: &entry.slug,
            actor_kind: &entry.actor_kind,
            actor_id: entry.actor_id,
            request_id: entry.request_id,
            readers_see: entry.readers_see.as_deref(),
            detail: &entry.detail,
        }
    }

    /// In the form that is hashed.
    pub fn canonical(&self) -> String {
        let members = (
            self.recorded_at,
            self.kind,
            self.resource,
            self.resource_id,
            self.slug,
            self.actor_kind,
            self.actor_id,
            self.request_id,
            self.readers_see,
        );
        // Text, ids and times always are JSON.
        let mut json = serde_json::to_string(&members).unwrap_or_default();
        json.pop();
        let _ = write!(json, ",{}]", self.detail);
        json
    }
}

/// The hash of an entry with this sequence and this [canonical](Content::canonical) content. On Postgres the same is
/// done in SQL ([`log`](super::log)).
pub fn hash(previous: &Hash, sequence: i64, canonical: &str) -> Hash {
    let mut digest = Sha256::new();
    digest.update(previous.0);
    digest.update(sequence.to_be_bytes());
    digest.update(canonical.as_bytes());
    Hash(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content<'static> {
        let id = Id("019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11".parse().unwrap());
        Content {
            recorded_at: "2026-03-01T08:30:00Z".parse().unwrap(),
            kind: "article_created",
            resource: "article",
            resource_id: id,
            slug: "caf\u{e9}-\"x\"",
            actor_kind: "user",
            actor_id: Some(id),
            request_id: None,
            readers_see: None,
            detail: "{\"version\":1}",
        }
    }

    #[test]
    fn the_canonical_form_stays_what_it_is() {
        assert_eq!(
            content().canonical(),
            "[\"2026-03-01T08:30:00.000Z\",\"article_created\",\"article\",\
             \"019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11\",\"caf\u{e9}-\\\"x\\\"\",\"user\",\
             \"019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11\",null,null,{\"version\":1}]"
        );
        let hash = hash(&Hash::GENESIS, 1, &content().canonical());
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(
            hash.to_string(),
            "ac8cea0d766f76783a0190aed42fa544decc2234085bd071088ffb3a3ca1acf5"
        );
    }

    #[test]
    fn each_part_makes_another_hash() {
        let base = hash(&Hash::GENESIS, 1, &content().canonical());
        let other = Content {
            slug: "cafe",
            ..content()
        };
        assert_ne!(hash(&Hash::GENESIS, 1, &other.canonical()), base);
        assert_ne!(hash(&Hash::GENESIS, 2, &content().canonical()), base);
        assert_ne!(hash(&base, 1, &content().canonical()), base);
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(65), &"é".repeat(32)] {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
    }
}
