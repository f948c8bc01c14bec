//! Text as words.
//!
//! A word is a run of letters and digits, lower-cased and decomposed for compatibility (NFKD), so
//! that `Ｆｕｌｌ`, `ﬁ` and `é` are what they look like. Accents, Arabic and Hebrew points, tone marks
//! and the nukta of Hindi are dropped; marks without which a letter is another one (voicing of kana,
//! virama) stay. Digits of all scripts are equal. Of scripts that do not part words, such as Chinese,
//! Japanese and Thai, each character is a word, and a run of them a phrase. Where Hangul meets another
//! script one word ends: particles follow names and numbers so.
//!
//! Which words are one when they stand together is for [`reading`](super::reading).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

use crate::characters::{digit, is_apostrophe, is_ignorable};

/// Most bytes of a word; what is longer is cut, here and in queries alike.
const MAX_BYTES: usize = 64;
/// Most bytes of a word of Hangul before its letters are composed to syllables.
const MAX_BYTES_OF_LETTERS: usize = 3 * MAX_BYTES;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded: what words are compared by. Letters, digits, marks, and the signs of names
    /// ([`signs`](super::signs)).
    pub folded: String,
    /// The same with umlauts and their like as two letters: `zuerich` for `Zürich`, `aarhus` for
    /// `Århus`; `None` without any.
    pub spelled: Option<String>,
    /// The bytes of the text that it was read from.
    pub bytes: Range<usize>,
}

impl Word {
    /// The word in two letters for each umlaut, if it has any.
    pub fn spelled_out(&self) -> &str {
        self.spelled.as_deref().unwrap_or(&self.folded)
    }
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
        if is_apostrophe(c) {
            reader.end();
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

#[derive(Default)]
struct Reader {
    found: Vec<Word>,
    word: String,
    /// The word with umlauts spelled out, as far as it has come.
    spelled: String,
    bytes: Range<usize>,
    /// The word is one character of a script that does not part words.
    alone: bool,
    hangul: bool,
}

impl Reader {
    fn take(&mut self, c: char, bytes: &Range<usize>) {
        if is_invisible(c) {
            return;
        }
        match canonical_combining_class(c) {
            0 => {}
            // The nukta of sounds that Hindi, Punjabi and Gujarati borrowed is left out as often as not.
            1..=9 if !matches!(c, '\u{93c}' | '\u{a3c}' | '\u{abc}') => {
                if !self.word.is_empty() {
                    self.push(c, bytes);
                }
                return;
            }
            _ => return self.accent(c, bytes),
        }
        if !c.is_alphanumeric() || is_apostrophe(c) {
            self.end();
            return;
        }
        let c = digit(c).unwrap_or(c);
        let (alone, hangul) = (is_unparted(c), is_letter_of_hangul(c));
        if alone || self.alone || hangul != self.hangul {
            self.end();
        }
        match alike(c) {
            Some(letters) => letters.chars().for_each(|c| self.push(c, bytes)),
            None => self.push(c, bytes),
        }
        if c == 'ø' {
            self.spelled.push('e');
        }
        (self.alone, self.hangul) = (alone, hangul);
    }

    /// An accent belongs to the letter before it, in the text as well.
    fn accent(&mut self, c: char, bytes: &Range<usize>) {
        let Some(letter) = self.word.chars().next_back() else {
            return;
        };
        self.bytes.end = bytes.end;
        match (letter, c) {
            ('a' | 'o' | 'u', '\u{308}') => self.spelled.push('e'),
            ('a', '\u{30a}') => self.spelled.push('a'),
            _ => {}
        }
    }

    fn push(&mut self, c: char, bytes: &Range<usize>) {
        if self.word.is_empty() {
            self.bytes.start = bytes.start;
        }
        self.bytes.end = bytes.end;
        if self.word.len() + c.len_utf8() <= MAX_BYTES_OF_LETTERS {
            self.word.push(c);
            self.spelled.push(c);
        }
    }

    fn end(&mut self) {
        (self.alone, self.hangul) = (false, false);
        let spelled = std::mem::take(&mut self.spelled);
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        let folded = kept(word);
        let spelled = spelled.is_ascii().then(|| kept(spelled));
        self.found.push(Word {
            spelled: spelled.filter(|spelled| *spelled != folded),
            folded,
            bytes: self.bytes.clone(),
        });
    }
}

/// A word as it is kept: syllables of Hangul composed, and with no more bytes than are kept.
pub(super) fn kept(word: String) -> String {
    let mut word = match word.chars().any(is_letter_of_hangul) {
        true => word.nfc().collect(),
        false => nasals_as_anusvara(word),
    };
    while word.len() > MAX_BYTES {
        word.pop();
    }
    word
}

/// A nasal before a consonant of its own row is written with its letter or as a dot above: `हिन्दी`,
/// `हिंदी`.
fn nasals_as_anusvara(word: String) -> String {
    const VIRAMA: char = '\u{94d}';
    if !word.contains(VIRAMA) {
        return word;
    }
    let letters: Vec<char> = word.chars().collect();
    let mut folded = String::with_capacity(word.len());
    let mut at = 0;
    while at < letters.len() {
        let row = match letters[at] {
            'ङ' => 'क'..='घ',
            'ञ' => 'च'..='झ',
            'ण' => 'ट'..='ढ',
            'न' => 'त'..='ध',
            'म' => 'प'..='भ',
            _ => '\0'..='\0',
        };
        match letters.get(at + 1..at + 3) {
            Some([VIRAMA, next]) if row.contains(next) => {
                folded.push('ं');
                at += 2;
            }
            _ => {
                folded.push(letters[at]);
                at += 1;
            }
        }
    }
    folded
}

/// Characters that are not seen and part nothing: soft hyphens, joiners, variation selectors, fillers,
/// and the line that stretches Arabic words.
fn is_invisible(c: char) -> bool {
    c == '\u{640}' || is_ignorable(c)
}

/// Letters that syllables of Hangul are decomposed into.
fn is_letter_of_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{d7b0}'..='\u{d7fb}')
}

/// Hangul, composed or not.
pub(super) fn is_hangul(c: char) -> bool {
    is_letter_of_hangul(c) || is_syllable(c)
}

/// A syllable of Hangul.
pub(super) fn is_syllable(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

/// Characters of scripts that do not part words by spaces.
pub(super) fn is_unparted(c: char) -> bool {
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
        // Chandrabindu and anusvara.
        'ँ' => "ं",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn case_accents_and_forms_fold() {
        for (text, expected) in [
            ("Café CAFÉ cafe\u{301}", vec!["cafe", "cafe", "cafe"]),
            ("Straße, Łódź; Ærø", vec!["strasse", "lodz", "aero"]),
            ("don't stop—now", vec!["don", "t", "stop", "now"]),
            ("Hawaiʻi ʻo′o", vec!["hawai", "i", "o", "o"]),
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

    #[test]
    fn one_word_in_two_orthographies_is_one() {
        for (one, other) in [
            ("ज़रूरी ख़बर", "जरूरी खबर"),
            ("हिन्दी पण्डित कम्पनी", "हिंदी पंडित कंपनी"),
            ("चाँद", "चांद"),
            ("۱۴۰۵ ١٤٠٥ १४०५", "1405 1405 1405"),
            ("\u{1112}\u{1161}\u{11ab}글", "한글"),
            ("Ґанок й", "Ґанок и\u{306}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_eq!(folded("न्याय"), ["न्याय"]);
        // A syllable is a letter: 가 does not begin 각.
        assert_eq!(folded("각가"), ["각가"]);
        assert_eq!(folded("AI가 2026년"), ["ai", "가", "2026", "년"]);
    }

    #[test]
    fn umlauts_are_spelled_out_as_well() {
        for (text, spelled) in [
            ("Zürich", "zuerich"),
            ("u\u{308}ber", "ueber"),
            ("Größe", "groesse"),
            ("Århus", "aarhus"),
            ("Tromsø", "tromsoe"),
        ] {
            assert_eq!(words(text)[0].spelled.as_deref(), Some(spelled), "{text}");
        }
        for plain in [
            "Zurich",
            "blue",
            "Noël",
            "café",
            "Київ",
            "Ærø".get(..2).unwrap(),
        ] {
            assert_eq!(words(plain)[0].spelled, None, "{plain}");
        }
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
