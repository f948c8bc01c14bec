//! Pictures that pages show as the background of an element: the element of a picture in all but name,
//! or a decoration, which is said to be left out.

use std::collections::HashSet;

use super::super::allowed::web_address;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, is_phrasing};
use super::addresses::shown;
use super::captions::CAPTIONS;
use super::embeds::is_within_embed;
use super::pictures::{candidates, file, is_picture_file, is_placeholder};
use super::styles::declared;

/// Attributes that hold the address of a background, which a script sets when it comes into view.
pub(super) const BACKGROUNDS: &[&str] = &[
    "data-bg",
    "data-background",
    "data-background-image",
    "data-background-src",
    "data-bg-image",
    "data-bg-src",
    "data-bg-url",
    "data-image-src",
    "data-lazy-background",
    "data-lazy-bg",
    "background",
];

/// Most nodes of an element that are looked at.
const NEAR: usize = 60;

// --- Where the address stands -------------------------------------------------------------------------

/// The addresses of an element's background, those that scripts set first.
pub(super) fn addresses(tree: &Tree, id: NodeId) -> Vec<String> {
    let attributes = BACKGROUNDS
        .iter()
        .filter_map(|name| tree.attribute(id, name));
    let attributes = attributes.flat_map(|value| match value.contains("url(") {
        true => urls(value),
        false => vec![value.trim().to_owned()],
    });
    let set = tree.attribute(id, "data-bgset").and_then(largest_of);
    let source = || tree.attribute(id, "data-src").map(str::to_owned);
    let lazy = source().filter(|source| {
        let is_plain = matches!(
            tree.name(id),
            "div" | "span" | "a" | "figure" | "section" | "li"
        );
        is_plain && is_picture_file(source)
    });
    let style = tree.attribute(id, "style").map(of_style);
    let mut there = HashSet::new();
    attributes
        .chain(set)
        .chain(lazy)
        .chain(style.into_iter().flatten())
        .filter(|address| is_address(address) && there.insert(address.clone()))
        .collect()
}

/// The address of the largest of a set.
fn largest_of(set: &str) -> Option<String> {
    candidates(set)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, address)| address.to_owned())
}

/// Whether a value can be an address: some scripts call colours and numbers by the same names.
fn is_address(value: &str) -> bool {
    web_address(value).is_some()
        || value.starts_with("data:image")
        || (value.contains(['.', '/']) && !value.contains(['{', ' ', '(']))
}

/// The addresses of the background that a `style` attribute sets.
pub(super) fn of_style(style: &str) -> Vec<String> {
    if !style.contains("url(") && !style.contains("URL(") {
        return Vec::new();
    }
    let is_background = |name: &str| {
        let name = name.trim();
        name.eq_ignore_ascii_case("background") || name.eq_ignore_ascii_case("background-image")
    };
    // The last declaration counts.
    declarations(style)
        .filter_map(|declaration| declaration.split_once(':'))
        .filter(|(name, _)| is_background(name))
        .map(|(_, value)| urls(value))
        .rfind(|urls| !urls.is_empty())
        .unwrap_or_default()
}

/// Declarations, parted by semicolons that stand in neither brackets nor quotation marks.
fn declarations(style: &str) -> impl DoubleEndedIterator<Item = &str> {
    let (mut depth, mut quote, mut start) = (0_usize, None, 0);
    let mut all = Vec::new();
    for (at, c) in style.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ';') if depth == 0 => {
                all.push(&style[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(&style[start..]);
    all.into_iter()
}

/// What stands in `url(…)`; of a set of sizes of one picture, the last.
fn urls(value: &str) -> Vec<String> {
    let mut urls = Vec::new();
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("url(") {
        let rest = &value[from + at + 4..];
        let trimmed = rest.trim_start();
        let end = match trimmed.chars().next() {
            Some(quote @ ('"' | '\'')) => trimmed[1..].find(quote).map(|end| end + 2),
            _ => trimmed.find(')'),
        };
        let Some(end) = end else { break };
        let inside = trimmed[..end].trim().trim_matches(['"', '\'']);
        let url = unescaped(inside);
        if !url.is_empty() && !url.starts_with('#') {
            urls.push(url);
        }
        from = value.len() - trimmed.len() + end;
    }
    if lower.contains("image-set(") && urls.len() > 1 {
        urls.drain(..urls.len() - 1);
    }
    urls
}

/// Text without the escapes of style sheets: `\3a ` is a colon, `\/` a slash.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        let mut digits = String::new();
        while let Some(digit) = rest.next_if(|c| c.is_ascii_hexdigit() && digits.len() < 6) {
            digits.push(digit);
        }
        if digits.is_empty() {
            plain.extend(rest.next());
            continue;
        }
        rest.next_if(|c| c.is_ascii_whitespace());
        let code = u32::from_str_radix(&digits, 16).ok();
        plain.extend(code.and_then(char::from_u32).filter(|c| *c != '\0'));
    }
    plain
}

// --- What becomes of it -------------------------------------------------------------------------------

/// Puts a picture into each element whose background is one, and notes other backgrounds. What another
/// picture of the text shows is not shown again.
pub(super) fn show(tree: &mut Tree) {
    let mut found: Vec<(NodeId, Vec<String>)> = Vec::new();
    for id in tree.all() {
        let addresses = addresses(tree, id);
        if !addresses.is_empty() && !is_within_embed(tree, id) {
            found.push((id, addresses));
        }
    }
    if found.is_empty() {
        return;
    }
    let mut there: HashSet<String> = tree
        .all()
        .into_iter()
        .filter_map(|id| file(tree, id))
        .collect();
    for (id, addresses) in found {
        show_one(tree, id, addresses, &mut there);
    }
}

fn show_one(tree: &mut Tree, id: NodeId, addresses: Vec<String>, there: &mut HashSet<String>) {
    let usable =
        |address: &&String| web_address(address).is_some_and(|address| !is_placeholder(&address));
    let best = addresses.iter().find(usable).or(addresses.first()).cloned();
    let has_words = !label(tree, id).is_empty();
    for address in addresses {
        // What scripts show until they have the picture, written into the page.
        if address.starts_with("data:") && !(has_words && Some(&address) == best.as_ref()) {
            continue;
        }
        let picture = tree.element("img", &[("src", &address)]);
        let file = file(tree, picture);
        if file.as_ref().is_some_and(|file| there.contains(file)) {
            continue;
        }
        if Some(&address) == best.as_ref() && !is_placeholder(&address) && is_picture(tree, id) {
            there.extend(file);
            place(tree, id, picture);
        } else {
            let name = tree.name(id);
            let detail = format!(
                "the background {} of a \"{name}\" is not kept",
                shown(&address)
            );
            tree.warn("picture_removed", detail);
        }
    }
}

/// Puts the picture where its background was, with the words about it.
fn place(tree: &mut Tree, id: NodeId, picture: NodeId) {
    if tree.name(id) == "img" {
        let address = tree
            .attribute(picture, "src")
            .unwrap_or_default()
            .to_owned();
        tree.set_attribute(id, "src", &address);
        return;
    }
    let alt = label(tree, id);
    tree.set_attribute(picture, "alt", &alt);
    let moved = CAPTIONS.iter().chain(&["title", "data-credit"]);
    for name in moved {
        if let Some(value) = tree.attribute(id, name).map(str::to_owned) {
            tree.set_attribute(picture, name, &value);
            tree.remove_attribute(id, name);
        }
    }
    let first = tree.children(id).next();
    match first {
        _ if matches!(tree.name(id), "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p") => {
            tree.insert_before(id, picture);
        }
        Some(first) => tree.insert_before(first, picture),
        None => tree.append(id, picture),
    }
}

/// What an element says that its background shows.
fn label(tree: &Tree, id: NodeId) -> String {
    ["aria-label", "data-alt", "alt"]
        .iter()
        .filter_map(|name| tree.attribute(id, name))
        .map(collapse)
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

/// Whether an element is a picture in all but name: it says so by its role or its class, or there is
/// nothing else in it.
fn is_picture(tree: &Tree, id: NodeId) -> bool {
    const STRUCTURE: &[&str] = &[
        "table", "thead", "tbody", "tfoot", "tr", "td", "th", "ul", "ol", "dl", "video", "audio",
        "iframe", "input", "button", "select", "textarea",
    ];
    const PICTURES: &[&str] = &[
        "image", "img", "photo", "foto", "bild", "picture", "pic", "thumb", "cover", "hero",
        "slide", "gallery", "poster", "figure",
    ];
    const DECORATIONS: &[&str] = &[
        "icon", "avatar", "logo", "sprite", "badge", "emoji", "pattern", "texture", "bullet",
        "btn", "button", "overlay", "spinner", "loader",
    ];
    let name = tree.name(id);
    if name == "img" {
        let source = tree.attribute(id, "src").unwrap_or_default();
        return web_address(source).is_none_or(|source| is_placeholder(&source));
    }
    if STRUCTURE.contains(&name) || is_tiny(tree, id) || has_class_of(tree, id, DECORATIONS) {
        return false;
    }
    if tree.attribute(id, "role").map(str::trim) == Some("img") || has_class_of(tree, id, PICTURES)
    {
        return true;
    }
    let is_inline = is_phrasing(name) && name != "a";
    let stands_in_text = is_inline
        && tree
            .parent(id)
            .is_some_and(|parent| holds_something(tree, parent));
    !holds_something(tree, id) && !stands_in_text
}

/// Whether a part of one of the element's classes begins with one of these words.
fn has_class_of(tree: &Tree, id: NodeId, words: &[&str]) -> bool {
    tree.has_class(id, |class| {
        let class = class.to_ascii_lowercase();
        class.split(['-', '_']).any(|part| {
            words
                .iter()
                .any(|word| part.starts_with(word) || part.ends_with(word))
        })
    })
}

fn holds_something(tree: &Tree, id: NodeId) -> bool {
    let mut below = tree.descendants(id);
    let holds = |id: NodeId| match tree.kind(id) {
        Kind::Text(text) => !collapse(text).is_empty(),
        Kind::Element(name) => matches!(name, "img" | "iframe" | "video" | "audio"),
        _ => false,
    };
    below.by_ref().take(NEAR).any(holds) || below.next().is_some()
}

/// A background of one pixel counts readers.
fn is_tiny(tree: &Tree, id: NodeId) -> bool {
    let style = tree.attribute(id, "style").unwrap_or_default();
    ["width", "height"].iter().all(|side| {
        declared(style, side)
            .is_some_and(|side| matches!(side.as_str(), "0" | "0px" | "1px" | "2px"))
    })
}
