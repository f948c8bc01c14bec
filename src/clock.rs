//! The clock by which what is kept runs out, and noticing that another clock was set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

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

/// How far a clock may be from where it was expected: more is a jump.
const JUMP: f64 = 0.1;

/// A clock that can be set, beside the machine's monotonic one. What becomes public by the clock does so by
/// the database's: when that jumps, nothing that was known of the next moment holds.
#[derive(Debug, Default)]
pub struct WallClock {
    last: Option<Reading>,
}

/// What the clock showed, in seconds, at some moment between two of the monotonic clock's.
#[derive(Debug, Clone, Copy)]
struct Reading {
    shown: f64,
    earliest: Instant,
    latest: Instant,
}

impl WallClock {
    /// Takes note of the seconds that the clock showed at some moment between two; returns whether it was
    /// set since the last time.
    pub fn has_jumped(&mut self, shown: f64, earliest: Instant, latest: Instant) -> bool {
        let reading = Reading {
            shown,
            earliest,
            latest,
        };
        let Some(last) = self.last.replace(reading) else {
            return false;
        };
        let seconds = |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64();
        let passed = shown - last.shown;
        passed < seconds(last.latest, earliest) - JUMP
            || passed > seconds(last.earliest, latest) + JUMP
    }

    /// The same of this machine's clock, as it is now.
    pub fn of_this_machine_has_jumped(&mut self) -> bool {
        let earliest = Instant::now();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let shown = since.map_or(0.0, |since| since.as_secs_f64());
        self.has_jumped(shown, earliest, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_noticed_and_one_that_was_read_late_is_not() {
        let mut clock = WallClock::default();
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        assert!(!clock.has_jumped(1000.0, at(0.0), at(0.01)));
        assert!(!clock.has_jumped(1000.5, at(0.5), at(0.51)));
        // The answer took three seconds on its way, forth or back.
        assert!(!clock.has_jumped(1004.0, at(1.0), at(4.0)));
        assert!(!clock.has_jumped(1004.5, at(4.5), at(7.5)));
        assert!(clock.has_jumped(1008.0, at(7.7), at(7.8)));
        assert!(clock.has_jumped(1007.0, at(8.0), at(8.1)));
        assert!(!clock.has_jumped(1007.5, at(8.5), at(8.6)));
    }

    #[test]
    fn this_machine_s_clock_is_read() {
        let mut clock = WallClock::default();
        assert!(!clock.of_this_machine_has_jumped());
        assert!(clock.last.is_some_and(|reading| reading.shown > 1.7e9));
    }
}
