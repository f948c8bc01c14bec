//! Telling visitors apart without knowing them.
//!
//! A visitor is a keyed hash (HMAC-SHA-256) of address, user agent, article and network, under a
//! key that changes every day (UTC) and is itself derived from a secret that never leaves the
//! database. Neither address nor user agent is stored; without the secret nobody can find out
//! whether an address is behind a hash, and the same visitor has another hash tomorrow and on
//! another article.

use std::net::IpAddr;

use chrono::{Days, NaiveDate};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::model::Network;
use crate::db::{Id, Timestamp};
use crate::http::address;

/// How long one visitor's further shares of an article on a network are not counted.
pub const WINDOW: chrono::Duration = chrono::Duration::hours(1);

/// The secret that daily keys are derived from.
#[derive(Clone)]
pub struct VisitorKey(Vec<u8>);

/// A visitor of one article and network, hashed under today's key and, as the window reaches back
/// over midnight, under yesterday's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// What is stored.
    pub today: Vec<u8>,
    /// What was stored for the same visitor yesterday.
    pub yesterday: Vec<u8>,
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

impl VisitorKey {
    /// A key from secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.to_vec())
    }

    /// The visitor behind an address (by its [`network`](address::network)) and user agent, for one
    /// article and network.
    pub fn visitor(
        &self,
        address: Option<IpAddr>,
        user_agent: &str,
        article: Id,
        network: Network,
        now: Timestamp,
    ) -> Visitor {
        let address = match address.map(address::network) {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
            None => Vec::new(),
        };
        let under = |day: NaiveDate| {
            let key = hmac(&self.0, &[day.to_string().as_bytes()]);
            let parts = [
                &address,
                user_agent.as_bytes(),
                article.0.as_bytes(),
                network.as_str().as_bytes(),
            ];
            hmac(&key, &parts)
        };
        let today = now.utc().date_naive();
        Visitor {
            today: under(today),
            yesterday: under(today.checked_sub_days(Days::new(1)).unwrap_or(today)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_has_another_hash_tomorrow_and_on_another_article() {
        let key = VisitorKey::new(b"secret");
        let address = Some("192.0.2.1".parse().unwrap());
        let article = Id::generate();
        let at = |time: &str, article| {
            let now = time.parse().unwrap();
            key.visitor(address, "agent", article, Network::X, now)
        };
        let monday = at("2026-03-02T23:59:00Z", article);
        let tuesday = at("2026-03-03T00:01:00Z", article);
        assert_ne!(monday.today, tuesday.today);
        assert_eq!(monday.today, tuesday.yesterday);
        assert_ne!(
            monday.today,
            at("2026-03-02T23:59:00Z", Id::generate()).today
        );
    }

    #[test]
    fn an_ipv6_visitor_counts_by_the_network_prefix() {
        let key = VisitorKey::new(b"secret");
        let (article, now) = (Id::generate(), Timestamp::now());
        let from = |address: &str| {
            key.visitor(Some(address.parse().unwrap()), "", article, Network::X, now)
        };
        assert_eq!(from("2001:db8::1"), from("2001:db8::2"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    }
}
