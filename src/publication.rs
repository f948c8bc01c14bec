//! The newsroom as the world knows it: what it is called, and the absolute addresses of its pages and of this server.
//!
//! Feeds, sitemaps and structured data are read far from here: they need absolute addresses, in ASCII.

use url::Url;

use crate::problem::{NO_PUBLIC_URL, Problem};
use crate::text::Slug;

/// An address with `{slug}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate(String);

/// What stands for the slug.
const SLUG: &str = "{slug}";

impl UrlTemplate {
    /// The address of a slug.
    pub fn of(&self, slug: &str) -> String {
        self.0.replace(SLUG, slug)
    }
}

impl std::str::FromStr for UrlTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const TAKES: &str = "it takes an http or https URL with {slug} in it, such as https://news.example/tags/{slug}";
        let example = text.trim().replace(SLUG, "a-slug");
        let url = Url::parse(&example).map_err(|error| format!("{error}; {TAKES}"))?;
        // Written in ASCII, with the place of the slug as it was.
        let written = url.as_str().replace("a-slug", SLUG);
        let names_one = example.matches("a-slug").count() == 1;
        match matches!(url.scheme(), "http" | "https") && names_one && written.contains(SLUG) {
            true => Ok(Self(written)),
            false => Err(TAKES.into()),
        }
    }
}

/// Who publishes.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// Its name.
    pub name: String,
    /// Its own page.
    pub url: String,
    /// Its logo.
    pub logo: Option<String>,
}

/// Where pages of tags, sections and authors are, of those that have such pages.
#[derive(Debug, Clone, Default)]
pub struct PageTemplates {
    /// Of tags.
    pub tag: Option<UrlTemplate>,
    /// Of sections; those of tags when there are none.
    pub section: Option<UrlTemplate>,
    /// Of authors.
    pub author: Option<UrlTemplate>,
}

/// What is known of a newsroom whose site has an address.
#[derive(Debug, Clone)]
pub struct Publication {
    /// What readers call it.
    pub name: String,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// Who publishes it.
    pub publisher: Publisher,
    /// Hubs of WebSub that tell subscribers of its feeds.
    pub hubs: Vec<String>,
    /// Where its readers find tags, sections and authors.
    pub pages: PageTemplates,
    /// The site, with a slash at its end.
    site: Url,
    /// This server, with a slash at its end.
    api: Url,
    /// The path of this server, where it has one.
    prefix: String,
    /// What the paths of this server's files begin with.
    media: String,
}

/// The newsroom as the world knows it; `None` when its address is not known.
#[derive(Debug, Clone, Default)]
pub struct KnownPublication(pub Option<Publication>);

impl KnownPublication {
    /// The publication.
    ///
    /// # Errors
    /// `no-public-url`.
    pub fn get(&self) -> Result<&Publication, Problem> {
        let known = self.0.as_ref();
        known.ok_or_else(|| Problem::new(&NO_PUBLIC_URL, NO_PUBLIC_URL.meaning))
    }
}

/// What addresses of pages are made from.
#[derive(Debug)]
pub struct Addresses<'a> {
    /// The newsroom's site.
    pub site: &'a Url,
    /// This server as others reach it; on the host of the site when it is not said.
    pub api: Option<&'a Url>,
    /// The path of this server, where it has one.
    pub prefix: &'a str,
    /// What the paths of this server's files begin with, without a slash at the end.
    pub media: &'a str,
}

fn with_slash(url: &Url) -> Url {
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

impl Publication {
    /// Of its addresses, called by the host of its site.
    pub fn at(addresses: &Addresses<'_>) -> Self {
        let site = with_slash(addresses.site);
        let api = addresses.api.map_or_else(
            || {
                let mut api = site.clone();
                api.set_path(&format!("{}/", addresses.prefix));
                api
            },
            with_slash,
        );
        let name = site.host_str().unwrap_or_default().to_owned();
        Self {
            publisher: Publisher {
                name: name.clone(),
                url: site.to_string(),
                logo: None,
            },
            name,
            description: None,
            hubs: Vec::new(),
            pages: PageTemplates::default(),
            site,
            api,
            prefix: addresses.prefix.to_owned(),
            media: format!("{}/", addresses.media),
        }
    }

    /// The front page.
    pub fn site(&self) -> &str {
        self.site.as_str()
    }

    /// Whether an address is on the host of the site, be it over TLS or not.
    pub fn is_own(&self, address: &str) -> bool {
        // Usual ports are none.
        Url::parse(address)
            .is_ok_and(|url| url.host() == self.site.host() && url.port() == self.site.port())
    }

    /// Whether an absolute address is below that of the site: what its sitemaps may list.
    pub fn is_below_site(&self, address: &str) -> bool {
        address.starts_with(self.site.as_str())
    }

    /// Of an address as articles have it, an absolute one in ASCII; `None` for what is no address on the web.
    pub fn absolute(&self, address: &str) -> Option<String> {
        if address.starts_with(&self.media) {
            let path = address.strip_prefix(&self.prefix)?;
            return Some(self.of_api(path));
        }
        let url = self.site.join(address.trim()).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.host().is_some()).then(|| url.into())
    }

    /// Of a path of this server, with a slash at its beginning.
    pub fn of_api(&self, path_and_query: &str) -> String {
        format!("{}{}", self.api, path_and_query.trim_start_matches('/'))
    }

    /// Where readers find the article with a slug unless it was given another address.
    pub fn of_slug(&self, slug: &str) -> String {
        format!("{}{slug}", self.site)
    }

    /// Where readers find an article: as it was given, or below the site.
    pub fn article(&self, canonical: Option<&str>, slug: &str) -> String {
        let given = canonical.and_then(|address| self.absolute(address));
        given.unwrap_or_else(|| self.of_slug(slug))
    }

    /// The page of a tag.
    pub fn tag(&self, slug: &str) -> Option<String> {
        Some(self.pages.tag.as_ref()?.of(slug))
    }

    /// The page of a section.
    pub fn section(&self, slug: &str) -> Option<String> {
        let template = self.pages.section.as_ref().or(self.pages.tag.as_ref());
        Some(template?.of(slug))
    }

    /// The page of an author.
    pub fn author(&self, slug: &str) -> Option<String> {
        Some(self.pages.author.as_ref()?.of(slug))
    }

    /// The slug of the article that an address of the site would be of: what stands below the site. It need not exist.
    pub fn slug_at(&self, address: &str) -> Option<Slug> {
        let url = Url::parse(address.trim()).ok()?;
        if !self.is_own(url.as_str()) {
            return None;
        }
        let path = url.path().strip_prefix(self.site.path())?;
        path.strip_suffix('/').unwrap_or(path).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(site: &str, prefix: &str) -> Publication {
        Publication::at(&Addresses {
            site: &Url::parse(site).unwrap(),
            api: None,
            prefix,
            media: &format!("{prefix}/media"),
        })
    }

    #[test]
    fn addresses_are_absolute_and_in_ascii() {
        let known = publication("https://news.example/daily", "/api");
        for (address, expected) in [
            ("/img/a.jpg", Some("https://news.example/img/a.jpg")),
            ("img/a.jpg", Some("https://news.example/daily/img/a.jpg")),
            (
                "/api/media/ab/640.jpg",
                Some("https://news.example/api/media/ab/640.jpg"),
            ),
            (
                "//cdn.example/ä b.jpg",
                Some("https://cdn.example/%C3%A4%20b.jpg"),
            ),
            (
                "https://bücher.example/ä.jpg?a=1&b=ü",
                Some("https://xn--bcher-kva.example/%C3%A4.jpg?a=1&b=%C3%BC"),
            ),
            ("mailto:desk@example.com", None),
            ("https://", None),
        ] {
            assert_eq!(known.absolute(address).as_deref(), expected, "{address}");
        }
        assert_eq!(
            known.of_api("/feeds/articles.rss?tag=a"),
            "https://news.example/api/feeds/articles.rss?tag=a"
        );
        assert_eq!(
            known.article(None, "harbour"),
            "https://news.example/daily/harbour"
        );
    }

    #[test]
    fn another_host_than_the_site_s_is_said() {
        let api = Url::parse("https://api.news.example/v").unwrap();
        let known = Publication::at(&Addresses {
            site: &Url::parse("https://news.example").unwrap(),
            api: Some(&api),
            prefix: "",
            media: "/media",
        });
        assert_eq!(
            known.of_api("/sitemap.xml"),
            "https://api.news.example/v/sitemap.xml"
        );
        let file = known.absolute("/media/ab/1.jpg");
        assert_eq!(
            file.as_deref(),
            Some("https://api.news.example/v/media/ab/1.jpg")
        );
    }

    #[test]
    fn only_addresses_of_the_site_have_slugs() {
        let known = publication("https://news.example/daily", "");
        let slug = |address| known.slug_at(address).map(|slug| slug.to_string());
        for address in [
            "https://news.example/daily/harbour",
            "https://news.example/daily/harbour/?utm=1#top",
            "https://NEWS.example:443/daily/harbour",
            "http://news.example/daily/harbour",
        ] {
            assert_eq!(slug(address).as_deref(), Some("harbour"), "{address}");
        }
        for address in [
            "https://other.example/daily/harbour",
            "https://news.example:8443/daily/harbour",
            "https://news.example/harbour",
            "https://news.example/daily/a/b",
            "https://news.example/daily/",
            "harbour",
        ] {
            assert_eq!(slug(address), None, "{address}");
        }
    }

    #[test]
    fn a_template_has_one_slug() {
        let template: UrlTemplate = "https://bücher.example/t/{slug}?x=1".parse().unwrap();
        assert_eq!(
            template.of("sea"),
            "https://xn--bcher-kva.example/t/sea?x=1"
        );
        for wrong in [
            "https://news.example/tags",
            "/tags/{slug}",
            "ftp://a/{slug}",
            "{slug}/{slug}",
        ] {
            assert!(wrong.parse::<UrlTemplate>().is_err(), "{wrong}");
        }
    }
}
