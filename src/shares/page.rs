//! Which page a URL is of. Networks count by address, and a page has many of them: with TLS and without, with
//! `www.`, with a slash at its end, with the parameters of a campaign, for telephones. All of these are one
//! [`PageAddress`], by the rule that docs/SHARES.md has as a table.

use url::Url;

use crate::text::Slug;

/// What hosts begin with that have the same pages for other devices.
const HOST_PREFIXES: &[&str] = &["www.", "m.", "mobile.", "amp."];

/// The last segment of a path that names its folder.
const FOLDER_INDEXES: &[&str] = &["index.html", "index.htm", "index.php"];

/// What a file of an older site may end with.
const EXTENSIONS: &[&str] = &[".html", ".htm", ".php", ".aspx"];

/// Parameters that say where a reader comes from, or in which form the page is wanted.
const TRACKING: &[&str] = &[
    "__twitter_impression",
    "_ga",
    "_gl",
    "amp",
    "amp_js_v",
    "cmpid",
    "dclid",
    "fb_action_ids",
    "fb_action_types",
    "fbclid",
    "gbraid",
    "gclid",
    "gclsrc",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mibextid",
    "mkt_tok",
    "msclkid",
    "ocid",
    "outputtype",
    "ref",
    "ref_src",
    "ref_url",
    "smid",
    "srsltid",
    "ttclid",
    "twclid",
    "usqp",
    "wbraid",
    "yclid",
];

/// What the names of whole families of them begin with.
const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_", "pk_", "hsa_", "at_", "gad_"];

/// A page's host, path and what its query says of the page: equal for all spellings of its address. Never
/// longer than the URL that it was made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageAddress(String);

impl PageAddress {
    /// The page of an absolute URL. What is none stays as it is.
    pub fn of(url: &str) -> Self {
        match Url::parse(url) {
            Ok(url) => Self::of_url(&behind_amp_cache(&url).unwrap_or(url)),
            Err(_) => Self(url.to_owned()),
        }
    }

    fn of_url(url: &Url) -> Self {
        let mut address = host(url).to_owned();
        if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
            address.push_str(&format!(":{port}"));
        }
        for segment in segments(url) {
            address.push('/');
            address.push_str(&segment);
        }
        let query = query(url);
        if !query.is_empty() {
            address.push('?');
            address.push_str(&query);
        }
        Self(address)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn without_query(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// What follows a part of it that ends where a segment does.
    fn after(&self, prefix: &Self) -> Option<&str> {
        self.without_query()
            .strip_prefix(prefix.as_str())?
            .strip_prefix('/')
    }

    /// The slug that the last segment of its path may be.
    pub fn slug(&self) -> Option<Slug> {
        let (_, last) = self.without_query().rsplit_once('/')?;
        slug_of(last)
    }

    /// The usual spellings, for finding what was stored as somebody wrote it.
    pub fn spellings(&self) -> Vec<String> {
        let mut spellings = Vec::with_capacity(8);
        for start in ["https://", "https://www.", "http://", "http://www."] {
            spellings.push(format!("{start}{}", self.0));
            if !self.0.contains('?') {
                spellings.push(format!("{start}{}/", self.0));
            }
        }
        spellings
    }
}

/// A segment as a slug: in lower case, without the extension of a file.
fn slug_of(segment: &str) -> Option<Slug> {
    let name = segment.to_ascii_lowercase();
    let name = EXTENSIONS
        .iter()
        .find_map(|extension| name.strip_suffix(extension))
        .unwrap_or(&name);
    name.parse().ok()
}

/// The page that a cache or a viewer of AMP pages shows: its address follows in the path, after `s` for TLS.
fn behind_amp_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let path = match host.strip_suffix(".cdn.ampproject.org") {
        Some(_) => url.path().trim_start_matches('/').split_once('/')?.1,
        None if host.trim_start_matches("www.").starts_with("google.") => {
            url.path().strip_prefix("/amp/")?
        }
        None => return None,
    };
    let address = path.strip_prefix("s/").unwrap_or(path);
    let mut page = Url::parse(&format!("https://{address}")).ok()?;
    page.set_query(url.query());
    let is_site = page.host_str().is_some_and(|host| host.contains('.'));
    is_site.then_some(page)
}

/// The host in ASCII and lower case, as `Url` has it, without what hosts of one site begin with.
fn host(url: &Url) -> &str {
    let mut host = url.host_str().unwrap_or_default().trim_end_matches('.');
    while let Some(rest) = HOST_PREFIXES
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        .filter(|rest| rest.contains('.'))
    {
        host = rest;
    }
    host
}

/// The segments of the path, but for empty ones, the file that is its folder's, and what says AMP.
fn segments(url: &Url) -> Vec<String> {
    let path = url.path().split('/').filter(|segment| !segment.is_empty());
    let mut segments: Vec<String> = path.map(plain).collect();
    while let Some(last) = segments.pop() {
        let says_amp = last == "amp" && !segments.is_empty();
        if says_amp || FOLDER_INDEXES.contains(&last.as_str()) {
            continue;
        }
        let shorter = without_amp(&last);
        let is_settled = shorter.is_none();
        segments.push(shorter.unwrap_or(last));
        if is_settled {
            break;
        }
    }
    let is_amp = |segment: &&String| *segment == "amp";
    let leading = segments.iter().take_while(is_amp).count();
    segments.drain(..leading.min(segments.len().saturating_sub(1)));
    segments
}

/// The name of a file without what says AMP in it.
fn without_amp(name: &str) -> Option<String> {
    let (name, extension) = match name.strip_suffix(".amp.html") {
        Some(name) => (name, ".html"),
        None => (name.strip_suffix(".amp")?, ""),
    };
    (!name.trim_matches('.').is_empty()).then(|| format!("{name}{extension}"))
}

/// The parameters that say which page it is, sorted.
fn query(url: &Url) -> String {
    let pairs = url.query().unwrap_or_default().split('&').map(plain);
    let is_of_page = |pair: &String| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let mut prefixes = TRACKING_PREFIXES.iter();
        !pair.is_empty()
            && !TRACKING.contains(&name.as_str())
            && !prefixes.any(|prefix| name.starts_with(prefix))
    };
    let mut kept: Vec<String> = pairs.filter(is_of_page).collect();
    kept.sort_unstable();
    kept.join("&")
}

/// With each character that need not be escaped as itself, and the others' escapes in capitals (RFC 3986,
/// section 6.2.2).
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let digits = after.get(..2);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|_| !after.starts_with('+')) {
            Some(byte) if is_unreserved(byte) => plain.push(char::from(byte)),
            Some(byte) => plain.push_str(&format!("%{byte:02X}")),
            None => {
                plain.push('%');
                rest = after;
                continue;
            }
        }
        rest = &after[2..];
    }
    plain.push_str(rest);
    plain
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Where the newsroom's articles are, and where they were before they moved.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    /// The present site's URL, without a slash at its end.
    url: Option<String>,
    present: Option<PageAddress>,
    former: Vec<PageAddress>,
}

impl Sites {
    /// By their URLs.
    pub fn new(present: Option<&Url>, former: &[Url]) -> Self {
        Self {
            url: present.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            present: present.map(PageAddress::of_url),
            former: former.iter().map(PageAddress::of_url).collect(),
        }
    }

    /// The URL of the article with this slug.
    pub fn url_of(&self, slug: &str) -> Option<String> {
        self.url.as_ref().map(|url| format!("{url}/{slug}"))
    }

    /// The slug that a page of the present site has.
    pub fn slug(&self, page: &PageAddress) -> Option<Slug> {
        let path = page.after(self.present.as_ref()?)?;
        path.to_ascii_lowercase().parse().ok()
    }

    /// The slug that a page of a former site may have had: the last segment of its path, where only a date
    /// stands before it.
    pub fn former_slug(&self, page: &PageAddress) -> Option<Slug> {
        let path = self.former.iter().find_map(|site| page.after(site))?;
        let is_number = |segment: &&str| segment.bytes().all(|byte| byte.is_ascii_digit());
        let (date, last) = path.rsplit_once('/').unwrap_or(("", path));
        match date.split('/').all(|segment| is_number(&segment)) {
            true => slug_of(last),
            false => None,
        }
    }

    /// How an article's `canonical_url` may say that it is this page.
    pub fn spellings(&self, page: &PageAddress) -> Vec<String> {
        let mut spellings = page.spellings();
        if let Some(path) = self.present.as_ref().and_then(|site| page.after(site)) {
            spellings.extend([format!("/{path}"), format!("/{path}/")]);
        }
        spellings
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(url: &str) -> String {
        PageAddress::of(url).0
    }

    #[test]
    fn spellings_of_one_page_are_one_address() {
        for url in [
            "https://news.example/harbour",
            "http://news.example/harbour",
            "HTTPS://WWW.News.Example:443/harbour/",
            "http://news.example:80//harbour?",
            "https://news.example.:443/harbour#comments",
            "https://user:secret@m.news.example/harbour",
            "https://amp.news.example/harbour",
            "https://news.example/harbour/amp",
            "https://news.example/harbour/amp/",
            "https://news.example/amp/harbour",
            "https://news.example/harbour.amp",
            "https://news.example/harbour?amp=1",
            "https://news.example/harbour?amp",
            "https://news.example/harbour?outputType=amp",
            "https://news.example/harbour?utm_source=news&utm_medium=x",
            "https://news.example/harbour?UTM_Source=news&&fbclid=abc",
            "https://news.example/harbour?gclid=1&mc_cid=2&igshid=3&ref=home",
            "https://news.example/./x/../harbour/index.html",
            "https://news.example/h%61rbour",
            "https://news.example/%68arbour/?%75tm_source=x",
            "https://news-example.cdn.ampproject.org/c/s/news.example/harbour",
            "https://www.google.com/amp/s/www.news.example/harbour/amp",
        ] {
            assert_eq!(page(url), "news.example/harbour", "{url}");
        }
    }

    #[test]
    fn other_pages_have_other_addresses() {
        for (url, address) in [
            ("https://news.example", "news.example"),
            ("https://news.example/?utm_source=x", "news.example"),
            ("https://news.example/amp", "news.example/amp"),
            ("https://news.example/Harbour", "news.example/Harbour"),
            ("https://news.example:8080/a", "news.example:8080/a"),
            ("https://old.example/a.amp.html", "old.example/a.html"),
            (
                "https://old.example/a.php?p=2&id=7&utm_id=1",
                "old.example/a.php?id=7&p=2",
            ),
            ("https://sport.news.example/a", "sport.news.example/a"),
            ("https://m.example/a", "m.example/a"),
            (
                "https://münchen.example/straße",
                "xn--mnchen-3ya.example/stra%C3%9Fe",
            ),
            (
                "https://XN--MNCHEN-3YA.example/stra%c3%9fe",
                "xn--mnchen-3ya.example/stra%C3%9Fe",
            ),
            ("https://old.example/a%2fb", "old.example/a%2Fb"),
            ("https://old.example/100%", "old.example/100%"),
            ("https://old.example/%+1%zz", "old.example/%+1%zz"),
            ("http://[2001:db8::1]:80/a", "[2001:db8::1]/a"),
        ] {
            assert_eq!(page(url), address, "{url}");
        }
    }

    #[test]
    fn pages_of_the_sites_have_slugs() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let sites = Sites::new(
            Some(&url("https://news.example/en/")),
            &[
                url("http://old.example"),
                url("https://other.example/news/"),
            ],
        );
        let slug = |text| Some(sites.slug(&PageAddress::of(text))?.into_string());
        let former = |text| Some(sites.former_slug(&PageAddress::of(text))?.into_string());
        let harbour = Some("harbour".to_owned());
        assert_eq!(slug("http://www.news.example/en/Harbour/?page=2"), harbour);
        assert_eq!(slug("https://news.example/harbour"), None);
        assert_eq!(slug("https://news.example/en/tags/harbour"), None);
        assert_eq!(slug("https://news.example/en"), None);
        assert_eq!(slug("https://news.example/english/harbour"), None);
        for known in [
            "https://www.old.example/harbour",
            "https://old.example/2019/04/30/harbour.html",
            "http://other.example/news/harbour/amp",
        ] {
            assert_eq!(former(known), harbour, "{known}");
        }
        assert_eq!(former("https://old.example/2019"), Some("2019".into()));
        for unknown in [
            "https://old.example/tags/harbour",
            "https://old.example/",
            "https://other.example/harbour",
            "https://other.example/newsroom/harbour",
        ] {
            assert_eq!(former(unknown), None, "{unknown}");
        }
        assert_eq!(
            Sites::default().slug(&PageAddress::of("https://x.example/a")),
            None
        );
    }

    proptest! {
        #[test]
        fn an_address_is_its_own_and_not_longer(
            path in "([a-z]|amp|/|\\.|%[0-9a-fA-F]{2}|é|index.html){0,20}",
            query in "([a-z]|utm_|=|&|%[0-9a-fA-F]{2}){0,20}",
        ) {
            let url = Url::parse(&format!("https://www.news.example/{path}?{query}")).unwrap();
            let address = page(url.as_str());
            prop_assert!(address.len() <= url.as_str().len());
            for spelling in PageAddress::of(url.as_str()).spellings() {
                prop_assert_eq!(&page(&spelling), &address);
            }
        }
    }
}
