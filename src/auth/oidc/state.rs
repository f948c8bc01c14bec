//! What goes with a browser to the provider and comes back: `state` (RFC 6749, section 10.12).
//!
//! Nothing is stored when a sign-in begins, so that whoever calls it a million times fills no disk: all that must be
//! known when the browser comes back is in `state`, signed by a key that all processes have, and bound to the browser by
//! a cookie. The nonce and the PKCE verifier are derived from both, and need no place either.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::keys::random_bytes;

/// How long somebody may take at the provider (seconds): a password, a second factor, consent.
pub const LIFETIME: i64 = 10 * 60;
/// Most bytes of `return_to`: with the rest they fit into the addresses that providers take.
pub const MOST_RETURN_TO: usize = 1_000;
/// Most characters of a `state` that is read.
const MOST_STATE: usize = 2_000;
/// Bytes of a signature, a hash, a random value and a S256 challenge.
const HASH: usize = 32;

/// The key that `state` is signed with.
#[derive(Clone)]
pub struct StateKey(Hmac<Sha256>);

/// A sign-in that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Until when the browser may come back: seconds since 1970.
    pub expires_at: i64,
    /// Where it is sent then; it was allowed when the sign-in began.
    pub return_to: String,
    /// The S256 challenge of the client that began it.
    pub code_challenge: String,
    browser: [u8; HASH],
    /// All that is signed.
    payload: Vec<u8>,
}

/// The secret of one browser, in its cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Browser([u8; HASH]);

impl Browser {
    /// One that has no cookie yet.
    pub fn generate() -> Self {
        Self(random_bytes())
    }

    /// Of a cookie's value.
    pub fn from_cookie(value: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(value).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The cookie's value.
    pub fn cookie(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    fn hash(&self) -> [u8; HASH] {
        Sha256::digest(self.0).into()
    }
}

/// The S256 challenge of a verifier (RFC 7636, section 4.2).
pub fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether a text can be an S256 challenge: 32 bytes in base64url.
pub fn is_challenge(text: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == HASH)
}

/// Whether a verifier is that of a challenge, in constant time.
pub fn proves(verifier: &str, expected: &str) -> bool {
    challenge(verifier)
        .as_bytes()
        .ct_eq(expected.as_bytes())
        .into()
}

impl StateKey {
    /// A key from secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// Each use has a label of its own: what is derived for one is worth nothing for another.
    fn mac(&self, label: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(label);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    fn derive(&self, label: &[u8], parts: &[&[u8]]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.mac(label, parts).finalize().into_bytes())
    }

    /// Begins a sign-in; returns it with its `state`. `code_challenge` [is one](is_challenge).
    pub fn begin(
        &self,
        browser: &Browser,
        code_challenge: &str,
        return_to: &str,
        now: i64,
    ) -> (State, String) {
        let expires_at = now + LIFETIME;
        let mut payload = expires_at.to_be_bytes().to_vec();
        // Two sign-ins of one browser are two.
        payload.extend_from_slice(&random_bytes());
        payload.extend_from_slice(&browser.hash());
        let challenge = BASE64_URL_SAFE_NO_PAD.decode(code_challenge);
        payload.extend_from_slice(&challenge.unwrap_or_default());
        payload.extend_from_slice(return_to.as_bytes());
        let signature = self.mac(b"state", &[&payload]).finalize().into_bytes();
        let text = BASE64_URL_SAFE_NO_PAD.encode([&signature[..], &payload].concat());
        let state = State {
            expires_at,
            return_to: return_to.to_owned(),
            code_challenge: code_challenge.to_owned(),
            browser: browser.hash(),
            payload,
        };
        (state, text)
    }

    /// The sign-in that a `state` stands for, whoever brings it and however late; `None` when this server has not signed
    /// it.
    pub fn open(&self, state: &str) -> Option<State> {
        if state.len() > MOST_STATE {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(state).ok()?;
        let (signature, payload) = bytes.split_at_checked(HASH)?;
        let mac = self.mac(b"state", &[payload]);
        mac.verify_slice(signature).ok()?;
        let (expires_at, rest) = payload.split_first_chunk::<8>()?;
        let (_, rest) = rest.split_first_chunk::<HASH>()?;
        let (browser, rest) = rest.split_first_chunk::<HASH>()?;
        let (challenge, return_to) = rest.split_first_chunk::<HASH>()?;
        Some(State {
            expires_at: i64::from_be_bytes(*expires_at),
            return_to: String::from_utf8(return_to.to_vec()).ok()?,
            code_challenge: BASE64_URL_SAFE_NO_PAD.encode(challenge),
            browser: *browser,
            payload: payload.to_vec(),
        })
    }

    /// The nonce that ties the ID token to the sign-in (OpenID Connect Core 1.0, section 15.5.2).
    pub fn nonce(&self, state: &State) -> String {
        self.derive(b"nonce", &[&state.payload])
    }

    /// The verifier that proves to the provider who began the sign-in (RFC 7636, section 4.1). Only this server with the
    /// browser's cookie can make it.
    pub fn verifier(&self, state: &State, browser: &Browser) -> String {
        self.derive(b"verifier", &[&state.payload, &browser.0])
    }
}

impl State {
    /// Whether this browser began it and its time is not over.
    pub fn is_good(&self, browser: Option<&Browser>, now: i64) -> bool {
        let is_the_same = |browser: &Browser| browser.hash().ct_eq(&self.browser).into();
        browser.is_some_and(is_the_same) && now < self.expires_at
    }

    /// What it is remembered by once it is used.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.payload).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://desk.example/in?a=b";

    fn begun(key: &StateKey, browser: &Browser) -> (State, String) {
        key.begin(browser, &challenge("v"), PAGE, 1_000)
    }

    #[test]
    fn a_state_comes_back_as_it_went() {
        let (key, browser) = (StateKey::new(b"key"), Browser::generate());
        let (state, text) = begun(&key, &browser);
        assert_eq!(key.open(&text), Some(state.clone()));
        assert_eq!(state.return_to, PAGE);
        assert!(proves("v", &state.code_challenge) && !proves("w", &state.code_challenge));
        let again = StateKey::new(b"key");
        let opened = again.open(&text).unwrap();
        assert_eq!(again.nonce(&opened), key.nonce(&state));
        assert_eq!(
            again.verifier(&opened, &browser),
            key.verifier(&state, &browser)
        );
        // RFC 7636, section 4.1.
        assert_eq!(key.verifier(&state, &browser).len(), 43);
        let (other, _) = begun(&key, &browser);
        assert_ne!(other.hash(), state.hash());
        assert_ne!(key.nonce(&other), key.nonce(&state));
        assert_ne!(key.nonce(&state), key.verifier(&state, &browser));
    }

    #[test]
    fn a_state_is_that_of_one_browser_for_ten_minutes() {
        let (key, browser) = (StateKey::new(b"key"), Browser::generate());
        let (state, _) = begun(&key, &browser);
        assert!(state.is_good(Some(&browser), 1_000 + LIFETIME - 1));
        assert!(!state.is_good(Some(&browser), 1_000 + LIFETIME));
        assert!(!state.is_good(Some(&Browser::generate()), 1_000));
        assert!(!state.is_good(None, 1_000));
        let kept = Browser::from_cookie(&browser.cookie()).unwrap();
        assert!(state.is_good(Some(&kept), 1_000));
        for wrong in ["", "a", "*", &browser.cookie()[1..]] {
            assert!(Browser::from_cookie(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_was_not_signed_here_is_no_state() {
        let (key, browser) = (StateKey::new(b"key"), Browser::generate());
        let (_, text) = begun(&key, &browser);
        assert!(StateKey::new(b"other").open(&text).is_none());
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let tampered = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
            assert!(key.open(&tampered).is_none(), "{at}");
            bytes[at] ^= 1;
        }
        for wrong in ["", "a", "*", &text[1..], &"A".repeat(3_000)] {
            assert!(key.open(wrong).is_none(), "{wrong}");
        }
    }
}
