//! What readers type into a search box.
//!
//! - `flood fund`: both words, anywhere in the article.
//! - `"flood fund"`: one after the other. What is written together without being one word
//!   (`e-mail`, `l'eau`, `東京`) is read as such a phrase.
//! - `-fund`, `-"flood fund"`: not in the article.
//! - `flo*`, `"flood fu*"`, `"flood fu"*`: the last word is only a beginning, of two letters at least.
//!   After four beginnings, words are read whole.
//!
//! Nothing is an error: a quote that is not closed ends with the text, and what is neither word nor
//! operator is nothing. A query that says only what it does not want, or nothing, finds nothing.

use super::words::folded;

/// Most words that are read of a query; the rest is as if it had not been typed.
const MAX_WORDS: usize = 32;
/// Fewest letters of a beginning: fewer would stand for half the dictionary.
const MIN_PREFIX: usize = 2;
/// Most beginnings that are read as such: each stands for many words, which are all looked up.
const MAX_PREFIXES: usize = 4;

/// A word, or several in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// Folded; never empty.
    pub words: Vec<String>,
    /// The last word is only a beginning.
    pub prefix: bool,
}

impl Term {
    /// Whether it is found in a row of folded words, at this place.
    pub fn matches_at<S: AsRef<str>>(&self, row: &[S], at: usize) -> bool {
        let last = self.words.len() - 1;
        row.len() >= at + self.words.len()
            && self.words.iter().enumerate().all(|(index, word)| {
                let found = row[at + index].as_ref();
                found == word || (self.prefix && index == last && found.starts_with(word.as_str()))
            })
    }

    /// Whether it is found anywhere in a row of folded words.
    pub fn is_in<S: AsRef<str>>(&self, row: &[S]) -> bool {
        (0..row.len()).any(|at| self.matches_at(row, at))
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
        let (mut room, mut prefixes) = (MAX_WORDS, MAX_PREFIXES);
        let mut rest = text;
        while room > 0 {
            let Some((chunk, after)) = next(rest) else {
                break;
            };
            rest = after;
            let mut words = folded(chunk.text);
            words.truncate(room);
            room -= words.len();
            let Some(last) = words.last() else {
                continue;
            };
            let prefix = chunk.prefix && prefixes > 0 && last.chars().count() >= MIN_PREFIX;
            prefixes -= usize::from(prefix);
            let term = Term { words, prefix };
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
            words: words.iter().map(ToString::to_string).collect(),
            prefix,
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
                term(&["e", "mail"], false),
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

    proptest! {
        #[test]
        fn everything_is_a_query(text in "[ \"*«»'a-z\\-\0é東\\\\:(){}^+~]{0,80}|\\PC{0,80}") {
            let query = Query::parse(&text);
            let terms = query.wanted.iter().chain(&query.unwanted);
            let mut count = 0;
            for term in terms {
                prop_assert!(!term.words.is_empty());
                prop_assert!(term.words.iter().all(|word| !word.is_empty()));
                count += term.words.len();
            }
            prop_assert!(count <= MAX_WORDS);
        }

        #[test]
        fn a_text_is_found_by_its_own_words(text in "[a-zéß東 ,.-]{1,60}") {
            let row = folded(&text);
            let typed = text.replace('-', " ");
            for term in Query::parse(&typed).wanted {
                prop_assert!(term.is_in(&row), "{term:?}");
            }
        }
    }
}
