//! Characters that no text may hold.

use super::super::tree::Tree;

/// Whether XML 1.0 (2.2) or HTML forbids it: most control characters, and what Unicode never assigns.
fn is_forbidden(c: char) -> bool {
    let code = u32::from(c);
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}' | LINE_TABULATION))
        || code & 0xfffe == 0xfffe
        || (0xfdd0..=0xfdef).contains(&code)
}

/// What word processors write for a line break within a paragraph.
const LINE_TABULATION: char = '\u{b}';

/// Text without forbidden characters; `None` where there are none. Line breaks of word processors
/// become U+2028.
pub(in super::super) fn clean(text: &str) -> Option<String> {
    let odd = |c: char| is_forbidden(c) || matches!(c, LINE_TABULATION | '\u{85}');
    text.contains(odd).then(|| {
        text.chars()
            .filter(|c| !is_forbidden(*c))
            .map(|c| match c {
                LINE_TABULATION | '\u{85}' => '\u{2028}',
                c => c,
            })
            .collect()
    })
}

pub(super) fn remove_forbidden(tree: &mut Tree) {
    tree.rewrite(clean);
}

/// Whether nothing of a text is seen: white space, characters without width, fillers.
pub(in super::super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
    })
}
