//! Text as words.
//!
//! A word is a run of letters and digits, lower-cased and decomposed for compatibility (NFKD), so
//! that `Ｆｕｌｌ`, `ﬁ` and `é` are what they look like. Accents, Arabic and Hebrew points, and tone
//! marks are dropped; marks without which a letter is another one (voicing of kana, nukta, virama)
//! stay. Of scripts that do not part words, such as Chinese, Japanese and Thai, each character is a
//! word, and a run of them a phrase.

use std::ops::Range;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

/// Most bytes of a word; what is longer is cut, here and in queries alike.
const MAX_BYTES: usize = 64;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded: what words are compared by. Letters, digits and marks only.
    pub folded: String,
    /// The bytes of the text that it was read from.
    pub bytes: Range<usize>,
}

/// The words of a text, in order.
pub fn words(text: &str) -> Vec<Word> {
    let mut reader = Reader::default();
    for (at, c) in text.char_indices() {
        let bytes = at..at + c.len_utf8();
        if c.is_ascii() {
            reader.take(c.to_ascii_lowercase(), &bytes);
            continue;
        }
        // Decomposed, lower-cased, and decomposed again: either can make work for the other.
        decompose_compatible(c, |part| {
            for lower in part.to_lowercase() {
                decompose_compatible(lower, |letter| reader.take(letter, &bytes));
            }
        });
    }
    reader.end();
    reader.found
}

/// The folded words of a text, in order.
pub fn folded(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.folded).collect()
}

#[derive(Default)]
struct Reader {
    found: Vec<Word>,
    word: String,
    bytes: Range<usize>,
    /// The word is one character of a script that does not part words.
    alone: bool,
}

impl Reader {
    fn take(&mut self, c: char, bytes: &Range<usize>) {
        if is_ignored(c) {
            return;
        }
        match canonical_combining_class(c) {
            0 => {}
            1..=9 => {
                if !self.word.is_empty() {
                    self.push(c, bytes);
                }
                return;
            }
            _ => {
                // The accent belongs to the letter before it, in the text as well.
                if !self.word.is_empty() {
                    self.bytes.end = bytes.end;
                }
                return;
            }
        }
        if !c.is_alphanumeric() {
            self.end();
            return;
        }
        let alone = is_unparted(c);
        if alone || self.alone {
            self.end();
        }
        match alike(c) {
            Some(letters) => letters.chars().for_each(|c| self.push(c, bytes)),
            None => self.push(c, bytes),
        }
        self.alone = alone;
    }

    fn push(&mut self, c: char, bytes: &Range<usize>) {
        if self.word.is_empty() {
            self.bytes.start = bytes.start;
        }
        self.bytes.end = bytes.end;
        if self.word.len() + c.len_utf8() <= MAX_BYTES {
            self.word.push(c);
        }
    }

    fn end(&mut self) {
        self.alone = false;
        if !self.word.is_empty() {
            self.found.push(Word {
                folded: std::mem::take(&mut self.word),
                bytes: self.bytes.clone(),
            });
        }
    }
}

/// Characters that are not seen and part nothing: soft hyphens, joiners, variation selectors, and
/// the line that stretches Arabic words.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{640}')
}

/// Characters of scripts that do not part words by spaces.
fn is_unparted(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'   // Hiragana, Katakana
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'   // Han
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Letters that decomposition leaves whole and that people type, or spell, in another way.
fn alike(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ł' => "l",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ı' => "i",
        'ς' => "σ",
        'ى' | 'ی' => "ي",
        'ک' => "ك",
        'ة' => "ه",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_accents_and_forms_fold() {
        for (text, expected) in [
            ("Café CAFÉ cafe\u{301}", vec!["cafe", "cafe", "cafe"]),
            ("Straße, Łódź; Ærø", vec!["strasse", "lodz", "aero"]),
            ("don't stop—now", vec!["don", "t", "stop", "now"]),
            (
                "co\u{ad}operate ﬁne Ｆｕｌｌ",
                vec!["cooperate", "fine", "full"],
            ),
            ("Ο Οδυσσέας ΟΔΥΣΣΕΑΣ", vec!["ο", "οδυσσεασ", "οδυσσεασ"]),
            ("ёлка Йод", vec!["елка", "иод"]),
            ("東京都", vec!["東", "京", "都"]),
            ("iPhone東", vec!["iphone", "東"]),
            ("كِتَابٌ كتاب", vec!["كتاب", "كتاب"]),
            ("İstanbul ISTANBUL", vec!["istanbul", "istanbul"]),
            (
                "½ cup, 2026-03-01",
                vec!["1", "2", "cup", "2026", "03", "01"],
            ),
            ("\"*-()' \0", vec![]),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
        // A voiced kana is another letter; it stays one with its mark.
        assert_eq!(folded("がか").len(), 2);
        assert_ne!(folded("が"), folded("か"));
        assert_eq!(folded("हिन्दी").len(), 1);
    }

    proptest! {
        #[test]
        fn words_are_plain_and_know_where_they_stand(text in "\\PC{0,60}|[a-zé ß\"'*東がक्\u{301}\u{ad}-]{0,40}") {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(!word.folded.is_empty() && word.folded.len() <= MAX_BYTES);
                for c in word.folded.chars() {
                    prop_assert!(c.is_alphanumeric() || (1..=9).contains(&canonical_combining_class(c)), "{c:?}");
                    prop_assert!(!c.is_ascii_uppercase());
                }
                prop_assert!(text.get(word.bytes.clone()).is_some());
                // One character may stand for several words: "½".
                prop_assert!(word.bytes.end >= end && word.bytes.start < word.bytes.end);
                end = word.bytes.end;
            }
        }

        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,40}") {
            for word in words(&text) {
                prop_assert_eq!(folded(&word.folded), vec![word.folded.clone()]);
            }
        }
    }
}
