//! A public article, typed, for those who say it in another vocabulary. Lists of thirty are read at once: nothing here is
//! flattened, for which serde would buffer every member.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::articles::byline;
use crate::articles::model::Correction;
use crate::articles::parts::{Genre, LeadImage, Seo};
use crate::articles::read_model::{PublicArticle, StoredBody};
use crate::authors::model::AuthorRef;
use crate::body::with_addresses;
use crate::db::{Id, Timestamp};
use crate::publication::Publication;
use crate::tags::model::TagKind;

/// A section that others stand below.
#[derive(Debug, Clone, Deserialize)]
pub struct SectionAbove {
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
}

/// The section that an article stands in.
#[derive(Debug, Clone, Deserialize)]
pub struct NamedSection {
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
    /// The sections that it stands below, from the top down.
    pub ancestors: Vec<SectionAbove>,
}

/// A tag, with what it names.
#[derive(Debug, Clone, Deserialize)]
pub struct NamedTag {
    /// Its name in URLs.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
    /// What it names.
    pub kind: TagKind,
}

/// What summaries have of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Summary {
    /// The headline.
    pub headline: String,
    /// What kind of journalism it is.
    #[serde(default)]
    pub genre: Option<Genre>,
    /// One or two sentences below it.
    pub standfirst: Option<String>,
    /// A short text for a teaser; empty for an article without words.
    pub excerpt: String,
    /// Where it was written.
    pub dateline: Option<String>,
    /// Language tag (BCP 47).
    pub language: String,
    /// Who wrote it, as it is printed.
    pub byline: String,
    /// In the order of the byline.
    pub authors: Vec<AuthorRef>,
    /// The part of the paper.
    pub section: Option<NamedSection>,
    /// In their editors' order.
    pub tags: Vec<NamedTag>,
    /// The picture above it.
    pub lead_image: Option<LeadImage>,
    /// When it was or counts as published.
    pub published_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Words of the body.
    pub word_count: u32,
    /// Minutes that reading the body takes.
    pub reading_minutes: u32,
}

/// What summaries leave out.
#[derive(Debug, Clone, Deserialize)]
pub struct Details {
    /// The newest last.
    pub corrections: Vec<Correction>,
    /// What search engines show.
    pub seo: Seo,
    /// The newsroom's own JSON.
    pub custom: Map<String, Value>,
}

/// A public article.
#[derive(Debug, Clone)]
pub struct Published {
    /// Identifies it for good.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Where readers find it, absolute and in ASCII.
    pub url: String,
    /// What summaries have of it.
    pub summary: Summary,
    /// The rest, but for the body.
    pub details: Details,
}

impl Published {
    /// Reads what was rendered of an article.
    ///
    /// # Errors
    /// When that cannot be read: a mistake in the code.
    pub fn read(article: &PublicArticle, publication: &Publication) -> serde_json::Result<Self> {
        let members = |members: &str| format!("{{{members}}}");
        Ok(Self {
            id: article.id,
            url: publication.article(article.canonical_url.as_deref(), &article.slug),
            slug: article.slug.clone(),
            summary: serde_json::from_str(&members(&article.read_model.summary))?,
            details: serde_json::from_str(&members(&article.read_model.details))?,
        })
    }

    /// A name for it that stays when its slug or the site's address changes (RFC 9562).
    pub fn urn(&self) -> String {
        format!("urn:uuid:{}", self.id)
    }

    /// What search engines and networks show below its title: what was written for them, or else the same as elsewhere.
    pub fn summed_up(&self) -> &str {
        let seo = self.details.seo.description.as_ref();
        seo.map_or_else(|| self.description(), |text| text.as_str())
    }

    /// What it is about, in a sentence or two: plain text, empty for an article without words.
    pub fn description(&self) -> &str {
        let standfirst = self.summary.standfirst.as_deref();
        let seo = self.details.seo.description.as_ref();
        standfirst
            .or(seo.map(|text| text.as_str()))
            .unwrap_or(&self.summary.excerpt)
    }

    /// When readers were last told something else: also by a correction.
    pub fn modified(&self) -> Timestamp {
        let corrections = self.details.corrections.iter();
        let corrected = corrections.map(|correction| correction.published_at).max();
        corrected.map_or(self.summary.updated_at, |at| {
            at.max(self.summary.updated_at)
        })
    }

    /// The byline without the word that introduces the names; `None` when there is none.
    pub fn credited(&self) -> Option<&str> {
        let names = byline::names(&self.summary.byline, &self.summary.language);
        (!names.is_empty()).then_some(names)
    }

    /// The names of those who wrote it: its authors, or else all that the byline says.
    pub fn writers(&self) -> Vec<&str> {
        match self.summary.authors.as_slice() {
            [] => self.credited().into_iter().collect(),
            authors => authors.iter().map(|author| author.name.as_str()).collect(),
        }
    }

    /// Its body as HTML with absolute addresses.
    pub fn html<'a>(body: &'a StoredBody, publication: &Publication) -> Cow<'a, str> {
        // A place in the text itself stays one.
        let replace = |address: &str| match address.starts_with('#') {
            true => None,
            false => publication.absolute(address),
        };
        with_addresses(&body.html, replace)
    }
}
