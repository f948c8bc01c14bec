//! How long a text takes to read.

use icu_properties::props::Script;
use icu_properties::script::{ScriptWithExtensions, ScriptWithExtensionsBorrowed};
use unicode_segmentation::UnicodeSegmentation;

/// What a text has to be read of. Readers of scripts with spaces read 230 words a minute; of Chinese and
/// Japanese 500 characters; of scripts that have letters but no spaces, such as Thai, 1,000 letters, which
/// are about as many words.
#[derive(Debug, Default, PartialEq, Eq)]
struct ToRead {
    words: u64,
    characters: u64,
    letters: u64,
}

/// Scripts whose characters are counted.
const BY_CHARACTER: &[Script] = &[
    Script::Han,
    Script::Hiragana,
    Script::Katakana,
    Script::Bopomofo,
];

/// Scripts whose letters are counted.
const BY_LETTER: &[Script] = &[Script::Thai, Script::Lao, Script::Khmer, Script::Myanmar];

/// Parts of a minute: a word is 100 of them, a character 46, a letter 23.
const MINUTE: u64 = 23_000;

impl ToRead {
    fn of(text: &str) -> Self {
        let scripts = ScriptWithExtensions::new();
        let mut found = Self::default();
        // Of an ideograph and of a letter of Thai the rules of Unicode make a word each; of kana, now one
        // word, now several.
        for word in text.unicode_words() {
            found.add(word, scripts);
        }
        found
    }

    fn add(&mut self, word: &str, scripts: ScriptWithExtensionsBorrowed<'static>) {
        if word.is_ascii() {
            self.words += 1;
            return;
        }
        let mut is_word = false;
        for c in word.chars().filter(|c| c.is_alphanumeric()) {
            let is_one_of = |of: &[Script]| of.iter().any(|script| scripts.has_script(c, *script));
            if is_one_of(BY_CHARACTER) {
                self.characters += 1;
            } else if is_one_of(BY_LETTER) {
                self.letters += 1;
            } else {
                is_word = true;
            }
        }
        self.words += u64::from(is_word);
    }

    fn minutes(&self) -> u32 {
        let parts = self.words * 100 + self.characters * 46 + self.letters * 23;
        u32::try_from(parts.div_ceil(MINUTE)).unwrap_or(u32::MAX)
    }
}

/// Minutes that reading a text takes, rounded up; 0 only of a text without words. A text in several scripts
/// takes as long as its parts together.
pub fn reading_minutes(text: &str) -> u32 {
    ToRead::of(text).minutes()
}

/// The same of so many words of a script with spaces.
pub fn minutes_of_words(words: u32) -> u32 {
    let words = u64::from(words);
    ToRead {
        words,
        ..ToRead::default()
    }
    .minutes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_read(text: &str) -> [u64; 3] {
        let ToRead {
            words,
            characters,
            letters,
        } = ToRead::of(text);
        [words, characters, letters]
    }

    #[test]
    fn each_script_is_counted_as_it_is_read() {
        for (text, words, characters, letters) in [
            ("", 0, 0, 0),
            ("– … !", 0, 0, 0),
            ("Don’t pay 3.14 – ever", 4, 0, 0),
            ("Zwölf Städte naïve", 3, 0, 0),
            ("東京都", 0, 3, 0),
            ("东京，2026年3月。", 2, 4, 0),
            // The prolonged sound mark is of both kana.
            ("ティファニーで朝食を", 0, 10, 0),
            ("ｶﾅ", 0, 2, 0),
            ("열두 항구 도시가 합의했다", 4, 0, 0),
            ("ภาษาไทย", 0, 0, 7),
            ("ພາສາລາວ", 0, 0, 7),
            ("iPhone 17を東京で", 2, 4, 0),
            ("Привет, мир", 2, 0, 0),
            ("مرحبا بالعالم", 2, 0, 0),
            ("हिन्दी में", 2, 0, 0),
            ("𠮷野家", 0, 3, 0),
        ] {
            assert_eq!(to_read(text), [words, characters, letters], "{text}");
        }
    }

    #[test]
    fn minutes_are_rounded_up_and_added_up() {
        for (text, minutes) in [
            (String::new(), 0),
            ("word ".to_owned(), 1),
            ("word ".repeat(230), 1),
            ("word ".repeat(231), 2),
            ("字".repeat(500), 1),
            ("字".repeat(501), 2),
            ("字".repeat(1_000), 2),
            ("단어 ".repeat(460), 2),
            ("ก".repeat(1_000), 1),
            ("ก".repeat(2_001), 3),
            ("word ".repeat(115) + &"字".repeat(250), 1),
            (
                "word ".repeat(230) + &"字".repeat(500) + &"ก".repeat(1_000),
                3,
            ),
        ] {
            assert_eq!(
                reading_minutes(&text),
                minutes,
                "{}",
                text.chars().take(3).collect::<String>()
            );
        }
        assert_eq!([0, 1, 230, 231].map(minutes_of_words), [0, 1, 1, 2]);
    }
}
