//! The key that clients send. What they read is public all the same: Ghost's own clients send nothing without one.

/// The key that is set; `None` where Ghost's API is not offered.
#[derive(Debug, Clone, Default)]
pub struct GhostKey(pub Option<String>);

/// Whether a text can be a key: 26 hexadecimal digits in lower case, which is what clients look for.
pub fn is_key(text: &str) -> bool {
    let known = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 26 && text.bytes().all(known)
}
