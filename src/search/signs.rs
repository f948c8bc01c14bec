//! Names with signs: `C++`, `C#`, `.NET`.
//!
//! Their signs are kept full-width: no text folds to these, and no database takes them for anything but
//! letters.

use super::words::{Word, is_unparted};

/// Whether a character is a sign that belongs to a word.
pub fn is_sign(c: char) -> bool {
    matches!(c, '＋' | '＃' | '．')
}

/// A word with the signs around it that belong to it, and the word without a dot before it: that may be a
/// space that is missing.
pub(super) fn with_signs(text: &str, mut word: Word) -> (Word, Option<Word>) {
    let plain = word.clone();
    if let Some((sign, length)) = sign_after(&text[word.bytes.end..], &word.folded) {
        word.bytes.end += length;
        word.folded.push_str(sign);
        word.spelled = None;
    }
    let begins = plain.folded.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_name = begins && plain.folded.chars().count() > 1;
    match dot_before(&text[..word.bytes.start]).filter(|_| is_name) {
        None => (word, None),
        Some(dot) => {
            word.bytes.start -= dot.len_utf8();
            word.folded.insert(0, '．');
            word.spelled = None;
            (word, Some(plain))
        }
    }
}

/// The sign that a word ends with, and how many bytes of the text it has: two pluses after a letter, or a
/// number sign after a word of one.
fn sign_after(after: &str, word: &str) -> Option<(&'static str, usize)> {
    let mut letters = word.chars().rev();
    letters
        .next()
        .filter(|c| c.is_alphabetic() && !is_unparted(*c))?;
    let is_plus = |c: char| matches!(c, '+' | '＋');
    let mut after = after.chars();
    let (first, second, third) = (after.next()?, after.next(), after.next());
    match second {
        Some(second) if is_plus(first) && is_plus(second) => {
            let ends = !third.is_some_and(is_plus);
            ends.then_some(("＋＋", first.len_utf8() + second.len_utf8()))
        }
        next if matches!(first, '#' | '＃' | '♯') => {
            let ends = next.is_none_or(|c| !c.is_alphanumeric());
            (ends && letters.next().is_none()).then_some(("＃", first.len_utf8()))
        }
        _ => None,
    }
}

/// The dot before a word that is its first character, not the end of what comes before.
fn dot_before(before: &str) -> Option<char> {
    let mut before = before.chars().rev();
    let dot = before.next().filter(|c| matches!(c, '.' | '．'))?;
    let ends =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | ')' | ']' | '}' | '”' | '’' | '»');
    (!before.next().is_some_and(ends)).then_some(dot)
}
