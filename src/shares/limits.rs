//! How many shares one address may report: at once, and afterwards per minute. A bound on what one
//! machine can do to a count, wide enough for an office or a household behind one address.

use std::fmt::Write;
use std::net::IpAddr;
use std::num::NonZeroU32;

use actix_web::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::db::Id;
use crate::http::address::network;
use crate::http::cors::{RATELIMIT, RATELIMIT_POLICY};
use crate::problem::Problem;

/// Shares per minute.
#[derive(Debug, Clone, Copy)]
pub struct PerMinute {
    /// From one address; 0 is without limit.
    pub address: u32,
    /// From one address for one article; 0 is without limit.
    pub article: u32,
}

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The shares that one process was sent.
pub struct ShareLimits {
    addresses: Option<Limit<IpAddr>>,
    articles: Option<Limit<(IpAddr, Id)>>,
    /// What `RateLimit-Policy` says of all of them.
    policies: HeaderValue,
    clock: DefaultClock,
}

struct Limit<K: std::hash::Hash + Eq + Clone> {
    name: &'static str,
    quota: u32,
    limiter: Limiter<K>,
}

impl<K: std::hash::Hash + Eq + Clone> Limit<K> {
    fn new(name: &'static str, per_minute: u32) -> Option<Self> {
        let quota = NonZeroU32::new(per_minute)?;
        Some(Self {
            name,
            quota: per_minute,
            limiter: RateLimiter::keyed(Quota::per_minute(quota)).with_middleware(),
        })
    }

    fn policy(&self) -> String {
        format!("\"{}\";q={};w=60", self.name, self.quota)
    }

    /// Takes one; adds what is left, as `RateLimit` has it.
    fn take(&self, key: &K, clock: &DefaultClock, left: &mut String) -> Result<(), Problem> {
        match self.limiter.check_key(key) {
            Ok(state) => {
                let separator = if left.is_empty() { "" } else { ", " };
                let capacity = state.remaining_burst_capacity();
                let _ = write!(left, "{separator}\"{}\";r={capacity}", self.name);
                Ok(())
            }
            Err(until) => {
                let wait = until.wait_time_from(clock.now());
                let left = format!("\"{}\";r=0;t={}", self.name, wait.as_secs() + 1);
                let detail = "More shares came from this address than one reader sends.";
                Err(Problem::rate_limited(detail, wait)
                    .with_header(RATELIMIT_POLICY, header(&self.policy()))
                    .with_header(RATELIMIT, header(&left)))
            }
        }
    }
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("digits and letters")
}

/// What the answer to a share says of the limits.
pub type LimitHeaders = Option<[(HeaderName, HeaderValue); 2]>;

impl ShareLimits {
    /// Nothing was sent yet.
    pub fn new(per_minute: PerMinute) -> Self {
        let addresses = Limit::new("address", per_minute.address);
        let articles = Limit::new("article", per_minute.article);
        let policies: Vec<String> = [
            addresses.as_ref().map(Limit::policy),
            articles.as_ref().map(Limit::policy),
        ]
        .into_iter()
        .flatten()
        .collect();
        Self {
            addresses,
            articles,
            policies: header(&policies.join(", ")),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one request to share an article.
    ///
    /// # Errors
    /// `rate-limited`, with the time to wait.
    pub fn take(&self, address: Option<IpAddr>, article: Id) -> Result<LimitHeaders, Problem> {
        let Some(address) = address.map(network) else {
            return Ok(None);
        };
        let mut left = String::with_capacity(40);
        if let Some(limit) = &self.addresses {
            limit.take(&address, &self.clock, &mut left)?;
        }
        if let Some(limit) = &self.articles {
            limit.take(&(address, article), &self.clock, &mut left)?;
        }
        Ok((!left.is_empty()).then(|| {
            [
                (RATELIMIT_POLICY, self.policies.clone()),
                (RATELIMIT, header(&left)),
            ]
        }))
    }

    /// Forgets whoever has not shared for a while, so that memory stays bounded.
    pub fn forget_the_idle(&self) {
        if let Some(limit) = &self.addresses {
            limit.limiter.retain_recent();
        }
        if let Some(limit) = &self.articles {
            limit.limiter.retain_recent();
        }
    }
}
