//! Text that cannot hold a wrong value: parsed once at the edge, right ever after.

use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::validation::{Invalid, Violations};

fn at_most(text: &str, max: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    if length > max {
        return Err(Invalid::new(
            "too_long",
            format!("must have at most {max} characters, has {length}"),
        ));
    }
    Ok(())
}

fn not_blank(text: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("blank", "must not be blank"));
    }
    Ok(())
}

/// One line of text of 1 to `MAX` characters, without control characters or space around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        not_blank(text)?;
        at_most(text, MAX)?;
        if text.chars().any(char::is_control) {
            return Err(Invalid::new(
                "control_character",
                "must be one line without control characters",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Text of 1 to `MAX` characters that may have several lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prose<const MAX: usize>(String);

impl<const MAX: usize> FromStr for Prose<MAX> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        not_blank(text)?;
        at_most(text, MAX)?;
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(Invalid::new(
                "control_character",
                "must not contain control characters",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of a resource in URLs: lower-case ASCII letters, digits and single hyphens between
/// them, at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    /// The most characters a slug may have.
    pub const MAX: usize = 200;

    /// The slug that a title suggests, with other scripts transliterated; `fallback` when
    /// nothing of the title is left.
    pub fn from_title(title: &str, fallback: &str) -> Self {
        let mut slug = slug::slugify(title);
        // Room for the "-12" that tells apart what is titled alike.
        slug.truncate(Self::MAX - 20);
        match slug.trim_end_matches('-').parse() {
            Ok(slug) => slug,
            Err(_) => Self(fallback.to_owned()),
        }
    }

    /// This slug with a number after it, cut so that it stays within the bound.
    pub fn numbered(&self, number: u32) -> Self {
        let number = format!("-{number}");
        let room = Self::MAX - number.len();
        let stem = &self.0[..self.0.len().min(room)];
        Self(format!("{}{number}", stem.trim_end_matches('-')))
    }
}

impl FromStr for Slug {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        not_blank(text)?;
        at_most(text, Self::MAX)?;
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !plain || text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            let detail = "must be lower-case ASCII letters and digits with single hyphens between";
            let free = slug::slugify(text);
            return Err(Invalid::new(
                "invalid_slug",
                if free.is_empty() || free.len() > Self::MAX {
                    detail.to_owned()
                } else {
                    format!("{detail}, such as \"{free}\"")
                },
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A language tag (BCP 47), such as `en`, `en-GB` or `zh-Hant`, its letters in the case that RFC 5646,
/// section 2.1.1, recommends; at most 35 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Default for Language {
    fn default() -> Self {
        Self("en".into())
    }
}

impl FromStr for Language {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut parts = text.split('-');
        let primary = parts.next().unwrap_or_default();
        let well_formed = text.len() <= 35
            && (2..=8).contains(&primary.len())
            && primary.bytes().all(|b| b.is_ascii_alphabetic())
            && parts.all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
            });
        if !well_formed {
            return Err(Invalid::new(
                "invalid_language",
                "must be a BCP 47 language tag such as \"en\" or \"en-GB\"",
            ));
        }
        Ok(Self(in_usual_case(text)))
    }
}

impl Language {
    /// The language alone, without script, region and variants: `pt` of `pt-BR`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// As a range of languages (RFC 4647, section 3.3.1): the tags that it matches are itself and those
    /// from the first text up to, but without, the second. All begin with it and a hyphen, whose letters
    /// have the same case in all tags.
    pub fn narrower(&self) -> (String, String) {
        // `.` is the character after `-`.
        (format!("{}-", self.0), format!("{}.", self.0))
    }
}

/// A language tag as RFC 5646, section 2.1.1, writes it: `zh-hant-tw` as `zh-Hant-TW`. What stands after a
/// single character is an extension or private, and in lower case.
fn in_usual_case(tag: &str) -> String {
    let mut usual = String::with_capacity(tag.len());
    let mut is_extension = false;
    for part in tag.split('-') {
        let is_first = usual.is_empty();
        if !is_first {
            usual.push('-');
        }
        let lower = part.to_ascii_lowercase();
        match part.len() {
            2 if !is_first && !is_extension => usual.push_str(&lower.to_ascii_uppercase()),
            4 if !is_first && !is_extension => {
                usual.push_str(&lower[..1].to_ascii_uppercase());
                usual.push_str(&lower[1..]);
            }
            length => {
                is_extension |= length == 1;
                usual.push_str(&lower);
            }
        }
    }
    usual
}

/// An absolute `http` or `https` URL, or a path on the same site beginning with `/`; at most
/// 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebUrl(String);

impl FromStr for WebUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        at_most(text, 2_000)?;
        let path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
        let absolute = || {
            url::Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if !(plain && (path || absolute())) {
            return Err(Invalid::new(
                "invalid_url",
                "must be an http or https URL, or a path beginning with /",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// An absolute `http` or `https` URL as browsers write it, without a fragment; at most 2,000
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AbsoluteUrl(String);

impl FromStr for AbsoluteUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let url = url::Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(mut url) = url else {
            let detail = "must be an http or https URL with its host";
            return Err(Invalid::new("invalid_url", detail));
        };
        url.set_fragment(None);
        at_most(url.as_str(), 2_000)?;
        Ok(Self(url.into()))
    }
}

macro_rules! text_type {
    ($type:ty, [$($generics:tt)*], $name:expr, |$schema:ident| $described:expr) => {
        impl<$($generics)*> $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<$($generics)*> fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<$($generics)*> Deserr<Violations> for $type {
            fn deserialize_from_value<V: IntoValue>(
                value: Value<V>,
                location: ValuePointerRef,
            ) -> Result<Self, Violations> {
                <String as Deserr<Violations>>::deserialize_from_value(value, location)?
                    .parse()
                    .map_err(|invalid| Violations::at(location, invalid))
            }
        }

        impl<$($generics)*> PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let $schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
                RefOr::T(Schema::Object($described.build()))
            }
        }

        impl<$($generics)*> ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    };
}

text_type!(Line<MAX>, [const MAX: usize], format!("Line{MAX}"), |schema| schema
    .min_length(Some(1))
    .max_length(Some(MAX))
    .description(Some(format!("One line of 1 to {MAX} characters."))));
text_type!(Prose<MAX>, [const MAX: usize], format!("Prose{MAX}"), |schema| schema
    .min_length(Some(1))
    .max_length(Some(MAX))
    .description(Some(format!("Text of 1 to {MAX} characters."))));
text_type!(Slug, [], "Slug", |schema| schema
    .min_length(Some(1))
    .max_length(Some(Slug::MAX))
    .pattern(Some("^[a-z0-9]+(-[a-z0-9]+)*$"))
    .description(Some("The name of a resource in URLs."))
    .examples(["kenya-more-officers"]));
text_type!(Language, [], "Language", |schema| schema
    .max_length(Some(35))
    .description(Some(
        "A language tag (BCP 47); case makes no difference, and is as in `pt-BR` and `zh-Hant-TW`."
    ))
    .examples(["en", "en-GB"]));
text_type!(WebUrl, [], "WebUrl", |schema| schema
    .max_length(Some(2_000))
    .description(Some(
        "An absolute http or https URL, or a path on the same site beginning with `/`."
    ))
    .examples(["https://images.example.com/harbour.jpg"]));

text_type!(AbsoluteUrl, [], "AbsoluteUrl", |schema| schema
    .max_length(Some(2_000))
    .description(Some("An absolute http or https URL."))
    .examples(["https://old.example/2019/04/harbour-fund"]));

/// How a name sorts and is looked for: lower case, accents and other scripts folded to ASCII.
pub fn sort_name(name: &str) -> String {
    slug::slugify(name).replace('-', " ")
}

/// The LIKE pattern of names that contain a text. Folded names hold only letters, digits and spaces,
/// so nothing in them means anything to LIKE; of a text that has none of these, nothing is left to
/// find, and only what is as empty matches.
pub fn containing(part: &str) -> String {
    match sort_name(part) {
        folded if folded.is_empty() => folded,
        folded => format!("%{folded}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_ascii() {
        for bad in ["", "-a", "a-", "a--b", "A", "ü", "🎉", "a b", "a/b", "a\0"] {
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
        }
        assert!("a".repeat(201).parse::<Slug>().is_err());
        assert!("kenya-2-more".parse::<Slug>().is_ok());
    }

    #[test]
    fn a_slug_is_found_for_every_title() {
        for title in ["Größer", "أخبار", "🎉", "!!!", "日本", &"word ".repeat(100)] {
            let slug = Slug::from_title(title, "article-1");
            assert!(slug.as_str().parse::<Slug>().is_ok(), "{title}: {slug}");
            assert!(slug.numbered(12).as_str().parse::<Slug>().is_ok());
        }
    }

    #[test]
    fn urls_that_could_run_are_refused() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "x",
            "/\\evil",
            "http://",
        ] {
            assert!(bad.parse::<WebUrl>().is_err(), "{bad}");
        }
        assert!("https://example.com/a.jpg".parse::<WebUrl>().is_ok());
        assert!("/media/a.jpg".parse::<WebUrl>().is_ok());
    }

    #[test]
    fn languages_are_bcp_47() {
        for (given, usual) in [
            ("EN-GB", "en-GB"),
            ("pt-br", "pt-BR"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("sr-latn", "sr-Latn"),
            ("es-419", "es-419"),
            ("sl-ROZAJ-biske", "sl-rozaj-biske"),
            ("de-1996-CH", "de-1996-CH"),
            ("EN-CA-X-CA", "en-CA-x-ca"),
            ("az-latn-X-LATN", "az-Latn-x-latn"),
            ("mas", "mas"),
        ] {
            let language: Language = given.parse().unwrap();
            assert_eq!(language.as_str(), usual);
            assert_eq!(usual.parse::<Language>().unwrap(), language);
        }
        for bad in ["", "e", "english language", "en_GB", "en-", "1a"] {
            assert!(bad.parse::<Language>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_range_of_languages_is_a_range_of_texts() {
        let matches = |range: &str, tag: &str| {
            let range: Language = range.parse().unwrap();
            let (from, below) = range.narrower();
            let tag: Language = tag.parse().unwrap();
            tag == range || (from.as_str()..below.as_str()).contains(&tag.as_str())
        };
        for (range, tag, expected) in [
            ("en", "en", true),
            ("en", "en-GB", true),
            ("EN", "en-gb-oed", true),
            ("pt", "pt-br", true),
            ("PT-br", "pt-BR", true),
            ("zh-hant", "zh-Hant-TW", true),
            ("zh-TW", "zh-Hant-TW", false),
            ("en-GB", "en", false),
            ("en", "enm", false),
            ("en", "eng-GB", false),
            ("de-de", "de-DE-1996", true),
            ("de-de", "de-Deva", false),
            ("de-x", "de-x-de", true),
        ] {
            assert_eq!(matches(range, tag), expected, "{range} {tag}");
        }
    }
}
