//! What is wrong with an input: every violation at once, each with a JSON pointer (RFC 6901).

use std::ops::ControlFlow;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValuePointerRef,
};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing wrong with a request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// Where: a JSON pointer (RFC 6901) into the body; empty for the whole.
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
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }

    /// The same violation, found in a value that stands at `prefix`.
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

/// Why one value is refused; the place is known to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// A stable lower-case word.
    pub code: &'static str,
    /// For people: completes a sentence that begins with the value's name.
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
}

/// Everything wrong with one input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// One refusal at the place where deserialising stands.
    pub fn at(location: ValuePointerRef, invalid: Invalid) -> Self {
        Self(vec![Violation::new(
            pointer(location),
            invalid.code,
            invalid.detail,
        )])
    }

    /// `Ok` when nothing is wrong.
    ///
    /// # Errors
    /// Itself, when something is.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
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

fn pointer(location: ValuePointerRef) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => {
            format!(
                "{}/{}",
                pointer(*prev),
                key.replace('~', "~0").replace('/', "~1")
            )
        }
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer(*prev)),
    }
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
                place = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
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
        all.0.push(Violation::new(place, code, detail));
        ControlFlow::Continue(all)
    }
}

impl MergeWithError<Violations> for Violations {
    fn merge(before: Option<Self>, other: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut all = before.unwrap_or_default();
        all.0.extend(other.0);
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
pub fn from_json<T: Deserr<Violations>>(value: serde_json::Value) -> Result<T, Violations> {
    let mut nul = Violations::default();
    find_nul(&value, &mut String::new(), &mut nul.0);
    nul.into_result()?;
    deserr::deserialize(value)
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

fn find_nul(value: &serde_json::Value, place: &mut String, found: &mut Vec<Violation>) {
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
                place.push('/');
                place.push_str(&key.replace('~', "~0").replace('/', "~1"));
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
    let shown: String = word.chars().take(64).collect();
    let meant = match near_miss(word, known) {
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
            .0
            .into_iter()
            .map(|violation| (violation.pointer, violation.code))
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
    fn nul_is_found_however_deep() {
        let value = serde_json::json!({"headline": "x", "tags": ["a\u{0}"]});
        let found = from_json::<Sample>(value).unwrap_err();
        assert_eq!(found.0[0].pointer, "/tags/0");
    }
}
