//! RSS 2.0 (the RSS Advisory Board's specification), with the modules content, Dublin Core, Atom and Media RSS.

use std::sync::LazyLock;

use chrono::format::{Item, StrftimeItems};

use super::feed::{Entry, Feed, FeedFormat, categories, write_picture};
use crate::body::escape;
use crate::db::Timestamp;
use crate::publication::Publication;
use crate::xml::XmlWriter;

const NAMESPACES: &[(&str, &str)] = &[
    ("version", "2.0"),
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ("xmlns:dcterms", "http://purl.org/dc/terms/"),
    ("xmlns:media", "http://search.yahoo.com/mrss/"),
];

/// A date as RFC 822 has it, with a year of four digits.
fn date(instant: Timestamp) -> String {
    // Read once: a feed has many.
    static FORM: LazyLock<Vec<Item<'static>>> =
        LazyLock::new(|| StrftimeItems::new("%a, %d %b %Y %H:%M:%S GMT").collect());
    instant.utc().format_with_items(FORM.iter()).to_string()
}

pub(super) fn write(feed: &Feed<'_>) -> Vec<u8> {
    let mut writer = XmlWriter::with_room(feed.size());
    let (title, publication) = (feed.title(), feed.publication);
    writer.open("rss", NAMESPACES);
    writer.open("channel", &[]);
    writer.text("title", &title);
    writer.text("link", publication.site());
    writer.text("description", &feed.description());
    if let Some(language) = feed.language() {
        writer.text("language", language);
    }
    if let Some(updated) = feed.updated() {
        writer.text("lastBuildDate", &date(updated));
    }
    writer.text("generator", "Dateline");
    if let Some(logo) = &publication.publisher.logo {
        writer.open("image", &[]);
        writer.text("url", logo);
        writer.text("title", &title);
        writer.text("link", publication.site());
        writer.close("image");
    }
    let mime = FeedFormat::Rss.mime();
    let mut link = |relation: &str, address: &str, kind: Option<&str>| {
        let mut attributes = vec![("rel", relation), ("href", address)];
        attributes.extend(kind.map(|kind| ("type", kind)));
        writer.empty("atom:link", &attributes);
    };
    link("self", &feed.own, Some(mime));
    if let Some(next) = &feed.next {
        link("next", next, Some(mime));
    }
    for hub in &publication.hubs {
        link("hub", hub, None);
    }
    for entry in &feed.entries {
        write_item(&mut writer, entry, publication);
    }
    writer.close("channel");
    writer.close("rss");
    writer.finish()
}

fn write_item(writer: &mut XmlWriter, entry: &Entry<'_>, publication: &Publication) {
    let article = &entry.article;
    writer.open("item", &[]);
    writer.text("title", &article.summary.headline);
    writer.text("link", &article.url);
    writer.text_with("guid", &[("isPermaLink", "false")], &article.urn());
    writer.text("pubDate", &date(article.summary.published_at));
    for name in article.writers() {
        writer.text("dc:creator", name);
    }
    for category in categories(article) {
        let domain = category.scheme(publication);
        writer.text_with("category", &[("domain", &domain)], category.name);
    }
    // Readers take it for HTML.
    writer.text("description", &escape(article.description()));
    if let Some(content) = &entry.content {
        writer.text("content:encoded", content);
    }
    write_picture(writer, article, publication);
    writer.text("dc:language", &article.summary.language);
    writer.text("dcterms:modified", &article.modified().to_string());
    writer.close("item");
}
