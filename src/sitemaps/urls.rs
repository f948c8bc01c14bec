//! Writing sitemaps, with the extensions for images and for Google News.

use crate::articles::formats::published::Published;
use crate::db::Timestamp;
use crate::publication::Publication;
use crate::xml::XmlWriter;

const SITEMAPS: (&str, &str) = ("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9");
const IMAGES: (&str, &str) = (
    "xmlns:image",
    "http://www.google.com/schemas/sitemap-image/1.1",
);
const NEWS: (&str, &str) = (
    "xmlns:news",
    "http://www.google.com/schemas/sitemap-news/0.9",
);

/// The longest address that a sitemap may hold (characters).
const LONGEST: usize = 2048;

/// An index of sitemaps.
pub(super) struct Index(XmlWriter);

impl Index {
    pub(super) fn new() -> Self {
        let mut writer = XmlWriter::new();
        writer.open("sitemapindex", &[SITEMAPS]);
        Self(writer)
    }

    pub(super) fn add(&mut self, address: &str, changed_at: Option<Timestamp>) {
        self.0.open("sitemap", &[]);
        self.0.text("loc", address);
        if let Some(changed_at) = changed_at {
            self.0.text("lastmod", &changed_at.to_string());
        }
        self.0.close("sitemap");
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.close("sitemapindex");
        self.0.finish()
    }
}

/// A sitemap: addresses of the newsroom's own site.
pub(super) struct Urls<'a> {
    writer: XmlWriter,
    publication: &'a Publication,
    count: usize,
}

impl<'a> Urls<'a> {
    pub(super) fn new(publication: &'a Publication) -> Self {
        let mut writer = XmlWriter::new();
        writer.open("urlset", &[SITEMAPS, IMAGES, NEWS]);
        Self {
            writer,
            publication,
            count: 0,
        }
    }

    /// How many addresses it has.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn write(
        &mut self,
        address: &str,
        image: Option<&str>,
        more: impl FnOnce(&mut XmlWriter, &Publication),
    ) {
        // Whoever publishes elsewhere first has it listed there.
        if !self.publication.is_below_site(address) || address.len() > LONGEST {
            return;
        }
        self.count += 1;
        self.writer.open("url", &[]);
        self.writer.text("loc", address);
        more(&mut self.writer, self.publication);
        if let Some(image) = image.and_then(|image| self.publication.absolute(image)) {
            self.writer.open("image:image", &[]);
            self.writer.text("image:loc", &image);
            self.writer.close("image:image");
        }
        self.writer.close("url");
    }

    /// Adds an article.
    pub(super) fn add(&mut self, address: &str, updated_at: Timestamp, image: Option<&str>) {
        self.write(address, image, |writer, _| {
            writer.text("lastmod", &updated_at.to_string());
        });
    }

    /// Adds an article that is news.
    pub(super) fn add_news(&mut self, article: &Published) {
        let image = article.summary.lead_image.as_ref();
        let image = image.map(|image| image.url.as_str());
        self.write(&article.url, image, |writer, publication| {
            writer.text("lastmod", &article.summary.updated_at.to_string());
            writer.open("news:news", &[]);
            writer.open("news:publication", &[]);
            writer.text("news:name", &publication.name);
            writer.text("news:language", &language(&article.summary.language));
            writer.close("news:publication");
            let at = article.summary.published_at;
            writer.text("news:publication_date", &at.to_string());
            writer.text("news:title", &article.summary.headline);
            writer.close("news:news");
        });
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.writer.close("urlset");
        self.writer.finish()
    }
}

/// A language as Google News has it: two or three letters of ISO 639, and Chinese by where its script is used.
fn language(tag: &str) -> String {
    let tag = tag.to_lowercase();
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    if primary != "zh" {
        return primary.to_owned();
    }
    let is_traditional = parts.any(|part| matches!(part, "tw" | "hk" | "mo" | "hant"));
    (if is_traditional { "zh-tw" } else { "zh-cn" }).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_no_region_but_in_chinese() {
        for (tag, expected) in [
            ("en", "en"),
            ("en-GB", "en"),
            ("pt-BR", "pt"),
            ("gsw", "gsw"),
            ("zh", "zh-cn"),
            ("zh-Hant-HK", "zh-tw"),
            ("zh-TW", "zh-tw"),
        ] {
            assert_eq!(language(tag), expected, "{tag}");
        }
    }
}
