//! Limits on attempts to sign in: per account and per address, so that neither guessing one
//! user's password from many places nor many users' from one place gets far.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::http::address::network;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Attempts for one account at once, and afterwards per minute.
const PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Attempts from one address at once, and afterwards per minute.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(30).expect("not zero");

/// The attempts of one process.
pub struct LoginThrottle {
    accounts: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self {
            accounts: RateLimiter::keyed(Quota::per_minute(PER_ACCOUNT)),
            addresses: RateLimiter::keyed(Quota::per_minute(PER_ADDRESS)),
            clock: DefaultClock::default(),
        }
    }
}

impl LoginThrottle {
    /// Counts one attempt.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn attempt(&self, account: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        let wait = |until: governor::NotUntil<_>| until.wait_time_from(self.clock.now());
        if let Some(address) = address {
            let network = network(address);
            self.addresses.check_key(&network).map_err(wait)?;
        }
        self.accounts.check_key(&account.to_owned()).map_err(wait)
    }

    /// Forgets whoever has not tried for a while, so that memory stays bounded.
    pub fn forget_the_idle(&self) {
        self.accounts.retain_recent();
        self.addresses.retain_recent();
    }
}
