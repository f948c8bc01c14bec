//! What writes touched, so that what was made of it is known to be out of date.
//!
//! A write names what it touched while it makes its changes ([`Invalidation`]). When it has committed,
//! and before it is acknowledged, its [`CacheTag`]s are in [`ChangeTracker`]; whoever keeps something that
//! was made of a cache tag compares. Other processes hear of it through the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::Id;
use super::month_counts::Month;

/// Something that responses depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheTag {
    /// What one article says.
    Article(Id),
    /// A tag's name, slug, kind and description.
    Tag(Id),
    /// An author's name, slug and the rest.
    Author(Id),
    /// Which articles are public, and what lists of them can be sorted and filtered by.
    Articles,
    /// The same of the articles that have a tag or stand in a section.
    ArticlesOfTag(Id),
    /// The same of the articles of an author.
    ArticlesOfAuthor(Id),
    /// Which tags there are.
    Tags,
    /// Which authors there are.
    Authors,
    /// A collection's title, slots and rule.
    Collection(Id),
    /// Which collections there are, and their titles.
    Collections,
    /// Which corrections and retractions readers are told of, and their words.
    Corrections,
    /// Which months have articles that readers see, and when any of them changed.
    Months,
    /// What sitemaps say of a month's articles.
    ArticlesOfMonth(Month),
}

/// A cache tag as it is kept and sent: two cache tags may share one, which makes something look out of date
/// that is not, and never the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheTagKey(pub u64);

impl From<CacheTag> for CacheTagKey {
    fn from(cache_tag: CacheTag) -> Self {
        let (kind, id) = match cache_tag {
            CacheTag::Article(id) => (1, Some(id)),
            CacheTag::Tag(id) => (2, Some(id)),
            CacheTag::Author(id) => (3, Some(id)),
            CacheTag::Articles => (4, None),
            CacheTag::ArticlesOfTag(id) => (5, Some(id)),
            CacheTag::ArticlesOfAuthor(id) => (6, Some(id)),
            CacheTag::Tags => (7, None),
            CacheTag::Authors => (8, None),
            CacheTag::Collection(id) => (9, Some(id)),
            CacheTag::Collections => (10, None),
            CacheTag::Corrections => (11, None),
            CacheTag::Months => (12, None),
            // As far from each other as random numbers are.
            CacheTag::ArticlesOfMonth(month) => {
                let number = u64::try_from(month.number()).unwrap_or(0);
                return Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 13);
            }
        };
        // The second half of a UUIDv7 is random; the same in all processes and versions.
        let random = id.map_or(0, |id| id.0.as_u64_pair().1);
        Self(random.rotate_left(kind * 7) ^ u64::from(kind))
    }
}

/// What one write touched.
#[derive(Debug, Default)]
pub struct Invalidation {
    keys: Vec<CacheTagKey>,
    names: bool,
    schedule: bool,
    logged: bool,
}

impl Invalidation {
    /// Adds a cache tag.
    pub fn add(&mut self, cache_tag: CacheTag) {
        self.names |= matches!(cache_tag, CacheTag::Tag(_) | CacheTag::Author(_));
        let key = CacheTagKey::from(cache_tag);
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// Whether nothing that is public was touched.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a tag or an author was, which articles show.
    pub fn has_names(&self) -> bool {
        self.names
    }

    /// When the clock next makes an article public, or ends that, has changed.
    pub fn schedule(&mut self) {
        self.schedule = true;
    }

    /// Something was written into the event log.
    pub fn log(&mut self) {
        self.logged = true;
    }

    /// Whether something was written into the event log.
    pub fn is_logged(&self) -> bool {
        self.logged
    }

    /// What was touched.
    pub fn keys(&self) -> &[CacheTagKey] {
        &self.keys
    }

    /// Of keys that another process sent.
    pub fn from_keys(keys: Vec<CacheTagKey>) -> Self {
        Self {
            keys,
            ..Self::default()
        }
    }
}

/// How long a sign of life is believed.
pub(super) const LEASE: Duration = Duration::from_secs(2);

/// How many cache tags are remembered one by one. When there are more, all that is older than the
/// latest counts as out of date.
const REMEMBERED: usize = 100_000;

/// When cache tags were last touched, as far as this process knows.
#[derive(Debug)]
pub struct ChangeTracker {
    sequence: AtomicU64,
    touches: RwLock<Touches>,
    origin: Instant,
    lease_until: AtomicU64,
    /// The same, but not taken back when the listener begins anew.
    known_until: AtomicU64,
    /// The number of the last write, for those who wait for the next.
    written: watch::Sender<u64>,
    /// Tells that the event log may have grown.
    logged: watch::Sender<()>,
    /// Tells that the clock may make an article public at another time.
    scheduled: Notify,
}

#[derive(Debug, Default)]
struct Touches {
    last: HashMap<CacheTagKey, u64>,
    /// Everything counts as touched at this point.
    everything: u64,
    /// Which cache tags were touched up to this point is not remembered.
    forgotten: u64,
}

impl Default for ChangeTracker {
    fn default() -> Self {
        Self {
            sequence: AtomicU64::new(1),
            touches: RwLock::default(),
            origin: Instant::now(),
            lease_until: AtomicU64::new(0),
            known_until: AtomicU64::new(0),
            written: watch::Sender::new(1),
            logged: watch::Sender::new(()),
            scheduled: Notify::new(),
        }
    }
}

impl ChangeTracker {
    /// The number of the last write. What is read after asking has seen that write.
    pub fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// Remembers a write that has committed, or may have.
    pub fn record(&self, touched: &Invalidation) {
        if touched.schedule {
            self.scheduled.notify_one();
        }
        if touched.logged {
            self.logged.send_replace(());
        }
        if touched.is_empty() {
            return;
        }
        let mut touches = self.touches.write().unwrap_or_else(PoisonError::into_inner);
        let next = self.sequence.load(Ordering::Relaxed) + 1;
        if touches.last.len() + touched.keys.len() > REMEMBERED {
            touches.last.clear();
            (touches.everything, touches.forgotten) = (next, next);
        }
        for key in &touched.keys {
            touches.last.insert(*key, next);
        }
        self.sequence.store(next, Ordering::Release);
        self.written.send_replace(next);
    }

    /// Remembers a write of another process.
    pub fn hear(&self, touched: &Invalidation) {
        self.record(touched);
        self.logged.send_replace(());
        self.scheduled.notify_one();
    }

    /// Something was written, and nobody knows what.
    pub fn record_everything(&self) {
        let mut touches = self.touches.write().unwrap_or_else(PoisonError::into_inner);
        let next = self.sequence.load(Ordering::Relaxed) + 1;
        // What is known to have been touched stays known.
        touches.everything = next;
        self.sequence.store(next, Ordering::Release);
        self.written.send_replace(next);
        self.logged.send_replace(());
        self.scheduled.notify_one();
    }

    /// Tells of each write that this process hears of, its own included.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Tells whenever the event log may have grown, as far as this process hears of it.
    pub fn subscribe_to_log(&self) -> watch::Receiver<()> {
        self.logged.subscribe()
    }

    /// Waits until the clock may make an article public at another time than was known. One waits at a time.
    pub async fn scheduled(&self) {
        self.scheduled.notified().await;
    }

    /// Whether none of the cache tags was touched after that write; with the number of the last write
    /// for which this holds.
    pub fn untouched_since(&self, keys: &[CacheTagKey], since: u64) -> Option<u64> {
        let touches = self.touches.read().unwrap_or_else(PoisonError::into_inner);
        let current = self.sequence.load(Ordering::Relaxed);
        let untouched = touches.everything <= since
            && keys
                .iter()
                .all(|key| touches.last.get(key).is_none_or(|last| *last <= since));
        untouched.then_some(current)
    }

    /// Whether one of the cache tags is known to have been touched after that write, or may have been forgotten:
    /// not when only something unknown may have happened.
    pub fn known_touched_since(&self, keys: &[CacheTagKey], since: u64) -> bool {
        let touches = self.touches.read().unwrap_or_else(PoisonError::into_inner);
        let touched = |key| touches.last.get(key).is_some_and(|last| *last > since);
        touches.forgotten > since || keys.iter().any(touched)
    }

    /// Until when this process can be sure to have heard of every write of other processes:
    /// set by whoever listens for them, from the moment at which it last knew.
    pub fn extend_lease(&self, instant: Instant) {
        let millis = self.millis(instant);
        self.lease_until.store(millis, Ordering::Release);
        self.known_until.store(millis, Ordering::Release);
    }

    /// When it was last certain that every write of other processes was heard of.
    pub fn known_since(&self) -> Instant {
        self.known_until().checked_sub(LEASE).unwrap_or(self.origin)
    }

    /// How long the last sign of life was believed.
    fn known_until(&self) -> Instant {
        self.instant(self.known_until.load(Ordering::Acquire))
    }

    /// Other processes may be writing unheard.
    pub fn end_lease(&self) {
        self.lease_until.store(0, Ordering::Release);
    }

    /// Whether every write of other processes is known at this instant, but for the milliseconds
    /// that word takes.
    pub fn is_lease_valid(&self, now: Instant) -> bool {
        self.millis(now) < self.lease_until.load(Ordering::Acquire)
    }

    /// An instant as others can send it back.
    pub(super) fn millis(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.origin).as_millis())
            .unwrap_or(u64::MAX)
    }

    /// The instant that was sent.
    pub(super) fn instant(&self, millis: u64) -> Instant {
        self.origin
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(cache_tags: &[CacheTag]) -> Invalidation {
        let mut touched = Invalidation::default();
        for cache_tag in cache_tags {
            touched.add(*cache_tag);
        }
        touched
    }

    #[test]
    fn a_write_touches_what_it_names_and_nothing_else() {
        let changes = ChangeTracker::default();
        let (one, two) = (Id::generate(), Id::generate());
        let of_one = [
            CacheTagKey::from(CacheTag::Article(one)),
            CacheTag::Tags.into(),
        ];
        let since = changes.sequence();
        changes.record(&touched(&[CacheTag::Article(two), CacheTag::Tag(one)]));
        assert_eq!(
            changes.untouched_since(&of_one, since),
            Some(changes.sequence())
        );
        changes.record(&touched(&[CacheTag::Article(one)]));
        assert_eq!(changes.untouched_since(&of_one, since), None);
        assert!(
            changes
                .untouched_since(&of_one, changes.sequence())
                .is_some()
        );
        let since = changes.sequence();
        changes.record_everything();
        assert_eq!(changes.untouched_since(&[], since), None);
        // Nobody knows that this one was.
        assert!(!changes.known_touched_since(&of_one, since));
        changes.record(&touched(&[CacheTag::Article(one)]));
        changes.record_everything();
        assert!(changes.known_touched_since(&of_one, since));
    }

    #[test]
    fn what_is_no_longer_remembered_counts_as_touched() {
        let changes = ChangeTracker::default();
        let since = changes.sequence();
        for _ in 0..=REMEMBERED {
            changes.record(&touched(&[CacheTag::Article(Id::generate())]));
        }
        assert_eq!(changes.untouched_since(&[], since), None);
        assert!(changes.touches.read().unwrap().last.len() <= REMEMBERED);
    }
}
