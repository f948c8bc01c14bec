//! Merging two changes of one document: of its members one by one, and of a list of blocks block by block.
//!
//! One of the two is the article that readers see, the other a working copy of it; both began as `base`. What only
//! one of them has changed is taken from it, what both have changed alike is taken once, and what they have changed
//! otherwise is a conflict: the merge has the working copy's side of it, and names both.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use similar::{MergeRegion, MergeResolution, TextMerge};
use utoipa::ToSchema;

use crate::diff::text_of;
use crate::validation::push_key;

/// Most comparisons of blocks that one merge is worth. Two bodies of the most blocks that have a third of them in
/// common take fewer; what would take more is a conflict as a whole.
const MOST_COMPARISONS: usize = 16_000_000;

/// Something that the article and its working copy have changed in different ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "pointer": "/headline", "base": "Harbour cities agree", "article": "Twelve harbour cities agree",
    "working_copy": "Harbour cities agree on a flood fund"
}))]
pub struct MergeConflict {
    /// Where it is: a JSON pointer (RFC 6901). Of the body it names the first block of the working copy.
    pub pointer: String,
    /// As both began; null where there was nothing. What is no text is JSON, of the body a list of blocks.
    #[schema(required = true)]
    pub base: Option<String>,
    /// As the article has it.
    #[schema(required = true)]
    pub article: Option<String>,
    /// As the working copy has it.
    #[schema(required = true)]
    pub working_copy: Option<String>,
}

impl MergeConflict {
    fn of(pointer: String, sides: Sides<'_, Option<Value>>) -> Self {
        let text = |side: &Option<Value>| side.as_ref().and_then(text_of);
        Self {
            pointer,
            base: text(sides.base),
            article: text(sides.article),
            working_copy: text(sides.copy),
        }
    }

    /// The top-level member that it is in.
    pub fn member(&self) -> &str {
        let below = self.pointer.get(1..).unwrap_or_default();
        below.split('/').next().unwrap_or_default()
    }
}

/// What is merged.
#[derive(Debug)]
pub struct Sides<'a, T: ?Sized> {
    /// What both began as.
    pub base: &'a T,
    /// The article as it is now.
    pub article: &'a T,
    /// The working copy.
    pub copy: &'a T,
}

impl<T: ?Sized> Clone for Sides<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Sides<'_, T> {}

impl<'a, T: PartialEq + ?Sized> Sides<'a, T> {
    /// What is taken; `None` for a conflict.
    fn taken(self) -> Option<&'a T> {
        if self.copy == self.base || self.copy == self.article {
            Some(self.article)
        } else if self.article == self.base {
            Some(self.copy)
        } else {
            None
        }
    }
}

/// Members of an object that are merged one by one themselves. Others are one thing: a picture with the alternative
/// text of another would be wrong.
const BY_MEMBER: &[&str] = &["seo", "custom"];

/// Merges objects member by member.
pub fn members(
    sides: Sides<'_, Map<String, Value>>,
    conflicts: &mut Vec<MergeConflict>,
) -> Map<String, Value> {
    below("", sides, conflicts)
}

fn below(
    pointer: &str,
    sides: Sides<'_, Map<String, Value>>,
    conflicts: &mut Vec<MergeConflict>,
) -> Map<String, Value> {
    let mut merged = Map::new();
    let gone = sides.article.keys();
    let gone = gone.filter(|name| !sides.copy.contains_key(*name));
    for name in sides.copy.keys().chain(gone) {
        let mut place = pointer.to_owned();
        push_key(&mut place, name);
        // What is not there is something else than null in the newsroom's own JSON.
        let value = |of: &'_ Map<String, Value>| of.get(name).cloned();
        let (base, article, copy) = (value(sides.base), value(sides.article), value(sides.copy));
        let of_member = Sides {
            base: &base,
            article: &article,
            copy: &copy,
        };
        let taken = match (of_member.taken(), &base, &article, &copy) {
            (Some(taken), ..) => taken.clone(),
            (
                None,
                Some(Value::Object(base)),
                Some(Value::Object(article)),
                Some(Value::Object(copy)),
            ) if !pointer.is_empty() || BY_MEMBER.contains(&name.as_str()) => {
                let sides = Sides {
                    base,
                    article,
                    copy,
                };
                Some(Value::Object(below(&place, sides, conflicts)))
            }
            (None, ..) => {
                conflicts.push(MergeConflict::of(place, of_member));
                copy.clone()
            }
        };
        if let Some(taken) = taken {
            merged.insert(name.clone(), taken);
        }
    }
    merged
}

/// Merges lists of blocks. Where the same number of blocks stands in all three between blocks that nobody has changed,
/// each is compared with the one in its place: two who change paragraphs that follow each other do not disagree.
pub fn blocks(
    pointer: &str,
    sides: Sides<'_, [Value]>,
    conflicts: &mut Vec<MergeConflict>,
) -> Vec<Value> {
    if let Some(taken) = sides.taken() {
        return taken.to_vec();
    }
    let mut merging = Merging {
        pointer,
        conflicts,
        merged: Vec::new(),
    };
    let cost = |other: &[Value]| (sides.base.len() + other.len()).pow(2);
    if cost(sides.article) + cost(sides.copy) > MOST_COMPARISONS {
        merging.region(sides, 0);
        return merging.merged;
    }
    let mut numbers = std::collections::HashMap::new();
    let mut lines = |blocks: &[Value]| -> String {
        let number = |block: &Value| {
            let next = numbers.len();
            format!("{}\n", numbers.entry(block.to_string()).or_insert(next))
        };
        blocks.iter().map(number).collect()
    };
    let (base, article, copy) = (lines(sides.base), lines(sides.article), lines(sides.copy));
    let merge = TextMerge::from_lines(base.as_str(), copy.as_str(), article.as_str());
    for region in merge.regions() {
        merging.take(region, sides);
    }
    merging.merged
}

struct Merging<'a> {
    pointer: &'a str,
    conflicts: &'a mut Vec<MergeConflict>,
    merged: Vec<Value>,
}

impl Merging<'_> {
    fn take(&mut self, region: &MergeRegion, sides: Sides<'_, [Value]>) {
        let here = Sides {
            base: &sides.base[region.base_range()],
            article: &sides.article[region.theirs_range()],
            copy: &sides.copy[region.ours_range()],
        };
        match region.resolution() {
            MergeResolution::Conflict => self.region(here, region.ours_range().start),
            MergeResolution::Theirs => self.merged.extend_from_slice(here.article),
            _ => self.merged.extend_from_slice(here.copy),
        }
    }

    /// A region in which both have changed something; `place` is where it begins in the working copy.
    fn region(&mut self, here: Sides<'_, [Value]>, place: usize) {
        let length = here.base.len();
        if here.article.len() != length || here.copy.len() != length {
            return self.conflict(here, place);
        }
        for index in 0..length {
            let one = index..=index;
            let block = Sides {
                base: &here.base[one.clone()],
                article: &here.article[one.clone()],
                copy: &here.copy[one],
            };
            match block.taken() {
                Some(taken) => self.merged.extend_from_slice(taken),
                None => self.conflict(block, place + index),
            }
        }
    }

    fn conflict(&mut self, here: Sides<'_, [Value]>, place: usize) {
        if let Some(taken) = here.taken() {
            self.merged.extend_from_slice(taken);
            return;
        }
        let json = |blocks: &[Value]| match blocks {
            [] => None,
            blocks => Some(Value::Array(blocks.to_vec())),
        };
        let (base, article, copy) = (json(here.base), json(here.article), json(here.copy));
        let sides = Sides {
            base: &base,
            article: &article,
            copy: &copy,
        };
        let pointer = format!("{}/{place}", self.pointer);
        self.conflicts.push(MergeConflict::of(pointer, sides));
        self.merged.extend_from_slice(here.copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    fn merged(base: Value, article: Value, copy: Value) -> (Value, Vec<String>) {
        let (base, article, copy) = (object(base), object(article), object(copy));
        let mut conflicts = Vec::new();
        let sides = Sides {
            base: &base,
            article: &article,
            copy: &copy,
        };
        let merged = members(sides, &mut conflicts);
        let pointers = conflicts.into_iter().map(|conflict| conflict.pointer);
        (Value::Object(merged), pointers.collect())
    }

    fn list(letters: &str) -> Vec<Value> {
        letters
            .chars()
            .map(|letter| json!(letter.to_string()))
            .collect()
    }

    fn merged_lists(base: &str, article: &str, copy: &str) -> (String, Vec<String>) {
        let (base, article, copy) = (list(base), list(article), list(copy));
        let mut conflicts = Vec::new();
        let sides = Sides {
            base: base.as_slice(),
            article: article.as_slice(),
            copy: copy.as_slice(),
        };
        let merged = blocks("/body", sides, &mut conflicts);
        let text = merged.iter().filter_map(Value::as_str).collect();
        (
            text,
            conflicts
                .into_iter()
                .map(|conflict| conflict.pointer)
                .collect(),
        )
    }

    #[test]
    fn what_one_side_changed_is_taken_and_what_both_changed_is_named() {
        let base = json!({"headline": "H", "kicker": null, "tags": ["a"], "seo": {"title": null, "description": "D"}, "custom": {"x": 1, "y": 2}});
        let article = json!({"headline": "Hot", "kicker": "K", "tags": ["a", "b"], "seo": {"title": "T", "description": "D"}, "custom": {"x": 1, "z": null}});
        let copy = json!({"headline": "H", "kicker": "C", "tags": ["a"], "seo": {"title": null, "description": "E"}, "custom": {"x": 5, "y": 2}});
        let (merged, conflicts) = merged(base, article, copy);
        assert_eq!(
            merged,
            json!({
                "headline": "Hot", "kicker": "C", "tags": ["a", "b"],
                "seo": {"title": "T", "description": "E"}, "custom": {"x": 5, "z": null}
            })
        );
        assert_eq!(conflicts, ["/kicker"]);
    }

    #[test]
    fn a_picture_is_one_thing() {
        let picture = |url: &str, alt: &str| json!({"lead_image": {"url": url, "alt": alt}});
        let (merged, conflicts) = merged(
            picture("/a", "A"),
            picture("/a", "A harbour"),
            picture("/b", "A"),
        );
        assert_eq!(merged, picture("/b", "A"));
        assert_eq!(conflicts, ["/lead_image"]);
    }

    #[test]
    fn blocks_are_merged_one_by_one() {
        for (base, article, copy, expected, conflicts) in [
            ("abc", "abc", "aXc", "aXc", &[][..]),
            ("abc", "Abc", "abC", "AbC", &[]),
            // Blocks that follow each other.
            ("abcd", "aBcd", "abCd", "aBCd", &[]),
            ("abcd", "aBcd", "aBCd", "aBCd", &[]),
            // Put in and taken out at two ends.
            ("abc", "xabc", "abcy", "xabcy", &[]),
            ("abcdef", "bcdef", "abcde", "bcde", &[]),
            // Both alike.
            ("abc", "axc", "axc", "axc", &[]),
            ("abc", "axc", "ayc", "ayc", &["/body/1"]),
            ("abc", "axyc", "azc", "azc", &["/body/1"]),
            // Both put something in at one place.
            ("ab", "axb", "ayb", "ayb", &["/body/1"]),
            ("ab", "", "ayb", "ayb", &["/body/0"]),
            ("", "x", "y", "y", &["/body/0"]),
        ] {
            let (text, found) = merged_lists(base, article, copy);
            assert_eq!(
                (text.as_str(), &found[..]),
                (
                    expected,
                    &conflicts
                        .iter()
                        .map(|text| (*text).to_owned())
                        .collect::<Vec<_>>()[..]
                ),
                "{base} {article} {copy}"
            );
        }
    }

    #[test]
    fn what_would_take_too_long_is_a_conflict_as_a_whole() {
        let many = |name: &str| -> Vec<Value> {
            (0..2_000)
                .map(|number| json!(format!("{name}{number}")))
                .collect()
        };
        let (base, article, copy) = (many("a"), many("b"), many("c"));
        let mut conflicts = Vec::new();
        let sides = Sides {
            base: base.as_slice(),
            article: &article[1..],
            copy: copy.as_slice(),
        };
        assert_eq!(blocks("/body", sides, &mut conflicts), copy);
        assert_eq!(conflicts.len(), 1);
    }

    proptest! {
        #[test]
        fn a_side_that_changed_nothing_has_the_other_one_taken(base in "[a-e]{0,12}", other in "[a-e]{0,12}") {
            prop_assert_eq!(merged_lists(&base, &base, &other), (other.clone(), Vec::new()));
            prop_assert_eq!(merged_lists(&base, &other, &base), (other.clone(), Vec::new()));
            prop_assert_eq!(merged_lists(&base, &other, &other), (other, Vec::new()));
        }

        #[test]
        fn without_a_conflict_every_block_that_was_put_in_is_there(base in "[a-e]{0,12}", article in "[a-eX]{0,12}", copy in "[a-eY]{0,12}") {
            let (text, conflicts) = merged_lists(&base, &article, &copy);
            if conflicts.is_empty() {
                for sign in ['X', 'Y'] {
                    let count = |text: &str| text.chars().filter(|letter| *letter == sign).count();
                    prop_assert_eq!(count(&text), count(&article).max(count(&copy)));
                }
            }
        }
    }
}
