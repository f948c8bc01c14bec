//! The tokens of preview links.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use url::Url;

use crate::db::Id;
use crate::keys::Key;

/// What they begin with.
const PREFIX: &str = "pv_";

/// Bytes of an id, and of the HMAC that are kept.
const BYTES: usize = 16;

/// The keys that the ids of links are signed with (HMAC-SHA-256, RFC 2104), the same in all processes of one database:
/// a token that nobody was given is refused before the database is asked.
#[derive(Clone)]
pub struct PreviewKeys(Vec<Hmac<Sha256>>);

impl PreviewKeys {
    /// Of those that the service made, the newest first.
    pub fn new(keys: &[Key]) -> Self {
        let key = |key: &Key| Hmac::new_from_slice(&key.secret).ok();
        Self(keys.iter().filter_map(key).collect())
    }

    fn mac(key: &Hmac<Sha256>, id: Id) -> Hmac<Sha256> {
        let mut mac = key.clone();
        mac.update(b"preview link");
        mac.update(id.0.as_bytes());
        mac
    }

    /// The token of a link.
    pub fn token(&self, id: Id) -> String {
        let mut bytes = id.0.as_bytes().to_vec();
        if let Some(key) = self.0.first() {
            bytes.extend_from_slice(&Self::mac(key, id).finalize().into_bytes()[..BYTES]);
        }
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The link that a token was made for; `None` for what this service did not sign.
    pub fn link_of(&self, token: &str) -> Option<Id> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token.strip_prefix(PREFIX)?)
            .ok()?;
        let (id, signature) = bytes.split_at_checked(BYTES)?;
        let id = Id(uuid::Uuid::from_slice(id).ok()?);
        let is_signed = |key| Self::mac(key, id).verify_truncated_left(signature).is_ok();
        (signature.len() == BYTES && self.0.iter().any(is_signed)).then_some(id)
    }
}

/// How links are made.
#[derive(Clone)]
pub struct PreviewLinks {
    /// What signs them.
    pub keys: PreviewKeys,
    /// The page of the newsroom's site that shows previews: `{token}` in it stands for the token, which otherwise
    /// becomes the parameter `token`. `None` where there is no such page.
    pub page: Option<String>,
}

impl PreviewLinks {
    /// Where a token is read.
    pub fn url(&self, token: &str) -> Option<String> {
        let page = self.page.as_ref()?;
        if page.contains("{token}") {
            return Some(page.replace("{token}", token));
        }
        let mut url = Url::parse(page).ok()?;
        url.query_pairs_mut().append_pair("token", token);
        Some(url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> PreviewKeys {
        let keys: Vec<Key> = bytes
            .iter()
            .map(|byte| Key {
                id: Id::generate(),
                secret: vec![*byte; 32],
            })
            .collect();
        PreviewKeys::new(&keys)
    }

    #[test]
    fn only_what_was_signed_names_a_link() {
        let (ours, id) = (keys(&[1]), Id::generate());
        let token = ours.token(id);
        assert_eq!(ours.link_of(&token), Some(id));
        // Keys that were changed go on for what they signed.
        assert_eq!(keys(&[2, 1]).link_of(&token), Some(id));
        assert_eq!(keys(&[2]).link_of(&token), None);
        for place in 3..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(ours.link_of(&other), None, "{other}");
        }
        for wrong in [
            "",
            "pv_",
            &token[..20],
            &token[3..],
            &format!("{token}AA"),
            "pv_é",
            "dl_x",
        ] {
            assert_eq!(ours.link_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_page_has_the_token_where_it_wants_it() {
        let at = |page: &str| {
            let links = PreviewLinks {
                keys: keys(&[1]),
                page: Some(page.into()),
            };
            links.url("pv_x").unwrap()
        };
        assert_eq!(
            at("https://news.example/preview/{token}?x=1"),
            "https://news.example/preview/pv_x?x=1"
        );
        assert_eq!(
            at("https://news.example/preview?x=1"),
            "https://news.example/preview?x=1&token=pv_x"
        );
    }
}
