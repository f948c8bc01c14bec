//! What readers see of an article as JSON, made when it is written: reading it converts nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::card::View;
use super::formats::Formats;
use super::model::{BodyFormat, Correction, Highlights, Include, Summary};
use super::parts::{Custom, Seo};
use crate::body::Body;
use crate::db::changes::CacheTagKey;
use crate::db::{Id, Timestamp};
use crate::shares::model::Shares;

/// What is kept with an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadModel {
    /// The members of its [`Summary`] after those that name it.
    pub summary: String,
    /// The members `corrections`, `seo` and `custom`.
    pub details: String,
    /// The cache tags of all that it shows, eight bytes each.
    pub depends_on: Vec<u8>,
    /// When any of that was last changed.
    pub changed_at: Timestamp,
}

/// What summaries leave out but for the body.
#[derive(Serialize)]
struct Details<'a> {
    corrections: &'a [Correction],
    seo: &'a Seo,
    custom: &'a Custom,
}

/// The same, each as it is written.
#[derive(Deserialize)]
struct WrittenDetails<'a> {
    #[serde(borrow)]
    corrections: &'a RawValue,
    #[serde(borrow)]
    seo: &'a RawValue,
    #[serde(borrow)]
    custom: &'a RawValue,
}

/// The members of a summary that a [card](super::card::ArticleCard) has, each as it is written.
#[derive(Serialize, Deserialize)]
struct WrittenCard<'a> {
    #[serde(borrow)]
    language: &'a RawValue,
    #[serde(borrow)]
    kicker: &'a RawValue,
    #[serde(borrow)]
    headline: &'a RawValue,
    #[serde(borrow)]
    excerpt: &'a RawValue,
    #[serde(borrow)]
    section: &'a RawValue,
    #[serde(borrow)]
    lead_image: &'a RawValue,
    #[serde(borrow)]
    byline: &'a RawValue,
    #[serde(borrow)]
    published_at: &'a RawValue,
    #[serde(borrow)]
    updated_at: &'a RawValue,
    #[serde(borrow)]
    reading_minutes: &'a RawValue,
}

/// The members that say which article it is: an article keeps its id, but the address of the site
/// is a setting.
#[derive(Serialize)]
struct Names<'a> {
    id: Id,
    slug: &'a str,
    canonical_url: Option<&'a str>,
}

/// A body as it is kept: blocks as JSON, and the HTML made of them when they were written.
#[derive(Debug, Clone)]
pub struct StoredBody {
    /// The blocks.
    pub blocks: String,
    /// The same as HTML.
    pub html: String,
}

impl StoredBody {
    /// The body, read.
    ///
    /// # Errors
    /// When the blocks cannot be read, which those that were written can.
    pub fn parse(&self) -> serde_json::Result<Body> {
        serde_json::from_str(&self.blocks)
    }

    /// Adds it to an object in a format.
    fn add_to(&self, json: &mut Vec<u8>, format: BodyFormat) -> serde_json::Result<()> {
        let (blocks, html) = match format {
            BodyFormat::Both => (true, true),
            BodyFormat::Blocks => (true, false),
            BodyFormat::Html => (false, true),
            BodyFormat::Markdown => {
                return add_value(json, "body_markdown", &self.parse()?.to_markdown());
            }
            BodyFormat::Text => {
                return add_value(json, "body_text", &self.parse()?.to_text());
            }
        };
        if blocks {
            add_member(json, "body", &self.blocks);
        }
        if html {
            add_value(json, "body_html", &self.html)?;
        }
        Ok(())
    }
}

/// The members of an object, without its braces.
fn members(value: &impl Serialize) -> serde_json::Result<String> {
    let mut json = serde_json::to_string(value)?;
    json.pop();
    json.remove(0);
    Ok(json)
}

impl ReadModel {
    /// Renders an article. Its canonical URL stays out of it.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which articles that were read can.
    pub fn new(
        summary: &Summary,
        corrections: &[Correction],
        seo: &Seo,
        custom: &Custom,
        changed_at: Timestamp,
    ) -> serde_json::Result<Self> {
        let depends_on = summary
            .depends_on()
            .flat_map(|cache_tag| CacheTagKey::from(cache_tag).0.to_le_bytes())
            .collect();
        let details = Details {
            corrections,
            seo,
            custom,
        };
        let names = Names {
            id: summary.id,
            slug: &summary.slug,
            canonical_url: summary.canonical_url.as_deref(),
        };
        // What names it comes first.
        let named = members(&names)?.len() + 1;
        Ok(Self {
            summary: members(summary)?.split_off(named),
            details: members(&details)?,
            depends_on,
            changed_at,
        })
    }
}

/// An article for readers.
#[derive(Debug, Clone)]
pub struct PublicArticle {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Where readers find it.
    pub canonical_url: Option<String>,
    /// The rest.
    pub read_model: ReadModel,
    /// How long it is public yet, by the database's clock when it was read; `None` when no end is set.
    pub ends_in: Option<Duration>,
}

/// What is added to a summary.
#[derive(Debug, Default)]
pub struct Included {
    /// Which details.
    pub include: Vec<Include>,
    /// The body, and how it is wanted.
    pub body: Option<(StoredBody, BodyFormat)>,
    /// Share counts.
    pub shares: Option<Shares>,
    /// The article in the vocabularies of others.
    pub formats: Formats,
    /// Where a search found what it was looking for.
    pub highlights: Option<Highlights>,
}

impl PublicArticle {
    /// The cache tags of all that it shows.
    pub fn depends_on(&self) -> impl Iterator<Item = CacheTagKey> + '_ {
        let (cache_tags, _) = self.read_model.depends_on.as_chunks();
        cache_tags
            .iter()
            .map(|bytes| CacheTagKey(u64::from_le_bytes(*bytes)))
    }

    /// A [`Summary`] as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn summary(&self) -> serde_json::Result<Vec<u8>> {
        self.summary_with_room(0)
    }

    /// The same, with room for more, so that the text grows in place.
    fn summary_with_room(&self, bytes: usize) -> serde_json::Result<Vec<u8>> {
        let mut json = self.names(self.read_model.summary.len() + bytes)?;
        add(&mut json, &self.read_model.summary);
        Ok(json)
    }

    /// The members that say which article it is, with room for more.
    fn names(&self, bytes: usize) -> serde_json::Result<Vec<u8>> {
        let names = Names {
            id: self.id,
            slug: &self.slug,
            canonical_url: self.canonical_url.as_deref(),
        };
        let named = 200 + self.slug.len() + self.canonical_url.as_ref().map_or(0, String::len);
        let mut json = Vec::with_capacity(named + bytes);
        serde_json::to_writer(&mut json, &names)?;
        Ok(json)
    }

    /// An [`ArticleCard`](super::card::ArticleCard) as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn card(&self, shares: Option<&Shares>) -> serde_json::Result<Vec<u8>> {
        let written = format!("{{{}}}", self.read_model.summary);
        let card = members(&serde_json::from_str::<WrittenCard>(&written)?)?;
        let mut json = self.names(card.len())?;
        add(&mut json, &card);
        if let Some(shares) = shares {
            add_value(&mut json, "shares", shares)?;
        }
        Ok(json)
    }

    /// The article as a list shows it: a [`ListedArticle`](super::model::ListedArticle) or a card.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn viewed(&self, view: View, added: &Included) -> serde_json::Result<Vec<u8>> {
        match view {
            View::Summary => self.listed(added),
            View::Card => self.card(added.shares.as_ref()),
        }
    }

    /// A whole [`Article`](super::model::Article) as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn whole(
        &self,
        body: &StoredBody,
        format: BodyFormat,
        shares: Option<&Shares>,
        formats: &Formats,
    ) -> serde_json::Result<Vec<u8>> {
        // The HTML is longer once its quotes and line ends are escaped.
        let bytes = body.blocks.len() + body.html.len() * 9 / 8 + self.read_model.details.len();
        let mut json = self.summary_with_room(bytes)?;
        body.add_to(&mut json, format)?;
        add(&mut json, &self.read_model.details);
        if let Some(shares) = shares {
            add_value(&mut json, "shares", shares)?;
        }
        add_formats(&mut json, formats);
        Ok(json)
    }

    /// The same article under another headline.
    ///
    /// # Errors
    /// When what was rendered of it cannot be read: a mistake in the code.
    pub fn with_headline(mut self, headline: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Written<'a> {
            #[serde(borrow)]
            headline: &'a RawValue,
        }
        let written = format!("{{{}}}", self.read_model.summary);
        let Written { headline: old } = serde_json::from_str(&written)?;
        let old = old.get();
        // Where it stands in the text that it was borrowed from, of which the brace is not kept.
        let start = old.as_ptr().addr() - written.as_ptr().addr() - 1;
        let new = serde_json::to_string(headline)?;
        self.read_model
            .summary
            .replace_range(start..start + old.len(), &new);
        Ok(self)
    }

    /// An article as a list shows it, with members more.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn viewed_with(
        &self,
        view: View,
        added: &Included,
        more: &impl Serialize,
    ) -> serde_json::Result<Vec<u8>> {
        let mut json = self.viewed(view, added)?;
        add(&mut json, &members(more)?);
        Ok(json)
    }

    /// A [`ListedArticle`](super::model::ListedArticle) as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn listed(&self, added: &Included) -> serde_json::Result<Vec<u8>> {
        let mut json = self.summary()?;
        let wants = |include| added.include.contains(&include);
        if let Some((body, format)) = &added.body {
            body.add_to(&mut json, *format)?;
        }
        if [Include::Corrections, Include::Seo, Include::Custom]
            .into_iter()
            .any(wants)
        {
            let written = format!("{{{}}}", self.read_model.details);
            let details: WrittenDetails = serde_json::from_str(&written)?;
            for (include, name, value) in [
                (Include::Corrections, "corrections", details.corrections),
                (Include::Seo, "seo", details.seo),
                (Include::Custom, "custom", details.custom),
            ] {
                if wants(include) {
                    add_member(&mut json, name, value.get());
                }
            }
        }
        if let Some(shares) = &added.shares {
            add_value(&mut json, "shares", shares)?;
        }
        add_formats(&mut json, &added.formats);
        if let Some(highlights) = &added.highlights {
            add_value(&mut json, "highlights", highlights)?;
        }
        Ok(json)
    }
}

/// An object with one member more.
///
/// # Errors
/// When the member cannot be written as JSON.
pub fn with_member(
    mut json: Vec<u8>,
    name: &str,
    value: &impl Serialize,
) -> serde_json::Result<Vec<u8>> {
    // What has members ends with one.
    match json.len() {
        0..=2 => serde_json::to_vec(&serde_json::json!({name: value})),
        _ => {
            add_value(&mut json, name, value)?;
            Ok(json)
        }
    }
}

/// Adds members to an object that has some.
fn add(json: &mut Vec<u8>, members: &str) {
    json.pop();
    json.push(b',');
    json.extend_from_slice(members.as_bytes());
    json.push(b'}');
}

/// Adds a member whose value is written already.
fn add_member(json: &mut Vec<u8>, name: &str, value: &str) {
    json.pop();
    for part in [",\"", name, "\":", value, "}"] {
        json.extend_from_slice(part.as_bytes());
    }
}

/// Adds an article in the vocabularies of others.
fn add_formats(json: &mut Vec<u8>, formats: &Formats) {
    for (name, value) in formats {
        add_member(json, name, value.get());
    }
}

/// Adds a member.
fn add_value(
    json: &mut Vec<u8>,
    name: &str,
    value: &(impl Serialize + ?Sized),
) -> serde_json::Result<()> {
    json.pop();
    for part in [",\"", name, "\":"] {
        json.extend_from_slice(part.as_bytes());
    }
    serde_json::to_writer(&mut *json, value)?;
    json.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_headline_takes_the_place_of_the_headline_alone() {
        let article = PublicArticle {
            id: Id::generate(),
            slug: "harbour".into(),
            canonical_url: None,
            read_model: ReadModel {
                summary: r#""kicker":"\"headline\"","headline":"Ports \"agree\"","excerpt":"Ports \"agree\"""#
                    .into(),
                details: String::new(),
                depends_on: Vec::new(),
                changed_at: Timestamp::EARLIEST,
            },
            ends_in: None,
        };
        let article = article.with_headline("A wall\n\"higher\"").unwrap();
        let json: serde_json::Value = serde_json::from_slice(&article.summary().unwrap()).unwrap();
        assert_eq!(json["headline"], "A wall\n\"higher\"");
        assert_eq!(json["kicker"], "\"headline\"");
        assert_eq!(json["excerpt"], "Ports \"agree\"");
    }
}
