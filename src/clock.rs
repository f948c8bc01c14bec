//! The clock by which what is kept runs out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A monotonic clock that tests can set forward; it never runs backward.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicU64>,
}

impl Clock {
    /// Now, on this clock.
    pub fn now(&self) -> Instant {
        self.at(Instant::now())
    }

    /// What this clock showed at an instant of the machine's.
    pub fn at(&self, instant: Instant) -> Instant {
        instant + Duration::from_millis(self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Sets the clock and all its clones forward.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::Relaxed);
    }
}
