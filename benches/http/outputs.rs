//! What machines read: feeds, sitemaps, structured data.

use std::time::{Duration, Instant};

use dateline::db::{DatabaseUrl, Timestamp};

use super::drive::{Server, dateline, drive, median};
use super::{Effort, SMALL, at, corpus, row};

const SITE: &[&str] = &["--public-url", "https://news.example"];

/// Cached ones against the ceiling, and what making them costs.
pub fn measure(archive: &DatabaseUrl, effort: &Effort) {
    let month = Timestamp::now().plus(-chrono::Duration::days(40));
    let month = format!("/sitemaps/{}.xml", month.utc().format("%Y-%m"));
    let jsonld = format!("/v1/articles/{}/jsonld", corpus::slug(SMALL / 2));
    let server = dateline(archive, SITE);
    row(
        &server,
        &at("/feeds/articles.rss"),
        effort,
        "feed of 30, kept",
    );
    row(&server, &at(&month), effort, "sitemap of a month, kept");
    row(&server, &at(&jsonld), effort, "JSON-LD, kept");
    drop(server);
    let name = "feed of 30, nothing kept, of the list of 30 with bodies";
    if effort.wants(name) {
        let server = dateline(archive, &[SITE, &["--cache-size", "0"]].concat());
        let list = at("/v1/articles?limit=30&include=body,corrections,seo,custom&body_format=html");
        let feed = at("/feeds/articles.rss");
        let (mut feeds, mut lists) = (Vec::new(), Vec::new());
        for _ in 0..effort.rounds {
            feeds.push(drive(&server, &feed, effort.seconds));
            lists.push(drive(&server, &list, effort.seconds));
        }
        super::print((median(feeds), median(lists)), name);
    }
    if effort.wants("sitemap") {
        let server = dateline(archive, &[SITE, &["--cache-size", "0"]].concat());
        println!(
            "| sitemap of a month, nothing kept | {:.0?} | |",
            fastest(&server, &month)
        );
        println!(
            "| index of sitemaps, nothing kept | {:.1?} | |",
            fastest(&server, "/sitemap.xml")
        );
    }
}

/// How long one request takes at best.
fn fastest(server: &Server, path: &str) -> Duration {
    let times = (0..10).map(|_| {
        let began = Instant::now();
        server.fetch(path, &[]);
        began.elapsed()
    });
    times.min().unwrap_or_default()
}
