//! The journal: every share that was counted, a row for each batch, written before it is answered.
//! Hours and counts are brought up to it afterwards, many batches at once where many come.
//!
//! Batches are numbered without gaps. Who writes the one after the last that it has read, and finds
//! that nobody has, knows all that was counted before: so processes need no lock to count a visitor
//! once. A row stays for as long as its visitors must be known again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::model::{Network, ShareReceipt, Shares};
use super::time::Granularity;
use super::visitor::VisitorHash;
use super::visitors::Visitors;
use crate::db::{Id, Timestamp};

/// A share that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Who shared.
    pub visitor: VisitorHash,
    /// What was shared.
    pub article: Id,
    /// The network.
    pub network: Network,
}

/// Bytes of an entry: the visitor's hash (little-endian), the article's key, the network's place in
/// [`Network::ALL`].
const ENTRY: usize = 8 + 16 + 1;

/// Entries as bytes.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY);
    for entry in entries {
        bytes.extend_from_slice(&entry.visitor.to_le_bytes());
        bytes.extend_from_slice(entry.article.0.as_bytes());
        bytes.push(entry.network as u8);
    }
    bytes
}

/// Entries from bytes. Those of a network that only a later version knows are elsewhere to this one.
pub fn decode(bytes: &[u8]) -> Vec<Entry> {
    let (entries, _) = bytes.as_chunks::<ENTRY>();
    let entries = entries.iter().filter_map(|bytes| {
        let (visitor, rest) = bytes.split_first_chunk()?;
        let (article, network) = rest.split_first_chunk()?;
        Some(Entry {
            visitor: VisitorHash::from_le_bytes(*visitor),
            article: Id(uuid::Uuid::from_bytes(*article)),
            network: Network::ALL
                .get(usize::from(network[0]))
                .copied()
                .unwrap_or(Network::Other),
        })
    });
    entries.collect()
}

/// Shares to be added to hours and counts, in the order in which all processes write them.
#[derive(Debug, Clone, Default)]
pub struct Increments(BTreeMap<(Id, Network, Timestamp), (i64, Timestamp)>);

impl Increments {
    /// Adds shares that came at an instant.
    pub fn add(&mut self, article: Id, network: Network, shares: i64, at: Timestamp) {
        let hour = Granularity::Hour.containing(at);
        let (sum, last) = self.0.entry((article, network, hour)).or_insert((0, at));
        *sum += shares;
        *last = at.max(*last);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By article, network and hour, each with the start of the hour.
    pub fn by_hour(&self) -> impl Iterator<Item = ((Id, Network), i64, Timestamp)> {
        let all = self.0.iter();
        all.map(|((article, network, hour), (shares, _))| ((*article, *network), *shares, *hour))
    }

    /// By article and network, each with the instant of the last.
    pub fn by_article(&self) -> impl Iterator<Item = ((Id, Network), i64, Timestamp)> {
        let mut sums: BTreeMap<(Id, Network), (i64, Timestamp)> = BTreeMap::new();
        for ((article, network, _), (shares, at)) in &self.0 {
            let (sum, last) = sums.entry((*article, *network)).or_insert((0, *at));
            *sum += shares;
            *last = (*at).max(*last);
        }
        sums.into_iter().map(|(of, (shares, at))| (of, shares, at))
    }
}

/// A batch of counted shares.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its number.
    pub number: i64,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// What was counted.
    pub entries: Vec<Entry>,
}

/// For how long a process that took a number is taken to be counting.
const RIVALRY: Duration = Duration::from_secs(1);

/// What one process knows of the journal.
#[derive(Debug, Default)]
pub struct Journal {
    /// Who was counted within the window.
    pub visitors: Visitors,
    /// The last batch that was read; `None` before the first look.
    last: Option<i64>,
    /// When another process was last found to have taken the number that this one wanted.
    beaten: Option<Instant>,
    /// The last batch that counts had when they were last looked at.
    applied: i64,
    /// Those after it.
    unapplied: VecDeque<Batch>,
    /// How many shares these have.
    behind: usize,
    /// What these add to counts.
    pending: Pending,
    /// The counts of articles that were shared since, these included.
    counts: HashMap<Id, Shares>,
}

impl Journal {
    /// Nothing was read yet. Of an article so many installations count behind one address.
    pub fn new(installations: usize) -> Self {
        Self {
            visitors: Visitors::new(installations),
            ..Self::default()
        }
    }

    /// The last batch that this process has read; `None` before it has looked.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// Takes note that another process has taken the number that this one wanted.
    pub fn was_beaten(&mut self) {
        self.beaten = Some(Instant::now());
    }

    /// Whether another process counts at the same time.
    pub fn has_rivals(&self) -> bool {
        self.beaten.is_some_and(|at| at.elapsed() < RIVALRY)
    }

    /// Takes note of the last batch that counts have. What is known of counts is forgotten when that
    /// is another one.
    pub fn learn_applied(&mut self, applied: i64) {
        if applied == self.applied {
            return;
        }
        self.applied = applied;
        self.unapplied.retain(|batch| batch.number > applied);
        self.behind = 0;
        self.counts.clear();
        self.pending.clear();
        for batch in &self.unapplied {
            self.behind += batch.entries.len();
            add_up(&mut self.pending, batch);
        }
    }

    /// Takes note that all batches up to one were read, or need not be.
    pub fn have_read(&mut self, batch: i64) {
        self.last = self.last.max(Some(batch));
    }

    /// Takes note of a batch that was read or written.
    pub fn learn(&mut self, batch: Batch) {
        self.have_read(batch.number);
        let visitors = batch.entries.iter().map(|entry| entry.visitor);
        self.visitors.learn(batch.counted_at, visitors);
        if batch.number <= self.applied {
            return;
        }
        self.behind += batch.entries.len();
        add_up(&mut self.pending, &batch);
        for entry in &batch.entries {
            if let Some(shares) = self.counts.get_mut(&entry.article) {
                shares.count(entry.network, 1, batch.counted_at);
            }
        }
        self.unapplied.push_back(batch);
    }

    /// Forgets what is known of counts.
    pub fn forget_counts(&mut self) {
        self.counts.clear();
    }

    /// Those of the articles whose counts are not known here.
    pub fn unknown(&self, articles: impl IntoIterator<Item = Id>) -> Vec<Id> {
        let unknown = articles
            .into_iter()
            .filter(|id| !self.counts.contains_key(id));
        unknown.collect()
    }

    /// Takes note of an article's counts as they were read.
    pub fn know(&mut self, article: Id, mut shares: Shares) {
        for (network, (count, last)) in self.pending.get(&article).into_iter().flatten() {
            shares.count(*network, *count, *last);
        }
        self.counts.insert(article, shares);
    }

    /// The counts of an article that is known, as they are now.
    pub fn receipt(&self, article: Id, counted: bool) -> ShareReceipt {
        ShareReceipt {
            counted,
            shares: self.counts.get(&article).cloned().unwrap_or_default(),
        }
    }

    /// How many shares counts are behind by.
    pub fn behind(&self) -> usize {
        self.behind
    }
}

/// Shares by article and network, and when the last of them was counted.
type Pending = HashMap<Id, BTreeMap<Network, (i64, Timestamp)>>;

fn add_up(pending: &mut Pending, batch: &Batch) {
    for entry in &batch.entries {
        let of_article = pending.entry(entry.article).or_default();
        let (count, last) = of_article
            .entry(entry.network)
            .or_insert((0, batch.counted_at));
        *count += 1;
        *last = batch.counted_at.max(*last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(number: i64, article: Id, visitors: std::ops::Range<u64>) -> Batch {
        let entries = visitors.map(|visitor| Entry {
            visitor,
            article,
            network: Network::Other,
        });
        Batch {
            number,
            counted_at: "2026-03-01T12:00:00Z".parse().unwrap(),
            entries: entries.collect(),
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for network in Network::ALL {
            let entry = Entry {
                visitor: 0x0123_4567_89ab_cdef,
                article: Id::generate(),
                network: *network,
            };
            assert_eq!(decode(&encode(&[entry, entry])), [entry, entry]);
        }
        assert_eq!(decode(&[0xff; ENTRY])[0].network, Network::Other);
        assert!(decode(&[0xff; ENTRY - 1]).is_empty());
    }

    #[test]
    fn counts_are_what_was_applied_and_what_was_not() {
        let (article, other) = (Id::generate(), Id::generate());
        let mut journal = Journal::default();
        assert_eq!(journal.last(), None);
        journal.learn_applied(9);
        assert_eq!(journal.last(), None, "nothing was read yet");
        journal.learn(batch(10, article, 0..3));
        journal.learn(batch(11, other, 3..4));
        assert_eq!(journal.unknown([article, other]), [article, other]);
        // Nothing of them is applied yet.
        journal.know(article, Shares::default());
        assert_eq!(journal.receipt(article, true).shares.total, 3);
        journal.learn(batch(12, article, 4..6));
        assert_eq!(journal.receipt(article, true).shares.total, 5);
        assert_eq!((journal.last(), journal.behind()), (Some(12), 6));
        // Another process applied some of it.
        journal.learn_applied(11);
        assert_eq!(journal.unknown([article]), [article]);
        let mut read = Shares::default();
        read.count(Network::Other, 3, Timestamp::EARLIEST);
        journal.know(article, read);
        assert_eq!(journal.receipt(article, true).shares.total, 5);
        // And some that this one has not read yet.
        journal.learn_applied(13);
        assert_eq!((journal.last(), journal.behind()), (Some(12), 0));
        journal.learn(batch(13, article, 6..7));
        assert_eq!((journal.last(), journal.behind()), (Some(13), 0));
    }
}
