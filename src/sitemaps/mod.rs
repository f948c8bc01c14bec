//! Sitemaps (sitemaps.org, protocol 0.9) for search engines: an index, a sitemap for each month, Google News; and robots.txt.
//!
//! - [`path`] – which sitemap a path names
//! - `urls` – writing them
//! - [`public`] – handlers

pub mod path;
pub mod public;
mod urls;

crate::operations! {
    public::get_sitemap_index,
    public::get_news_sitemap,
    public::get_month_sitemap,
    public::get_robots,
}
