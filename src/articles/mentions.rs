//! Tags, sections and authors as tools name them that do not know our slugs: by slug or by name, with
//! `create_missing=true`.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde_json::Map;

use super::input::DistinctList;
use crate::names::compared;
use crate::text::{Line, Slug};
use crate::validation::{Invalid, Violations};

/// One that an article refers to. A text that can be a slug is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mention {
    /// By its slug, or one that it once had.
    Slug(Slug),
    /// By its name.
    Name(Line<120>),
}

impl Mention {
    /// As it was sent, space around it aside.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Slug(slug) => slug.as_str(),
            Self::Name(name) => name.as_str(),
        }
    }

    /// The slug that it may have: of a name, the one that is spelled as the name is.
    pub fn slug(&self) -> Option<Slug> {
        match self {
            Self::Slug(slug) => Some(slug.clone()),
            Self::Name(name) => compared(name.as_str()).replace(' ', "-").parse().ok(),
        }
    }

    /// The names that it may have, as they are [compared]: of a slug, its words too.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec![compared(self.as_str())];
        if let Self::Slug(slug) = self {
            names.push(slug.as_str().replace('-', " "));
        }
        names.dedup();
        names
    }

    /// What a new one is called: of a slug its words, of which the first begins with a capital letter, or
    /// `all` of them.
    ///
    /// # Errors
    /// When that is too long for a name.
    pub fn new_name(&self, all: bool) -> Result<Line<120>, Invalid> {
        match self {
            Self::Name(name) => Ok(name.clone()),
            Self::Slug(slug) => {
                let words = slug.as_str().split('-').enumerate();
                let words = words.map(|(index, word)| match all || index == 0 {
                    true => capitalised(word),
                    false => word.to_owned(),
                });
                words.collect::<Vec<_>>().join(" ").parse()
            }
        }
    }
}

/// Slugs are ASCII.
fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_ascii_uppercase() + rest
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mention {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Ok(slug) = text.parse() {
            return Ok(Self::Slug(slug));
        }
        let name: Line<120> = text.parse()?;
        Ok(name
            .as_str()
            .parse()
            .map_or_else(|_| Self::Name(name), Self::Slug))
    }
}

impl Deserr<Violations> for Mention {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|invalid| Violations::at(location, invalid))
    }
}

/// All that an article refers to, where it is said anew.
#[derive(Debug, Clone, Default)]
pub struct Mentions {
    /// In the order of the byline.
    pub authors: Option<DistinctList<Mention, 20>>,
    /// In order.
    pub tags: Option<DistinctList<Mention, 50>>,
    /// The section.
    pub section: Option<Mention>,
}

impl Mentions {
    /// Takes them out of an article as it was sent. Nulls stay there.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn take(fields: &mut Map<String, serde_json::Value>) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let mentions = Self {
            authors: take(fields, "authors", &mut wrong),
            tags: take(fields, "tags", &mut wrong),
            section: take(fields, "section", &mut wrong),
        };
        wrong.into_result().map(|()| mentions)
    }

    /// Whether there is an author.
    pub fn has_author(&self) -> bool {
        self.authors
            .as_ref()
            .is_some_and(|authors| !authors.is_empty())
    }
}

fn take<T: Deserr<Violations>>(
    fields: &mut Map<String, serde_json::Value>,
    name: &str,
    wrong: &mut Violations,
) -> Option<T> {
    fields.get(name).filter(|value| !value.is_null())?;
    let value = IntoValue::into_value(fields.shift_remove(name)?);
    let location = ValuePointerRef::Origin;
    match T::deserialize_from_value(value, location.push_key(name)) {
        Ok(value) => Some(value),
        Err(found) => {
            wrong.append(found);
            None
        }
    }
}

/// All that an article refers to, found or created, by slug.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// In the order of the byline.
    pub authors: Option<Vec<Slug>>,
    /// In order.
    pub tags: Option<Vec<Slug>>,
    /// The section.
    pub section: Option<Slug>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_a_slug_is_one() {
        for (text, is_slug, slug, names, tag, author) in [
            (
                "climate-change",
                true,
                Some("climate-change"),
                vec!["climate-change", "climate change"],
                "Climate change",
                "Climate Change",
            ),
            (
                " climate ",
                true,
                Some("climate"),
                vec!["climate"],
                "Climate",
                "Climate",
            ),
            (
                "Climate  Change",
                false,
                Some("climate-change"),
                vec!["climate change"],
                "Climate  Change",
                "Climate  Change",
            ),
            ("C++", false, None, vec!["c++"], "C++", "C++"),
            (
                "São Tomé",
                false,
                None,
                vec!["são tomé"],
                "São Tomé",
                "São Tomé",
            ),
        ] {
            let mention: Mention = text.parse().unwrap();
            assert_eq!(matches!(mention, Mention::Slug(_)), is_slug, "{text}");
            let found = mention.slug();
            assert_eq!(found.as_ref().map(Slug::as_str), slug, "{text}");
            assert_eq!(mention.names(), names, "{text}");
            assert_eq!(mention.new_name(false).unwrap().as_str(), tag, "{text}");
            assert_eq!(mention.new_name(true).unwrap().as_str(), author, "{text}");
        }
        assert!("".parse::<Mention>().is_err());
        assert!("x".repeat(201).parse::<Mention>().is_err());
        let long: Mention = "x".repeat(130).parse().unwrap();
        assert_eq!(long.new_name(false).unwrap_err().code, "too_long");
    }
}
