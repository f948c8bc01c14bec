//! Sparse responses: `fields=slug,headline,lead_image.url` keeps only what a client needs.

use serde_json::{Map, Value};

use crate::http::params::Params;
use crate::problem::{INVALID_PARAMETER, Problem};
use crate::validation::unknown;

/// A resource's fields as `fields=` may name them: each top-level name with the names below it.
/// An empty list below means that nothing below can be chosen.
pub type Known = &'static [(&'static str, &'static [&'static str])];

/// Most fields of one request.
const MOST_FIELDS: usize = 100;

/// The fields that a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(Vec<(String, Option<String>)>);

impl Selection {
    /// Takes `fields=` out of the parameters of a request.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn read(params: &mut Params, known: Known) -> Result<Option<Self>, Problem> {
        Self::parse(&params.list::<String>("fields", MOST_FIELDS)?, known)
    }

    /// Reads the parts of `fields=`; none at all means that everything is wanted.
    ///
    /// # Errors
    /// `invalid-parameter` naming the field that is not known and the near miss.
    pub fn parse(parts: &[String], known: Known) -> Result<Option<Self>, Problem> {
        let chosen: Vec<_> = parts
            .iter()
            .map(|part| parse_one(part, known))
            .collect::<Result<_, _>>()?;
        Ok((!chosen.is_empty()).then_some(Self(chosen)))
    }

    /// The names at the first level.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Keeps only the chosen fields of an object; in arrays of objects, of each.
    pub fn apply(&self, value: Value) -> Value {
        let Value::Object(mut object) = value else {
            return value;
        };
        let mut kept = Map::new();
        for (name, below) in &self.0 {
            match below {
                None => {
                    if let Some(value) = object.get_mut(name).filter(|_| !kept.contains_key(name)) {
                        kept.insert(name.clone(), value.take());
                    }
                }
                // All of it is kept already.
                Some(_) if self.0.contains(&(name.clone(), None)) => {}
                Some(below) => {
                    if let Some(value) = object.get(name) {
                        let slot = kept
                            .entry(name.clone())
                            .or_insert_with(|| empty_like(value));
                        keep_below(value, below, slot);
                    }
                }
            }
        }
        Value::Object(kept)
    }
}

fn parse_one(part: &str, known: Known) -> Result<(String, Option<String>), Problem> {
    let (name, below) = match part.split_once('.') {
        Some((name, below)) => (name, Some(below)),
        None => (part, None),
    };
    let refused = |sentence: String| {
        Problem::new(
            &INVALID_PARAMETER,
            format!("Parameter \"fields\": {sentence}."),
        )
    };
    let Some((_, names_below)) = known.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        return Err(refused(unknown("field", name, &names)));
    };
    if let Some(below) = below
        && !names_below.contains(&below)
    {
        return Err(refused(if names_below.is_empty() {
            format!("nothing below \"{name}\" can be chosen")
        } else {
            unknown("field", below, names_below)
        }));
    }
    Ok((name.to_owned(), below.map(str::to_owned)))
}

fn empty_like(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::Object(Map::new()),
        Value::Array(items) => Value::Array(items.iter().map(empty_like).collect()),
        other => other.clone(),
    }
}

fn keep_below(value: &Value, name: &str, kept: &mut Value) {
    match (value, kept) {
        (Value::Object(object), Value::Object(kept)) => {
            if let Some(value) = object.get(name) {
                kept.insert(name.to_owned(), value.clone());
            }
        }
        (Value::Array(items), Value::Array(kept)) => {
            for (item, kept) in items.iter().zip(kept) {
                keep_below(item, name, kept);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KNOWN: Known = &[
        ("slug", &[]),
        ("section", &["slug", "name"]),
        ("tags", &["slug"]),
    ];

    fn select(fields: &[&str], value: Value) -> Value {
        let parts: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        Selection::parse(&parts, KNOWN)
            .unwrap()
            .unwrap()
            .apply(value)
    }

    #[test]
    fn only_what_is_named_is_kept() {
        let article = json!({
            "slug": "a", "headline": "A", "section": {"slug": "s", "name": "S"},
            "tags": [{"slug": "t", "name": "T"}]
        });
        assert_eq!(
            select(&["slug", "section.name", "tags.slug"], article),
            json!({"slug": "a", "section": {"name": "S"}, "tags": [{"slug": "t"}]})
        );
    }

    #[test]
    fn what_is_named_twice_is_kept_once() {
        let article = || json!({"slug": "a", "section": {"slug": "s", "name": "S"}});
        assert_eq!(select(&["slug", "slug"], article()), json!({"slug": "a"}));
        let whole = json!({"section": {"slug": "s", "name": "S"}});
        assert_eq!(select(&["section.slug", "section"], article()), whole);
        assert_eq!(select(&["section", "section.slug"], article()), whole);
    }

    #[test]
    fn null_stays_null() {
        assert_eq!(
            select(&["section.name"], json!({"section": null})),
            json!({"section": null})
        );
    }

    #[test]
    fn a_near_miss_is_named() {
        let problem = Selection::parse(&["slig".into()], KNOWN).unwrap_err();
        assert!(problem.to_string().contains("did you mean \"slug\"?"));
        assert!(Selection::parse(&["slug.x".into()], KNOWN).is_err());
    }
}
