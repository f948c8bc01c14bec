//! Articles in the vocabularies of others.
//!
//! - [`published`] – a public article, typed, with absolute addresses
//! - [`pictures`] – the pictures that it shows, with absolute addresses
//! - [`mod@corrections`] – corrections as HTML
//! - [`mod@format`] – which of them an answer is in
//! - [`jsonld`] – JSON-LD with the words of schema.org, for search engines
//! - [`meta`] – what stands in the head of its page: Open Graph and so on
//! - [`ninjs`] – IPTC ninjs 3.1, for agencies and partners

pub mod corrections;
pub mod format;
pub mod jsonld;
pub mod meta;
pub mod ninjs;
pub mod pictures;
pub mod published;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use self::jsonld::JsonLd;
use self::published::Published;
use super::model::Include;
use super::read_model::PublicArticle;
use crate::publication::Publication;
use crate::shares::model::Shares;

/// Members of an article in the vocabularies of others, each by its name.
pub type Formats = Vec<(&'static str, Box<RawValue>)>;

/// What `include=` adds of them to an article.
///
/// # Errors
/// When what was rendered of the article cannot be read: a mistake in the code.
pub fn included(
    article: &PublicArticle,
    include: &[Include],
    shares: Option<&Shares>,
    publication: &Publication,
) -> serde_json::Result<Formats> {
    let mut formats = Formats::new();
    if !include.iter().any(Include::needs_publication) {
        return Ok(formats);
    }
    let published = Published::read(article, publication)?;
    if include.contains(&Include::JsonLd) {
        let jsonld = JsonLd::of(&published, shares, publication);
        formats.push(("jsonld", to_raw_value(&jsonld)?));
        formats.push(("jsonld_script", to_raw_value(&jsonld.to_script()?)?));
    }
    if include.contains(&Include::Meta) {
        formats.push(("meta", to_raw_value(&meta::head(&published, publication))?));
    }
    Ok(formats)
}

/// An object of those members that say something.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let said = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(said.collect::<Map<_, _>>())
}

/// A list, if it has items.
fn list(items: impl IntoIterator<Item = Value>) -> Option<Value> {
    let items: Vec<Value> = items.into_iter().collect();
    (!items.is_empty()).then_some(Value::Array(items))
}

/// A text, if there is one.
fn text(text: Option<impl Into<String>>) -> Option<Value> {
    let text: String = text?.into();
    (!text.is_empty()).then_some(Value::String(text))
}
