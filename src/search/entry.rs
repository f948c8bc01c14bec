//! What is kept of an article: its words, each once for every rank that it can earn.
//!
//! Every word that is kept begins with a letter that says where it was found ([`Rank`]), so that each
//! rank has lists of its own: those of headlines stay short however often a word stands in bodies.
//! Tags and authors are kept by their keys. All is one row of words with places; between parts
//! there is a gap, so that no phrase reaches from one into another. The words as they are written
//! come first, then what is joined with its neighbours, then what is found besides
//! ([`Reading`]).

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::reading::Reading;
use super::words::Word;
use crate::db::Id;

/// Places that words can have, so that phrases find them; later words of a very long body are
/// found, but not as part of phrases. A `tsvector` counts to 16,383.
const PLACES: usize = 16_000;
/// Places of one word in one article; a `tsvector` keeps at most 255.
const PLACES_OF_ONE: u32 = 200;
/// Most bytes of words without a place. A `tsvector` holds 1 MiB; what stands later in such a text
/// is not found.
const UNPLACED_BYTES: usize = 400_000;
/// The place of words without one: the last that a `tsvector` knows.
const NOWHERE: usize = 16_383;

/// The best part of an article in which a query is found, from best to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The headline has all of it.
    Headline,
    /// The headline and the standfirst have.
    Standfirst,
    /// These and the body have.
    Body,
    /// It takes the names of tags and of the section.
    Tags,
    /// It takes the names of authors, or the byline.
    Authors,
}

impl Rank {
    /// All, from best to least.
    pub const ALL: [Self; 5] = [
        Self::Headline,
        Self::Standfirst,
        Self::Body,
        Self::Tags,
        Self::Authors,
    ];
}

/// Begins the words of the headline.
pub(super) const HEADLINE: char = 'h';
/// Begins the words of headline and standfirst.
pub(super) const STANDFIRST: char = 's';
/// Begins the words of headline, standfirst and body.
pub(super) const TEXT: char = 't';
/// Begins the keys of tags and sections.
pub(super) const TAG: char = 'g';
/// Begins the keys of authors.
pub(super) const AUTHOR: char = 'a';
/// Begins the words of a byline.
pub(super) const BYLINE: char = 'b';
/// A gap in FTS5, which counts places by the words that it is given.
const GAP: &str = "z";

/// What an article is found by.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The headline.
    pub headline: String,
    /// The standfirst; empty for none.
    pub standfirst: String,
    /// The body as plain text.
    pub body: String,
    /// The byline as it was given; empty for none.
    pub byline: String,
    /// Its tags and its section.
    pub tags: Vec<Id>,
    /// Its authors.
    pub authors: Vec<Id>,
}

/// A word's key in the index.
pub(super) fn key(of: char, id: Id) -> String {
    format!("{of}{}", id.0.simple())
}

/// The words of a document with their places, ready for either database.
#[derive(Debug, Default)]
pub struct Entry {
    placed: Vec<Option<String>>,
    unplaced: Vec<String>,
    unplaced_bytes: usize,
}

impl Entry {
    /// Reads a document.
    pub fn new(document: &Document) -> Self {
        let mut entry = Self::default();
        let mut counts = HashMap::new();
        let [headline, standfirst, body, byline] = [
            &document.headline,
            &document.standfirst,
            &document.body,
            &document.byline,
        ]
        .map(|text| Reading::new(text));
        for key in document.tags.iter().map(|id| key(TAG, *id)) {
            entry.place(key, &mut counts);
        }
        for key in document.authors.iter().map(|id| key(AUTHOR, *id)) {
            entry.place(key, &mut counts);
        }
        let parts = [
            (BYLINE, &byline),
            (HEADLINE, &headline),
            (STANDFIRST, &headline),
            (STANDFIRST, &standfirst),
            (TEXT, &headline),
            (TEXT, &standfirst),
            (TEXT, &body),
        ];
        for (marker, part) in parts {
            entry.row(marker, part.written(), &mut counts);
        }
        for (marker, part) in parts {
            for row in part.excerpts_of_joined() {
                entry.row(marker, row, &mut counts);
            }
        }
        for (marker, part) in parts {
            for word in part.within() {
                entry.add_unplaced(format!("{marker}{}", word.folded), &mut counts);
            }
        }
        entry
    }

    fn row(&mut self, marker: char, row: Vec<&Word>, counts: &mut HashMap<String, u32>) {
        if self.placed.len() < PLACES {
            self.placed.push(None);
        }
        for word in row {
            self.place(format!("{marker}{}", word.folded), counts);
        }
    }

    fn add_unplaced(&mut self, word: String, counts: &mut HashMap<String, u32>) {
        if !counts.contains_key(&word) && self.unplaced_bytes + word.len() <= UNPLACED_BYTES {
            self.unplaced_bytes += word.len();
            counts.insert(word.clone(), PLACES_OF_ONE);
            self.unplaced.push(word);
        }
    }

    fn place(&mut self, word: String, counts: &mut HashMap<String, u32>) {
        let known = counts.get_mut(&word);
        let placed = self.placed.len() < PLACES;
        match known {
            Some(count) if placed && *count < PLACES_OF_ONE => {
                *count += 1;
                self.placed.push(Some(word));
            }
            Some(_) if placed => self.placed.push(None),
            None if placed => {
                counts.insert(word.clone(), 1);
                self.placed.push(Some(word));
            }
            None => self.add_unplaced(word, counts),
            _ => {}
        }
    }

    /// For FTS5: the words in a row, parted by spaces.
    pub fn to_row(&self) -> String {
        let mut row = String::with_capacity(self.placed.len() * 8);
        for word in &self.placed {
            row.push_str(word.as_deref().unwrap_or(GAP));
            row.push(' ');
        }
        for word in &self.unplaced {
            row.push_str(GAP);
            row.push(' ');
            row.push_str(word);
            row.push(' ');
        }
        row
    }

    /// For Postgres: the text of a `tsvector`.
    pub fn to_tsvector(&self) -> String {
        let mut vector = String::with_capacity(self.placed.len() * 14);
        let placed = self.placed.iter().enumerate();
        let placed = placed.filter_map(|(at, word)| Some((word.as_deref()?, at + 1)));
        let unplaced = self.unplaced.iter().map(|word| (word.as_str(), NOWHERE));
        for (word, place) in placed.chain(unplaced) {
            // A word has only letters, digits and full-width signs: it needs no escapes.
            let _ = write!(vector, "'{word}':{place} ");
        }
        vector
    }
}

/// The different words of a name.
pub fn words_of_name(name: &str) -> HashSet<String> {
    let reading = Reading::new(name);
    let words = reading.rows().concat().into_iter();
    words.map(|word| word.folded.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_words_of_its_own() {
        let tag = Id::generate();
        let entry = Entry::new(&Document {
            headline: "Flood".into(),
            standfirst: "Fund".into(),
            body: "Rain rain".into(),
            tags: vec![tag],
            ..Document::default()
        });
        let row = entry.to_row();
        assert_eq!(
            row.trim_end(),
            format!(
                "{} z z hflood z sflood z sfund z tflood z tfund z train train",
                key(TAG, tag)
            )
        );
        assert!(
            entry
                .to_tsvector()
                .contains("'tfund':12 'train':14 'train':15"),
            "{}",
            entry.to_tsvector()
        );
    }

    #[test]
    fn what_is_joined_comes_after_what_is_written() {
        let entry = Entry::new(&Document {
            headline: "U.S. e-mail".into(),
            ..Document::default()
        });
        assert_eq!(
            entry.to_row().trim_end(),
            "z z hus he hmail z sus se smail z z tus te tmail z z \
             z hus hemail z sus semail z tus temail z hu z hs z su z ss z tu z ts"
        );
    }

    #[test]
    fn a_long_text_stays_within_what_both_databases_hold() {
        let body: String = (0..90_000)
            .map(|n| format!("word{n} the co-op{n} "))
            .collect();
        let entry = Entry::new(&Document {
            body,
            ..Document::default()
        });
        assert!(entry.placed.len() <= PLACES);
        let lexemes: usize = entry.unplaced.iter().map(|word| word.len() + 4).sum();
        assert!(lexemes < 900_000);
        assert!(entry.to_row().contains("z tword20000 "));
        let of_the = entry
            .placed
            .iter()
            .flatten()
            .filter(|word| *word == "tthe")
            .count();
        assert_eq!(of_the, PLACES_OF_ONE as usize);
    }
}
