//! Random tokens: shown once, stored as their SHA-256.
//!
//! The tokens have 256 random bits, so a plain hash is as good as a slow one, and looking one up
//! by its hash tells an attacker nothing by its timing.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::keys::random_bytes;

/// What API tokens begin with.
pub const API_TOKEN_PREFIX: &str = "dl_";
/// What refresh tokens begin with.
pub const REFRESH_TOKEN_PREFIX: &str = "dr_";

/// What tokens of links begin with by which people set a password.
pub const LINK_PREFIX: &str = "dk_";
/// What codes begin with that a client exchanges after a sign-in by an identity provider.
pub const SIGN_IN_CODE_PREFIX: &str = "dc_";

/// A new token with a prefix that says what it is.
pub fn generate(prefix: &str) -> String {
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(random_bytes()))
}

/// What is stored of a token.
pub fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
