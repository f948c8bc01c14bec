//! ETags (RFC 9110, section 8.8.3): of a version, and of an answer's bytes. All are strong.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_128;

/// `Cache-Control` of what is for one caller: no cache stores it, and no proxy changes it on its way. One that
/// compressed it would make its ETag weak, and weak ones guard no change.
pub const PRIVATE: &str = "no-store, no-transform";

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

/// The ETag of an answer, made from its bytes. It tells apart what one address answered at one time
/// and another, which nobody gains by making alike: a fast hash of 128 bits does.
pub fn of_bytes(bytes: &[u8]) -> String {
    let digest = xxh3_128(bytes).to_be_bytes();
    format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(digest))
}
