//! The keys that an identity provider signs with (RFC 7517), and the three algorithms that are taken (RFC 7518, RFC
//! 8037). A key says which algorithm it is for; what a token says of itself only has to agree. `none` and HMAC have no
//! key here, so no header can ask for them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id as KeyKind, PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde::Deserialize;
use serde_json::Value;

/// Most keys of a set that are looked at.
const MOST_KEYS: usize = 100;
/// Sizes of RSA keys in bits: RFC 7518, section 3.3, asks for the lower one; checking a signature with a key of the
/// other takes microseconds still.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;
/// Bytes of each of the two numbers of a signature with P-256.
const P256_BYTES: usize = 32;

/// How ID tokens may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The algorithm of a header's `alg`; RFC 9864 calls the last one by its curve.
    pub fn from_header(alg: &str) -> Option<Self> {
        match alg {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A key of the provider's.
pub struct VerificationKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: PKey<Public>,
}

impl VerificationKey {
    /// Whether a signature is this key's.
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.check(signed, signature).unwrap_or(false)
    }

    fn check(&self, signed: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
        match self.algorithm {
            Algorithm::Rs256 => {
                Verifier::new(MessageDigest::sha256(), &self.key)?.verify_oneshot(signature, signed)
            }
            Algorithm::Es256 => {
                // Both numbers one after the other (RFC 7518, section 3.4), not in ASN.1.
                let Some((r, s)) = signature.split_at_checked(P256_BYTES) else {
                    return Ok(false);
                };
                if s.len() != P256_BYTES {
                    return Ok(false);
                }
                let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
                let signature = EcdsaSig::from_private_components(r, s)?.to_der()?;
                Verifier::new(MessageDigest::sha256(), &self.key)?
                    .verify_oneshot(&signature, signed)
            }
            Algorithm::EdDsa => {
                Verifier::new_without_digest(&self.key)?.verify_oneshot(signature, signed)
            }
        }
    }
}

/// A key as providers publish it; members that do not matter here are left out.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text?).ok()
}

impl Jwk {
    /// The key, where it is one that ID tokens can be signed with.
    fn read(&self) -> Option<VerificationKey> {
        if self
            .purpose
            .as_deref()
            .is_some_and(|purpose| purpose != "sig")
        {
            return None;
        }
        let (algorithm, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => (Algorithm::Rs256, self.rsa()?),
            ("EC", Some("P-256")) => (Algorithm::Es256, self.p256()?),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, self.ed25519()?),
            _ => return None,
        };
        let is_for_another = |alg: &str| Algorithm::from_header(alg) != Some(algorithm);
        if self.alg.as_deref().is_some_and(is_for_another) {
            return None;
        }
        Some(VerificationKey {
            id: self.kid.clone(),
            algorithm,
            key,
        })
    }

    fn rsa(&self) -> Option<PKey<Public>> {
        let number = |text: Option<&String>| BigNum::from_slice(&bytes(text)?).ok();
        let key = Rsa::from_public_components(number(self.n.as_ref())?, number(self.e.as_ref())?);
        let key = PKey::from_rsa(key.ok()?).ok()?;
        RSA_BITS.contains(&key.bits()).then_some(key)
    }

    fn p256(&self) -> Option<PKey<Public>> {
        let number = |text: Option<&String>| BigNum::from_slice(&bytes(text)?).ok();
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).ok()?;
        let (x, y) = (number(self.x.as_ref())?, number(self.y.as_ref())?);
        // It refuses a point that is not on the curve.
        let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y).ok()?;
        PKey::from_ec_key(key).ok()
    }

    fn ed25519(&self) -> Option<PKey<Public>> {
        PKey::public_key_from_raw_bytes(&bytes(self.x.as_ref())?, KeyKind::ED25519).ok()
    }
}

/// The keys of a provider that ID tokens can be signed with.
pub struct KeySet(Vec<VerificationKey>);

impl KeySet {
    /// Reads a key set (RFC 7517, section 5); keys that are not understood are left out.
    ///
    /// # Errors
    /// When it is no key set.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let Set { keys } = serde_json::from_slice(json)?;
        let keys = keys.into_iter().take(MOST_KEYS);
        let known = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.read());
        Ok(Self(known.collect()))
    }

    /// The key that a token names, for its algorithm. Without a name it is the only one for that (OpenID Connect Core
    /// 1.0, section 10.1).
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&VerificationKey> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        let first = fitting.next()?;
        match (id, fitting.next()) {
            (None, Some(_)) => None,
            _ => Some(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    // RFC 8037, appendix A.
    #[test]
    fn the_signature_of_rfc_8037_is_verified() {
        let set = br#"{"keys":[{"kty":"OKP","crv":"Ed25519",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let set = KeySet::read(set).unwrap();
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = decode(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        let key = set.find(None, Algorithm::EdDsa).unwrap();
        assert!(key.verifies(signed, &signature));
        assert!(!key.verifies(b"another", &signature));
        assert!(!key.verifies(signed, &[]));
    }

    // RFC 7515, appendix A.3.
    #[test]
    fn the_signature_of_rfc_7515_is_verified() {
        let set = br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","use":"sig","alg":"ES256",
            "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        let set = KeySet::read(set).unwrap();
        let signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0\
            dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = decode(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        let key = set.find(Some("a"), Algorithm::Es256).unwrap();
        assert!(key.verifies(signed, &signature));
        let mut wrong = signature.clone();
        wrong[40] ^= 1;
        assert!(!key.verifies(signed, &wrong));
        assert!(!key.verifies(signed, &signature[..63]));
        assert!(!key.verifies(signed, &[&signature[..], &[0]].concat()));
        assert!(!key.verifies(signed, &[0; 64]));
        assert!(set.find(Some("b"), Algorithm::Es256).is_none());
        assert!(set.find(Some("a"), Algorithm::Rs256).is_none());
    }

    #[test]
    fn keys_that_are_none_are_left_out() {
        let p256 = |more: &str| {
            format!(
                r#"{{"kty":"EC","crv":"P-256"{more},"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}"#
            )
        };
        let count = |keys: &str| {
            let set = KeySet::read(format!(r#"{{"keys":[{keys}]}}"#).as_bytes());
            set.unwrap().0.len()
        };
        assert_eq!(count(&p256("")), 1);
        for left_out in [
            p256(r#","use":"enc""#),
            p256(r#","alg":"HS256""#),
            p256(r#","alg":"RS256""#),
            p256("").replace("P-256", "P-521"),
            // Not on the curve.
            p256("").replace("f83O", "f83P"),
            p256("").replace("EC", "oct"),
            r#"{"kty":"oct","k":"c2VjcmV0"}"#.into(),
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.into(),
            r#"{"kty":"RSA"}"#.into(),
            r#"{"kty":7}"#.into(),
            "7".into(),
        ] {
            assert_eq!(count(&left_out), 0, "{left_out}");
        }
        // Of two without a name neither is meant.
        let both = format!(r#"{{"keys":[{},{}]}}"#, p256(""), p256(""));
        let set = KeySet::read(both.as_bytes()).unwrap();
        assert!(set.find(None, Algorithm::Es256).is_none());
        assert!(KeySet::read(b"[]").is_err());
        assert!(KeySet::read(b"{}").is_err());
    }
}
