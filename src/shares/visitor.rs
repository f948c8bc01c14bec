//! Telling visitors apart without knowing them.
//!
//! A visitor is a keyed hash (HMAC-SHA-256) of address, user agent, article and network, under a
//! key that changes every day (UTC) and is itself derived from a secret that never leaves the
//! database. Neither address nor user agent is stored; without the secret nobody can find out
//! whether an address is behind a hash, and the same visitor has another hash tomorrow and on
//! another article.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::model::Network;
use crate::db::{Id, Timestamp};
use crate::http::address;

/// How long one visitor's further shares of an article on a network are not counted.
pub const WINDOW: chrono::Duration = chrono::Duration::hours(1);

/// The part of a hash that is kept: the first eight bytes of HMAC-SHA-256 (RFC 2104, section 5). That
/// one of a million visitors in an hour is taken for another one has a probability of about 3 in 100
/// million.
pub type VisitorHash = u64;

/// The secret that daily keys are derived from.
#[derive(Clone)]
pub struct VisitorKey {
    secret: Vec<u8>,
    /// The keys of the two days that were asked for last.
    of_days: Arc<RwLock<VecDeque<(NaiveDate, DayKey)>>>,
}

type DayKey = Hmac<Sha256>;

/// A visitor of one article and network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The hash under today's key: what is stored.
    pub today: VisitorHash,
    /// The hash under yesterday's key, while the window reaches back to yesterday.
    pub yesterday: Option<VisitorHash>,
}

fn keyed(key: &[u8]) -> DayKey {
    DayKey::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hash(mut mac: DayKey, parts: &[&[u8]]) -> VisitorHash {
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    let whole = mac.finalize().into_bytes();
    let mut part = [0; size_of::<VisitorHash>()];
    part.copy_from_slice(&whole[..size_of::<VisitorHash>()]);
    VisitorHash::from_le_bytes(part)
}

impl VisitorKey {
    /// A key from secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self {
            secret: secret.to_vec(),
            of_days: Arc::default(),
        }
    }

    fn of(&self, day: NaiveDate) -> DayKey {
        let known = self.of_days.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = known.iter().find(|(known, _)| *known == day) {
            return key.clone();
        }
        drop(known);
        let mut mac = keyed(&self.secret);
        mac.update(day.to_string().as_bytes());
        let key = keyed(&mac.finalize().into_bytes());
        let mut known = self.of_days.write().unwrap_or_else(PoisonError::into_inner);
        known.push_front((day, key.clone()));
        known.truncate(2);
        key
    }

    /// The visitor behind an address (by its [`network`](address::network)) and user agent, for one
    /// article and network.
    pub fn visitor(
        &self,
        address: Option<IpAddr>,
        user_agent: &[u8],
        article: Id,
        network: Network,
        now: Timestamp,
    ) -> Visitor {
        let address = match address.map(address::network) {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
            None => Vec::new(),
        };
        let parts = [
            &address,
            user_agent,
            article.0.as_bytes(),
            network.as_str().as_bytes(),
        ];
        let today = now.utc().date_naive();
        let before = now.plus(-WINDOW).utc().date_naive();
        Visitor {
            yesterday: (before != today).then(|| hash(self.of(before), &parts)),
            today: hash(self.of(today), &parts),
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
            key.visitor(address, b"agent", article, Network::X, now)
        };
        let monday = at("2026-03-02T23:59:00Z", article);
        let tuesday = at("2026-03-03T00:01:00Z", article);
        assert_ne!(monday.today, tuesday.today);
        assert_eq!(Some(monday.today), tuesday.yesterday);
        assert_eq!(at("2026-03-03T01:00:00Z", article).yesterday, None);
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
            key.visitor(
                Some(address.parse().unwrap()),
                b"",
                article,
                Network::X,
                now,
            )
        };
        assert_eq!(from("2001:db8::1"), from("2001:db8::2"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    }
}
