//! Text of any script as words of ASCII letters and digits, for slugs.
//!
//! Letters are read as the language writes them in ASCII (`languages`), and as `deunicode` has them
//! where it says nothing. Symbols are never read: a name of one that is right in one place is another
//! thing in the next.

mod languages;

use std::iter::once;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use self::languages::{Rules, is_han, is_kana};
use crate::characters::{digit, is_apostrophe, is_ignorable};

/// The words of a text in lower case with hyphens between them; empty when nothing of it can be read.
/// `language` is a language tag (BCP 47).
pub fn slug_words(text: &str, language: Option<&str>) -> String {
    let rules = Rules::of(language, text);
    let mut writer = Writer {
        // Kana say that it is Japanese, whatever language it is said to be in.
        reads_han: rules.reads_han && !text.chars().any(is_kana),
        text: readable(text, rules),
        rules,
        words: String::new(),
        in_word: false,
        left_out: false,
    };
    let mut at = 0;
    while at < writer.text.len() {
        at += writer.read(at);
    }
    // Of a text that cannot be read, numbers alone say too little.
    let says_something = writer.words.bytes().any(|b| b.is_ascii_lowercase());
    if writer.left_out && !says_something {
        return String::new();
    }
    writer.words
}

/// The text in lower case and composed, its compatibility forms (`Ｆｕｌｌ`, `ﬁ`, `²`) as what they
/// stand for, all apostrophes as one, and without the symbols that would become letters.
fn readable(text: &str, rules: &Rules) -> Vec<char> {
    let plain = text.chars().map(|c| match c {
        '™' | '℠' | '№' | '℡' | '℻' => ' ',
        c if is_apostrophe(c) => '\'',
        c => c,
    });
    let lower = plain.nfkd().flat_map(char::to_lowercase);
    lower.filter(|c| !rules.drops.contains(c)).nfkc().collect()
}

struct Writer<'a> {
    text: Vec<char>,
    rules: &'a Rules,
    reads_han: bool,
    words: String,
    /// Whether the next letter belongs to the word that was written last.
    in_word: bool,
    /// Whether something was left out because nobody can say how it is read.
    left_out: bool,
}

impl Writer<'_> {
    /// Reads what stands at a place; returns how many characters that is.
    fn read(&mut self, at: usize) -> usize {
        if let Some((length, letters)) = self.rules.letters_at(&self.text, at) {
            self.write(letters);
            return length;
        }
        match self.text[at] {
            '\'' if self.elides(at) => self.end(),
            '\'' | '°' => {}
            '·' if self.is_between_letters(at) => {}
            '.' if self.is_between_initials(at) => {}
            '+' => return self.plus(at),
            '#' | '♯' if self.is_sharp(at) => self.word("sharp"),
            // It parts words, though it is not seen.
            '\u{200b}' => self.end(),
            c if c.is_ascii_alphanumeric() => self.write(c.encode_utf8(&mut [0; 4])),
            c if is_ignorable(c) => {}
            c if is_kana(c) || (is_han(c) && !self.reads_han) => {
                self.left_out = true;
                self.end();
            }
            c if c.is_alphanumeric() || is_combining_mark(c) => self.transliterate(c),
            _ => self.end(),
        }
        1
    }

    fn transliterate(&mut self, c: char) {
        if let Some(digit) = digit(c) {
            return self.write(digit.encode_utf8(&mut [0; 4]));
        }
        let letters = match c {
            'ə' | 'ǝ' => "e",
            'ة' | 'ۃ' => "a",
            c => deunicode::deunicode_char(c).unwrap_or_default(),
        };
        // A syllable of Chinese is a word.
        if letters.ends_with(' ') {
            self.end();
        }
        self.write(letters);
    }

    /// Adds letters to the word; a space ends it, and what is neither letter nor digit stands for a
    /// sound that ASCII has no letter for.
    fn write(&mut self, letters: &str) {
        for c in letters.chars() {
            if c == ' ' {
                self.end();
            } else if c.is_ascii_alphanumeric() {
                if !self.in_word && !self.words.is_empty() {
                    self.words.push('-');
                }
                self.words.push(c.to_ascii_lowercase());
                self.in_word = true;
            }
        }
    }

    fn word(&mut self, word: &str) {
        self.end();
        self.write(word);
        self.end();
    }

    fn end(&mut self) {
        self.in_word = false;
    }

    /// A plus is read at the end of a name that it belongs to: `C++`, `Disney+`.
    fn plus(&mut self, at: usize) -> usize {
        let count = self.text[at..].iter().take_while(|c| **c == '+').count();
        let next = self.text.get(at + count);
        let names = match count {
            1 => next.is_none_or(|c| !c.is_alphanumeric()),
            2 => next.is_none_or(|c| !c.is_alphabetic()),
            _ => false,
        };
        let named = self.in_word && self.words.ends_with(|c: char| c.is_ascii_lowercase());
        if names && named {
            (0..count).for_each(|_| self.word("plus"));
        }
        self.end();
        count
    }

    /// Whether a number sign belongs to the one letter before it: `C#`, `F# minor`.
    fn is_sharp(&self, at: usize) -> bool {
        let ends = self.text.get(at + 1).is_none_or(|c| !c.is_alphanumeric());
        ends && at > 0 && self.is_initial(at - 1) && self.text[at - 1].is_ascii_lowercase()
    }

    /// Whether an apostrophe stands for the vowel of a word of its own, as in `l'eau`; not in `O'Neill`,
    /// `don't`.
    fn elides(&self, at: usize) -> bool {
        let irish = at > 0 && self.text[at - 1] == 'o' && self.is_initial(at - 1);
        let word = matches!(self.text.get(at + 1..at + 3), Some([first, second])
            if first.is_alphabetic() && (second.is_alphabetic() || *second == '\''));
        self.rules.elides && self.in_word && !irish && word
    }

    fn is_between_letters(&self, at: usize) -> bool {
        at > 0
            && self.text[at - 1].is_alphabetic()
            && self.text.get(at + 1).is_some_and(|c| c.is_alphabetic())
    }

    fn is_between_initials(&self, at: usize) -> bool {
        at > 0 && self.is_initial(at - 1) && self.is_initial(at + 1)
    }

    /// Whether a letter stands alone.
    fn is_initial(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.text.get(at));
        let mut beside = once(before).chain(once(self.text.get(at + 1)));
        self.text.get(at).is_some_and(|c| c.is_alphabetic())
            && beside.all(|c| c.is_none_or(|c| !c.is_alphanumeric() && !is_combining_mark(*c)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn symbols_never_become_words() {
        for (title, slug) in [
            ("£5 note withdrawn", "5-note-withdrawn"),
            ("€40, $5 ¥100 ₹7 5₽ ¢", "40-5-100-7-5"),
            ("50% of M&S, AT&T", "50-of-m-s-at-t"),
            ("@desk_77 #MeToo", "desk-77-metoo"),
            ("30°C, 20 ℃, 5°", "30c-20-c-5"),
            ("Lego™ set® ©2026 №5 § 218", "lego-set-2026-5-218"),
            ("🎉 Party 🇺🇸 ❤️ 1️⃣", "party-1"),
            ("CO₂ and m², ½ or ①", "co2-and-m2-1-2-or-1"),
            (
                "C++, C# and C++17; Disney+ 5+ A+B",
                "c-plus-plus-c-sharp-and-c-plus-plus-17-disney-plus-5-a-b",
            ),
            ("4×100 − 3 ≈ ∞ → …", "4-100-3"),
            ("The U.S. and N.A.T.O. e.g. v2.0", "the-us-and-nato-eg-v2-0"),
            ("Ｆｕｌｌ ﬁne", "full-fine"),
        ] {
            assert_eq!(slug_words(title, None), slug, "{title}");
        }
    }

    #[test]
    fn apostrophes_of_all_kinds_vanish() {
        for mark in "'’‘ʼʻʹ′`´＇ʾ".chars() {
            let title = format!("Don{mark}t panic, it{mark}s O{mark}Brien");
            assert_eq!(
                slug_words(&title, Some("en")),
                "dont-panic-its-obrien",
                "{mark}"
            );
        }
        assert_eq!(slug_words("‘Quoted’ 'n' Hawaiʻi", None), "quoted-n-hawaii");
        // Where it stands for a vowel, the word before it is one.
        assert_eq!(slug_words("L’eau d'O’Neill", Some("fr")), "l-eau-d-oneill");
        assert_eq!(slug_words("L’eau", Some("en")), "leau");
        assert_eq!(slug_words("col·legi", Some("ca")), "collegi");
    }

    #[test]
    fn letters_are_read_by_language() {
        for (language, title, slug) in [
            (
                "de",
                "Größe über alles, Ärger",
                "groesse-ueber-alles-aerger",
            ),
            ("de-AT", "u\u{308}ber A\u{308}rger", "ueber-aerger"),
            ("en", "Größe über Zürich", "grosse-uber-zurich"),
            ("da", "Rødgrød på Ærø, Århus", "roedgroed-paa-aeroe-aarhus"),
            ("nb", "Tromsø får vår", "tromsoe-faar-vaar"),
            (
                "sv",
                "Malmö får kött på tåget",
                "malmoe-faar-koett-paa-taaget",
            ),
            ("fi", "Hyvää yötä", "hyvaa-yota"),
            ("tr", "IŞIK ışık İstanbul", "isik-isik-istanbul"),
            ("az", "Azərbaycan", "azerbaycan"),
            (
                "uk",
                "Київ, Харків, Згурський і Юрій",
                "kyiv-kharkiv-zghurskyi-i-yurii",
            ),
            (
                "ru",
                "Кольцо, объект и ёлка: щи",
                "koltso-obekt-i-elka-shchi",
            ),
            (
                "bg",
                "България: щъркел и Хаджиев",
                "balgaria-shtarkel-i-hadzhiev",
            ),
            (
                "sr",
                "Ђорђе и Љубица чекају џип",
                "djordje-i-ljubica-cekaju-dzip",
            ),
            ("sr-Latn", "Đorđe čeka", "djordje-ceka"),
            ("mk", "Ѓорѓи и ќерката", "gjorgji-i-kjerkata"),
            ("be", "Гродна і воўк", "hrodna-i-vouk"),
            (
                "el",
                "Αθήνα: η ευρωπαϊκή χώρα, αυτό",
                "athina-i-evropaiki-chora-afto",
            ),
            ("zh", "北京大学", "bei-jing-da-xue"),
            ("ko", "서울시가 예산안", "seoulsiga-yesanan"),
        ] {
            assert_eq!(
                slug_words(title, Some(language)),
                slug,
                "{language}: {title}"
            );
        }
    }

    #[test]
    fn without_a_language_letters_that_only_one_has_tell_it() {
        assert_eq!(slug_words("Київ", None), "kyiv");
        assert_eq!(slug_words("Київ", Some("en")), "kyiv");
        assert_eq!(slug_words("Ђорђе", None), "djordje");
        assert_eq!(slug_words("北京", None), "bei-jing");
    }

    #[test]
    fn what_nobody_can_read_is_left_out() {
        for (title, language) in [
            ("東京の天気 7418258", None),
            ("東京の天気", Some("en")),
            ("東京", Some("ja")),
            ("東京都 2026", Some("ja-JP")),
            ("がんばれ", None),
            ("🎉", None),
            ("!!!", None),
        ] {
            assert_eq!(slug_words(title, language), "", "{title}");
        }
        assert_eq!(slug_words("iPhone 17の発売", None), "iphone-17");
        assert_eq!(slug_words("美 대선", Some("ko")), "daeseon");
        assert_eq!(slug_words("2026", None), "2026");
    }

    proptest! {
        #[test]
        fn words_are_plain_and_reading_them_again_changes_nothing(
            text in "\\PC{0,60}|[a-zA-Zäöüßåø'’.+#·東の京Київґςά0-9 -]{0,60}",
            language in proptest::sample::select(vec!["", "de", "fr", "ja", "uk", "el", "zh"]),
        ) {
            let words = slug_words(&text, Some(language).filter(|tag| !tag.is_empty()));
            prop_assert!(words.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!words.starts_with('-') && !words.ends_with('-') && !words.contains("--"));
            prop_assert_eq!(slug_words(&words, None), words);
        }
    }
}
