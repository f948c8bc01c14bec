//! Telling visitors apart without knowing them.
//!
//! A visitor is a keyed hash (HMAC-SHA-256) of address, user agent, article and network, under a
//! key that changes every day (UTC) and is itself derived from a secret that never leaves the
//! database. Neither address nor user agent is stored; without the secret nobody can find out
//! whether an address is behind a hash, and the same visitor has another hash tomorrow and on
//! another article.
//!
//! Where an app says which of its installations it is, that stands in the place of the user agent. Anyone
//! can make such names up, so the hash also says whose crowd it belongs to, that of an address and an
//! article: of each crowd only so many count. A part of the hash rather than a table says it, so that it is
//! known wherever the journal was read, after a restart and in other processes.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::model::{Installation, Network};
use crate::db::{Id, Timestamp};
use crate::http::address;

/// How long one visitor's further shares of an article on a network are not counted.
pub const WINDOW: chrono::Duration = chrono::Duration::hours(1);

/// The part of a hash that is kept: 63 bits of HMAC-SHA-256 (RFC 2104, section 5), and whether an
/// installation of an app is behind it (`BY_INSTALLATION`), whose crowd then takes the place of the
/// first bits (`CROWD_BITS`). That one of a million visitors in an hour is taken for another one has a
/// probability of about 5 in 100 million.
pub type VisitorHash = u64;

/// The last bit of a visitor who is told apart by an installation.
const BY_INSTALLATION: VisitorHash = 1;
/// How many of its first bits say whose crowd.
const CROWD_BITS: u32 = 24;
/// The others.
const MEMBER: VisitorHash = VisitorHash::MAX >> CROWD_BITS;

/// The installations of apps behind one address that share one article.
pub type Crowd = u32;

/// The crowd that a visitor belongs to; `None` for those whom no installation tells apart.
pub fn crowd(visitor: VisitorHash) -> Option<Crowd> {
    let is_member = visitor & BY_INSTALLATION != 0;
    is_member.then_some((visitor >> (VisitorHash::BITS - CROWD_BITS)) as Crowd)
}

/// What tells one reader behind an address from another.
#[derive(Debug, Clone, Copy)]
pub enum Reader<'a> {
    /// Their browser or app.
    UserAgent(&'a [u8]),
    /// Which of an app's installations theirs is.
    Installation(&'a Installation),
}

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

    /// The visitor behind an address (by its [`network`](address::network)), for one article and network.
    pub fn visitor(
        &self,
        address: Option<IpAddr>,
        reader: Reader<'_>,
        article: Id,
        network: Network,
        now: Timestamp,
    ) -> Visitor {
        let address = match address.map(address::network) {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
            None => Vec::new(),
        };
        let (article, network) = (article.0.as_bytes(), network.as_str().as_bytes());
        let of = |day: NaiveDate| match reader {
            Reader::UserAgent(user_agent) => {
                let whole = hash(self.of(day), &[&address, user_agent, article, network]);
                whole & !BY_INSTALLATION
            }
            Reader::Installation(name) => {
                let name = name.as_str().as_bytes();
                let parts = [b"installation", &address[..], name, article, network];
                let crowd = hash(self.of(day), &[b"crowd", &address, article]);
                crowd & !MEMBER | hash(self.of(day), &parts) & MEMBER | BY_INSTALLATION
            }
        };
        let today = now.utc().date_naive();
        let before = now.plus(-WINDOW).utc().date_naive();
        Visitor {
            yesterday: (before != today).then(|| of(before)),
            today: of(today),
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
            key.visitor(
                address,
                Reader::UserAgent(b"agent"),
                article,
                Network::X,
                now,
            )
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
                Reader::UserAgent(b""),
                article,
                Network::X,
                now,
            )
        };
        assert_eq!(from("2001:db8::1"), from("2001:db8::2"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    }

    #[test]
    fn installations_behind_an_address_are_of_one_crowd() {
        let key = VisitorKey::new(b"secret");
        let (article, now) = (Id::generate(), Timestamp::now());
        let hash = |address: &str, name: &str, article| {
            let (address, name) = (Some(address.parse().unwrap()), name.parse().unwrap());
            let reader = Reader::Installation(&name);
            key.visitor(address, reader, article, Network::X, now).today
        };
        let one = hash("192.0.2.1", "installation-1", article);
        let two = hash("192.0.2.1", "installation-2", article);
        assert_ne!(one, two);
        assert_eq!(one, hash("192.0.2.1", "installation-1", article));
        assert!(crowd(one).is_some());
        assert_eq!(crowd(one), crowd(two));
        for other in [
            hash("192.0.2.2", "installation-1", article),
            hash("192.0.2.1", "installation-1", Id::generate()),
        ] {
            assert_ne!(crowd(one), crowd(other));
        }
        let reader = Reader::UserAgent(b"installation-1");
        let address = Some("192.0.2.1".parse().unwrap());
        let by_user_agent = key.visitor(address, reader, article, Network::X, now);
        assert_eq!(crowd(by_user_agent.today), None);
    }
}
