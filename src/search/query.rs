//! What readers type into a search box.
//!
//! - `flood fund`: both words, anywhere in the article.
//! - `"flood fund"`: one after the other. What is written together without being one word
//!   (`e-mail`, `l'eau`, `東京`) is read as such a phrase, or as the one word that it is joined to.
//! - `-fund`, `-"flood fund"`: not in the article.
//! - `flo*`, `"flood fu*"`, `"flood fu"*`: the last word is only a beginning, of two letters at least.
//!   After four beginnings, words are read whole.
//! - `서울시`: a word of Hangul, of two syllables at least, is a beginning without being marked as one,
//!   because particles follow it without a space. After eight, they are read whole.
//!
//! Nothing is an error: a quote that is not closed ends with the text, and what is neither word nor
//! operator is nothing. A query that says only what it does not want, or nothing, finds nothing.

use super::reading::Reading;
use super::words::{Word, is_syllable};

/// Most words that are read of a query; the rest is as if it had not been typed.
const MAX_WORDS: usize = 32;
/// Fewest letters of a beginning: fewer would stand for half the dictionary.
const MIN_PREFIX: usize = 2;
/// Most beginnings that are read as such: each stands for many words, which are all looked up.
const MAX_PREFIXES: usize = 4;
/// Most words of Hangul that are read as beginnings: of whole syllables, they stand for fewer.
const MAX_HANGUL: usize = 8;

/// A word, or several in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// The folded words as they were typed and, where that is something else, joined and spelled out
    /// ([`Reading::joined`]): either is looked for. None is empty.
    pub forms: Vec<Vec<String>>,
    /// The last word is only a beginning.
    pub prefix: bool,
}

impl Term {
    /// How many words of a row, from a place on, it is found in.
    pub fn found_at(&self, row: &[&Word], at: usize) -> Option<usize> {
        let lengths = self.forms.iter().map(|form| {
            let last = form.len() - 1;
            let found = row.get(at..at + form.len())?;
            let is_found = form
                .iter()
                .zip(found)
                .enumerate()
                .all(|(index, (word, found))| {
                    let found = found.folded.as_str();
                    found == word
                        || (self.prefix && index == last && found.starts_with(word.as_str()))
                });
            is_found.then_some(form.len())
        });
        lengths.flatten().max()
    }

    /// Whether it is found anywhere in a text.
    pub fn is_in(&self, text: &Reading) -> bool {
        let rows = text.rows();
        let mut places = rows
            .iter()
            .flat_map(|row| (0..row.len()).map(move |at| (row, at)));
        places.any(|(row, at)| self.found_at(row, at).is_some())
    }
}

/// A query as it is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// All of these are found.
    pub wanted: Vec<Term>,
    /// None of these is.
    pub unwanted: Vec<Term>,
}

impl Query {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut budget = Budget::default();
        let mut rest = text;
        while budget.words > 0 {
            let Some((chunk, after)) = next(rest) else {
                break;
            };
            rest = after;
            let Some(term) = budget.term(&chunk) else {
                continue;
            };
            let terms = if chunk.unwanted {
                &mut query.unwanted
            } else {
                &mut query.wanted
            };
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        query
    }
}

/// Whether a text says more than words: a quotation, what is not wanted, or a beginning.
pub fn has_operators(text: &str) -> bool {
    let mut rest = text;
    while let Some((chunk, after)) = next(rest) {
        if chunk.unwanted || chunk.prefix || rest.trim_start().starts_with(is_quote) {
            return true;
        }
        rest = after;
    }
    false
}

/// What may still be read of a query.
struct Budget {
    words: usize,
    prefixes: usize,
    hangul: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            words: MAX_WORDS,
            prefixes: MAX_PREFIXES,
            hangul: MAX_HANGUL,
        }
    }
}

impl Budget {
    fn term(&mut self, chunk: &Chunk<'_>) -> Option<Term> {
        let reading = Reading::new(chunk.text);
        let texts = |row: Vec<&Word>| -> Vec<String> {
            row.into_iter().map(|word| word.folded.clone()).collect()
        };
        let (mut written, joined) = (texts(reading.written()), texts(reading.joined()));
        let whole = written.len() <= self.words;
        written.truncate(self.words);
        self.words -= written.len();
        let prefix = self.is_prefix(chunk, written.last()?);
        let forms = match whole && joined != written {
            true => vec![written, joined],
            false => vec![written],
        };
        Some(Term { forms, prefix })
    }

    fn is_prefix(&mut self, chunk: &Chunk<'_>, last: &str) -> bool {
        let left = match chunk.prefix {
            true => &mut self.prefixes,
            false if last.chars().all(is_syllable) => &mut self.hangul,
            false => return false,
        };
        let is_prefix = *left > 0 && last.chars().count() >= MIN_PREFIX;
        *left -= usize::from(is_prefix);
        is_prefix
    }
}

struct Chunk<'a> {
    text: &'a str,
    unwanted: bool,
    prefix: bool,
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»')
}

/// The first chunk of a text, and what comes after it: a quotation, or what stands between spaces.
fn next(text: &str) -> Option<(Chunk<'_>, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    if text.is_empty() {
        return None;
    }
    let (unwanted, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    if let Some(quoted) = text.strip_prefix(is_quote) {
        let (text, after) = quoted.split_once(is_quote).unwrap_or((quoted, ""));
        let (outside, after) = match after.strip_prefix('*') {
            Some(after) => (true, after),
            None => (false, after),
        };
        let prefix = outside || text.trim_end().ends_with('*');
        return Some((
            Chunk {
                text,
                unwanted,
                prefix,
            },
            after,
        ));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c.is_control() || is_quote(c))
        .unwrap_or(text.len());
    let (text, after) = text.split_at(end);
    let prefix = text.ends_with('*');
    Some((
        Chunk {
            text,
            unwanted,
            prefix,
        },
        after,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(words: &[&str], prefix: bool) -> Term {
        Term {
            forms: vec![words.iter().map(ToString::to_string).collect()],
            prefix,
        }
    }

    fn either(written: &[&str], joined: &[&str]) -> Term {
        let [written, joined] = [written, joined].map(|words| term(words, false).forms);
        Term {
            forms: [written, joined].concat(),
            prefix: false,
        }
    }

    #[test]
    fn words_phrases_exclusions_and_beginnings() {
        let read =
            Query::parse("Flood \"Harbour Fund\" -tax flo* -\"old news\" e-mail \"new yo\"*");
        assert_eq!(
            read.wanted,
            [
                term(&["flood"], false),
                term(&["harbour", "fund"], false),
                term(&["flo"], true),
                either(&["e", "mail"], &["email"]),
                term(&["new", "yo"], true),
            ]
        );
        assert_eq!(
            read.unwanted,
            [term(&["tax"], false), term(&["old", "news"], false)]
        );
    }

    #[test]
    fn odd_punctuation_is_just_text() {
        for (text, wanted) in [
            ("\"never closed", vec![term(&["never", "closed"], false)]),
            ("a\0b", vec![term(&["a"], false), term(&["b"], false)]),
            (
                "AND OR NOT NEAR",
                vec![
                    term(&["and"], false),
                    term(&["or"], false),
                    term(&["not"], false),
                    term(&["near"], false),
                ],
            ),
            (
                "headline:flood & (x | !y) 'z'",
                vec![
                    term(&["headline", "flood"], false),
                    term(&["x"], false),
                    term(&["y"], false),
                    term(&["z"], false),
                ],
            ),
            ("« où »", vec![term(&["ou"], false)]),
            ("x*", vec![term(&["x"], false)]),
            ("flood flood", vec![term(&["flood"], false)]),
            (
                "word\"two three\"",
                vec![term(&["word"], false), term(&["two", "three"], false)],
            ),
        ] {
            assert_eq!(Query::parse(text).wanted, wanted, "{text:?}");
        }
        for nothing in ["", " ", "\"", "\"\"", "-", "--", "*", "-\"", "؟!"] {
            assert_eq!(Query::parse(nothing), Query::default(), "{nothing:?}");
        }
    }

    #[test]
    fn after_four_beginnings_words_are_whole() {
        let prefixes: Vec<bool> = Query::parse("aa* \"b cc*\" -dd* ee* ff* \"g hh\"*")
            .wanted
            .iter()
            .map(|term| term.prefix)
            .collect();
        assert_eq!(prefixes, [true, true, true, false, false]);
    }

    #[test]
    fn words_of_hangul_are_beginnings() {
        for (text, wanted) in [
            ("서울시", term(&["서울시"], true)),
            ("\"예산안 발표\"", term(&["예산안", "발표"], true)),
            ("북", term(&["북"], false)),
            ("2026년", term(&["2026", "년"], false)),
        ] {
            assert_eq!(Query::parse(text).wanted, [wanted], "{text}");
        }
        let many = Query::parse("가가 나나 다다 라라 마마 바바 사사 아아 자자 차차 flo*").wanted;
        assert_eq!(many.iter().filter(|term| term.prefix).count(), 9);
    }

    #[test]
    fn what_may_be_joined_is_looked_for_in_both_ways() {
        for (text, wanted) in [
            ("Zürich", either(&["zurich"], &["zuerich"])),
            ("COVID-19", either(&["covid", "19"], &["covid19"])),
            (
                "\"an e-mail\"",
                either(&["an", "e", "mail"], &["an", "email"]),
            ),
            ("U.S.", term(&["us"], false)),
            ("C++", term(&["c＋＋"], false)),
            ("Zuerich", term(&["zuerich"], false)),
        ] {
            assert_eq!(Query::parse(text).wanted, [wanted], "{text}");
        }
    }

    proptest! {
        #[test]
        fn everything_is_a_query(text in "[ \"*«»'a-z\\-\0é東\\\\:(){}^+~]{0,80}|\\PC{0,80}") {
            let query = Query::parse(&text);
            let terms = query.wanted.iter().chain(&query.unwanted);
            let mut count = 0;
            for term in terms {
                prop_assert!((1..=2).contains(&term.forms.len()));
                prop_assert!(term.forms.iter().all(|form| !form.is_empty()));
                prop_assert!(term.forms.iter().flatten().all(|word| !word.is_empty()));
                prop_assert!(term.forms.iter().all(|form| form.len() <= term.forms[0].len()));
                count += term.forms[0].len();
            }
            prop_assert!(count <= MAX_WORDS);
        }

        #[test]
        fn a_text_is_found_by_its_own_words(text in "[a-zéß東 ,.-]{1,60}") {
            let row = Reading::new(&text);
            let typed = text.replace('-', " ");
            for term in Query::parse(&typed).wanted {
                prop_assert!(term.is_in(&row), "{term:?}");
            }
        }
    }
}
