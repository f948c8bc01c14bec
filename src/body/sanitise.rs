//! What HTML may hold: one allow-list for running text, one for the inside of a paragraph.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::{Block, bounds, is_web_url};
use crate::validation::Violation;

/// Elements within a paragraph.
pub(super) const INLINE: &[&str] = &["a", "em", "strong", "code", "sub", "sup", "br"];

/// Elements of running text that are kept when they fit no block, besides the inline ones.
const FLOW: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "footer",
    "cite",
    "figure",
    "figcaption",
    "img",
    "ul",
    "ol",
    "li",
    "table",
    "caption",
    "colgroup",
    "col",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "pre",
    "hr",
    "div",
    "section",
    "article",
    "main",
    "header",
    "aside",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
    "small",
    "b",
    "i",
    "u",
    "s",
    "del",
    "ins",
    "mark",
    "q",
    "abbr",
    "time",
    "span",
];

/// Elements whose content is no text.
const DROPPED: &[&str] = &["script", "style", "template", "noscript"];

fn builder(tags: impl IntoIterator<Item = &'static str>) -> Builder<'static> {
    let mut builder = Builder::default();
    let tags: HashSet<&str> = tags.into_iter().collect();
    let has = |tag| tags.contains(tag);
    let mut attributes = std::collections::HashMap::new();
    for (tag, allowed) in [
        ("a", &["href", "title"][..]),
        ("img", &["src", "alt"]),
        ("td", &["colspan", "rowspan"]),
        ("th", &["colspan", "rowspan"]),
        ("ol", &["start"]),
        ("code", &["class"]),
        ("time", &["datetime"]),
        ("abbr", &["title"]),
    ] {
        if has(tag) {
            attributes.insert(tag, allowed.iter().copied().collect());
        }
    }
    builder
        .clean_content_tags(DROPPED.iter().copied().collect())
        .tags(tags)
        .tag_attributes(attributes)
        .generic_attributes(HashSet::new())
        .url_schemes(["http", "https", "mailto", "tel"].into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(|tag, attribute, value| match (tag, attribute) {
            ("code", "class") => language_of(value).is_some().then_some(value.into()),
            ("img", "src") => is_web_url(value).then_some(value.into()),
            _ => Some(value.into()),
        });
    builder
}

static FLOW_BUILDER: LazyLock<Builder<'static>> =
    LazyLock::new(|| builder(FLOW.iter().chain(INLINE).copied()));
static INLINE_BUILDER: LazyLock<Builder<'static>> =
    LazyLock::new(|| builder(INLINE.iter().copied()));

/// The language in a code element's class, as in `language-rust`.
pub(super) fn language_of(class: &str) -> Option<&str> {
    let language = class.strip_prefix("language-")?;
    let plain = language
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'#' | b'_'));
    (plain && (1..=30).contains(&language.len())).then_some(language)
}

/// Running text without anything that could run. The input must be within the bounds.
pub(super) fn flow(html: &str) -> String {
    FLOW_BUILDER.clean(html).to_string()
}

/// The inside of a paragraph; other elements give way to their content.
pub(super) fn inline(html: &str) -> String {
    INLINE_BUILDER.clean(html).to_string()
}

/// Sanitises a block that someone sent; what is wrong with a field goes to `wrong`.
pub(super) fn block(block: Block, wrong: &mut impl FnMut(&str, Violation)) -> Block {
    let mut bounded = |field: &str, html: &str| {
        if let Err(violations) = bounds::check(html) {
            violations
                .0
                .into_iter()
                .for_each(|violation| wrong(field, violation));
            return false;
        }
        true
    };
    let mut clean = |field: &str, html: String, sanitise: fn(&str) -> String| {
        if bounded(field, &html) {
            sanitise(&html)
        } else {
            String::new()
        }
    };
    match block {
        Block::Paragraph { html } => Block::Paragraph {
            html: clean("html", html, inline),
        },
        Block::Heading { level, html } => {
            let html = clean("html", html, inline);
            if !(1..=6).contains(&level) {
                wrong(
                    "level",
                    Violation::new("", "out_of_range", "must be from 1 to 6"),
                );
            }
            Block::Heading { level, html }
        }
        Block::Quote { text, attribution } => Block::Quote {
            text: clean("text", text, inline),
            attribution,
        },
        Block::List { ordered, items } => Block::List {
            ordered,
            items: items
                .into_iter()
                .enumerate()
                .map(|(index, item)| clean(&format!("items/{index}"), item, inline))
                .collect(),
        },
        Block::Table { header, rows } => Block::Table {
            header: header
                .into_iter()
                .enumerate()
                .map(|(index, cell)| clean(&format!("header/{index}"), cell, inline))
                .collect(),
            rows: rows
                .into_iter()
                .enumerate()
                .map(|(row, cells)| {
                    cells
                        .into_iter()
                        .enumerate()
                        .map(|(column, cell)| clean(&format!("rows/{row}/{column}"), cell, inline))
                        .collect()
                })
                .collect(),
        },
        Block::Html { html } => Block::Html {
            html: clean("html", html, flow),
        },
        Block::Image { ref url, .. } => {
            check_url(url, wrong);
            block
        }
        Block::Embed {
            url,
            provider,
            html,
        } => {
            let html = html.map(|html| clean("html", html, flow));
            check_url(&url, wrong);
            Block::Embed {
                url,
                provider,
                html,
            }
        }
        Block::Code { language, text } => {
            let known = language
                .as_deref()
                .is_none_or(|language| language_of(&format!("language-{language}")).is_some());
            if !known {
                let detail = "must be a plain name such as \"rust\"";
                wrong("language", Violation::new("", "invalid_language", detail));
            }
            Block::Code { language, text }
        }
    }
}

fn check_url(url: &str, wrong: &mut impl FnMut(&str, Violation)) {
    if !is_web_url(url) {
        let detail = "must be an http or https URL, or a path beginning with /";
        wrong("url", Violation::new("", "invalid_url", detail));
    }
}
