//! Whether the log's hash chain holds, and where it does not.
//!
//! Each entry is looked at by itself (does its own hash fit what it says?) and with the one before (was it written
//! after that one?). What somebody with all rights on the database makes anew from some entry to the end looks whole:
//! that is found by a hash which was kept elsewhere ([`Kept`]).

use std::fmt;
use std::str::FromStr;

use crate::db::{Connection, StoreResult};
use crate::events::chain::{self, Content, Hash};
use crate::events::log::{self, Entry, Head};

/// Entries that are read at a time.
const AT_ONCE: i64 = 2_000;
/// Most places that are told one by one.
const MOST_TOLD: usize = 20;
/// How far an entry is looked for whose content is at the place of another one.
const NEAR: i64 = 100;

/// A hash that was kept elsewhere: an entry of the log had it. Written `SEQUENCE:HASH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The entry.
    pub sequence: i64,
    /// Its hash at that time.
    pub hash: Hash,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

impl FromStr for Kept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':');
        let read = parts.and_then(|(sequence, hash)| {
            let sequence = sequence.parse().ok().filter(|number| *number > 0)?;
            let hash = hash.parse().ok()?;
            Some(Self { sequence, hash })
        });
        read.ok_or_else(|| {
            "it takes SEQUENCE:HASH as `dateline audit head` prints it: a number, a colon, 64 hexadecimal digits"
                .into()
        })
    }
}

/// A place where the log is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The entry's hash does not fit what it says.
    Changed(i64),
    /// The entry's hash fits another number: it was written with that.
    Moved {
        /// Where it stands.
        sequence: i64,
        /// Where it was written.
        from: i64,
    },
    /// The entry has no hash although entries before it have.
    WithoutHash(i64),
    /// These entries are not there, the first and the last of them.
    Missing(i64, i64),
    /// The entry fits its hash, but the next one was written after another one.
    Replaced(i64),
    /// The entry has another hash than was kept.
    NotAsKept(i64),
    /// The log ends at the first number; the entry of the second is not there.
    EndsBefore(i64, i64),
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(at) => write!(
                f,
                "entry {at} was changed after it was written, or was never written by a server"
            ),
            Self::Moved { sequence, from } => write!(
                f,
                "entry {sequence} was written as entry {from}: entries were moved or renumbered"
            ),
            Self::WithoutHash(at) => write!(
                f,
                "entry {at} has no hash: it was inserted, its hash was taken away, or a version of Dateline wrote \
                 it that knows no hashes"
            ),
            Self::Missing(from, to) if from == to => write!(f, "entry {from} is missing"),
            Self::Missing(from, to) => write!(f, "entries {from} to {to} are missing"),
            Self::Replaced(at) => write!(
                f,
                "entry {at} was replaced: entry {} was written after another one",
                at + 1
            ),
            Self::NotAsKept(at) => write!(
                f,
                "entry {at} has not the hash that was kept: the log was made anew from there or before"
            ),
            Self::EndsBefore(last, at) => write!(
                f,
                "the log ends with entry {last}, and entry {at} was kept: the end was cut off"
            ),
        }
    }
}

/// What was found of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries that were looked at.
    pub entries: i64,
    /// Those of them from before the chain began, which nothing proves.
    pub before_chain: i64,
    /// Where the log ends.
    pub head: Head,
    /// The first places where it is not what was written, in order.
    pub breaks: Vec<Break>,
    /// How many such places there are.
    pub found: usize,
}

/// Looks at entries one after the other.
struct Verifier<'a> {
    next: i64,
    previous: Option<Hash>,
    has_begun: bool,
    is_first: bool,
    was_broken: bool,
    kept: &'a [Kept],
    verified: Verified,
}

/// Looks at the log as it is now, from an entry on, whose own chain from before is taken for granted; `report` is told
/// how many entries are done, again and again. Servers may go on writing.
///
/// # Errors
/// When the database fails.
pub fn verify(
    connection: &mut Connection,
    from: i64,
    kept: &[Kept],
    mut report: impl FnMut(usize),
) -> StoreResult<Verified> {
    let head = log::head(connection)?;
    let mut verifier = Verifier::new(connection, from, kept, head)?;
    let mut after = from - 1;
    loop {
        let mut entries = log::after(connection, after, AT_ONCE)?;
        entries.retain(|entry| entry.sequence <= head.sequence);
        let Some(last) = entries.last() else {
            break;
        };
        after = last.sequence;
        entries.iter().for_each(|entry| verifier.look(entry));
        report(usize::try_from(verifier.verified.entries).unwrap_or(usize::MAX));
    }
    Ok(verifier.finish())
}

impl<'a> Verifier<'a> {
    fn new(
        connection: &mut Connection,
        from: i64,
        kept: &'a [Kept],
        head: Head,
    ) -> StoreResult<Self> {
        let before = match from > 1 {
            true => log::after(connection, from - 2, 1)?.pop(),
            false => None,
        };
        let before = before.filter(|entry| entry.sequence == from - 1);
        let previous = before.as_ref().and_then(|entry| stored(&entry.hash));
        Ok(Self {
            next: from,
            has_begun: previous.is_some(),
            // The chain begins with the first entry that has a hash; before `from` it may have.
            is_first: from == 1 || before.is_some_and(|entry| entry.hash.is_none()),
            previous,
            was_broken: false,
            kept,
            verified: Verified {
                entries: 0,
                before_chain: 0,
                head,
                breaks: Vec::new(),
                found: 0,
            },
        })
    }

    fn tell(&mut self, found: Break) {
        self.was_broken = true;
        self.verified.found += 1;
        if self.verified.breaks.len() < MOST_TOLD {
            self.verified.breaks.push(found);
        }
    }

    fn look(&mut self, entry: &Entry) {
        if entry.sequence > self.next {
            self.tell(Break::Missing(self.next, entry.sequence - 1));
            // What the entry was written after is gone.
            (self.previous, self.is_first) = (None, false);
        }
        self.next = entry.sequence + 1;
        self.verified.entries += 1;
        let was_broken = std::mem::take(&mut self.was_broken);
        match (stored(&entry.previous_hash), stored(&entry.hash)) {
            (Some(previous), Some(hash)) => self.look_at_hashes(entry, previous, hash, was_broken),
            (None, None) if entry.hash.is_none() && entry.previous_hash.is_none() => {
                match self.has_begun {
                    true => self.tell(Break::WithoutHash(entry.sequence)),
                    false => self.verified.before_chain += 1,
                }
            }
            _ => self.tell(Break::Changed(entry.sequence)),
        }
        self.compare_with_kept(entry);
    }

    fn look_at_hashes(&mut self, entry: &Entry, previous: Hash, hash: Hash, was_broken: bool) {
        let canonical = Content::of(entry).canonical();
        let fits = |sequence: i64| chain::hash(&previous, sequence, &canonical) == hash;
        let sequence = entry.sequence;
        let after = match self.is_first && !self.has_begun {
            true => Some(Hash::GENESIS),
            false => self.previous,
        };
        if !fits(sequence) {
            let from = (sequence - NEAR..=sequence + NEAR).find(|number| fits(*number));
            self.tell(match from {
                Some(from) => Break::Moved { sequence, from },
                None => Break::Changed(sequence),
            });
        } else if after.is_some_and(|after| after != previous) && !was_broken {
            self.tell(Break::Replaced(sequence - 1));
            self.was_broken = false;
        }
        (self.previous, self.has_begun) = (Some(hash), true);
    }

    fn compare_with_kept(&mut self, entry: &Entry) {
        let kept = self
            .kept
            .iter()
            .find(|kept| kept.sequence == entry.sequence);
        if kept.is_some_and(|kept| stored(&entry.hash) != Some(kept.hash)) {
            self.tell(Break::NotAsKept(entry.sequence));
        }
    }

    fn finish(mut self) -> Verified {
        let head = self.verified.head;
        if head.numbered > head.sequence {
            self.tell(Break::Missing(head.sequence + 1, head.numbered));
        }
        for kept in self.kept {
            if kept.sequence > head.sequence {
                self.tell(Break::EndsBefore(head.sequence, kept.sequence));
            }
        }
        self.verified
    }
}

fn stored(bytes: &Option<Vec<u8>>) -> Option<Hash> {
    bytes.as_deref().and_then(Hash::stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_hash_is_read_as_it_is_written() {
        let text = format!("1204:{}", "ab".repeat(32));
        assert_eq!(text.parse::<Kept>().unwrap().to_string(), text);
        for wrong in [
            "",
            "1204",
            "0:",
            "x:00",
            &text[..60],
            &format!("0{}", &text[4..]),
        ] {
            assert!(wrong.parse::<Kept>().is_err(), "{wrong}");
        }
    }
}
