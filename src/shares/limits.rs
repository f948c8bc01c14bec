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
use crate::http::address::{network, site};
use crate::http::cors::{RATELIMIT, RATELIMIT_POLICY};
use crate::problem::Problem;

/// How many times as many shares as from one address may come from all addresses of one IPv6 site (/48),
/// of which anyone may have a few.
const OF_ONE_SITE: u32 = 5;

/// How many shares there may be.
#[derive(Debug, Clone, Copy)]
pub struct ShareQuotas {
    /// From one address, per minute; 0 is without limit.
    pub address: u32,
    /// From one address for one article, per minute; 0 is without limit.
    pub article: u32,
    /// The same, per hour; 0 is without limit.
    pub article_hour: u32,
}

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The shares that one process was sent.
pub struct ShareLimits {
    addresses: Option<Limit<IpAddr>>,
    sites: Option<Limit<IpAddr>>,
    articles: Option<Limit<(IpAddr, Id)>>,
    article_hours: Option<Limit<(IpAddr, Id)>>,
    /// What `RateLimit-Policy` says of all of them.
    policies: HeaderValue,
    clock: DefaultClock,
}

struct Limit<K: std::hash::Hash + Eq + Clone> {
    name: &'static str,
    quota: u32,
    window: Window,
    limiter: Limiter<K>,
}

#[derive(Clone, Copy)]
enum Window {
    Minute,
    Hour,
}

impl Window {
    fn seconds(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }
}

impl<K: std::hash::Hash + Eq + Clone> Limit<K> {
    fn new(name: &'static str, most: u32, window: Window) -> Option<Self> {
        let quota = NonZeroU32::new(most)?;
        let quota = match window {
            Window::Minute => Quota::per_minute(quota),
            Window::Hour => Quota::per_hour(quota),
        };
        Some(Self {
            name,
            quota: most,
            window,
            limiter: RateLimiter::keyed(quota).with_middleware(),
        })
    }

    fn policy(&self) -> String {
        format!(
            "\"{}\";q={};w={}",
            self.name,
            self.quota,
            self.window.seconds()
        )
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

/// A request that its address may make; whether for this article, the next limit says.
#[derive(Debug)]
pub struct Taken {
    address: Option<IpAddr>,
    left: String,
}

impl ShareLimits {
    /// Nothing was sent yet.
    pub fn new(quotas: ShareQuotas) -> Self {
        use Window::{Hour, Minute};
        let addresses = Limit::new("address", quotas.address, Minute);
        let articles = Limit::new("article", quotas.article, Minute);
        let article_hours = Limit::new("article-hour", quotas.article_hour, Hour);
        let policies: Vec<String> = [
            addresses.as_ref().map(Limit::policy),
            articles.as_ref().map(Limit::policy),
        ]
        .into_iter()
        .flatten()
        .collect();
        Self {
            sites: Limit::new("site", quotas.address.saturating_mul(OF_ONE_SITE), Minute),
            addresses,
            articles,
            article_hours,
            policies: header(&policies.join(", ")),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one request to share anything, before what it sends is read.
    ///
    /// # Errors
    /// `rate-limited`, with the time to wait.
    pub fn take(&self, address: Option<IpAddr>) -> Result<Taken, Problem> {
        let mut left = String::with_capacity(60);
        let address = address.map(network);
        let Some(network) = address else {
            return Ok(Taken { address, left });
        };
        if let Some(limit) = &self.addresses {
            limit.take(&network, &self.clock, &mut left)?;
        }
        // Second: what one address is refused takes nothing from its neighbours.
        if let (Some(limit), Some(site)) = (&self.sites, site(network)) {
            limit.take(&site, &self.clock, &mut String::new())?;
        }
        Ok(Taken { address, left })
    }

    /// Counts it as one to share this article.
    ///
    /// # Errors
    /// `rate-limited`, with the time to wait.
    pub fn take_article(&self, taken: Taken, article: Id) -> Result<LimitHeaders, Problem> {
        let Taken { address, mut left } = taken;
        let Some(address) = address else {
            return Ok(None);
        };
        if let Some(limit) = &self.articles {
            limit.take(&(address, article), &self.clock, &mut left)?;
        }
        // It names itself where it is reached: few readers ever see it.
        if let Some(limit) = &self.article_hours {
            limit.take(&(address, article), &self.clock, &mut String::new())?;
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
        for limit in [&self.addresses, &self.sites].into_iter().flatten() {
            limit.limiter.retain_recent();
        }
        for limit in [&self.articles, &self.article_hours].into_iter().flatten() {
            limit.limiter.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(address: u32, article: u32, article_hour: u32) -> ShareLimits {
        ShareLimits::new(ShareQuotas {
            address,
            article,
            article_hour,
        })
    }

    fn shared(limits: &ShareLimits, address: &str, article: Id) -> bool {
        let taken = limits.take(Some(address.parse().unwrap()));
        taken.is_ok_and(|taken| limits.take_article(taken, article).is_ok())
    }

    #[test]
    fn an_article_has_a_limit_for_each_address_and_hour() {
        let limits = limits(0, 0, 3);
        let (one, other) = (Id::generate(), Id::generate());
        let counted = (0..5).filter(|_| shared(&limits, "203.0.113.7", one));
        assert_eq!(counted.count(), 3);
        assert!(shared(&limits, "203.0.113.7", other));
        assert!(shared(&limits, "203.0.113.8", one));
    }

    #[test]
    fn a_site_has_a_limit_however_many_addresses_it_has() {
        let limits = limits(2, 0, 0);
        let article = Id::generate();
        let of_site = |number: usize| format!("2001:db8:1:{number:x}::1");
        let counted = (0..40).filter(|number| shared(&limits, &of_site(*number), article));
        assert_eq!(counted.count(), 2 * OF_ONE_SITE as usize);
        assert!(shared(&limits, "2001:db8:2::1", article));
        // Addresses of the older kind belong to nobody in particular.
        let counted =
            (0..40).filter(|number| shared(&limits, &format!("203.0.113.{number}"), article));
        assert_eq!(counted.count(), 40);
    }
}
