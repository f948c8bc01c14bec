//! Limits on attempts to sign in.
//!
//! They are per address, and per account *from one address*: guesses from elsewhere do not lock out whoever
//! has the account. All addresses together have a limit per account that is out of reach of a person
//! and of what one address can do; where the account was signed in to lately, it does not hold.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::db::Id;
use crate::http::address::network;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;

/// Attempts from one address at once, and afterwards per minute.
pub const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
/// Attempts for one account from one address at once, and afterwards per minute.
pub const PER_ACCOUNT_AND_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Attempts for one account from all addresses at once.
pub const PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
/// Attempts for one account from all addresses afterwards, per minute.
pub const PER_ACCOUNT_AND_MINUTE: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
/// Failed attempts for one user that are noted, at once and per minute.
const NOTED_FAILURES: NonZeroU32 = NonZeroU32::MIN;
/// Accounts and the addresses from which they were signed in to lately that are remembered.
const REMEMBERED: usize = 10_000;

/// An account from an address, as a hash that differs from process to process: a chance meeting of two
/// costs somebody an attempt.
type Pair = u64;

/// The attempts of one process.
pub struct LoginThrottle {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    pairs: DefaultKeyedRateLimiter<Pair>,
    accounts: DefaultKeyedRateLimiter<u64>,
    signed_in: Cache<Pair, ()>,
    failures: DefaultKeyedRateLimiter<Id>,
    hasher: RandomState,
    clock: DefaultClock,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        let of_account = Quota::per_minute(PER_ACCOUNT_AND_MINUTE).allow_burst(PER_ACCOUNT);
        Self {
            addresses: RateLimiter::keyed(Quota::per_minute(PER_ADDRESS)),
            pairs: RateLimiter::keyed(Quota::per_minute(PER_ACCOUNT_AND_ADDRESS)),
            accounts: RateLimiter::keyed(of_account),
            signed_in: Cache::new(REMEMBERED),
            failures: RateLimiter::keyed(Quota::per_minute(NOTED_FAILURES)),
            hasher: RandomState::new(),
            clock: DefaultClock::default(),
        }
    }
}

impl LoginThrottle {
    /// Counts one attempt from an address, before what it sends is read.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn attempt(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        match address {
            Some(address) => self.check(&self.addresses, &network(address)),
            None => Ok(()),
        }
    }

    /// Counts it as one for an account.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn attempt_account(&self, account: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        let pair = self.pair(account, address);
        self.check(&self.pairs, &pair)?;
        if self.signed_in.get(&pair).is_some() {
            return Ok(());
        }
        self.check(&self.accounts, &self.hasher.hash_one(account))
    }

    /// Remembers that an account was signed in to from an address.
    pub fn signed_in(&self, account: &str, address: Option<IpAddr>) {
        self.signed_in.insert(self.pair(account, address), ());
    }

    /// Whether a failed attempt for a user is worth noting: once a minute, however many fail.
    pub fn failure_is_news(&self, user: Id) -> bool {
        self.failures.check_key(&user).is_ok()
    }

    fn pair(&self, account: &str, address: Option<IpAddr>) -> Pair {
        self.hasher.hash_one((account, address.map(network)))
    }

    fn check<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
    ) -> Result<(), Duration> {
        limiter
            .check_key(key)
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Forgets whoever has not tried for a while, so that memory stays bounded.
    pub fn forget_the_idle(&self) {
        self.addresses.retain_recent();
        self.pairs.retain_recent();
        self.accounts.retain_recent();
        self.failures.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, number]))
    }

    #[test]
    fn guesses_from_elsewhere_lock_nobody_out() {
        let throttle = LoginThrottle::default();
        let mut refused = 0;
        for guesser in 1..=90 {
            for _ in 0..20 {
                refused += usize::from(throttle.attempt_account("desk", address(guesser)).is_err());
            }
        }
        assert!(refused >= 90 * 9, "{refused}");
        assert!(throttle.attempt_account("desk", address(200)).is_ok());
    }

    #[test]
    fn who_signed_in_lately_signs_in_again_whatever_others_guess() {
        let throttle = LoginThrottle::default();
        throttle.signed_in("desk", address(200));
        for guesser in 0..=199 {
            for _ in 0..10 {
                let _ = throttle.attempt_account("desk", address(guesser));
            }
        }
        assert!(throttle.attempt_account("desk", address(201)).is_err());
        assert!(throttle.attempt_account("desk", address(200)).is_ok());
        assert!(throttle.attempt_account("other", address(201)).is_ok());
    }
}
