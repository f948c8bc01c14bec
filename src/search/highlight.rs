//! Where in a text a query was found, as HTML: the text escaped, what was found in `<mark>`.

use std::ops::Range;

use super::query::Query;
use super::reading::Reading;
use super::words::Word;
use crate::body::escape_attribute;

/// Most pieces of a long text.
const PIECES: usize = 3;
/// Characters of a long text on either side of what was found.
const AROUND: usize = 90;

/// The whole text with what was found marked; `None` when nothing was.
pub fn marked(text: &str, query: &Query) -> Option<String> {
    let found = found(text, &Reading::new(text), query);
    (!found.is_empty()).then(|| mark(text, 0..text.len(), &found))
}

/// Pieces of a long text around what was found, at most three; "…" where text was left out. Every
/// term of the query is shown before one is shown twice.
pub fn pieces(text: &str, query: &Query) -> Vec<String> {
    let reading = Reading::new(text);
    let words = reading.written();
    let found = found(text, &reading, query);
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

fn found(text: &str, reading: &Reading, query: &Query) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    for row in reading.rows() {
        hits.extend((0..row.len()).filter_map(|at| hit(&row, at, query)));
    }
    // The longest of those that begin together comes first.
    hits.sort_by_key(|hit| (hit.bytes.start, std::cmp::Reverse(hit.bytes.end)));
    let mut found: Vec<Hit> = Vec::new();
    for hit in hits {
        match found.last_mut() {
            // One character can stand for several words, phrases can overlap, and a word can be found
            // in more ways than one.
            Some(last) if last.bytes.end > hit.bytes.start => {
                last.bytes.end = last.bytes.end.max(hit.bytes.end);
            }
            // Of scripts without spaces, what touches is one.
            Some(last) if last.bytes.end == hit.bytes.start && last.term == hit.term => {
                last.bytes.end = hit.bytes.end;
            }
            _ => found.push(hit),
        }
    }
    debug_assert!(
        found
            .iter()
            .all(|hit| text.get(hit.bytes.clone()).is_some())
    );
    found
}

/// What is found from a place in a row on: the longest of the terms that are.
fn hit(row: &[&Word], at: usize, query: &Query) -> Option<Hit> {
    let terms = query.wanted.iter().enumerate();
    let found = terms.filter_map(|(term, wanted)| Some((term, wanted.found_at(row, at)?)));
    let (term, length) = found.max_by_key(|(_, length)| *length)?;
    let bytes = row[at].bytes.start..row[at + length - 1].bytes.end;
    Some(Hit { term, bytes })
}

/// The bytes of a piece: whole words, about so many characters around what was found.
fn around(text: &str, words: &[&Word], hit: &Range<usize>) -> Range<usize> {
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
    fn what_is_found_joined_is_marked_whole() {
        for (text, typed, html) in [
            ("An e-mail came", "email", "An <mark>e-mail</mark> came"),
            ("An e-mail came", "mail", "An e-<mark>mail</mark> came"),
            ("Hawaiʻi’s coast", "hawaii", "<mark>Hawaiʻi</mark>’s coast"),
            (
                "The U.S. and us",
                "US",
                "The <mark>U.S.</mark> and <mark>us</mark>",
            ),
            ("C++ & C", "c++", "<mark>C++</mark> &amp; C"),
            ("In Zürich", "Zuerich", "In <mark>Zürich</mark>"),
            ("서울시가 예산", "서울시", "<mark>서울시가</mark> 예산"),
            ("سال ۱۴۰۵", "1405", "سال <mark>۱۴۰۵</mark>"),
        ] {
            assert_eq!(
                marked(text, &Query::parse(typed)).as_deref(),
                Some(html),
                "{text}"
            );
        }
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
        fn nothing_is_lost_and_nothing_runs(text in "[a-cü<>&\"½東 \n.'-]{0,80}", typed in "[a-cü ½東*\".'-]{0,12}") {
            let query = Query::parse(&typed);
            if let Some(html) = marked(&text, &query) {
                let plain = html.replace("<mark>", "").replace("</mark>", "");
                prop_assert!(!plain.contains(['<', '>']));
                let back = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
                prop_assert_eq!(back, text.replace('\n', " "));
            }
            let _ = pieces(&text, &query);
        }
    }
}
