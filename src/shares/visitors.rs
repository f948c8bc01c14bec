//! Who shared what within the window, as one process remembers it: a table in memory that a look
//! takes no time in. The journal has the same, from which each process learns whom others counted
//! and, when it starts, whom it had forgotten.

use std::collections::HashMap;

use super::visitor::{Crowd, Visitor, VisitorHash, WINDOW, crowd};
use crate::db::Timestamp;

/// Visitors that are remembered: a thousand shares a second for an hour, in about 70 MiB. Of more,
/// those that came first may be counted again before their window is over.
const MOST: usize = 3_600_000;

/// The visitors of the window.
#[derive(Debug, Default)]
pub struct Visitors {
    /// When each was counted, in seconds since 1970.
    counted: HashMap<VisitorHash, u32>,
    /// How many of each crowd of installations are among them.
    crowds: HashMap<Crowd, usize>,
    /// How many of a crowd may be.
    most_of_crowd: usize,
}

fn seconds(instant: Timestamp) -> u32 {
    u32::try_from(instant.utc().timestamp()).unwrap_or(0)
}

impl Visitors {
    /// Nobody yet, and how many installations behind one address may share an article within the window.
    pub fn new(most_of_crowd: usize) -> Self {
        Self {
            most_of_crowd,
            ..Self::default()
        }
    }

    /// Remembers who was counted at an instant.
    pub fn learn(&mut self, at: Timestamp, visitors: impl IntoIterator<Item = VisitorHash>) {
        let at = seconds(at);
        for hash in visitors {
            let is_new = self.counted.insert(hash, at).is_none();
            if let Some(crowd) = crowd(hash)
                && is_new
            {
                *self.crowds.entry(crowd).or_default() += 1;
            }
        }
    }

    /// Whether there is room for one more in a visitor's crowd, besides some who are about to be counted.
    /// There always is for those who belong to none.
    pub fn have_room_for(&self, visitor: &Visitor, besides: usize) -> bool {
        let hashes = [Some(visitor.today), visitor.yesterday];
        let mut crowds = hashes.into_iter().flatten().filter_map(crowd).peekable();
        if crowds.peek().is_none() {
            return true;
        }
        let counted = |crowd| self.crowds.get(&crowd).copied().unwrap_or_default();
        crowds.map(counted).sum::<usize>() + besides < self.most_of_crowd
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
        self.count_crowds();
    }

    fn count_crowds(&mut self) {
        if self.crowds.is_empty() {
            return;
        }
        self.crowds = HashMap::new();
        for crowd in self.counted.keys().filter_map(|hash| crowd(*hash)) {
            *self.crowds.entry(crowd).or_default() += 1;
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
    fn of_a_crowd_only_so_many_count_within_the_window() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        // Members of a crowd have an odd hash; those of the first begin with zeros.
        let (one, other) = (visitor(9, None), visitor(u64::MAX, None));
        let mut visitors = Visitors::new(2);
        visitors.learn(now, [1, 1, 2, 4]);
        assert!(visitors.have_room_for(&one, 0));
        assert!(!visitors.have_room_for(&one, 1));
        visitors.learn(now, [3]);
        assert!(!visitors.have_room_for(&one, 0));
        assert!(visitors.have_room_for(&other, 1));
        assert!(!visitors.have_room_for(&visitor(u64::MAX, Some(9)), 0));
        assert!(visitors.have_room_for(&visitor(10, None), 9));
        visitors.forget(now);
        assert!(!visitors.have_room_for(&one, 0));
        visitors.forget(now.plus(WINDOW));
        assert!(visitors.have_room_for(&one, 1));
        assert!(visitors.crowds.is_empty());
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
