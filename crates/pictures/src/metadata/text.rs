//! Texts as they are kept.

/// The most characters of names, titles and credits.
pub(super) const SHORT: usize = 500;

/// The most characters of an alternative text, or a notice.
pub(super) const SENTENCES: usize = 1_000;

/// The most characters of an address.
pub(super) const ADDRESS: usize = 2_000;

/// The most characters of a caption, or of terms.
pub(super) const LONG: usize = 5_000;

/// A text on one line.
pub(super) fn line(text: &str, most: usize) -> Option<String> {
    let words: Vec<_> = text.split(|c| !is_kept(c)).collect();
    cut(&words.join(" "), most)
}

/// A text with its line breaks.
pub(super) fn lines(text: &str, most: usize) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.split('\n');
    let lines: Vec<_> = lines
        .map(|line| line.split(|c| !is_kept(c)).collect::<Vec<_>>().join(" "))
        .collect();
    cut(&lines.join("\n"), most)
}

/// Whether a character stays. Control characters, noncharacters, and what turns the direction of the text that
/// follows (bidirectional controls) do not.
fn is_kept(c: char) -> bool {
    let code = u32::from(c);
    let is_noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    !(c.is_control()
        || is_noncharacter
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
}

/// A text without space at its ends, of at most so many characters; None if nothing is left.
fn cut(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let end = text
        .char_indices()
        .nth(most)
        .map_or(text.len(), |(at, _)| at);
    let text = text[..end].trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An address of the web; None for everything else.
pub(super) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let is_of_web = ["http://", "https://"].iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && text.len() > scheme.len()
    });
    let is_whole = text.chars().count() <= ADDRESS;
    let is_clean = text.chars().all(|c| !c.is_whitespace() && is_kept(c));
    (is_of_web && is_whole && is_clean).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_taken_out() {
        assert_eq!(line(" a\0\r\nb\u{202e} ", 9).as_deref(), Some("a   b"));
        assert_eq!(lines(" a\0\r\nb\tc\r", 9).as_deref(), Some("a \nb c"));
        assert_eq!(line("\0 \u{feff}\n", 9), None);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(line("ÄÖÜß", 3).as_deref(), Some("ÄÖÜ"));
        assert_eq!(line("ab cd", 3).as_deref(), Some("ab"));
    }

    #[test]
    fn only_addresses_of_the_web_are_addresses() {
        for text in ["https://example.org/licence", "HTTP://example.org"] {
            assert_eq!(address(text).as_deref(), Some(text));
        }
        for text in [
            "javascript:alert(1)",
            "example.org",
            "https://",
            "http://a b",
            "",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
