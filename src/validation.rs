//! What is wrong with an input: every violation at once, each with a JSON pointer (RFC 6901).

use std::fmt;
use std::ops::ControlFlow;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValuePointerRef,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Most violations that an answer lists.
pub const MOST_VIOLATIONS: usize = 100;
/// Most characters of a pointer; a longer one is cut.
const MOST_POINTER: usize = 256;
/// Most characters of what a violation or a problem says; more is cut.
pub const MOST_DETAIL: usize = 1_000;

/// A text of at most so many characters, and whether something is missing from it: `…` at its end.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// One thing wrong with a request's body. What it says never grows with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// Where: a JSON pointer (RFC 6901) into the body; empty for the whole. A very long one is cut, and
    /// ends with `…`.
    #[schema(example = "/headline")]
    pub pointer: String,
    /// What, for programs: a stable lower-case word.
    #[schema(value_type = String, example = "too_long")]
    pub code: &'static str,
    /// What, for people.
    #[schema(example = "must have at most 300 characters, has 412")]
    pub detail: String,
}

impl Violation {
    /// A violation at `pointer`.
    pub fn new(pointer: impl AsRef<str>, code: &'static str, detail: impl AsRef<str>) -> Self {
        Self {
            pointer: cut(pointer.as_ref(), MOST_POINTER),
            code,
            detail: cut(detail.as_ref(), MOST_DETAIL),
        }
    }

    /// A violation of the whole.
    pub fn whole(code: &'static str, detail: impl AsRef<str>) -> Self {
        Self::new("", code, detail)
    }

    /// The same violation, found in a value that stands at `prefix`.
    pub fn under(self, prefix: &str) -> Self {
        Self {
            pointer: cut(&format!("{prefix}{}", self.pointer), MOST_POINTER),
            ..self
        }
    }
}

/// What a write changed or left out of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(example = json!({
    "pointer": "/body/content", "code": "picture_removed",
    "detail": "the picture \"images/harbour.jpg\" has no address on the web"
}))]
pub struct Warning(pub Violation);

/// Why one value is refused; the place is known to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// A stable lower-case word.
    pub code: &'static str,
    /// For people: completes a sentence that begins with the value's name, or is one that quotes the value.
    pub detail: String,
}

impl Invalid {
    /// A refusal with its stable code and its words.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// That a word is none of a closed set; `what` is what one of it is called.
    pub fn word(what: &str, word: &str, known: &[&str]) -> Self {
        Self::new("unknown_value", unknown(what, word, known))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Invalid {}

impl From<Violation> for Invalid {
    /// Without its place.
    fn from(violation: Violation) -> Self {
        Self::new(violation.code, violation.detail)
    }
}

/// Everything wrong with one input: the first [`MOST_VIOLATIONS`], and how many more there are.
///
/// It is bounded here, where violations are collected, so that neither an answer nor the memory for
/// it grows with what a stranger sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    listed: Vec<Violation>,
    more: usize,
}

impl Violations {
    /// One refusal at the place where deserialising stands.
    pub fn at(location: ValuePointerRef, invalid: Invalid) -> Self {
        Violation::new(pointer(location), invalid.code, invalid.detail).into()
    }

    /// Adds one.
    pub fn push(&mut self, violation: Violation) {
        if self.listed.len() < MOST_VIOLATIONS {
            self.listed.push(violation);
        } else {
            self.more += 1;
        }
    }

    /// Adds all of others.
    pub fn append(&mut self, others: Self) {
        others.listed.into_iter().for_each(|one| self.push(one));
        self.more += others.more;
    }

    /// The same, found in a value that stands at `prefix`.
    pub fn under(self, prefix: &str) -> Self {
        Self {
            listed: self
                .listed
                .into_iter()
                .map(|violation| violation.under(prefix))
                .collect(),
            more: self.more,
        }
    }

    /// Those that are listed, where nothing is refused for them.
    pub fn into_warnings(self) -> Vec<Warning> {
        self.listed.into_iter().map(Warning).collect()
    }

    /// Those that are listed.
    pub fn listed(&self) -> &[Violation] {
        &self.listed
    }

    /// How many there are besides.
    pub fn more(&self) -> usize {
        self.more
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// How many there are in all.
    pub fn len(&self) -> usize {
        self.listed.len() + self.more
    }

    /// `Ok` when nothing is wrong.
    ///
    /// # Errors
    /// Itself, when something is.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self {
            listed: vec![violation],
            more: 0,
        }
    }
}

impl FromIterator<Violation> for Violations {
    fn from_iter<T: IntoIterator<Item = Violation>>(found: T) -> Self {
        let mut all = Self::default();
        found.into_iter().for_each(|one| all.push(one));
        all
    }
}

/// Values of which there may be only so many.
///
/// # Errors
/// `too_many`.
pub fn at_most<T>(
    values: Vec<T>,
    most: usize,
    location: ValuePointerRef,
) -> Result<Vec<T>, Violations> {
    if values.len() <= most {
        return Ok(values);
    }
    let detail = format!("must have at most {most} items, has {}", values.len());
    Err(Violations::at(location, Invalid::new("too_many", detail)))
}

/// Where deserialising stands, from the root down as far as a pointer is shown.
pub fn pointer(location: ValuePointerRef) -> String {
    let mut way = Vec::new();
    let mut here = location;
    loop {
        match here {
            ValuePointerRef::Origin => break,
            ValuePointerRef::Key { prev, .. } | ValuePointerRef::Index { prev, .. } => {
                way.push(here);
                here = *prev;
            }
        }
    }
    let mut pointer = String::new();
    for step in way.into_iter().rev() {
        if pointer.len() > 4 * MOST_POINTER {
            break;
        }
        match step {
            ValuePointerRef::Key { key, .. } => push_key(&mut pointer, key),
            ValuePointerRef::Index { index, .. } => pointer.push_str(&format!("/{index}")),
            ValuePointerRef::Origin => {}
        }
    }
    pointer
}

/// Adds a member's name to a pointer, as much of it as is shown.
pub fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&cut(key, MOST_POINTER).replace('~', "~0").replace('/', "~1"));
}

impl DeserializeError for Violations {
    fn error<V: IntoValue>(
        before: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let mut place = pointer(location);
        let (code, detail) = match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let accepted = deserr::errors::json::value_kinds_description_json(accepted);
                let actual = deserr::errors::json::value_kinds_description_json(&[actual.kind()]);
                ("wrong_type", format!("must be {accepted}, is {actual}"))
            }
            ErrorKind::MissingField { field } => {
                place = format!("{place}/{field}");
                ("required", "is required".into())
            }
            ErrorKind::UnknownKey { key, accepted } => {
                push_key(&mut place, key);
                ("unknown_field", unknown("field", key, accepted))
            }
            ErrorKind::UnknownValue { value, accepted } => {
                ("unknown_value", unknown("value", value, accepted))
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                ("wrong_length", format!("must have {expected} items"))
            }
            ErrorKind::Unexpected { msg } => ("invalid", msg),
        };
        let mut all = before.unwrap_or_default();
        all.push(Violation::new(place, code, detail));
        ControlFlow::Continue(all)
    }
}

impl MergeWithError<Violations> for Violations {
    fn merge(before: Option<Self>, other: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut all = before.unwrap_or_default();
        all.append(other);
        ControlFlow::Continue(all)
    }
}

impl MergeWithError<Invalid> for Violations {
    fn merge(
        before: Option<Self>,
        other: Invalid,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        <Self as MergeWithError<Self>>::merge(before, Self::at(location, other), location)
    }
}

/// Reads a JSON value into a type, collecting every violation.
///
/// # Errors
/// All that is wrong; text with U+0000, which Postgres cannot store, included.
pub fn from_json<T: Deserr<Violations>>(mut value: serde_json::Value) -> Result<T, Violations> {
    let mut nul = Violations::default();
    find_nul(&value, &mut String::new(), &mut nul);
    nul.into_result()?;
    whole_numbers(&mut value);
    deserr::deserialize(value)
}

/// The field that a newsroom fills with JSON of its own, which stays as it was written.
pub const AS_WRITTEN: &str = "custom";

/// Up to here every whole number is a double of its own (RFC 8259, section 6).
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes numbers without a fraction as integers: JSON has one kind of number, and what writes `12.0` means
/// 12 (JSON Schema, section 6.1.1).
fn whole_numbers(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number
                .as_f64()
                .filter(|number| number.fract() == 0.0 && number.abs() <= LARGEST_EXACT);
            if let Some(whole) = whole {
                *number = (whole as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => {
            let read = fields.iter_mut().filter(|(name, _)| *name != AS_WRITTEN);
            read.for_each(|(_, value)| whole_numbers(value));
        }
        _ => {}
    }
}

/// Reads a JSON object as it is, for documents whose fields are not known beforehand.
///
/// # Errors
/// `wrong_type` for anything else.
pub fn object<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef,
) -> Result<serde_json::Map<String, serde_json::Value>, Violations> {
    match <serde_json::Value as Deserr<Violations>>::deserialize_from_value(value, location)? {
        serde_json::Value::Object(object) => Ok(object),
        _ => Err(Violations::at(
            location,
            Invalid::new("wrong_type", "must be an object"),
        )),
    }
}

fn find_nul(value: &serde_json::Value, place: &mut String, found: &mut Violations) {
    use serde_json::Value;
    let refused = |place: &str| Violation::new(place, "nul", "must not contain U+0000");
    match value {
        Value::String(text) if text.contains('\0') => found.push(refused(place)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let length = place.len();
                place.push_str(&format!("/{index}"));
                find_nul(item, place, found);
                place.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                let length = place.len();
                push_key(place, key);
                if key.contains('\0') {
                    found.push(refused(place));
                }
                find_nul(item, place, found);
                place.truncate(length);
            }
        }
        _ => {}
    }
}

/// The known word that `word` was probably meant to be.
pub fn near_miss<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // Long noise costs quadratic time and is no typing mistake.
    if word.len() > 64 {
        return None;
    }
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The sentence for a name that is not known, with the near miss and what is known.
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    unknown_but(what, word, near_miss(word, known), known)
}

/// The same where it is known already what was meant.
pub fn unknown_but(what: &str, word: &str, meant: Option<&str>, known: &[&str]) -> String {
    let shown: String = word.chars().take(64).collect();
    let meant = match meant {
        Some(meant) => format!("; did you mean \"{meant}\"?"),
        None => ".".into(),
    };
    let known = known.join(", ");
    format!("\"{shown}\" is not a known {what}{meant} Known: {known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserr)]
    #[deserr(error = Violations, deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are read")]
    struct Sample {
        headline: String,
        #[deserr(default)]
        tags: Vec<String>,
    }

    #[test]
    fn all_violations_come_at_once_with_pointers() {
        let value = serde_json::json!({"headlin": "x", "tags": ["a", 1, null]});
        let mut found: Vec<_> = from_json::<Sample>(value)
            .unwrap_err()
            .listed()
            .iter()
            .map(|violation| (violation.pointer.clone(), violation.code))
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                ("/headlin".to_owned(), "unknown_field"),
                ("/headline".to_owned(), "required"),
                ("/tags/1".to_owned(), "wrong_type"),
                ("/tags/2".to_owned(), "wrong_type"),
            ]
        );
    }

    #[test]
    fn a_near_miss_is_named_and_noise_is_not() {
        assert_eq!(near_miss("limt", &["limit", "cursor"]), Some("limit"));
        assert_eq!(near_miss("wibble", &["limit", "cursor"]), None);
        assert!(unknown("parameter", "limt", &["limit"]).contains("did you mean \"limit\"?"));
    }

    #[test]
    fn what_is_said_does_not_grow_with_what_was_sent() {
        let key = "k\u{0}".repeat(50_000);
        let wrong = serde_json::json!({ key: vec!["\u{0}"; 50_000] });
        let found = from_json::<Sample>(wrong).unwrap_err();
        assert_eq!(found.len(), 50_001);
        assert_eq!(found.listed().len(), MOST_VIOLATIONS);
        let wrong = serde_json::json!({ "tags": vec![1; 50_000], "k".repeat(500_000): 1 });
        let found = from_json::<Sample>(wrong).unwrap_err();
        assert_eq!(found.more(), 50_002 - MOST_VIOLATIONS);
        let said: usize = found
            .listed()
            .iter()
            .map(|violation| violation.pointer.len() + violation.detail.len())
            .sum();
        assert!(said < 64 * 1024, "{said}");
    }

    #[test]
    fn whole_numbers_are_integers_but_in_what_is_kept_as_written() {
        #[derive(Debug, Deserr)]
        #[deserr(error = Violations, deny_unknown_fields)]
        struct Numbers {
            width: u32,
            share: f64,
            custom: serde_json::Value,
        }
        let read = |text: &str| from_json::<Numbers>(serde_json::from_str(text).unwrap());
        let numbers = read(r#"{"width": 12.0, "share": 1, "custom": {"width": 12.0}}"#).unwrap();
        assert_eq!((numbers.width, numbers.share), (12, 1.0));
        assert_eq!(numbers.custom.to_string(), r#"{"width":12.0}"#);
        for (width, known) in [
            ("1.2e3", true),
            ("-0.0", true),
            ("12.5", false),
            ("-1.0", false),
            ("1e300", false),
        ] {
            let text = format!(r#"{{"width": {width}, "share": 0.5, "custom": 1}}"#);
            assert_eq!(read(&text).is_ok(), known, "{width}");
        }
    }

    #[test]
    fn nul_is_found_however_deep() {
        let value = serde_json::json!({"headline": "x", "tags": ["a\u{0}"]});
        let found = from_json::<Sample>(value).unwrap_err();
        assert_eq!(found.listed()[0].pointer, "/tags/0");
    }
}
