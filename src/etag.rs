//! ETags (RFC 9110, section 8.8.3): of a version, and of an answer's bytes. All are strong.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The ETag of an editorial resource.
pub fn of_version(version: i64) -> String {
    format!("\"v{version}\"")
}

/// The version that an ETag made by [`of_version`] names; `None` for all others.
pub fn version_in(tag: &str) -> Option<i64> {
    let version = tag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()?;
    // "v01" and "v+1" were never sent.
    (of_version(version) == tag).then_some(version)
}

/// The ETag of an answer, made from its bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&digest[..16]))
}
