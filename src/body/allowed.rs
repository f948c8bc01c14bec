//! What HTML may hold: elements, attributes and their values.

use std::borrow::Cow;

use url::Url;

/// Elements within a paragraph.
pub(super) const INLINE: &[&str] = &[
    "a", "abbr", "bdi", "bdo", "br", "cite", "code", "del", "em", "ins", "mark", "q", "rp", "rt",
    "ruby", "s", "small", "span", "strong", "sub", "sup", "time", "u",
];

/// Elements that an `html` block may hold, besides the inline ones.
pub(super) const FLOW: &[&str] = &[
    "audio",
    "blockquote",
    "caption",
    "col",
    "colgroup",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "source",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "track",
    "ul",
    "video",
];

/// Attributes that any element may have.
pub(super) const GENERIC: &[&str] = &["id", "lang", "dir"];

/// Attributes by element; no element keeps any other.
pub(super) const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang", "title", "rel", "target"]),
    ("abbr", &["title"]),
    ("audio", &["src", "controls"]),
    ("blockquote", &["cite"]),
    ("code", &["class"]),
    ("col", &["span", "align"]),
    ("colgroup", &["span", "align"]),
    ("del", &["cite", "datetime"]),
    ("figure", &["data-embed", "data-provider"]),
    ("img", &["src", "alt", "title", "width", "height"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("q", &["cite"]),
    ("source", &["src", "type"]),
    ("td", &["colspan", "rowspan", "align"]),
    ("th", &["colspan", "rowspan", "scope", "align"]),
    ("time", &["datetime"]),
    ("track", &["src", "kind", "srclang", "label", "default"]),
    ("video", &["src", "poster", "controls", "width", "height"]),
];

/// Schemes that a link may have.
pub(super) const SCHEMES: &[&str] = &[
    "http", "https", "mailto", "tel", "sms", "whatsapp", "geo", "signal", "tg", "viber", "xmpp",
];

/// What `rel` may say of a link: that it is paid for, not vouched for, a reader's, the author's own
/// profile, a licence.
const RELATIONS: &[&str] = &["sponsored", "nofollow", "ugc", "me", "author", "license"];

/// Elements whose content nobody reads.
pub(super) const HIDDEN: &[&str] = &[
    "script", "style", "template", "title", "iframe", "noembed", "noframes",
];

pub(super) fn is_hidden(name: &str) -> bool {
    HIDDEN.contains(&name)
}

/// The attributes that an element may have.
pub(super) fn attributes_of(name: &str) -> impl Iterator<Item = &'static str> {
    let own = ATTRIBUTES
        .iter()
        .find(|(element, _)| *element == name)
        .map_or(&[][..], |(_, attributes)| attributes);
    own.iter().chain(GENERIC).copied()
}

/// The value that an attribute which its element may have keeps; `None` when it may not have it. Of
/// the classes of `code`, the one that names its language stays: the others are the styles of whichever
/// page it came from, or of the one that it goes to.
pub(super) fn safe_value<'v>(
    element: &str,
    attribute: &str,
    value: &'v str,
) -> Option<Cow<'v, str>> {
    let safe = match (element, attribute) {
        (_, "href") => is_link(value),
        (_, "src" | "poster" | "cite" | "data-embed") => is_web_address(value),
        ("code", "class") => return Some(format!("language-{}", language_of(value)?).into()),
        ("a", "rel") => return relations(value),
        ("a", "target") => value == "_blank",
        (_, "id") => is_id(value),
        (_, "lang" | "srclang" | "hreflang") => is_language_tag(value),
        (_, "dir") => matches!(value, "ltr" | "rtl" | "auto"),
        (_, "align") => matches!(value, "left" | "right" | "center"),
        ("ol", "type") => matches!(value, "1" | "a" | "A" | "i" | "I"),
        (_, "width" | "height") => pixels(value).is_some(),
        (_, "start" | "value") => value.parse::<i32>().is_ok(),
        _ => true,
    };
    safe.then_some(value.into())
}

/// What is kept of `rel`; `noopener` belongs to links that open elsewhere, where it is added.
fn relations(value: &str) -> Option<Cow<'_, str>> {
    let value = value.to_ascii_lowercase();
    let kept: Vec<&str> = value
        .split_ascii_whitespace()
        .filter(|relation| RELATIONS.contains(relation) || *relation == "noopener")
        .collect();
    (!kept.is_empty()).then(|| kept.join(" ").into())
}

/// Whether an element may be called so: a word of letters and digits, as links name it.
pub(super) fn is_id(id: &str) -> bool {
    (1..=100).contains(&id.chars().count())
        && id
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.:".contains(c))
}

/// Whether it has the form of a language tag (RFC 5646).
pub(super) fn is_language_tag(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// A length in pixels, 1 to 65535: `640`, or `640px` as some write it.
pub(super) fn pixels(value: &str) -> Option<u16> {
    let number = value.trim().trim_end_matches("px");
    number.parse().ok().filter(|pixels| *pixels > 0)
}

/// Whether a link may lead there: an address of one of [`SCHEMES`], or a relative one.
pub(super) fn is_link(address: &str) -> bool {
    match Url::parse(address) {
        Ok(url) => SCHEMES.contains(&url.scheme()),
        Err(error) => error == url::ParseError::RelativeUrlWithoutBase,
    }
}

/// Whether a picture or an embed may stand there: an `http` or `https` URL with a host, or a path
/// that begins with one slash.
pub(super) fn is_web_address(address: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\');
    if address.contains(odd) {
        return false;
    }
    if address.starts_with('/') {
        return !address.starts_with("//");
    }
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// An address as pages write it, made one that [`is_web_address`] accepts.
pub(super) fn web_address(address: &str) -> Option<String> {
    let address = address.trim();
    if is_web_address(address) {
        return Some(address.to_owned());
    }
    let base = Url::parse("https://relative.invalid").ok()?;
    let url = if address.starts_with('/') {
        base.join(address).ok()?
    } else {
        Url::parse(address).ok()?
    };
    let address = match url.as_str().strip_prefix("https://relative.invalid") {
        Some(path) => path,
        None => url.as_str(),
    };
    is_web_address(address).then(|| address.to_owned())
}

/// The language in the class of a `code` element: `rust` in `language-rust` or `lang-rust`.
pub(super) fn language_of(class: &str) -> Option<&str> {
    class
        .split_ascii_whitespace()
        .find_map(|class| {
            class
                .strip_prefix("language-")
                .or_else(|| class.strip_prefix("lang-"))
        })
        .map(|language| {
            // Markdown has more behind the name: `rust,no_run`, `js{1,3}`.
            let end = language.find([',', '{', ':']).unwrap_or(language.len());
            &language[..end]
        })
        .filter(|language| is_language(language))
}

pub(super) fn is_language(language: &str) -> bool {
    (1..=40).contains(&language.len())
        && language
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-#_.".contains(&byte))
}
