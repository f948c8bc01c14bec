//! What single characters are, by Unicode's own tables: one list of apostrophes for search and slugs, one
//! meaning of "nothing to see" for everything that must not be blank.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Whether a character is what people type or print for an apostrophe: straight, curly, a prime, a
/// modifier letter such as the ʻokina, or the accents that stand for one on some keyboards.
pub fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '\u{2b9}' | '\u{2bb}'
            ..='\u{2bf}'
                | '\u{2c8}'
                | '\u{2ca}'
                | '\u{2cb}'
                | '\u{374}'
                | '\u{55a}'
                | '\u{5f3}'
                | '\u{5f4}'
                | '\u{7f4}'
                | '\u{7f5}'
                | '\u{1fbd}'
                | '\u{1fbf}'
                | '\u{2018}'
                | '\u{2019}'
                | '\u{201b}'
                | '\u{2032}'
                | '\u{2035}'
                | '\u{a78b}'
                | '\u{a78c}'
                | '\u{ff07}'
                | '\u{ff40}'
    )
}

/// Whether a character joins two words as a hyphen does: the dash that some keyboards and programs
/// make of it included.
pub fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{5be}' | '\u{2010}'..='\u{2013}' | '\u{fe63}' | '\u{ff0d}'
    )
}

/// The ASCII digit of the same value, for a decimal digit of any script (Unicode `Nd`).
pub fn digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let is_digit = |c: u32| category_of(c) == GeneralCategory::DecimalNumber;
    let code = u32::from(c);
    if !c.is_numeric() || !is_digit(code) {
        return None;
    }
    // Digits come in whole tens, from zero up: Unicode promises it.
    let before = (0..code).rev().take_while(|code| is_digit(*code)).count();
    char::from_digit(u32::try_from(before).ok()? % 10, 10)
}

fn category_of(code: u32) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get32(code)
}

/// Whether a character is for programs that lay out text, and nothing is seen of it: soft hyphens,
/// joiners, variation selectors, bidirectional controls, fillers.
pub fn is_ignorable(c: char) -> bool {
    !c.is_ascii()
        && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
            || category_of(c.into()) == GeneralCategory::Format)
}

/// Whether a reader sees something of a character.
pub fn is_visible(c: char) -> bool {
    // A Braille cell without dots; the place of an object that did not come along.
    !(c.is_whitespace()
        || c.is_control()
        || is_ignorable(c)
        || matches!(c, '\u{2800}' | '\u{fffc}'))
}

/// Whether XML 1.0 cannot hold a character, or Unicode says that it never is one: control characters but
/// tab and line breaks, U+FFFE, U+FFFF, and the other noncharacters. Feeds are XML.
pub fn is_forbidden(c: char) -> bool {
    (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || is_noncharacter(c)
}

/// Whether Unicode says that a code point never is a character.
pub fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

/// A text without what is not seen at its ends, where nothing depends on it: space, and characters that
/// only copying brings along. What emoji and Arabic end with stays.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '\u{ad}'
                    | '\u{115f}'
                    | '\u{1160}'
                    | '\u{180e}'
                    | '\u{200b}'
                    | '\u{2060}'
                    | '\u{2800}'
                    | '\u{3164}'
                    | '\u{feff}'
                    | '\u{ffa0}'
            )
    })
}

/// Whether every direction that a text begins (embeddings, overrides, isolates) ends in it as well. One
/// that does not would turn what a page shows after the text.
pub fn directions_are_closed(text: &str) -> bool {
    let mut open = Vec::new();
    text.chars().all(|c| match c {
        '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => {
            open.push('\u{202c}');
            true
        }
        '\u{2066}'..='\u{2068}' => {
            open.push('\u{2069}');
            true
        }
        '\u{202c}' | '\u{2069}' => open.pop() == Some(c),
        _ => true,
    }) && open.is_empty()
}

/// Whether a character begins or ends a direction of text.
pub fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts_have_their_value() {
        for digits in [
            "0123456789",
            "٠١٢٣٤٥٦٧٨٩",
            "۰۱۲۳۴۵۶۷۸۹",
            "०१२३४५६७८९",
            "０１２３４５６７８９",
            "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡",
        ] {
            let plain: Option<String> = digits.chars().map(digit).collect();
            assert_eq!(plain.as_deref(), Some("0123456789"), "{digits}");
        }
        for c in ['a', '½', '²', '五', 'Ⅷ'] {
            assert_eq!(digit(c), None, "{c}");
        }
        let all = (0..=0x10_ffff).filter_map(char::from_u32);
        let digits = all.filter(|c| category_of((*c).into()) == GeneralCategory::DecimalNumber);
        let mut expected = ('0'..='9').cycle();
        for c in digits {
            assert_eq!(digit(c), expected.next(), "{c}");
        }
    }

    #[test]
    fn what_is_seen_is_told_from_what_is_not() {
        for c in "\u{200b}\u{ad}\u{3164}\u{202e}\u{202c}\u{fe0f}\u{115f}\u{2800}\u{feff}\u{e0061}\u{180e}\u{200d}\u{a0}\u{3000}\u{34f}\u{2062}\n\0".chars() {
            assert!(!is_visible(c), "U+{:04X}", u32::from(c));
        }
        for c in "a1!é東🎉-\u{301}👩؟".chars() {
            assert!(is_visible(c), "{c}");
        }
    }

    #[test]
    fn only_what_copying_brings_along_is_trimmed() {
        assert_eq!(
            trimmed("\u{feff} \u{200b}Harbour\u{ad}\u{3164} "),
            "Harbour"
        );
        for kept in [
            "❤\u{fe0f}",
            "👩\u{200d}🚀",
            "می\u{200c}خواهم",
            "\u{200f}؟\u{200f}",
        ] {
            assert_eq!(trimmed(kept), kept);
        }
    }

    #[test]
    fn directions_nest_and_end() {
        for closed in ["", "\u{2067}a\u{202b}b\u{202c}\u{2069}", "a\u{200f}"] {
            assert!(directions_are_closed(closed), "{closed:?}");
        }
        for open in ["\u{202e}a", "a\u{202c}", "\u{2066}\u{202b}\u{2069}\u{202c}"] {
            assert!(!directions_are_closed(open), "{open:?}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_forbidden() {
        for c in [
            '\0',
            '\u{b}',
            '\u{1f}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{fdd0}',
            '\u{1fffe}',
        ] {
            assert!(is_forbidden(c), "U+{:04X}", u32::from(c));
        }
        for c in [
            '\t', '\n', '\r', ' ', '\u{85}', '\u{fffd}', '\u{e000}', '🎉',
        ] {
            assert!(!is_forbidden(c), "U+{:04X}", u32::from(c));
        }
    }
}
