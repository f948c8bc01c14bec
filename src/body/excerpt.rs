//! What a teaser says of an article: the beginning of its text, short enough for a list.

use unicode_segmentation::UnicodeSegmentation;

use super::block::Block;
use super::text::block_text;

/// Most characters of an excerpt, the ellipsis included.
pub const MOST_CHARACTERS: usize = 200;

/// What a text is not cut after: signs that open or join something.
const JOINING: &[char] = &[
    ',', ';', ':', '-', '–', '—', '/', '(', '[', '{', '«', '‹', '„', '‚', '“', '‘', '¿', '¡', '、',
    '，', '；', '：', '（', '「', '『', '《', '〈', '【', '،', '؛',
];

/// The beginning of a body: its prose, or of a body without any whatever else has words. An embed's are an
/// address, which says nothing to readers.
pub(super) fn of_blocks(blocks: &[Block]) -> String {
    let is_prose = |block: &&Block| {
        matches!(
            block,
            Block::Paragraph(_) | Block::Quote(_) | Block::List(_) | Block::Html(_)
        )
    };
    let has_words = |block: &&Block| !matches!(block, Block::Embed(_));
    let prose = beginning(blocks.iter().filter(is_prose).map(block_text));
    let text = match prose.is_empty() {
        true => beginning(blocks.iter().filter(has_words).map(block_text)),
        false => prose,
    };
    cut(&text)
}

/// A text as one line, cut to `MOST_CHARACTERS`: after a word (UAX #29), which in scripts without spaces is
/// after a character as readers see it. An ellipsis says that something is left out.
pub fn shortened(text: &str) -> String {
    cut(&beginning([text]))
}

/// Texts as one line, as far as an excerpt needs them.
fn beginning(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let (mut line, mut characters) = (String::new(), 0);
    for text in texts {
        for word in text
            .as_ref()
            .split(may_break)
            .filter(|word| !word.is_empty())
        {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            characters += word.chars().count() + 1;
            if characters > MOST_CHARACTERS + 1 {
                return line;
            }
        }
    }
    line
}

/// Whether a line may end at a space: typographers put others before `:` and between digits.
fn may_break(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

fn cut(line: &str) -> String {
    if line.chars().nth(MOST_CHARACTERS).is_none() {
        return line.to_owned();
    }
    // Two for a space and the ellipsis.
    let (most, _) = line
        .char_indices()
        .nth(MOST_CHARACTERS - 2)
        .unwrap_or_default();
    let kept = &line[..boundary(line, most)];
    let trimmed = kept.trim_end_matches(|c: char| c.is_whitespace() || JOINING.contains(&c));
    let kept = if trimmed.is_empty() { kept } else { trimmed };
    let parted = if kept.ends_with(['.', '!', '?']) {
        " "
    } else {
        ""
    };
    format!("{kept}{parted}…")
}

/// The last place at or before `most` where a word ends; where one word is half of an excerpt, where a
/// character as readers see it ends, however many marks those have.
fn boundary(line: &str, most: usize) -> usize {
    let last = |places: &mut dyn Iterator<Item = usize>| {
        let places = places.take_while(|place| *place <= most);
        places.last().filter(|place| *place > most / 2)
    };
    last(&mut line.split_word_bound_indices().map(|(place, _)| place))
        .or_else(|| last(&mut line.grapheme_indices(true).map(|(place, _)| place)))
        .unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Body;

    fn of_html(html: &str) -> String {
        Body::from_html(html, None).unwrap().body.excerpt()
    }

    #[test]
    fn prose_comes_before_what_stands_around_it() {
        for (html, expected) in [
            (
                "<h2>What was agreed</h2><p>Twelve <b>cities</b> agreed.</p>",
                "Twelve cities agreed.",
            ),
            (
                "<p>One.</p><h2>Two</h2><p>Three<br>four.</p>",
                "One. Three four.",
            ),
            ("<ul><li>One</li><li>Two</li></ul>", "One Two"),
            (
                "<blockquote><p>Never again.</p></blockquote>",
                "Never again.",
            ),
            (
                "<h2>Results</h2><table><tr><td>1</td><td>2</td></tr></table>",
                "Results 1 2",
            ),
            ("<p>Prix&nbsp;: 1&nbsp;000</p>", "Prix\u{a0}: 1\u{a0}000"),
            (
                "<p>\u{3000}東京は晴れ。</p><p>\u{3000}大阪は雨。</p>",
                "東京は晴れ。 大阪は雨。",
            ),
            ("", ""),
        ] {
            assert_eq!(of_html(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_short_stays_whole() {
        let exact = "a".repeat(MOST_CHARACTERS);
        for text in ["", "Twelve cities agreed.", &exact] {
            assert_eq!(shortened(text), text);
        }
        assert_eq!(shortened(" One\n two\t three "), "One two three");
    }

    #[test]
    fn what_is_long_ends_after_a_word() {
        for (sentence, ends) in [
            (
                "Twelve harbour cities have agreed, ",
                &["Twelve", "harbour", "cities", "have", "agreed"][..],
            ),
            (
                "열두 항구 도시가 합의했다. ",
                &["열두", "항구", "도시가", "합의했다. "],
            ),
            (
                "东京都政府宣布新的防洪基金。",
                &[
                    "东", "京", "都", "政", "府", "宣", "布", "新", "的", "防", "洪", "基", "金",
                    "。",
                ],
            ),
        ] {
            let text = sentence.repeat(40);
            let excerpt = shortened(&text);
            assert!(excerpt.chars().count() <= MOST_CHARACTERS, "{excerpt}");
            assert!(excerpt.chars().count() > MOST_CHARACTERS - 20, "{excerpt}");
            let kept = excerpt.strip_suffix('…').unwrap();
            assert!(ends.iter().any(|end| kept.ends_with(end)), "{excerpt}");
            assert!(text.starts_with(kept.trim_end()), "{excerpt}");
        }
    }

    #[test]
    fn no_character_is_cut_in_two() {
        for character in ["กำ", "ที่", "क्षि", "👩\u{200d}👩\u{200d}👧", "e\u{301}", "🇫🇷"]
        {
            let text = character.repeat(300);
            let excerpt = shortened(&text);
            let kept = excerpt.strip_suffix('…').unwrap();
            let whole: Vec<&str> = text.graphemes(true).collect();
            let found: Vec<&str> = kept.graphemes(true).collect();
            assert_eq!(found[..], whole[..found.len()], "{excerpt}");
            assert!(excerpt.chars().count() <= MOST_CHARACTERS, "{excerpt}");
        }
    }

    #[test]
    fn words_without_end_and_characters_without_end_are_cut_all_the_same() {
        for text in [
            "a".repeat(5_000),
            format!("e{}", "\u{301}".repeat(5_000)),
            format!("See https://news.example/{}", "a".repeat(5_000)),
            "„".repeat(500),
        ] {
            let excerpt = shortened(&text);
            let characters = excerpt.chars().count();
            assert!((100..=MOST_CHARACTERS).contains(&characters), "{excerpt}");
        }
    }
}
