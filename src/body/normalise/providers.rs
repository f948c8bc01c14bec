//! Embed codes of other sites: by what they are known, and where the address of the post stands.

use url::Url;

use super::super::allowed::web_address;
use super::super::tree::{NodeId, Tree};

/// Where the address of a post stands in its embed code.
enum Address {
    /// In an attribute of the element, as it is.
    In(&'static str),
    /// In an attribute, as the end of an address.
    After(&'static str, &'static str, &'static str),
    /// In the last link to one of these hosts whose path holds one of these parts.
    Linked(&'static [&'static str], &'static [&'static str]),
}

use Address::{After, In, Linked};

/// A provider, the class or the name of the element by which its code is known, and where its address
/// stands, the surest place first.
struct Provider(&'static str, &'static [&'static str], &'static [Address]);

const PROVIDERS: &[Provider] = &[
    Provider(
        "twitter",
        &["twitter-tweet", "twitter-video", "amp-twitter"],
        &[
            Linked(&["twitter.com", "x.com"], &["/status/"]),
            After("https://x.com/i/status/", "data-tweetid", ""),
        ],
    ),
    Provider(
        "instagram",
        &["instagram-media", "amp-instagram"],
        &[
            In("data-instgrm-permalink"),
            Linked(&["instagram.com"], &["/p/", "/reel/", "/tv/"]),
            After("https://www.instagram.com/p/", "data-shortcode", "/"),
        ],
    ),
    Provider(
        "tiktok",
        &["tiktok-embed", "amp-tiktok"],
        &[
            In("cite"),
            Linked(&["tiktok.com"], &["/video/"]),
            In("data-src"),
        ],
    ),
    Provider(
        "threads",
        &["text-post-media"],
        &[
            In("data-text-post-permalink"),
            Linked(&["threads.net", "threads.com"], &["/post/"]),
        ],
    ),
    Provider(
        "bluesky",
        &["bluesky-embed"],
        &[Linked(&["bsky.app"], &["/post/"])],
    ),
    Provider(
        "mastodon",
        &["mastodon-embed"],
        &[Linked(&[], &["/@"]), In("data-embed-url"), In("src")],
    ),
    Provider(
        "facebook",
        &["fb-post", "fb-video", "fb-comment-embed", "amp-facebook"],
        &[
            In("data-href"),
            In("cite"),
            Linked(&["facebook.com", "fb.watch"], &["/"]),
        ],
    ),
    Provider(
        "reddit",
        &["reddit-embed-bq", "reddit-card", "reddit-embed"],
        &[Linked(&["reddit.com"], &["/comments/", "/s/"])],
    ),
    Provider(
        "tumblr",
        &["tumblr-post"],
        &[In("data-href"), Linked(&["tumblr.com"], &["/"])],
    ),
    Provider(
        "imgur",
        &["imgur-embed-pub"],
        &[After("https://imgur.com/", "data-id", "")],
    ),
    Provider(
        "flourish",
        &["flourish-embed"],
        &[
            After("https://flo.uri.sh/", "data-src", "/embed"),
            In("data-url"),
        ],
    ),
    Provider("typeform", &["typeform-widget"], &[In("data-url")]),
    Provider(
        "dailymotion",
        &["amp-dailymotion"],
        &[After(
            "https://www.dailymotion.com/video/",
            "data-videoid",
            "",
        )],
    ),
    Provider(
        "infogram",
        &["infogram-embed"],
        &[After("https://infogram.com/", "data-id", "")],
    ),
    Provider(
        "youtube",
        &["lite-youtube", "amp-youtube", "youtube-player"],
        &[
            After("https://www.youtube.com/watch?v=", "videoid", ""),
            After("https://www.youtube.com/watch?v=", "data-videoid", ""),
            After("https://www.youtube.com/watch?v=", "data-id", ""),
        ],
    ),
    Provider(
        "vimeo",
        &["lite-vimeo", "amp-vimeo"],
        &[
            After("https://vimeo.com/", "videoid", ""),
            After("https://vimeo.com/", "data-videoid", ""),
        ],
    ),
];

/// Whose embed code an element is, by its name or its class.
fn code_of(tree: &Tree, id: NodeId) -> Option<&'static Provider> {
    let name = tree.name(id);
    PROVIDERS.iter().find(|Provider(_, marks, _)| {
        marks.contains(&name) || tree.has_class(id, |class| marks.contains(&class))
    })
}

/// Whether an element is known as embed code, whether or not its address is found.
pub(super) fn is_embed_code(tree: &Tree, id: NodeId) -> bool {
    code_of(tree, id).is_some()
}

/// The provider of an element's embed code, and the address of what it shows.
pub(super) fn provider_of(tree: &Tree, id: NodeId) -> Option<(&'static str, String)> {
    if tree.attribute(id, "data-pin-do") == Some("embedPin") {
        let address = tree.attribute(id, "href").and_then(web_address)?;
        return Some(("pinterest", address));
    }
    let Provider(provider, _, places) = code_of(tree, id)?;
    let address = places.iter().find_map(|place| found(tree, id, place))?;
    Some((provider, post_address(provider, &address)))
}

fn found(tree: &Tree, id: NodeId, place: &Address) -> Option<String> {
    match place {
        In(attribute) => tree.attribute(id, attribute).and_then(web_address),
        After(start, attribute, end) => {
            let rest = tree.attribute(id, attribute)?.trim();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
            let plain = !rest.is_empty() && rest.chars().all(plain);
            plain.then(|| format!("{start}{rest}{end}"))
        }
        Linked(hosts, parts) => linked(tree, id, hosts, parts),
    }
}

fn linked(tree: &Tree, id: NodeId, hosts: &[&str], parts: &[&str]) -> Option<String> {
    let leads_there = |href: &&str| {
        let Ok(url) = Url::parse(href.trim()) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default();
        let of_host = |known: &&str| {
            host.strip_suffix(known)
                .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
        };
        (hosts.is_empty() || hosts.iter().any(of_host))
            && parts.iter().any(|part| url.path().contains(part))
    };
    let links = tree
        .below(id)
        .into_iter()
        .filter_map(|id| tree.attribute(id, "href"));
    links.filter(leads_there).last().and_then(web_address)
}

/// An address without what only says where it was clicked.
fn post_address(provider: &str, address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if !matches!(provider, "youtube" | "facebook") => {
            url.set_query(None);
            url.set_fragment(None);
            url.into()
        }
        _ => address.to_owned(),
    }
}

/// Hosts of scripts that only draw what an embed code says.
const PLAYERS: &[&str] = &[
    "platform.twitter.com",
    "platform.x.com",
    "www.instagram.com",
    "www.tiktok.com",
    "www.threads.net",
    "www.threads.com",
    "connect.facebook.net",
    "embed.bsky.app",
    "embed.reddit.com",
    "embed.redditmedia.com",
    "assets.tumblr.com",
    "s.imgur.com",
    "public.flourish.studio",
    "e.infogram.com",
    "assets.pinterest.com",
    "cdn.ampproject.org",
];

/// Whether a script does nothing but draw an embed.
pub(super) fn is_player(source: &str) -> bool {
    let whole = web_address(source).and_then(|address| Url::parse(&address).ok());
    whole.is_some_and(|url| url.host_str().is_some_and(|host| PLAYERS.contains(&host)))
}

/// What a script shows in its own place: its provider and an address that a reader can open.
pub(super) fn of_script(tree: &Tree, id: NodeId) -> Option<(&'static str, String)> {
    if let Some(post) = tree.attribute(id, "data-telegram-post") {
        let address = web_address(&format!("https://t.me/{}", post.trim()))?;
        return Some(("telegram", address));
    }
    let source = tree.attribute(id, "src").and_then(web_address)?;
    let url = Url::parse(&source).ok()?;
    let path = url.path();
    match url.host_str()? {
        "gist.github.com" => {
            let post = path.strip_suffix(".js")?;
            Some(("gist", format!("https://gist.github.com{post}")))
        }
        "datawrapper.dwcdn.net" => {
            let chart = path.strip_suffix("embed.js")?;
            Some((
                "datawrapper",
                format!("https://datawrapper.dwcdn.net{chart}"),
            ))
        }
        _ => None,
    }
}
