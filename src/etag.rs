//! ETags (RFC 9110, section 8.8.3): of a version, and of an answer's bytes. All are strong.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_128;

/// `Cache-Control` of what is for one caller: no cache stores it, and no proxy changes it on its way. One that
/// compressed it would make its ETag weak, and weak ones guard no change.
pub const PRIVATE: &str = "no-store, no-transform";

/// The ETag of an editorial resource. Versions of working copies, which are found where their articles are, count
/// downwards from -1 and are `"w1"`, `"w2"` and so on: neither is taken for the other.
pub fn of_version(version: i64) -> String {
    let letter = if version < 0 { 'w' } else { 'v' };
    format!("\"{letter}{}\"", version.unsigned_abs())
}

/// The version that an ETag made by [`of_version`] names; `None` for all others.
pub fn version_in(tag: &str) -> Option<i64> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    let number = |text: &str| text.parse::<i64>().ok();
    let version = match inner.strip_prefix('w') {
        Some(text) => number(text)?.checked_neg()?,
        None => number(inner.strip_prefix('v')?)?,
    };
    // "v01" and "v+1" were never sent.
    (of_version(version) == tag).then_some(version)
}

/// The ETag of an answer, made from its bytes. It tells apart what one address answered at one time
/// and another, which nobody gains by making alike: a fast hash of 128 bits does.
pub fn of_bytes(bytes: &[u8]) -> String {
    let digest = xxh3_128(bytes).to_be_bytes();
    format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(digest))
}
