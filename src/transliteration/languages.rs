//! How languages write their letters in ASCII, where that is not what `deunicode` does.

use unicode_normalization::UnicodeNormalization;

/// How one language is read.
pub(super) struct Rules {
    /// Language subtags (BCP 47).
    subtags: &'static [&'static str],
    /// Letters that no other language has: what they stand in is read so when its own language says
    /// nothing.
    telltale: &'static [char],
    /// Letters, in lower case, and what they are read as; longer ones first.
    letters: &'static [(&'static str, &'static str)],
    /// The same at the beginning of a word.
    initial: &'static [(&'static str, &'static str)],
    /// The same at the end of a word.
    last: &'static [(&'static str, &'static str)],
    /// Marks that do not matter.
    pub(super) drops: &'static [char],
    /// Whether an apostrophe ends a word.
    pub(super) elides: bool,
    /// Whether Han characters have their Chinese readings.
    pub(super) reads_han: bool,
}

const PLAIN: Rules = Rules {
    subtags: &[],
    telltale: &[],
    letters: &[("ъ", ""), ("ь", "")],
    initial: &[],
    last: &[],
    drops: &[],
    elides: false,
    reads_han: true,
};

const LANGUAGES: &[Rules] = &[
    Rules {
        subtags: &["de", "gsw", "nds", "lb"],
        letters: &[("ä", "ae"), ("ö", "oe"), ("ü", "ue")],
        ..PLAIN
    },
    // As in passports (ICAO 9303); what is told apart in these languages stays apart.
    Rules {
        subtags: &["da", "nb", "nn", "no", "sv"],
        letters: &[("å", "aa"), ("ø", "oe"), ("ä", "ae"), ("ö", "oe")],
        ..PLAIN
    },
    Rules {
        subtags: &["fr", "it", "ca", "oc"],
        elides: true,
        ..PLAIN
    },
    Rules {
        subtags: &["ru"],
        letters: &[("ё", "e"), ("ъ", ""), ("ь", "")],
        ..PLAIN
    },
    // Resolution 55 of the Cabinet of Ministers, 2010.
    Rules {
        subtags: &["uk"],
        telltale: &['ї', 'є', 'ґ'],
        letters: &[
            ("зг", "zgh"),
            ("г", "h"),
            ("ґ", "g"),
            ("є", "ie"),
            ("и", "y"),
            ("ї", "i"),
            ("ь", ""),
        ],
        initial: &[
            ("є", "ye"),
            ("ї", "yi"),
            ("й", "y"),
            ("ю", "yu"),
            ("я", "ya"),
        ],
        ..PLAIN
    },
    Rules {
        subtags: &["be"],
        telltale: &['ў'],
        letters: &[("г", "h"), ("ў", "u"), ("ь", "")],
        ..PLAIN
    },
    // The Transliteration Act, 2009.
    Rules {
        subtags: &["bg"],
        letters: &[
            ("ъ", "a"),
            ("щ", "sht"),
            ("х", "h"),
            ("й", "y"),
            ("ь", "y"),
            ("ю", "yu"),
            ("я", "ya"),
        ],
        last: &[("ия", "ia")],
        ..PLAIN
    },
    // As its Latin alphabet without the marks, but for đ.
    Rules {
        subtags: &["sr", "bs", "cnr", "sh"],
        telltale: &['ђ', 'ћ'],
        letters: &[
            ("ђ", "dj"),
            ("đ", "dj"),
            ("ж", "z"),
            ("ћ", "c"),
            ("х", "h"),
            ("ц", "c"),
            ("ч", "c"),
            ("џ", "dz"),
            ("ш", "s"),
        ],
        ..PLAIN
    },
    Rules {
        subtags: &["mk"],
        telltale: &['ѓ', 'ќ', 'ѕ'],
        letters: &[("х", "h"), ("ц", "c")],
        ..PLAIN
    },
    // ELOT 743.
    Rules {
        subtags: &["el"],
        telltale: &['ά', 'έ', 'ή', 'ί', 'ό', 'ύ', 'ώ', 'ς'],
        letters: GREEK,
        drops: &[
            '\u{301}', '\u{300}', '\u{342}', '\u{313}', '\u{314}', '\u{345}',
        ],
        ..PLAIN
    },
    Rules {
        subtags: &["zh", "yue", "wuu", "lzh"],
        ..PLAIN
    },
    // No library that is kept well reads kanji; half a reading is a wrong one.
    Rules {
        subtags: &["ja"],
        reads_han: false,
        ..PLAIN
    },
    Rules {
        subtags: &["ko"],
        reads_han: false,
        ..PLAIN
    },
];

#[rustfmt::skip]
const GREEK: &[(&str, &str)] = &[
    ("αυθ", "afth"), ("αυκ", "afk"), ("αυξ", "afx"), ("αυπ", "afp"), ("αυσ", "afs"), ("αυς", "afs"),
    ("αυτ", "aft"), ("αυφ", "aff"), ("αυχ", "afch"), ("αυψ", "afps"),
    ("ευθ", "efth"), ("ευκ", "efk"), ("ευξ", "efx"), ("ευπ", "efp"), ("ευσ", "efs"), ("ευς", "efs"),
    ("ευτ", "eft"), ("ευφ", "eff"), ("ευχ", "efch"), ("ευψ", "efps"),
    ("αυ", "av"), ("ευ", "ev"), ("ου", "ou"), ("γγ", "ng"), ("γξ", "nx"), ("γχ", "nch"),
    ("β", "v"), ("η", "i"), ("υ", "y"), ("φ", "f"), ("χ", "ch"), ("ϊ", "i"), ("ϋ", "y"),
];

impl Rules {
    /// The rules of a language; where it has none of its own, those that the text's letters tell.
    pub(super) fn of(language: Option<&str>, text: &str) -> &'static Self {
        let primary = language.and_then(|tag| tag.split('-').next());
        let primary = primary.unwrap_or_default().to_ascii_lowercase();
        let spoken = LANGUAGES
            .iter()
            .find(|rules| rules.subtags.contains(&primary.as_str()));
        spoken.unwrap_or_else(|| Self::told_by(text))
    }

    fn told_by(text: &str) -> &'static Self {
        let named = |subtag| {
            LANGUAGES
                .iter()
                .find(|rules| rules.subtags.contains(&subtag))
        };
        let has = |what: fn(char) -> bool| text.chars().any(what);
        let told = match () {
            () if has(is_kana) => named("ja"),
            () if has(is_hangul) => named("ko"),
            () => {
                let lower: String = text.nfc().flat_map(char::to_lowercase).collect();
                LANGUAGES
                    .iter()
                    .find(|rules| lower.contains(rules.telltale))
            }
        };
        told.unwrap_or(&PLAIN)
    }

    /// What stands at a place and how it is read, where the language says so.
    pub(super) fn letters_at(&self, text: &[char], at: usize) -> Option<(usize, &'static str)> {
        let in_word = |at: usize| {
            text.get(at)
                .is_some_and(|c| c.is_alphabetic() || *c == '\'')
        };
        let begins = at == 0 || !in_word(at - 1);
        let stands = |letters: &str| {
            let length = letters.chars().count();
            let here = text.get(at..at + length)?;
            here.iter().copied().eq(letters.chars()).then_some(length)
        };
        let read = |(letters, read): &(&str, &'static str)| Some((stands(letters)?, *read));
        let initial = self.initial.iter().filter(|_| begins).find_map(read);
        let last = || {
            let mut found = self.last.iter().filter_map(read);
            found.find(|(length, _)| !in_word(at + length))
        };
        initial
            .or_else(last)
            .or_else(|| self.letters.iter().find_map(read))
    }
}

/// Hiragana, Katakana, and the marks that only they have.
pub(super) fn is_kana(c: char) -> bool {
    matches!(c, '\u{3031}'..='\u{3035}' | '\u{303b}'..='\u{303c}' | '\u{3041}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{1aff0}'..='\u{1b16f}')
}

/// Han characters.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7ff}')
}
