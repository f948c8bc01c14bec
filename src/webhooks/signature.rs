//! Secrets, and what is signed with them (Standard Webhooks 1.0).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::keys::random_bytes;

/// What secrets begin with.
const PREFIX: &str = "whsec_";

/// A new secret: 256 random bits.
pub fn new_secret() -> String {
    format!("{PREFIX}{}", BASE64_STANDARD.encode(random_bytes()))
}

/// The header `webhook-signature` of a message: a signature with each of the secrets.
pub fn signatures(secrets: &[&str], id: &str, timestamp: i64, payload: &str) -> String {
    let signed: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let key = secret.strip_prefix(PREFIX).unwrap_or(secret);
            // Only what was made here is stored.
            let key = BASE64_STANDARD.decode(key).unwrap_or_default();
            let mut mac =
                Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
            mac.update(format!("{id}.{timestamp}.{payload}").as_bytes());
            format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    signed.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_is_there() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, payload) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        assert_eq!(
            signatures(&[secret], id, 1_614_265_330, payload),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let other = new_secret();
        let both = signatures(&[&other, secret], id, 1_614_265_330, payload);
        assert!(both.ends_with(" v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(other.len(), PREFIX.len() + 44);
    }
}
