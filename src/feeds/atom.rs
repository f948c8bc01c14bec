//! Atom 1.0 (RFC 4287), with Media RSS for pictures.

use super::feed::{Entry, Feed, FeedFormat, categories, write_picture};
use crate::db::Timestamp;
use crate::publication::Publication;
use crate::xml::XmlWriter;

pub(super) fn write(feed: &Feed<'_>) -> Vec<u8> {
    let mut writer = XmlWriter::with_room(feed.size());
    let publication = feed.publication;
    let mut attributes = vec![
        ("xmlns", "http://www.w3.org/2005/Atom"),
        ("xmlns:media", "http://search.yahoo.com/mrss/"),
    ];
    attributes.extend(feed.language().map(|language| ("xml:lang", language)));
    writer.open("feed", &attributes);
    writer.text("id", &feed.id);
    writer.text("title", &feed.title());
    writer.text("subtitle", &feed.description());
    // It has to have one.
    let updated = feed.updated().unwrap_or(Timestamp::UNIX_EPOCH);
    writer.text("updated", &updated.to_string());
    writer.text_with(
        "generator",
        &[("version", env!("CARGO_PKG_VERSION"))],
        "Dateline",
    );
    // For entries that have none.
    writer.open("author", &[]);
    writer.text("name", &publication.publisher.name);
    writer.text("uri", &publication.publisher.url);
    writer.close("author");
    if let Some(logo) = &publication.publisher.logo {
        writer.text("logo", logo);
    }
    let mime = FeedFormat::Atom.mime();
    let own = [("rel", "self"), ("href", &*feed.own), ("type", mime)];
    writer.empty("link", &own);
    let site = [
        ("rel", "alternate"),
        ("href", publication.site()),
        ("type", "text/html"),
    ];
    writer.empty("link", &site);
    if let Some(next) = &feed.next {
        writer.empty("link", &[("rel", "next"), ("href", next), ("type", mime)]);
    }
    for hub in &publication.hubs {
        writer.empty("link", &[("rel", "hub"), ("href", hub)]);
    }
    for entry in &feed.entries {
        write_entry(&mut writer, entry, publication);
    }
    writer.close("feed");
    writer.finish()
}

fn write_entry(writer: &mut XmlWriter, entry: &Entry<'_>, publication: &Publication) {
    let article = &entry.article;
    writer.open("entry", &[("xml:lang", &article.summary.language)]);
    writer.text("id", &article.urn());
    writer.text_with("title", &[("type", "text")], &article.summary.headline);
    let page = [
        ("rel", "alternate"),
        ("href", &*article.url),
        ("type", "text/html"),
    ];
    writer.empty("link", &page);
    writer.text("published", &article.summary.published_at.to_string());
    writer.text("updated", &article.modified().to_string());
    let authors = &article.summary.authors;
    for author in authors {
        writer.open("author", &[]);
        writer.text("name", &author.name);
        if let Some(page) = publication.author(&author.slug).or(author.website.clone()) {
            writer.text("uri", &page);
        }
        writer.close("author");
    }
    if let (true, Some(byline)) = (authors.is_empty(), article.credited()) {
        writer.open("author", &[]);
        writer.text("name", byline);
        writer.close("author");
    }
    for category in categories(article) {
        let scheme = category.scheme(publication);
        let attributes = [
            ("term", category.slug),
            ("scheme", &*scheme),
            ("label", category.name),
        ];
        writer.empty("category", &attributes);
    }
    let description = article.description();
    if !description.is_empty() {
        writer.text_with("summary", &[("type", "text")], description);
    }
    if let Some(content) = &entry.content {
        writer.text_with("content", &[("type", "html")], content);
    }
    write_picture(writer, article, publication);
    writer.close("entry");
}
