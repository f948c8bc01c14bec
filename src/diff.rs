//! What two versions of a document have in common, and what they have not: texts word by word, lists item by
//! item, objects member by member.
//!
//! The work is bounded by counting, not by a clock: the same two documents always give the same answer.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

use crate::validation::push_key;

/// Most comparisons that one answer may cost. What it does not reach to is taken as replaced.
const MOST_COMPARISONS: usize = 30_000_000;

/// Most levels of objects in each other that are compared member by member.
const MOST_LEVELS: usize = 4;

/// Whether a piece stands in both versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunOp {
    /// In both.
    Equal,
    /// In the later one only.
    Insert,
    /// In the earlier one only.
    Delete,
}

/// A piece of a text, or an item of a list.
///
/// Put together, those that are `equal` or `delete` are the text before, those that are `equal` or `insert` the
/// text after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DiffRun, example = json!({"op": "insert", "text": "flood "}))]
pub struct Run {
    /// In which versions it stands.
    #[schema(inline)]
    pub op: RunOp,
    /// It itself. Of a text that is HTML, HTML source.
    pub text: String,
}

/// What a changed value is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DiffUnit {
    /// A text, by its words: `runs` are parts of it.
    Words,
    /// A list of texts, by its items: each of `runs` is one. Cells of a table's row are parted by tabs.
    Items,
    /// As a whole: there are no runs.
    Whole,
}

/// A value that is another in the later version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "pointer": "/headline", "unit": "words", "from": "A fund for harbours", "to": "A flood fund for harbours",
    "runs": [
        {"op": "equal", "text": "A "}, {"op": "insert", "text": "flood "},
        {"op": "equal", "text": "fund for harbours"}
    ]
}))]
pub struct FieldChange {
    /// Where it stands: a JSON pointer (RFC 6901).
    #[schema(example = "/headline")]
    pub pointer: String,
    /// What it is compared by.
    #[schema(inline)]
    pub unit: DiffUnit,
    /// Before: a text as it is, a number or a truth value as JSON; null where there was none, and for a list.
    #[schema(required = true)]
    pub from: Option<String>,
    /// After it, likewise.
    #[schema(required = true)]
    pub to: Option<String>,
    /// What was taken out and put in, in order.
    pub runs: Vec<Run>,
}

/// How many comparisons are left to one answer.
#[derive(Debug)]
pub struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MOST_COMPARISONS)
    }
}

impl Budget {
    /// What two sequences have in common, each part of one once and in order. Without enough left, they have only
    /// what they begin and end with.
    pub fn compare(&mut self, before: &[u64], after: &[u64]) -> Vec<DiffOp> {
        let starts = before.iter().zip(after);
        let start = starts.take_while(|(left, right)| left == right).count();
        let (old, new) = (&before[start..], &after[start..]);
        let ends = old.iter().rev().zip(new.iter().rev());
        let end = ends.take_while(|(left, right)| left == right).count();
        let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
        let mut found = Vec::new();
        if start > 0 {
            found.push(DiffOp::Equal {
                old_index: 0,
                new_index: 0,
                len: start,
            });
        }
        found.extend(self.middle(old, new).into_iter().map(|op| moved(op, start)));
        if end > 0 {
            found.push(DiffOp::Equal {
                old_index: before.len() - end,
                new_index: after.len() - end,
                len: end,
            });
        }
        found
    }

    fn middle(&mut self, old: &[u64], new: &[u64]) -> Vec<DiffOp> {
        // As much as Myers' algorithm takes where nothing is alike.
        let cost = (old.len() + new.len()).saturating_pow(2);
        if old.is_empty() && new.is_empty() {
            Vec::new()
        } else if let Some(left) = self.0.checked_sub(cost) {
            self.0 = left;
            capture_diff_slices(Algorithm::Myers, old, new)
        } else {
            vec![DiffOp::Replace {
                old_index: 0,
                old_len: old.len(),
                new_index: 0,
                new_len: new.len(),
            }]
        }
    }

    /// Runs of two sequences of pieces.
    fn runs(&mut self, before: &[&str], after: &[&str], joins: bool) -> Vec<Run> {
        let mut numbers = HashMap::new();
        let mut numbered = |pieces: &[&str]| -> Vec<u64> {
            let number = |piece: &&str| {
                let next = numbers.len() as u64;
                *numbers.entry((*piece).to_owned()).or_insert(next)
            };
            pieces.iter().map(number).collect()
        };
        let (old, new) = (numbered(before), numbered(after));
        let mut runs = Runs {
            joins,
            done: Vec::new(),
            deleted: Vec::new(),
            inserted: Vec::new(),
        };
        for op in self.compare(&old, &new) {
            match op {
                DiffOp::Equal { old_index, len, .. } => {
                    runs.equal(&before[old_index..old_index + len]);
                }
                op => {
                    runs.deleted.extend(&before[op.old_range()]);
                    runs.inserted.extend(&after[op.new_range()]);
                }
            }
        }
        runs.finish()
    }

    /// What was taken out of a text and put into it, word by word.
    pub fn words(&mut self, before: &str, after: &str) -> Vec<Run> {
        let (before, after) = (words_of(before), words_of(after));
        self.runs(&before, &after, true)
    }

    /// What was taken out of a list and put into it, item by item.
    fn items(&mut self, before: &[String], after: &[String]) -> Vec<Run> {
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        self.runs(&before, &after, false)
    }

    /// What differs between two objects, member by member, in the order of the later one.
    pub fn members(
        &mut self,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Vec<FieldChange> {
        let mut found = Vec::new();
        self.members_below("", (before, after), MOST_LEVELS, &mut found);
        found
    }

    fn members_below(
        &mut self,
        pointer: &str,
        (before, after): (&Map<String, Value>, &Map<String, Value>),
        levels: usize,
        found: &mut Vec<FieldChange>,
    ) {
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        for name in after.keys().chain(gone) {
            let value = |members: &Map<String, Value>| members.get(name).cloned();
            let (old, new) = (
                value(before).unwrap_or_default(),
                value(after).unwrap_or_default(),
            );
            if old != new {
                let mut place = pointer.to_owned();
                push_key(&mut place, name);
                self.value(place, &old, &new, levels, found);
            }
        }
    }

    fn value(
        &mut self,
        pointer: String,
        before: &Value,
        after: &Value,
        levels: usize,
        found: &mut Vec<FieldChange>,
    ) {
        let none = Map::new();
        let members = match (before, after) {
            (Value::Object(before), Value::Object(after)) => Some((before, after)),
            (Value::Object(before), Value::Null) => Some((before, &none)),
            (Value::Null, Value::Object(after)) => Some((&none, after)),
            _ => None,
        };
        if let Some(members) = members.filter(|_| levels > 0) {
            return self.members_below(&pointer, members, levels - 1, found);
        }
        let change = match (items_of(before), items_of(after)) {
            (Some(before), Some(after)) => FieldChange {
                pointer,
                unit: DiffUnit::Items,
                from: None,
                to: None,
                runs: self.items(&before, &after),
            },
            _ => {
                let (from, to) = (text_of(before), text_of(after));
                let runs = match (before, after) {
                    (Value::String(before), Value::String(after)) => self.words(before, after),
                    _ => Vec::new(),
                };
                let unit = match runs.is_empty() {
                    true => DiffUnit::Whole,
                    false => DiffUnit::Words,
                };
                FieldChange {
                    pointer,
                    unit,
                    from,
                    to,
                    runs,
                }
            }
        };
        found.push(change);
    }
}

/// The same further on.
fn moved(op: DiffOp, by: usize) -> DiffOp {
    match op {
        DiffOp::Equal {
            old_index,
            new_index,
            len,
        } => DiffOp::Equal {
            old_index: old_index + by,
            new_index: new_index + by,
            len,
        },
        op => DiffOp::Replace {
            old_index: op.old_range().start + by,
            old_len: op.old_range().len(),
            new_index: op.new_range().start + by,
            new_len: op.new_range().len(),
        },
    }
}

/// Runs as they come together.
struct Runs<'a> {
    /// Whether pieces that stand together are one run, as words are.
    joins: bool,
    done: Vec<Run>,
    deleted: Vec<&'a str>,
    inserted: Vec<&'a str>,
}

impl<'a> Runs<'a> {
    fn equal(&mut self, pieces: &[&'a str]) {
        // Space between two words that are both others is easier to read as part of the change.
        let is_space = pieces.iter().all(|piece| piece.trim().is_empty());
        if self.joins && is_space && !self.deleted.is_empty() && !self.inserted.is_empty() {
            self.deleted.extend(pieces);
            self.inserted.extend(pieces);
            return;
        }
        self.settle();
        self.push(RunOp::Equal, pieces);
    }

    /// Writes down what was changed. What both end with is in both.
    fn settle(&mut self) {
        let (mut deleted, mut inserted) = (
            std::mem::take(&mut self.deleted),
            std::mem::take(&mut self.inserted),
        );
        let mut both = Vec::new();
        while let (Some(left), Some(right)) = (deleted.last(), inserted.last())
            && left == right
        {
            both.push(*left);
            deleted.pop();
            inserted.pop();
        }
        both.reverse();
        self.push(RunOp::Delete, &deleted);
        self.push(RunOp::Insert, &inserted);
        self.push(RunOp::Equal, &both);
    }

    fn push(&mut self, op: RunOp, pieces: &[&str]) {
        if !self.joins {
            let runs = pieces.iter().map(|piece| Run {
                op,
                text: (*piece).to_owned(),
            });
            self.done.extend(runs);
        } else if let Some(last) = self.done.last_mut().filter(|last| last.op == op) {
            last.text.extend(pieces.iter().copied());
        } else if !pieces.is_empty() {
            self.done.push(Run {
                op,
                text: pieces.concat(),
            });
        }
    }

    fn finish(mut self) -> Vec<Run> {
        self.settle();
        self.done
    }
}

/// The words of a text and what stands between them; a tag or a character reference is one.
fn words_of(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let markup = rest.find(['<', '&']).unwrap_or(rest.len());
        found.extend(rest[..markup].split_word_bounds());
        rest = &rest[markup..];
        let whole = markup_length(rest);
        if whole > 0 {
            found.push(&rest[..whole]);
            rest = &rest[whole..];
        }
    }
    found
}

/// How many bytes a tag or a character reference has that a text begins with; of what is neither, the sign.
fn markup_length(text: &str) -> usize {
    let end = |sign, most: usize| {
        let found = text.bytes().take(most).position(|byte| byte == sign);
        found.map_or(1, |place| place + 1)
    };
    let mut signs = text.bytes();
    match (signs.next(), signs.next()) {
        (Some(b'<'), Some(next)) if next == b'/' || next.is_ascii_alphabetic() => end(b'>', 4096),
        (Some(b'&'), Some(next)) if next == b'#' || next.is_ascii_alphabetic() => end(b';', 32),
        (Some(_), _) => 1,
        (None, _) => 0,
    }
}

/// The items of a list of texts, or of rows of texts.
fn items_of(value: &Value) -> Option<Vec<String>> {
    let Value::Array(items) = value else {
        return None;
    };
    let text = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Array(cells) => {
            let cells: Option<Vec<&str>> = cells.iter().map(Value::as_str).collect();
            Some(cells?.join("\t"))
        }
        _ => None,
    };
    items.iter().map(text).collect()
}

/// A value as text: JSON unless it is a text, none of null.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn side(runs: &[Run], without: RunOp) -> String {
        let runs = runs.iter().filter(|run| run.op != without);
        runs.map(|run| run.text.as_str()).collect()
    }

    fn written(runs: &[Run]) -> String {
        let run = |run: &Run| match run.op {
            RunOp::Equal => run.text.clone(),
            RunOp::Insert => format!("[+{}]", run.text),
            RunOp::Delete => format!("[-{}]", run.text),
        };
        runs.iter().map(run).collect()
    }

    #[test]
    fn words_are_compared_and_tags_are_words() {
        for (before, after, expected) in [
            (
                "A fund for harbours",
                "A flood fund for harbours",
                "A [+flood ]fund for harbours",
            ),
            ("one two three", "one 2 3", "one [-two three][+2 3]"),
            (
                "<a href=\"/a b\">x</a> &amp; y",
                "<a href=\"/c d\">x</a> &lt; y",
                "[-<a href=\"/a b\">][+<a href=\"/c d\">]x</a> [-&amp;][+&lt;] y",
            ),
            ("a < b", "a > b", "a [-<][+>] b"),
            ("", "new", "[+new]"),
            ("東京 の 海", "東京 の 山", "東京 の [-海][+山]"),
        ] {
            let runs = Budget::default().words(before, after);
            assert_eq!(written(&runs), expected, "{before} → {after}");
        }
    }

    #[test]
    fn members_are_compared_by_what_they_are() {
        let before = json!({
            "headline": "H", "tags": ["a", "b", "c"], "seo": {"title": "T"}, "image": null, "number": 1,
            "rows": [["1", "2"]], "custom": {"x": {"y": true}}, "same": [1, {"a": 2}], "~/": "k"
        });
        let after = json!({
            "headline": null, "tags": ["b", "c", "d"], "seo": {"title": "U"}, "image": {"alt": "A"}, "number": 2,
            "rows": [["1", "3"]], "custom": {"x": {"y": "no"}, "list": [1]}, "same": [1, {"a": 2}]
        });
        let (Value::Object(before), Value::Object(after)) = (before, after) else {
            unreachable!()
        };
        let found = Budget::default().members(&before, &after);
        let said = |change: &FieldChange| {
            let (from, to) = (change.from.as_deref(), change.to.as_deref());
            let side = |text: Option<&str>| text.unwrap_or("–").to_owned();
            let (pointer, runs) = (&change.pointer, written(&change.runs));
            format!("{pointer} {} → {} {runs}", side(from), side(to))
        };
        let found: Vec<String> = found.iter().map(said).collect();
        assert_eq!(
            found,
            [
                "/headline H → – ",
                "/tags – → – [-a]bc[+d]",
                "/seo/title T → U [-T][+U]",
                "/image/alt – → A ",
                "/number 1 → 2 ",
                "/rows – → – [-1\t2][+1\t3]",
                "/custom/x/y true → no ",
                "/custom/list – → [1] ",
                "/~0~1 k → – ",
            ]
        );
    }

    #[test]
    fn what_is_too_much_to_compare_is_replaced_between_what_both_begin_and_end_with() {
        let text = |word: &str| {
            let words: Vec<String> = (0..20_000)
                .map(|number| format!("{word}{number}"))
                .collect();
            format!("Begin {} end", words.join(" "))
        };
        let (before, after) = (text("a"), text("b"));
        let runs = Budget::default().words(&before, &after);
        assert_eq!(runs.len(), 4);
        assert_eq!(
            (runs[0].text.as_str(), runs[3].text.as_str()),
            ("Begin ", " end")
        );
        assert_eq!(side(&runs, RunOp::Insert), before);
        assert_eq!(side(&runs, RunOp::Delete), after);
    }

    proptest! {
        #[test]
        fn runs_put_together_are_both_texts(before in "[a-c <>&;/é]{0,60}", after in "[a-c <>&;/é]{0,60}") {
            let runs = Budget::default().words(&before, &after);
            prop_assert_eq!(side(&runs, RunOp::Insert), before);
            prop_assert_eq!(side(&runs, RunOp::Delete), after);
            prop_assert!(runs.iter().all(|run| !run.text.is_empty()));
        }
    }
}
