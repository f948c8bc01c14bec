//! Finding articles by parts of the words of their headlines, which no index has.

use super::query::has_operators;
use super::reading::Reading;
use super::words::Word;

/// Words that are looked for in headlines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadlineWords {
    written: Vec<String>,
    joined: Vec<String>,
}

impl HeadlineWords {
    /// The words of what someone typed; `None` when there are none, or when it says by an operator of
    /// [queries](super::query) how they are meant.
    pub fn of(text: &str) -> Option<Self> {
        if has_operators(text) {
            return None;
        }
        let reading = Reading::new(text);
        let words = Self {
            written: folded(&reading.written()),
            joined: folded(&reading.joined()),
        };
        (!words.written.is_empty()).then_some(words)
    }

    /// Whether a headline has all of them, in any order and as any part of its words; case and accents make no
    /// difference, and neither does what joins words.
    pub fn are_in(&self, headline: &str) -> bool {
        let reading = Reading::new(headline);
        let has = |words: &[String], of: Vec<&Word>| {
            let all = folded(&of).join(" ");
            words.iter().all(|word| all.contains(word.as_str()))
        };
        has(&self.written, reading.written()) || has(&self.joined, reading.joined())
    }
}

fn folded(words: &[&Word]) -> Vec<String> {
    words.iter().map(|word| word.folded.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_are_found_in_any_order() {
        for (headline, text, found) in [
            ("Harbour cities agree on a fund", "fund harbour", true),
            ("Harbour cities agree on a fund", "fund river", false),
            ("Harbour cities agree", "HARB", true),
            ("São Tomé votes", "sao tome", true),
            ("The e-mail affair", "email", true),
            ("Email for all", "e-mail", true),
            ("Harbour", "", false),
            ("Harbour", "—", false),
            ("100% of it", "%", false),
            ("東京の天気", "天気", true),
            ("Harbour cities agree", "\"harbour\"", false),
            ("Harbour cities agree", "harb*", false),
            ("Harbour cities agree", "cities -river", false),
            ("The e-mail affair", "e-mail", true),
        ] {
            let words = HeadlineWords::of(text);
            assert_eq!(
                words.is_some_and(|words| words.are_in(headline)),
                found,
                "{text} in {headline}"
            );
        }
    }
}
