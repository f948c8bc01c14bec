//! Characters that no text may hold.

use super::super::tree::Tree;
use crate::characters::{is_forbidden, is_visible};

/// What word processors write for a line break within a paragraph, and what some systems end lines with.
const LINE_ENDS: &[char] = &['\u{b}', '\u{85}'];

/// Whether a text cannot hold it: what XML cannot, and control characters that only terminals know.
fn is_removed(c: char) -> bool {
    is_forbidden(c) || (c.is_control() && !c.is_ascii_whitespace())
}

/// Text without such characters; `None` where there are none. Line breaks of word processors become
/// U+2028.
pub(in super::super) fn clean(text: &str) -> Option<String> {
    text.contains(is_removed).then(|| {
        text.chars()
            .map(|c| match c {
                // Pages end with it where text was taken from one.
                '\u{c}' => ' ',
                c if LINE_ENDS.contains(&c) => '\u{2028}',
                c => c,
            })
            .filter(|c| !is_removed(*c))
            .collect()
    })
}

pub(super) fn remove_forbidden(tree: &mut Tree) {
    tree.rewrite(clean);
}

/// Whether nothing of a text is seen.
pub(in super::super) fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}
