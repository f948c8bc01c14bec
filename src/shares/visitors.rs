//! Who shared what within the window, as one process remembers it: a table in memory that a look
//! takes no time in. The journal has the same, from which each process learns whom others counted
//! and, when it starts, whom it had forgotten.

use std::collections::HashMap;

use super::visitor::{Visitor, VisitorHash, WINDOW};
use crate::db::Timestamp;

/// Visitors that are remembered: a thousand shares a second for an hour, in about 70 MiB. Of more,
/// those that came first may be counted again before their window is over.
const MOST: usize = 3_600_000;

/// The visitors of the window.
#[derive(Debug, Default)]
pub struct Visitors {
    /// When each was counted, in seconds since 1970.
    counted: HashMap<VisitorHash, u32>,
}

fn seconds(instant: Timestamp) -> u32 {
    u32::try_from(instant.utc().timestamp()).unwrap_or(0)
}

impl Visitors {
    /// Remembers who was counted at an instant.
    pub fn learn(&mut self, at: Timestamp, visitors: impl IntoIterator<Item = VisitorHash>) {
        let at = seconds(at);
        self.counted
            .extend(visitors.into_iter().map(|hash| (hash, at)));
    }

    /// Whether someone was counted within the window.
    pub fn know(&self, visitor: &Visitor, now: Timestamp) -> bool {
        let start = seconds(now.plus(-WINDOW));
        [Some(visitor.today), visitor.yesterday]
            .into_iter()
            .flatten()
            .any(|hash| self.counted.get(&hash).is_some_and(|at| *at > start))
    }

    /// Forgets those whose window is over, and the first of the others where they are too many.
    pub fn forget(&mut self, now: Timestamp) {
        let mut window = WINDOW;
        loop {
            let start = seconds(now.plus(-window));
            self.counted.retain(|_, at| *at > start);
            if self.counted.len() <= MOST || window.is_zero() {
                break;
            }
            window = window / 2;
        }
        if self.counted.capacity() > 4 * self.counted.len() {
            self.counted.shrink_to(2 * self.counted.len());
        }
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// Whether it is time to forget some.
    pub fn are_too_many(&self) -> bool {
        self.counted.len() > MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(today: u64, yesterday: Option<u64>) -> Visitor {
        Visitor { today, yesterday }
    }

    #[test]
    fn a_visitor_is_known_for_the_window() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut visitors = Visitors::default();
        visitors.learn(now, [1, 2]);
        assert!(visitors.know(&visitor(1, None), now));
        assert!(visitors.know(&visitor(9, Some(2)), now));
        assert!(!visitors.know(&visitor(3, None), now));
        let later = now.plus(WINDOW);
        assert!(visitors.know(&visitor(1, None), later.plus(chrono::Duration::seconds(-1))));
        assert!(!visitors.know(&visitor(1, None), later));
        visitors.forget(later);
        assert!(visitors.counted.is_empty());
    }

    #[test]
    fn memory_is_bounded() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut visitors = Visitors::default();
        visitors.learn(now.plus(-WINDOW * 3 / 4), 0..MOST as u64);
        visitors.learn(now, [u64::MAX]);
        assert!(visitors.are_too_many());
        visitors.forget(now);
        assert!(visitors.know(&visitor(u64::MAX, None), now));
        assert_eq!(visitors.counted.len(), 1);
    }
}
