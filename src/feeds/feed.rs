//! A page of the list of articles as a feed, whatever it is written as.

use std::borrow::Cow;

use crate::articles::formats::corrections::corrections;
use crate::articles::formats::published::Published;
use crate::db::Timestamp;
use crate::publication::Publication;
use crate::xml::XmlWriter;

/// Most bytes of the bodies of one feed: readers cut longer ones.
const MOST_CONTENT: usize = 1024 * 1024;

/// What kind of document it is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedFormat {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// Its media type.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }
}

/// An article in a feed.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The article.
    pub article: Published,
    /// Its corrections and its body as HTML; `None` when it is left out.
    pub content: Option<Cow<'a, str>>,
}

/// A feed.
#[derive(Debug)]
pub struct Feed<'a> {
    /// Whose it is.
    pub publication: &'a Publication,
    /// What of it these articles are; `None` for all.
    pub of: Option<String>,
    /// What stays the same on all pages of it.
    pub id: String,
    /// Where it is.
    pub own: String,
    /// Where its next page is.
    pub next: Option<String>,
    /// The newest first, unless they were named.
    pub entries: Vec<Entry<'a>>,
}

impl Feed<'_> {
    /// Its title.
    pub fn title(&self) -> String {
        let name = &self.publication.name;
        match &self.of {
            Some(of) => format!("{of} – {name}"),
            None => name.clone(),
        }
    }

    /// What it is, in a sentence.
    pub fn description(&self) -> String {
        let known = self.publication.description.clone();
        known.unwrap_or_else(|| self.title())
    }

    /// When anything of it last changed; `None` for one without articles.
    pub fn updated(&self) -> Option<Timestamp> {
        let changes = self.entries.iter().map(|entry| entry.article.modified());
        changes.max()
    }

    /// About how many bytes its texts have.
    pub fn size(&self) -> usize {
        let contents = self
            .entries
            .iter()
            .filter_map(|entry| entry.content.as_ref());
        let contents = contents.map(|content| content.len()).sum::<usize>();
        contents + self.entries.len() * 1024
    }

    /// The language of all its articles; `None` where they have several.
    pub fn language(&self) -> Option<&str> {
        let mut languages = self
            .entries
            .iter()
            .map(|entry| &entry.article.summary.language);
        let first = languages.next()?;
        languages
            .all(|other| other == first)
            .then_some(first.as_str())
    }
}

/// Bodies for a feed, as far as there is room for them.
#[derive(Debug, Default)]
pub struct Contents {
    bytes: usize,
}

impl Contents {
    /// Whether there is no room for another one.
    pub fn is_full(&self) -> bool {
        self.bytes > MOST_CONTENT
    }

    /// Corrections and a body, if there is room: from the first one on that does not fit there is none.
    pub fn add<'a>(&mut self, article: &Published, body: Cow<'a, str>) -> Option<Cow<'a, str>> {
        let content = match corrections(article) {
            none if none.is_empty() => body,
            some => (some + &body).into(),
        };
        self.bytes = self.bytes.saturating_add(content.len());
        (self.bytes <= MOST_CONTENT).then_some(content)
    }
}

/// The picture of an article with its words, as Media RSS has it.
pub(super) fn write_picture(
    writer: &mut XmlWriter,
    article: &Published,
    publication: &Publication,
) {
    let Some(image) = &article.summary.lead_image else {
        return;
    };
    let Some(url) = publication.absolute(image.url.as_str()) else {
        return;
    };
    let size =
        |pixels: Option<crate::articles::parts::Pixels>| pixels.map(|one| one.get().to_string());
    let (width, height) = (size(image.width), size(image.height));
    let mut attributes = vec![("url", url.as_str()), ("medium", "image")];
    attributes.extend(width.as_deref().map(|width| ("width", width)));
    attributes.extend(height.as_deref().map(|height| ("height", height)));
    writer.open("media:content", &attributes);
    if let Some(alt) = &image.alt {
        writer.text_with("media:title", &[("type", "plain")], alt.as_str());
    }
    if let Some(caption) = &image.caption {
        writer.text_with("media:description", &[("type", "plain")], caption.as_str());
    }
    if let Some(credit) = &image.credit {
        let role = [("role", "photographer"), ("scheme", "urn:ebu")];
        writer.text_with("media:credit", &role, credit.as_str());
    }
    writer.close("media:content");
}

/// A tag or a section of an article: its kind, slug and name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Category<'a> {
    pub kind: &'static str,
    pub slug: &'a str,
    pub name: &'a str,
}

/// What an article is filed under: its section, then its tags.
pub(super) fn categories(article: &Published) -> impl Iterator<Item = Category<'_>> {
    let section = article.summary.section.iter().map(|section| Category {
        kind: "section",
        slug: &section.slug,
        name: &section.name,
    });
    let tags = article.summary.tags.iter().map(|tag| Category {
        kind: tag.kind.as_str(),
        slug: &tag.slug,
        name: &tag.name,
    });
    section.chain(tags)
}

impl Category<'_> {
    /// The list that it is one of.
    pub fn scheme(&self, publication: &Publication) -> String {
        publication.of_api(&format!("/v1/tags?kind={}", self.kind))
    }
}
