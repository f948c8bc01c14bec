//! Embed codes of other sites: by what they are known, and where the address of the post stands.

use url::Url;

use super::super::allowed::web_address;
use super::super::tree::{NodeId, Tree};

/// Where the address of a post stands in its embed code.
enum Address {
    /// In an attribute of the element, as it is.
    In(&'static str),
    /// Made of attributes, whose names stand in braces; behind a bar, what stands for one that is not
    /// there.
    Made(&'static str),
    /// Made of what a class has behind this beginning; it stands at the end.
    Classed(&'static str, &'static str),
    /// In the last link to one of these hosts whose path holds one of these parts.
    Linked(&'static [&'static str], &'static [&'static str]),
}

use Address::{Classed, In, Linked, Made};

/// A provider, the class or the name of the element by which its code is known, and where its address
/// stands, the surest place first.
struct Provider(&'static str, &'static [&'static str], &'static [Address]);

const PROVIDERS: &[Provider] = &[
    Provider(
        "twitter",
        &[
            "twitter-tweet",
            "twitter-video",
            "twitter-widget",
            "amp-twitter",
        ],
        &[
            Linked(&["twitter.com", "x.com"], &["/status/"]),
            Made("https://x.com/i/status/{data-tweetid}"),
            Made("https://x.com/i/status/{data-tweet-id}"),
        ],
    ),
    Provider(
        "instagram",
        &["instagram-media", "amp-instagram"],
        &[
            In("data-instgrm-permalink"),
            Linked(&["instagram.com"], &["/p/", "/reel/", "/tv/"]),
            Made("https://www.instagram.com/p/{data-shortcode}/"),
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
        &[
            "reddit-embed-bq",
            "reddit-card",
            "reddit-embed",
            "amp-reddit",
        ],
        &[
            Linked(&["reddit.com"], &["/comments/", "/s/"]),
            In("data-src"),
        ],
    ),
    Provider(
        "tumblr",
        &["tumblr-post"],
        &[In("data-href"), Linked(&["tumblr.com"], &["/"])],
    ),
    Provider(
        "imgur",
        &["imgur-embed-pub", "amp-imgur"],
        &[
            Made("https://imgur.com/{data-id}"),
            Made("https://imgur.com/{data-imgur-id}"),
        ],
    ),
    Provider(
        "flourish",
        &["flourish-embed"],
        &[Made("https://flo.uri.sh/{data-src}/embed"), In("data-url")],
    ),
    Provider("typeform", &["typeform-widget"], &[In("data-url")]),
    Provider(
        "dailymotion",
        &["amp-dailymotion"],
        &[Made("https://www.dailymotion.com/video/{data-videoid}")],
    ),
    Provider(
        "infogram",
        &["infogram-embed"],
        &[Made("https://infogram.com/{data-id}")],
    ),
    Provider(
        "youtube",
        &[
            "lite-youtube",
            "amp-youtube",
            "youtube-player",
            "rll-youtube-player",
        ],
        &[
            Made("https://www.youtube.com/watch?v={videoid}"),
            Made("https://www.youtube.com/watch?v={data-videoid}"),
            Made("https://www.youtube.com/watch?v={data-id}"),
        ],
    ),
    Provider(
        "vimeo",
        &["lite-vimeo", "amp-vimeo"],
        &[
            Made("https://vimeo.com/{videoid}"),
            Made("https://vimeo.com/{data-videoid}"),
        ],
    ),
    Provider(
        "brightcove",
        &["video-js", "amp-brightcove"],
        &[
            Made(
                "https://players.brightcove.net/{data-account}/{data-player|default}_{data-embed|default}/index.html?videoId={data-video-id}",
            ),
            Made(
                "https://players.brightcove.net/{data-account}/{data-player|default}_{data-embed|default}/index.html?playlistId={data-playlist-id}",
            ),
        ],
    ),
    Provider(
        "jwplayer",
        &["amp-jwplayer"],
        &[
            Made("https://cdn.jwplayer.com/players/{data-media-id}-{data-player-id}.html"),
            Made("https://cdn.jwplayer.com/players/{data-playlist-id}-{data-player-id}.html"),
        ],
    ),
    Provider(
        "apester",
        &["apester-media", "apester-element", "amp-apester-media"],
        &[
            Made("https://renderer.apester.com/interaction/{data-media-id}"),
            Made("https://renderer.apester.com/interaction/{data-apester-media-id}"),
        ],
    ),
    Provider(
        "genially",
        &["genially-embed"],
        &[Made("https://view.genially.com/{id}")],
    ),
    Provider(
        "soundcloud",
        &["amp-soundcloud"],
        &[
            Made(
                "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/{data-trackid}",
            ),
            Made(
                "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/playlists/{data-playlistid}",
            ),
        ],
    ),
    Provider(
        "megaphone",
        &["amp-megaphone"],
        &[
            Made("https://player.megaphone.fm/{data-episode}"),
            Made("https://playlist.megaphone.fm/?p={data-playlist}"),
        ],
    ),
    Provider(
        "wistia",
        &["wistia-player", "wistia_embed", "amp-wistia-player"],
        &[
            Classed("wistia_async_", "https://fast.wistia.net/embed/iframe/"),
            Made("https://fast.wistia.net/embed/iframe/{media-id}"),
            Made("https://fast.wistia.net/embed/iframe/{data-media-hashed-id}"),
        ],
    ),
    Provider(
        "gist",
        &["amp-gist"],
        &[Made("https://gist.github.com/{data-gistid}")],
    ),
    Provider(
        "embedly",
        &["embedly-card", "amp-embedly-card"],
        &[In("data-url"), In("href"), Linked(&[], &["/"])],
    ),
    Provider("pinterest", &["amp-pinterest"], &[In("data-url")]),
];

/// Attributes that name a player's recording, on elements of any name and class.
const RECORDINGS: &[(&str, &str)] = &[
    (
        "youtube",
        "https://www.youtube.com/watch?v={data-youtube-id}",
    ),
    ("vimeo", "https://vimeo.com/{data-vimeo-id}"),
    ("typeform", "https://form.typeform.com/to/{data-tf-widget}"),
    ("typeform", "https://form.typeform.com/to/{data-tf-live}"),
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
    let of_recording = RECORDINGS
        .iter()
        .find_map(|(provider, pattern)| Some((*provider, made(tree, id, pattern)?)));
    if of_recording.is_some() {
        return of_recording;
    }
    let Provider(provider, _, places) = code_of(tree, id)?;
    let address = places
        .iter()
        .find_map(|place| found(tree, id, place))
        .or_else(|| of_protocol(tree.attribute(id, "data-bluesky-uri")?))?;
    Some((provider, post_address(provider, &address)))
}

/// The page of a post that its network names by who wrote it and a key.
fn of_protocol(uri: &str) -> Option<String> {
    let (writer, post) = uri
        .trim()
        .strip_prefix("at://")?
        .split_once("/app.bsky.feed.post/")?;
    web_address(&format!("https://bsky.app/profile/{writer}/post/{post}"))
}

fn found(tree: &Tree, id: NodeId, place: &Address) -> Option<String> {
    match place {
        In(attribute) => tree.attribute(id, attribute).and_then(web_address),
        Made(pattern) => made(tree, id, pattern),
        Classed(prefix, place) => {
            let classes = tree.attribute(id, "class").unwrap_or_default();
            let mut names = classes
                .split_ascii_whitespace()
                .filter_map(|class| class.strip_prefix(prefix));
            let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            web_address(&format!("{place}{}", names.find(is_name)?))
        }
        Linked(hosts, parts) => linked(tree, id, hosts, parts),
    }
}

fn made(tree: &Tree, id: NodeId, pattern: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/.:".contains(c);
    let mut address = String::new();
    for part in pattern.split_inclusive(['{', '}']) {
        let Some(name) = part.strip_suffix('}') else {
            address.push_str(part.trim_end_matches('{'));
            continue;
        };
        let (name, otherwise) = name.split_once('|').unwrap_or((name, ""));
        let value = tree.attribute(id, name).unwrap_or_default().trim();
        let value = if value.is_empty() { otherwise } else { value };
        if value.is_empty() || !value.chars().all(plain) {
            return None;
        }
        address.push_str(value);
    }
    web_address(&address)
}

fn linked(tree: &Tree, id: NodeId, hosts: &[&str], parts: &[&str]) -> Option<String> {
    let leads_there = |href: &&str| {
        let Ok(url) = Url::parse(href.trim()) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default();
        let of_host = |known: &&str| is_below(host, known);
        (hosts.is_empty() || hosts.iter().any(of_host))
            && parts.iter().any(|part| url.path().contains(part))
    };
    let links = tree
        .below(id)
        .into_iter()
        .filter_map(|id| tree.attribute(id, "href"));
    links.filter(leads_there).last().and_then(web_address)
}

/// Providers whose addresses say what they show in the query.
const KEEP_QUERY: &[&str] = &[
    "youtube",
    "facebook",
    "brightcove",
    "soundcloud",
    "megaphone",
    "embedly",
];

/// An address without what only says where it was clicked.
fn post_address(provider: &str, address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if !KEEP_QUERY.contains(&provider) => {
            url.set_query(None);
            url.set_fragment(None);
            url.into()
        }
        _ => address.to_owned(),
    }
}

/// Hosts of frames and players whose codes are known here as well, and what their provider is called.
const HOSTS: &[(&str, &str)] = &[
    ("youtube.com", "youtube"),
    ("youtube-nocookie.com", "youtube"),
    ("youtu.be", "youtube"),
    ("vimeo.com", "vimeo"),
    ("dailymotion.com", "dailymotion"),
    ("twitter.com", "twitter"),
    ("x.com", "twitter"),
    ("instagram.com", "instagram"),
    ("facebook.com", "facebook"),
    ("tiktok.com", "tiktok"),
    ("soundcloud.com", "soundcloud"),
    ("wistia.net", "wistia"),
    ("wistia.com", "wistia"),
    ("players.brightcove.net", "brightcove"),
    ("datawrapper.dwcdn.net", "datawrapper"),
    ("flo.uri.sh", "flourish"),
    ("infogram.com", "infogram"),
    ("bsky.app", "bluesky"),
    ("reddit.com", "reddit"),
    ("megaphone.fm", "megaphone"),
];

/// What the provider of an address is called: its name where its codes are known, or else its host; `None` of one without a
/// host.
pub(in super::super) fn called(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let known = HOSTS.iter().find(|(known, _)| is_below(host, known));
    let name = known.map_or(host.trim_start_matches("www."), |(_, name)| name);
    Some(name.to_owned())
}

/// Whether a host is another, or below it.
fn is_below(host: &str, known: &str) -> bool {
    let sub = host.strip_suffix(known);
    sub.is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
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
    "players.brightcove.net",
    "static.apester.com",
    "fast.wistia.com",
    "embed.typeform.com",
    "cdn.embedly.com",
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
        "cdn.jwplayer.com" | "content.jwplatform.com" => {
            let player = path.strip_prefix("/players/")?.strip_suffix(".js")?;
            let address = format!("https://cdn.jwplayer.com/players/{player}.html");
            Some(("jwplayer", address))
        }
        "geo.dailymotion.com" => {
            let address = made(tree, id, "https://www.dailymotion.com/video/{data-video}")?;
            Some(("dailymotion", address))
        }
        "www.buzzsprout.com" => {
            let episode = path.strip_suffix(".js")?;
            Some(("buzzsprout", format!("https://www.buzzsprout.com{episode}")))
        }
        "e.infogram.com" => {
            let chart = tree.attribute(id, "id")?.strip_prefix("infogram_0_")?;
            Some((
                "infogram",
                web_address(&format!("https://infogram.com/{chart}"))?,
            ))
        }
        "app.everviz.com" => {
            let chart = path.strip_prefix("/inject/")?;
            Some(("everviz", format!("https://app.everviz.com/embed/{chart}")))
        }
        _ => None,
    }
}
