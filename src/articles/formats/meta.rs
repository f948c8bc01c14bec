//! What stands in the head of an article's page: Open Graph, cards of social networks, the canonical address, feeds.

use serde::Serialize;
use utoipa::ToSchema;

use super::pictures::PublishedPicture;
use super::published::Published;
use crate::publication::Publication;

/// Which element of HTML it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeadElement {
    /// `title`: `content` is its text.
    Title,
    /// `meta`, with `name` or `property`, and `content`.
    Meta,
    /// `link`, with `rel` and `href`.
    Link,
}

/// An element of a page's head. All members but `element` are its attributes as they are; the text of `title` is in
/// `content`. Escape them as everything that is printed in HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"element": "meta", "property": "og:type", "content": "article"}))]
pub struct HeadTag {
    /// Which element it is.
    #[schema(inline)]
    pub element: HeadElement,
    /// What a `meta` says, of those that have a `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<&'static str>,
    /// What a `meta` says, of those of Open Graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub property: Option<&'static str>,
    /// The value of a `meta`, or the text of `title`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<String>,
    /// What a `link` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rel: Option<&'static str>,
    /// Where a `link` leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub href: Option<String>,
    /// The media type of what is there.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<&'static str>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
}

impl HeadTag {
    fn new(element: HeadElement) -> Self {
        Self {
            element,
            name: None,
            property: None,
            content: None,
            rel: None,
            href: None,
            kind: None,
            title: None,
        }
    }
}

/// The elements, in the order in which they are to be printed.
#[derive(Default)]
struct Head(Vec<HeadTag>);

impl Head {
    fn property(&mut self, property: &'static str, content: impl Into<String>) {
        let content = content.into();
        if !content.is_empty() {
            self.0.push(HeadTag {
                property: Some(property),
                content: Some(content),
                ..HeadTag::new(HeadElement::Meta)
            });
        }
    }

    fn name(&mut self, name: &'static str, content: impl Into<String>) {
        let content = content.into();
        if !content.is_empty() {
            self.0.push(HeadTag {
                name: Some(name),
                content: Some(content),
                ..HeadTag::new(HeadElement::Meta)
            });
        }
    }

    fn link(&mut self, rel: &'static str, href: String, kind: Option<(&'static str, String)>) {
        let (kind, title) = kind.unzip();
        self.0.push(HeadTag {
            rel: Some(rel),
            href: Some(href),
            kind,
            title,
            ..HeadTag::new(HeadElement::Link)
        });
    }
}

/// A language as Open Graph has it, `en_GB`; `None` for one without a territory.
fn locale(language: &str) -> Option<String> {
    let mut parts = language.split('-');
    let primary = parts.next()?;
    let is_territory =
        |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let territory = parts.find(is_territory)?;
    Some(format!(
        "{}_{}",
        primary.to_lowercase(),
        territory.to_uppercase()
    ))
}

/// What stands in the head of an article's page.
pub fn head(article: &Published, publication: &Publication) -> Vec<HeadTag> {
    let (summary, seo) = (&article.summary, &article.details.seo);
    let title = seo
        .title
        .as_ref()
        .map_or(&*summary.headline, |title| title.as_str());
    let mut head = Head::default();
    head.0.push(HeadTag {
        content: Some(format!("{title} – {}", publication.name)),
        ..HeadTag::new(HeadElement::Title)
    });
    head.name("description", article.summed_up());
    head.name("author", article.writers().join(", "));
    head.name("robots", "max-image-preview:large");
    head.link("canonical", article.url.clone(), None);
    head.property("og:type", "article");
    head.property("og:title", title);
    head.property("og:description", article.summed_up());
    head.property("og:url", &article.url);
    head.property("og:site_name", &publication.name);
    head.property("og:locale", locale(&summary.language).unwrap_or_default());
    let lead = summary.lead_image.as_ref();
    let picture = lead.and_then(|image| PublishedPicture::of_lead(image, publication));
    if let Some(picture) = &picture {
        let size = |pixels: Option<u32>| pixels.map(|one| one.to_string()).unwrap_or_default();
        head.property("og:image", &picture.url);
        head.property("og:image:width", size(picture.width));
        head.property("og:image:height", size(picture.height));
        head.property("og:image:alt", picture.alt.clone().unwrap_or_default());
    }
    head.property("article:published_time", summary.published_at.to_string());
    head.property("article:modified_time", article.modified().to_string());
    for author in &summary.authors {
        // A profile by its address (Open Graph, "article").
        head.property(
            "article:author",
            publication.author(&author.slug).unwrap_or_default(),
        );
    }
    if let Some(section) = &summary.section {
        head.property("article:section", &section.name);
    }
    for tag in &summary.tags {
        head.property("article:tag", &tag.name);
    }
    head.name(
        "twitter:card",
        if picture.is_some() {
            "summary_large_image"
        } else {
            "summary"
        },
    );
    let alt = picture.and_then(|picture| picture.alt);
    head.name("twitter:image:alt", alt.unwrap_or_default());
    for (path, kind) in [
        ("/feeds/articles.rss", "application/rss+xml"),
        ("/feeds/articles.atom", "application/atom+xml"),
        ("/feeds/articles.json", "application/feed+json"),
    ] {
        let called = (kind, publication.name.clone());
        head.link("alternate", publication.of_api(path), Some(called));
    }
    // By its slug it is found, whatever address it was given.
    let page = publication.of_slug(&article.slug);
    let url = url::form_urlencoded::byte_serialize(page.as_bytes()).collect::<String>();
    let oembed = publication.of_api(&format!("/oembed?url={url}"));
    let called = ("application/json+oembed", summary.headline.clone());
    head.link("alternate", oembed, Some(called));
    head.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_a_territory() {
        for (language, expected) in [
            ("en-GB", Some("en_GB")),
            ("zh-Hant-TW", Some("zh_TW")),
            ("pt-br", Some("pt_BR")),
            ("en", None),
            ("de-1996", None),
        ] {
            assert_eq!(locale(language).as_deref(), expected, "{language}");
        }
    }
}
