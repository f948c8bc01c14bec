//! ID tokens (OpenID Connect Core 1.0, section 2): who somebody is, signed by the provider.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::keys::{Algorithm, VerificationKey};

/// How far the provider's clock may be ahead or behind (seconds).
const LEEWAY: f64 = 60.0;
/// Most bytes of a subject (OpenID Connect Core 1.0, section 2).
const MOST_SUBJECT: usize = 255;

/// Why an ID token was refused, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Untrusted {
    /// It is not a signed token.
    #[error("it is no signed token")]
    Malformed,
    /// It is signed by an algorithm that is not taken, or by none.
    #[error("its algorithm is not RS256, ES256 or EdDSA")]
    Algorithm,
    /// The provider has no such key.
    #[error("the provider publishes no such key")]
    Key,
    /// The signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// `iss` is another one.
    #[error("it is from another issuer")]
    Issuer,
    /// `aud` or `azp` name somebody else.
    #[error("it is for another client")]
    Audience,
    /// `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// `iat` or `nbf` lie ahead.
    #[error("it is from the future")]
    Future,
    /// `nonce` is not that of this sign-in.
    #[error("it belongs to another sign-in (nonce)")]
    Nonce,
    /// `sub` is none.
    #[error("it names nobody (sub)")]
    Subject,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// An ID token, of which nothing is known to be true yet.
pub struct UnverifiedToken<'a> {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// The key that it says it is signed by.
    pub key_id: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

fn decode(text: &str) -> Result<Vec<u8>, Untrusted> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Untrusted::Malformed)
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart (RFC 7515, section 5.2).
    ///
    /// # Errors
    /// [`Untrusted::Malformed`], and [`Untrusted::Algorithm`] for one that is not taken.
    pub fn read(token: &'a str) -> Result<Self, Untrusted> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Untrusted::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Untrusted::Malformed)?;
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Untrusted::Malformed)?;
        // No extension is understood here (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(Untrusted::Malformed);
        }
        Ok(Self {
            algorithm: Algorithm::from_header(&header.alg).ok_or(Untrusted::Algorithm)?,
            key_id: header.kid,
            signed,
            payload,
            signature: decode(signature)?,
        })
    }

    /// What it says, once its signature is proven to be the key's.
    ///
    /// # Errors
    /// [`Untrusted::Signature`], [`Untrusted::Malformed`].
    pub fn verify(&self, key: &VerificationKey) -> Result<Claims, Untrusted> {
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(Untrusted::Signature);
        }
        let payload = decode(self.payload)?;
        serde_json::from_slice(&payload)
            .map(Claims)
            .map_err(|_| Untrusted::Malformed)
    }
}

/// What an ID token has to say to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Whose it is.
    pub issuer: &'a str,
    /// For whom.
    pub client_id: &'a str,
    /// Of which sign-in.
    pub nonce: &'a str,
    /// When it is used: seconds since 1970.
    pub now: i64,
}

/// What a provider says of somebody.
#[derive(Debug, Clone, Default)]
pub struct Claims(pub Map<String, Value>);

impl Claims {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Seconds since 1970; there may be parts of them (RFC 7519, section 2).
    fn instant(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// Checks that the token was made for this sign-in (OpenID Connect Core 1.0, section 3.1.3.7).
    ///
    /// # Errors
    /// What is wrong first.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), Untrusted> {
        if self.text("iss") != Some(expected.issuer) {
            return Err(Untrusted::Issuer);
        }
        if !self.is_for(expected.client_id) {
            return Err(Untrusted::Audience);
        }
        let now = expected.now as f64;
        if self.instant("exp").is_none_or(|end| end + LEEWAY <= now) {
            return Err(Untrusted::Expired);
        }
        let lies_ahead = |instant: f64| instant > now + LEEWAY;
        if self.instant("iat").is_none_or(lies_ahead)
            || self.0.contains_key("nbf") && self.instant("nbf").is_none_or(lies_ahead)
        {
            return Err(Untrusted::Future);
        }
        if self.text("nonce") != Some(expected.nonce) {
            return Err(Untrusted::Nonce);
        }
        self.subject().map(|_| ())
    }

    /// One of several audiences is not enough: the token must have been asked for by this client (`azp`).
    fn is_for(&self, client: &str) -> bool {
        let (is_named, several) = match self.0.get("aud") {
            Some(Value::String(one)) => (one == client, false),
            Some(Value::Array(all)) => (all.iter().any(|one| one == client), all.len() > 1),
            _ => (false, false),
        };
        let azp = self.0.get("azp");
        let is_asked_for = match azp {
            Some(party) => party == client,
            None => !several,
        };
        is_named && is_asked_for
    }

    /// Who it is, for good: `sub`, at most 255 ASCII characters.
    ///
    /// # Errors
    /// [`Untrusted::Subject`].
    pub fn subject(&self) -> Result<&str, Untrusted> {
        let is_one = |subject: &&str| {
            let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_control();
            !subject.is_empty() && subject.len() <= MOST_SUBJECT && subject.bytes().all(is_plain)
        };
        self.text("sub").filter(is_one).ok_or(Untrusted::Subject)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'static> = Expected {
        issuer: "https://id.example",
        client_id: "dateline",
        nonce: "n",
        now: 1_000_000,
    };

    fn check(change: Value) -> Result<(), Untrusted> {
        let mut claims = json!({
            "iss": "https://id.example", "aud": "dateline", "sub": "kim", "nonce": "n",
            "exp": 1_000_300, "iat": 1_000_000
        });
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        Claims(claims.as_object().unwrap().clone()).check(&EXPECTED)
    }

    #[test]
    fn what_was_made_for_this_sign_in_is_taken() {
        for change in [
            json!({}),
            json!({"aud": ["dateline"]}),
            json!({"aud": ["dateline", "other"], "azp": "dateline"}),
            json!({"azp": "dateline"}),
            json!({"exp": 999_941, "iat": 1_000_060}),
            json!({"exp": 1_000_300.5, "nbf": 1_000_000}),
            json!({"iss": "https://id.example"}),
        ] {
            assert_eq!(check(change.clone()), Ok(()), "{change}");
        }
    }

    #[test]
    fn what_was_not_is_refused_and_told_apart() {
        for (change, reason) in [
            (json!({"iss": "https://id.example/"}), Untrusted::Issuer),
            (json!({"iss": null}), Untrusted::Issuer),
            (json!({"iss": ["https://id.example"]}), Untrusted::Issuer),
            (json!({"aud": "other"}), Untrusted::Audience),
            (json!({"aud": null}), Untrusted::Audience),
            (json!({"aud": []}), Untrusted::Audience),
            (json!({"aud": ["dateline", "other"]}), Untrusted::Audience),
            (
                json!({"aud": ["dateline", "other"], "azp": "other"}),
                Untrusted::Audience,
            ),
            (json!({"azp": "other"}), Untrusted::Audience),
            (json!({"azp": 7}), Untrusted::Audience),
            (json!({"exp": 999_940}), Untrusted::Expired),
            (json!({"exp": null}), Untrusted::Expired),
            (json!({"exp": "1000300"}), Untrusted::Expired),
            (json!({"iat": 1_000_061}), Untrusted::Future),
            (json!({"iat": null}), Untrusted::Future),
            (json!({"nbf": 1_000_061}), Untrusted::Future),
            (json!({"nonce": "m"}), Untrusted::Nonce),
            (json!({"nonce": null}), Untrusted::Nonce),
            (json!({"sub": ""}), Untrusted::Subject),
            (json!({"sub": null}), Untrusted::Subject),
            (json!({"sub": "a\u{0}b"}), Untrusted::Subject),
            (json!({"sub": "kím"}), Untrusted::Subject),
            (json!({"sub": "k".repeat(256)}), Untrusted::Subject),
        ] {
            assert_eq!(check(change.clone()), Err(reason), "{change}");
        }
    }

    #[test]
    fn a_token_without_a_signature_is_not_even_read() {
        let read = |header: &str| {
            let header = BASE64_URL_SAFE_NO_PAD.encode(header);
            let token = format!("{header}.e30.");
            UnverifiedToken::read(&token).err()
        };
        for alg in [
            "none", "None", "HS256", "RS384", "RS512", "PS256", "ES384", "",
        ] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(read(&header), Some(Untrusted::Algorithm), "{alg}");
        }
        for header in [
            "",
            "{}",
            "[]",
            r#"{"alg":7}"#,
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"RS256","alg":"none"}"#,
        ] {
            assert_eq!(read(header), Some(Untrusted::Malformed), "{header}");
        }
        assert_eq!(read(r#"{"alg":"RS256"}"#), None);
        for token in ["", ".", "..", "a", "a.b", "a.b.c", "e30.e30.*"] {
            assert!(UnverifiedToken::read(token).is_err(), "{token}");
        }
    }
}
