//! Where in a text a query was found, as HTML: the text escaped, what was found in `<mark>`.

use std::ops::Range;

use super::query::Query;
use super::words::{Word, words};
use crate::body::escape_attribute;

/// Most pieces of a long text.
const PIECES: usize = 3;
/// Characters of a long text on either side of what was found.
const AROUND: usize = 90;

/// The whole text with what was found marked; `None` when nothing was.
pub fn marked(text: &str, query: &Query) -> Option<String> {
    let found = found(text, &words(text), query);
    (!found.is_empty()).then(|| mark(text, 0..text.len(), &found))
}

/// Pieces of a long text around what was found, at most three; "…" where text was left out. Every
/// term of the query is shown before one is shown twice.
pub fn pieces(text: &str, query: &Query) -> Vec<String> {
    let words = words(text);
    let found = found(text, &words, query);
    let mut chosen: Vec<Range<usize>> = Vec::new();
    let mut shown: Vec<usize> = Vec::new();
    for again in [false, true] {
        for hit in &found {
            if chosen.len() == PIECES {
                break;
            }
            let inside = chosen
                .iter()
                .any(|piece| piece.start <= hit.bytes.start && hit.bytes.end <= piece.end);
            if !inside && (again || !shown.contains(&hit.term)) {
                chosen.push(around(text, &words, &hit.bytes));
                shown.push(hit.term);
            } else if inside && !shown.contains(&hit.term) {
                shown.push(hit.term);
            }
        }
    }
    chosen.sort_by_key(|piece| piece.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for piece in chosen {
        match joined.last_mut() {
            Some(last) if piece.start <= last.end => last.end = last.end.max(piece.end),
            _ => joined.push(piece),
        }
    }
    joined
        .into_iter()
        .map(|piece| {
            let before = if piece.start > 0 { "…" } else { "" };
            let after = if piece.end < text.len() { "…" } else { "" };
            format!("{before}{}{after}", mark(text, piece, &found))
        })
        .collect()
}

struct Hit {
    term: usize,
    bytes: Range<usize>,
}

fn found(text: &str, words: &[Word], query: &Query) -> Vec<Hit> {
    let row: Vec<&str> = words.iter().map(|word| word.folded.as_str()).collect();
    let mut found: Vec<Hit> = Vec::new();
    for at in 0..words.len() {
        let longest = query
            .wanted
            .iter()
            .enumerate()
            .filter(|(_, term)| term.matches_at(&row, at))
            .max_by_key(|(_, term)| term.words.len());
        if let Some((index, term)) = longest {
            let bytes = words[at].bytes.start..words[at + term.words.len() - 1].bytes.end;
            match found.last_mut() {
                // One character can stand for several words, and phrases can overlap.
                Some(last) if last.bytes.end > bytes.start => {
                    last.bytes.end = last.bytes.end.max(bytes.end);
                }
                // Of scripts without spaces, what touches is one.
                Some(last) if last.bytes.end == bytes.start && last.term == index => {
                    last.bytes.end = bytes.end
                }
                _ => found.push(Hit { term: index, bytes }),
            }
        }
    }
    debug_assert!(
        found
            .iter()
            .all(|hit| text.get(hit.bytes.clone()).is_some())
    );
    found
}

/// The bytes of a piece: whole words, about so many characters around what was found.
fn around(text: &str, words: &[Word], hit: &Range<usize>) -> Range<usize> {
    let before: usize = text[..hit.start]
        .chars()
        .rev()
        .take(AROUND)
        .map(char::len_utf8)
        .sum();
    let after: usize = text[hit.end..]
        .chars()
        .take(AROUND)
        .map(char::len_utf8)
        .sum();
    let (start, end) = (hit.start - before, hit.end + after);
    let start = if start == 0 {
        0
    } else {
        let word = words.iter().find(|word| word.bytes.start >= start);
        word.map_or(hit.start, |word| word.bytes.start.min(hit.start))
    };
    let end = if end == text.len() {
        end
    } else {
        let word = words.iter().rev().find(|word| word.bytes.end <= end);
        word.map_or(hit.end, |word| word.bytes.end.max(hit.end))
    };
    start..end
}

fn mark(text: &str, piece: Range<usize>, found: &[Hit]) -> String {
    let mut html = String::new();
    let mut at = piece.start;
    for hit in found {
        if hit.bytes.start < at || hit.bytes.end > piece.end {
            continue;
        }
        html.push_str(&escaped(&text[at..hit.bytes.start]));
        html.push_str("<mark>");
        html.push_str(&escaped(&text[hit.bytes.clone()]));
        html.push_str("</mark>");
        at = hit.bytes.end;
    }
    html.push_str(&escaped(&text[at..piece.end]));
    html
}

fn escaped(text: &str) -> String {
    escape_attribute(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_found_is_marked_and_the_rest_escaped() {
        let query = Query::parse("cafe \"new york\" riv*");
        assert_eq!(
            marked("Café <b> in New York & rivers", &query).unwrap(),
            "<mark>Café</mark> &lt;b&gt; in <mark>New York</mark> &amp; <mark>rivers</mark>"
        );
        assert_eq!(marked("York new", &query), None);
        assert_eq!(
            marked("東京都", &Query::parse("東京")).unwrap(),
            "<mark>東京</mark>都"
        );
    }

    #[test]
    fn pieces_show_each_term_once_before_one_twice() {
        let far = "filler ".repeat(60);
        let text = format!("flood one {far} flood two {far} fund three {far}flood four");
        let pieces = pieces(&text, &Query::parse("flood fund"));
        assert_eq!(pieces.len(), 3, "{pieces:?}");
        assert!(pieces[0].starts_with("<mark>flood</mark> one") && pieces[0].ends_with('…'));
        assert!(
            pieces
                .iter()
                .any(|piece| piece.contains("<mark>fund</mark>"))
        );
        assert!(pieces.iter().all(|piece| piece.chars().count() < 300));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_runs(text in "[a-c<>&\"½東 \n]{0,80}", typed in "[a-c ½東*\"]{0,12}") {
            let query = Query::parse(&typed);
            if let Some(html) = marked(&text, &query) {
                let plain = html.replace("<mark>", "").replace("</mark>", "");
                prop_assert!(!plain.contains(['<', '>']));
                let back = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
                prop_assert_eq!(back, text.replace('\n', " "));
            }
            let _ = pieces(&text, &query);
        }
    }
}
