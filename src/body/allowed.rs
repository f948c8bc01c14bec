//! What HTML may hold: elements, attributes and their values.

use std::borrow::Cow;

use url::Url;

/// Elements within a paragraph.
pub(super) const INLINE: &[&str] = &["a", "em", "strong", "code", "sub", "sup", "br"];

/// Elements that an `html` block may hold, besides the inline ones.
pub(super) const FLOW: &[&str] = &[
    "abbr",
    "audio",
    "blockquote",
    "caption",
    "cite",
    "col",
    "colgroup",
    "dd",
    "del",
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
    "ins",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "source",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "video",
];

/// Attributes by element; no element keeps any other.
pub(super) const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "title"]),
    ("abbr", &["title"]),
    ("audio", &["src", "controls"]),
    ("code", &["class"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("img", &["src", "alt"]),
    ("ol", &["start", "reversed"]),
    ("source", &["src", "type"]),
    ("td", &["colspan", "rowspan"]),
    ("th", &["colspan", "rowspan", "scope"]),
    ("time", &["datetime"]),
    ("video", &["src", "poster", "controls"]),
];

/// Elements whose content nobody reads.
pub(super) const HIDDEN: &[&str] = &[
    "script", "style", "template", "title", "iframe", "noembed", "noframes",
];

pub(super) fn is_hidden(name: &str) -> bool {
    HIDDEN.contains(&name)
}

pub(super) fn attributes_of(name: &str) -> &'static [&'static str] {
    ATTRIBUTES
        .iter()
        .find(|(element, _)| *element == name)
        .map_or(&[], |(_, attributes)| attributes)
}

/// The value that an attribute which its element may have keeps; `None` when it may not have it. Of
/// the classes of `code`, the one that names its language stays: the others are the styles of whichever
/// page it came from, or of the one that it goes to.
pub(super) fn safe_value<'v>(
    element: &str,
    attribute: &str,
    value: &'v str,
) -> Option<Cow<'v, str>> {
    match (element, attribute) {
        (_, "href") => is_link(value).then_some(value.into()),
        (_, "src" | "poster") => is_web_address(value).then_some(value.into()),
        ("code", "class") => Some(format!("language-{}", language_of(value)?).into()),
        _ => Some(value.into()),
    }
}

/// Whether a link may lead there: `http`, `https`, `mailto`, `tel`, or relative.
pub(super) fn is_link(address: &str) -> bool {
    match Url::parse(address) {
        Ok(url) => matches!(url.scheme(), "http" | "https" | "mailto" | "tel"),
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
        .filter(|language| is_language(language))
}

pub(super) fn is_language(language: &str) -> bool {
    (1..=40).contains(&language.len())
        && language
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-#_.".contains(&byte))
}
