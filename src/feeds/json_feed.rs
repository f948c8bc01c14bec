//! JSON Feed 1.1 (jsonfeed.org).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::feed::{Entry, Feed, categories};
use crate::db::Timestamp;
use crate::publication::Publication;

/// A feed as JSON Feed 1.1. Members that say nothing are left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeed<'a> {
    /// Always `https://jsonfeed.org/version/1.1`.
    version: &'static str,
    /// Its title.
    title: String,
    /// The front page of the newsroom's site.
    home_page_url: String,
    /// Where this feed is.
    feed_url: String,
    /// What it is, in a sentence.
    description: String,
    /// Where it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_url: Option<String>,
    /// The publisher's logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    icon: Option<String>,
    /// The language of all its items (BCP 47), where they have the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    language: Option<String>,
    /// Hubs that tell subscribers of changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    hubs: Vec<JsonFeedHub>,
    /// The articles.
    items: Vec<JsonFeedItem<'a>>,
}

/// A hub that tells subscribers of a feed's changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeedHub {
    /// Always `WebSub`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Where it is.
    url: String,
}

/// Who wrote an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeedAuthor {
    /// Their name, or several as the byline has them.
    name: String,
    /// Their page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url: Option<String>,
    /// A portrait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    avatar: Option<String>,
}

/// What JSON Feed has no member for.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeedExtension {
    /// The article's name in URLs of the API.
    slug: String,
    /// Where it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    dateline: Option<String>,
    /// The part of the paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    section: Option<String>,
    /// Who made the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image_credit: Option<String>,
}

/// An article in a feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonFeedItem<'a> {
    /// Names it for good: its slug and the site's address may change.
    #[schema(example = "urn:uuid:019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11")]
    id: String,
    /// Where readers find it.
    url: String,
    /// The headline.
    title: String,
    /// Corrections and body, with `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content_html: Option<Cow<'a, str>>,
    /// The summary, where there is no `content_html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content_text: Option<String>,
    /// A sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    summary: Option<String>,
    /// The picture above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image: Option<String>,
    /// When it was published.
    date_published: Timestamp,
    /// When it was last changed or corrected.
    date_modified: Timestamp,
    /// In the order of the byline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    authors: Vec<JsonFeedAuthor>,
    /// Names of its section and its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    tags: Vec<String>,
    /// Language tag (BCP 47).
    #[schema(example = "en")]
    language: String,
    /// What JSON Feed has no member for.
    #[serde(rename = "_dateline")]
    dateline: JsonFeedExtension,
}

pub(super) fn write(feed: Feed<'_>) -> serde_json::Result<Vec<u8>> {
    let publication = feed.publication;
    let hubs = publication.hubs.iter().map(|hub| JsonFeedHub {
        kind: "WebSub",
        url: hub.clone(),
    });
    serde_json::to_vec(&JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: feed.title(),
        home_page_url: publication.site().to_owned(),
        description: feed.description(),
        icon: publication.publisher.logo.clone(),
        language: feed.language().map(str::to_owned),
        hubs: hubs.collect(),
        feed_url: feed.own,
        next_url: feed.next,
        items: feed
            .entries
            .into_iter()
            .map(|entry| item(entry, publication))
            .collect(),
    })
}

fn item<'a>(entry: Entry<'a>, publication: &Publication) -> JsonFeedItem<'a> {
    let article = entry.article;
    let description = article.description().to_owned();
    let text = match description.is_empty() {
        true => article.summary.headline.clone(),
        false => description.clone(),
    };
    let image = article.summary.lead_image.as_ref();
    let byline = |name: &str| JsonFeedAuthor {
        name: name.to_owned(),
        url: None,
        avatar: None,
    };
    let authors: Vec<_> = article
        .summary
        .authors
        .iter()
        .map(|author| JsonFeedAuthor {
            name: author.name.clone(),
            url: publication.author(&author.slug).or(author.website.clone()),
            avatar: author
                .avatar_url
                .as_deref()
                .and_then(|url| publication.absolute(url)),
        })
        .collect();
    JsonFeedItem {
        id: article.urn(),
        content_text: entry.content.is_none().then_some(text),
        content_html: entry.content,
        image: image.and_then(|image| publication.absolute(image.url.as_str())),
        date_published: article.summary.published_at,
        date_modified: article.modified(),
        authors: match authors.is_empty() {
            true => article.credited().map(byline).into_iter().collect(),
            false => authors,
        },
        tags: categories(&article)
            .map(|one| one.name.to_owned())
            .collect(),
        summary: Some(description).filter(|text| !text.is_empty()),
        dateline: JsonFeedExtension {
            image_credit: image.and_then(|image| Some(image.credit.as_ref()?.as_str().to_owned())),
            section: article.summary.section.map(|section| section.slug),
            dateline: article.summary.dateline,
            slug: article.slug,
        },
        url: article.url,
        title: article.summary.headline,
        language: article.summary.language,
    }
}
