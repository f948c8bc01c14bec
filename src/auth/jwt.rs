//! Access tokens: short JWTs (RFC 7519) signed with HS256 by keys that the database keeps.
//!
//! The algorithm is pinned: a token that names another (`none` included) is refused. `kid` names
//! the key, so that keys can be rotated while tokens signed by the old one run out.

use std::sync::RwLock;
use std::time::Duration;

use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::hs256;
use crate::db::Id;
use crate::keys::Key;

/// Who issues and who takes the tokens.
const ISSUER: &str = "dateline";
const AUDIENCE: &str = "dateline-editorial";

/// How long an access token is valid.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Id,
    sid: Id,
    iat: i64,
    exp: i64,
}

/// What a valid access token says: whether the session still stands, and with which role, is the
/// database's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// `sub`: whose it is.
    pub user: Id,
    /// `sid`: the sign-in that it goes back to.
    pub id: Id,
}

/// Signs and checks access tokens.
pub struct Signer {
    /// The newest first: it signs; all check.
    keys: RwLock<Vec<Key>>,
}

impl Signer {
    /// A signer with the keys of the database, the newest first.
    pub fn new(keys: Vec<Key>) -> Self {
        hs256::install();
        Self {
            keys: RwLock::new(keys),
        }
    }

    /// Takes over the keys that the database has now.
    pub fn replace_keys(&self, keys: Vec<Key>) {
        *self.keys.write().unwrap_or_else(|error| error.into_inner()) = keys;
    }

    fn keys(&self) -> std::sync::RwLockReadGuard<'_, Vec<Key>> {
        self.keys.read().unwrap_or_else(|error| error.into_inner())
    }

    /// An access token for a session.
    ///
    /// # Errors
    /// When there is no key or signing fails.
    pub fn issue(&self, session: Session) -> Result<String, jsonwebtoken::errors::Error> {
        let keys = self.keys();
        let key = keys
            .first()
            .ok_or(jsonwebtoken::errors::ErrorKind::InvalidKeyFormat)?;
        let now = Utc::now().timestamp();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: session.user,
            sid: session.id,
            iat: now,
            exp: now + LIFETIME.as_secs() as i64,
        };
        let header = Header {
            kid: Some(key.id.to_string()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key.secret))
    }

    /// The session that a valid token names; `None` for every other text.
    pub fn verify(&self, token: &str) -> Option<Session> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let kid: Id = kid.parse().ok()?;
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == kid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        let claims = jsonwebtoken::decode::<Claims>(
            token,
            &DecodingKey::from_secret(&key.secret),
            &validation,
        )
        .ok()?
        .claims;
        Some(Session {
            user: claims.sub,
            id: claims.sid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key {
            id: Id::generate(),
            secret: crate::keys::random_bytes().to_vec(),
        }
    }

    fn encode(key: &Key, header: Header, exp: i64, iss: &str) -> String {
        let claims = Claims {
            iss: iss.into(),
            aud: AUDIENCE.into(),
            sub: Id::generate(),
            sid: Id::generate(),
            iat: 0,
            exp,
        };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key.secret)).unwrap()
    }

    #[test]
    fn a_token_is_valid_until_its_key_is_gone() {
        let (old, new) = (key(), key());
        let signer = Signer::new(vec![old.clone()]);
        let session = Session {
            user: Id::generate(),
            id: Id::generate(),
        };
        let token = signer.issue(session).unwrap();
        signer.replace_keys(vec![new.clone(), old]);
        assert_eq!(signer.verify(&token), Some(session));
        signer.replace_keys(vec![new]);
        assert!(signer.verify(&token).is_none());
    }

    #[test]
    fn expired_foreign_and_unsigned_tokens_are_refused() {
        let key = key();
        let signer = Signer::new(vec![key.clone()]);
        let header = |algorithm, kid: Id| Header {
            kid: Some(kid.to_string()),
            ..Header::new(algorithm)
        };
        let later = Utc::now().timestamp() + 60;
        let good = encode(&key, header(Algorithm::HS256, key.id), later, ISSUER);
        assert!(signer.verify(&good).is_some());

        let expired = encode(&key, header(Algorithm::HS256, key.id), later - 120, ISSUER);
        let foreign_issuer = encode(&key, header(Algorithm::HS256, key.id), later, "elsewhere");
        let foreign_key = encode(
            &self::key(),
            header(Algorithm::HS256, key.id),
            later,
            ISSUER,
        );
        let other_algorithm = {
            use base64::Engine;
            use hmac::Mac;
            let encode = |bytes: &[u8]| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes);
            let header = serde_json::to_vec(&header(Algorithm::HS512, key.id)).unwrap();
            let payload = good.split('.').nth(1).unwrap();
            let signed = format!("{}.{payload}", encode(&header));
            let mac = hmac::Hmac::<sha2::Sha512>::new_from_slice(&key.secret).unwrap();
            let tag = mac.chain_update(&signed).finalize().into_bytes();
            format!("{signed}.{}", encode(&tag))
        };
        let no_kid = encode(&key, Header::new(Algorithm::HS256), later, ISSUER);
        for token in [
            expired,
            foreign_issuer,
            foreign_key,
            other_algorithm,
            no_kid,
        ] {
            assert!(signer.verify(&token).is_none(), "{token}");
        }

        use base64::Engine;
        let encode = |text: String| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        let payload = good.split('.').nth(1).unwrap();
        let none = encode(format!(
            r#"{{"alg":"none","typ":"JWT","kid":"{}"}}"#,
            key.id
        ));
        assert!(signer.verify(&format!("{none}.{payload}.")).is_none());
        assert!(signer.verify("").is_none());
        assert!(signer.verify("a.b.c").is_none());
    }
}
