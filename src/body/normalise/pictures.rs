//! Pictures that scripts load later, sets of pictures, and what stands there without scripts.

use std::collections::HashMap;

use super::super::allowed::{pixels, web_address};
use super::super::credit::is_credit;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{all_phrases, collapse, text_of};
use super::addresses::shown;
use super::backgrounds;
use super::captions::CAPTIONS;

/// Where scripts find the address of what they load when it comes into view.
pub(super) const LAZY: &[&str] = &[
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-lazy",
    "data-cfsrc",
    "data-actualsrc",
    "data-original-src",
    "data-img-src",
    "data-echo",
    "data-lazyload",
    "data-defer-src",
    "nitro-lazy-src",
];

/// Where other sizes of a picture stand, which is taken where nothing else has an address.
pub(super) const INSTEAD: &[&str] = &[
    "data-large-file",
    "data-orig-file",
    "data-large_image",
    "data-full-url",
    "data-image",
    "data-url",
];

/// Sets of addresses with their widths.
pub(super) const SETS: &[&str] = &["srcset", "data-srcset", "data-lazy-srcset", "data-bgset"];

/// Most sources of one picture that are looked at.
const SOURCES: usize = 50;

/// Elements that show what stands at an address.
const SHOWN: &[&str] = &["img", "iframe", "video", "audio", "source", "track"];

/// Elements of AMP, which are as those of HTML.
const AMP: &[(&str, &str)] = &[
    ("amp-img", "img"),
    ("amp-anim", "img"),
    ("amp-iframe", "iframe"),
    ("amp-video", "video"),
    ("amp-audio", "audio"),
];

/// Gives each picture the address that a reader would be shown in the end, and keeps what stands in
/// `noscript` where nothing else shows it.
pub(super) fn choose(tree: &mut Tree) {
    for id in tree.all() {
        if let Some((_, name)) = AMP.iter().find(|(amp, _)| *amp == tree.name(id)) {
            tree.rename(id, name);
        }
        if SHOWN.contains(&tree.name(id)) {
            choose_address(tree, id);
        }
    }
    for id in tree.all() {
        match tree.name(id) {
            "img" if counts_readers(tree, id) && !says_something(tree, id) => {
                let address = tree.attribute(id, "src").unwrap_or_default();
                tree.warn(
                    "element_removed",
                    format!("the picture {} of one pixel is taken out", shown(address)),
                );
                tree.detach(id);
            }
            "img" if is_placeholder_beside(tree, id) => tree.detach(id),
            "img" => write_characters(tree, id),
            "picture" => without_sources(tree, id),
            "div" | "p" | "dl" | "dt" | "dd" => captioned(tree, id),
            _ => {}
        }
        credit(tree, id);
    }
    without_scripts(tree);
    backgrounds::show(tree);
    report(tree);
}

/// Notes what is shown nowhere because its address leads nowhere.
fn report(tree: &Tree) {
    for id in tree.all() {
        let source = tree.attribute(id, "src").unwrap_or_default();
        let (code, what) = match tree.name(id) {
            "img" => ("picture_removed", "picture"),
            "iframe" => ("embed_removed", "frame"),
            "video" | "audio" | "source" | "track" if !source.is_empty() => {
                ("embed_removed", "recording")
            }
            _ => continue,
        };
        if web_address(source).is_some() {
            continue;
        }
        tree.warn(code, format!("the {what} {} has no address on the web (base_url makes relative ones whole); the words about it stay", shown(source)));
    }
}

/// Notes what cannot stand in a line of text: it needs a block of its own.
pub(super) fn report_out_of_place(tree: &Tree) {
    for id in tree.all() {
        let (code, name) = match tree.name(id) {
            "img" => ("picture_removed", "src"),
            "iframe" | "video" | "audio" | "source" | "embed" => ("embed_removed", "src"),
            "object" => ("embed_removed", "data"),
            _ => continue,
        };
        if let Some(address) = tree.attribute(id, name).and_then(web_address) {
            tree.warn(
                code,
                format!("{} needs a block of its own", shown(&address)),
            );
        }
    }
}

fn choose_address(tree: &mut Tree, id: NodeId) {
    let usable = |name: &str| tree.attribute(id, name).and_then(web_address);
    let plain = usable("src").filter(|address| !is_placeholder(address));
    let lazy = LAZY.iter().find_map(|name| usable(name));
    let instead = || INSTEAD.iter().find_map(|name| usable(name));
    let address = lazy
        .or(plain)
        .or_else(|| largest(tree, id))
        .or_else(|| instead().filter(|address| is_picture_file(address)));
    let label = ["aria-label", "data-alt"]
        .iter()
        .find_map(|name| tree.attribute(id, name))
        .map(collapse);
    if let Some(label) = label.filter(|_| tree.name(id) == "img" && !says_something(tree, id)) {
        tree.set_attribute(id, "alt", &label);
    }
    let poster = tree.attribute(id, "data-poster").map(str::to_owned);
    let poster = poster
        .filter(|poster| web_address(poster).is_some() || tree.attribute(id, "poster").is_none());
    if let Some(address) = address {
        tree.set_attribute(id, "src", &address);
    }
    if let Some(poster) = poster {
        tree.set_attribute(id, "poster", &poster);
    }
}

/// What pages show until a script has loaded the picture.
pub(super) fn is_placeholder(address: &str) -> bool {
    const NAMES: &[&str] = &[
        "blank",
        "spacer",
        "placeholder",
        "transparent",
        "pixel",
        "1x1",
        "lazy",
    ];
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// The largest picture of the element's own set, or of the sets around it.
fn largest(tree: &Tree, id: NodeId) -> Option<String> {
    let sources = tree
        .parent(id)
        .filter(|parent| tree.name(*parent) == "picture")
        .map(|picture| tree.children(picture).take(SOURCES).collect::<Vec<_>>());
    let nodes = std::iter::once(id).chain(sources.unwrap_or_default());
    let sets = nodes.flat_map(|node| {
        SETS.iter()
            .filter_map(move |name| tree.attribute(node, name))
    });
    sets.flat_map(candidates)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .and_then(|(_, address)| web_address(address))
}

/// The addresses of a `srcset` with their widths or densities (HTML, "image candidate strings").
pub(super) fn candidates(set: &str) -> impl Iterator<Item = (f64, &str)> {
    let mut rest = set;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        let end = rest.find(|c: char| c.is_ascii_whitespace());
        let (address, after) = rest.split_at(end.unwrap_or(rest.len()));
        if address.is_empty() {
            return None;
        }
        // A comma right behind an address ends it; others are part of it.
        let bare = address.trim_end_matches(',');
        let (size, after) = match bare.len() == address.len() {
            true => after.split_once(',').unwrap_or((after, "")),
            false => ("", after),
        };
        rest = after;
        let size = size.split_ascii_whitespace().next().unwrap_or("1x");
        let size = size.trim_end_matches(['w', 'x']).parse().unwrap_or(0.0);
        Some((size, bare))
    })
}

/// A picture of at most two pixels, by which others count readers.
fn counts_readers(tree: &Tree, id: NodeId) -> bool {
    let tiny = |name| {
        let value = tree
            .attribute(id, name)
            .map(|value| value.trim().trim_end_matches("px"));
        value.is_some_and(|value| matches!(value, "0" | "1" | "2"))
    };
    tiny("width") && tiny("height")
}

/// What stands in a picture's place until it is there, hidden from those who are read to.
fn is_placeholder_beside(tree: &Tree, id: NodeId) -> bool {
    let source = tree.attribute(id, "src").unwrap_or_default();
    tree.attribute(id, "aria-hidden") == Some("true")
        && !says_something(tree, id)
        && web_address(source).is_none()
}

/// Writes what stands for characters in a line as these: pictures of emoji, and of formulas, which are code.
fn write_characters(tree: &mut Tree, id: NodeId) {
    const EMOJI: &[&str] = &["emoji", "wp-smiley", "twemoji", "emojione", "joypixels"];
    const FORMULAS: &[&str] = &["latex", "tex", "mwe-math-fallback-image-inline"];
    let source = tree.attribute(id, "src").unwrap_or_default();
    let is_of = |classes: &[&str]| tree.has_class(id, |class| classes.contains(&class));
    let is_formula = is_of(FORMULAS);
    let alt = collapse(tree.attribute(id, "alt").unwrap_or_default());
    let has_letters = alt.contains(char::is_alphabetic);
    let is_emoji = is_of(EMOJI) || source.contains("emoji") && !has_letters;
    // A picture called so that is one has more to say.
    let is_short = alt.chars().count() <= if is_formula { 500 } else { 20 };
    if alt.is_empty() || !is_short || !(is_emoji || is_formula) {
        return;
    }
    let text = tree.text(&alt);
    tree.insert_before(id, text);
    if is_formula {
        let code = tree.element("code", &[]);
        tree.wrap(&[text], code);
    }
    tree.detach(id);
}

/// Whether words say what a picture shows: then it is one.
fn says_something(tree: &Tree, id: NodeId) -> bool {
    tree.attribute(id, "alt")
        .is_some_and(|alt| !alt.trim().is_empty())
}

/// Leaves the picture of a `picture`, made of its sources where it has none.
fn without_sources(tree: &mut Tree, id: NodeId) {
    let below = tree.below(id);
    if !below.iter().any(|id| tree.name(*id) == "img") {
        let source = below
            .iter()
            .flat_map(|id| SETS.iter().filter_map(|name| tree.attribute(*id, name)))
            .flat_map(candidates)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, address)| address.to_owned());
        if let Some(source) = source {
            let picture = tree.element("img", &[("src", &source)]);
            tree.append(id, picture);
        }
    }
    for id in below {
        if tree.name(id) == "source" {
            tree.detach(id);
        }
    }
    tree.unwrap(id);
}

/// Figures as WordPress wrote them before HTML had any.
fn captioned(tree: &mut Tree, id: NodeId) {
    let is_item = tree.name(id) == "dl" && tree.has_class(id, |class| class == "gallery-item");
    if is_item || tree.has_class(id, |class| class == "wp-caption") {
        tree.rename(id, "figure");
        let terms: Vec<NodeId> = tree
            .children(id)
            .filter(|id| tree.name(*id) == "dt")
            .collect();
        terms.into_iter().for_each(|id| tree.rename(id, "div"));
    } else if tree.has_class(id, |class| class == "wp-caption-text") {
        tree.rename(id, "figcaption");
    }
}

/// Whose a picture is: HTML that is kept as it is has no class to say it, but `small`.
pub(super) fn credit(tree: &mut Tree, id: NodeId) {
    let in_figure = tree.ancestors(id).any(|id| tree.name(id) == "figure");
    if in_figure && is_credit(tree, id) && tree.name(id) != "figcaption" && all_phrases(tree, id) {
        tree.rename(id, "small");
    }
}

// --- What stands there without scripts ----------------------------------------------------------------

fn without_scripts(tree: &mut Tree) {
    let is_noscript = |tree: &Tree, id| tree.name(id) == "noscript";
    let mut there: HashMap<String, NodeId> = tree
        .all()
        .into_iter()
        .filter(|id| !tree.ancestors(*id).any(|id| is_noscript(tree, id)))
        .filter_map(|id| Some((file(tree, id)?, id)))
        .collect();
    for id in tree.all() {
        if !is_noscript(tree, id) {
            continue;
        }
        unescape(tree, id);
        drop_what_is_there(tree, id, &mut there);
        let shows = |id: NodeId| {
            let is_link = tree.name(id) == "a" && tree.attribute(id, "href").is_some();
            is_link || matches!(tree.name(id), "img" | "iframe" | "video" | "audio")
        };
        if tree.below(id).into_iter().any(shows) {
            tree.unwrap(id);
        } else {
            report_text(tree, id);
            tree.detach(id);
        }
    }
}

/// Reads what stands in a `noscript` as the source of elements, as some scripts write it.
fn unescape(tree: &mut Tree, noscript: NodeId) {
    let children: Vec<NodeId> = tree.children(noscript).collect();
    let [only] = children[..] else { return };
    let source = match tree.kind(only) {
        Kind::Text(text) if text.trim_start().starts_with("<i") => text.to_owned(),
        _ => return,
    };
    tree.detach(only);
    // What is too much is refused when all is made.
    if tree.graft(noscript, &source).is_ok() {
        for id in tree.below(noscript) {
            if SHOWN.contains(&tree.name(id)) {
                choose_address(tree, id);
            }
        }
    }
}

fn report_text(tree: &Tree, id: NodeId) {
    let text = collapse(&text_of(tree, &[id]));
    if !text.is_empty() {
        let detail = format!("{} is shown without scripts only", shown(&text));
        tree.warn("hidden_text_removed", detail);
    }
}

/// Takes out of a `noscript` what is shown without it (`there`, by file); a picture that is not there yet
/// gets the address that stands in it.
fn drop_what_is_there(tree: &mut Tree, noscript: NodeId, there: &mut HashMap<String, NodeId>) {
    let beside = waiting(tree, noscript);
    for id in tree.below(noscript) {
        let Some(file) = file(tree, id) else { continue };
        if let Some(other) = there.get(&file) {
            give_words(tree, id, *other);
        } else if let Some(waiting) = beside.filter(|beside| tree.name(*beside) == tree.name(id)) {
            let address = tree.attribute(id, "src").unwrap_or_default().to_owned();
            tree.set_attribute(waiting, "src", &address);
            give_words(tree, id, waiting);
            there.insert(file, waiting);
        } else {
            there.insert(file, id);
        }
    }
}

/// Takes a picture out of which another shows the same; what it says goes to that one.
fn give_words(tree: &mut Tree, from: NodeId, to: NodeId) {
    for name in ["alt", "title"].iter().chain(CAPTIONS) {
        let words = collapse(tree.attribute(from, name).unwrap_or_default());
        let there = collapse(tree.attribute(to, name).unwrap_or_default());
        if there.is_empty() && !words.is_empty() {
            tree.set_attribute(to, name, &words);
        } else if words != there && !words.is_empty() {
            tree.warn(
                "words_removed",
                format!(
                    "a picture is said to show {} and {}; the first is not kept",
                    shown(&words),
                    shown(&there)
                ),
            );
        }
    }
    tree.detach(from);
}

/// The picture or frame before a `noscript` that has no address yet; not looked for far away.
fn waiting(tree: &Tree, noscript: NodeId) -> Option<NodeId> {
    const NEAR: usize = 30;
    let before = std::iter::successors(tree.before(noscript), |id| tree.before(*id)).take(4);
    let near = before.flat_map(|id| {
        let below = tree.descendants(id).take(NEAR);
        std::iter::once(id).chain(below)
    });
    near.take(NEAR).find(|id| {
        let source = tree.attribute(*id, "src").unwrap_or_default().trim();
        let is_empty =
            source.is_empty() || source.starts_with("data:") || source.starts_with("about:");
        matches!(tree.name(*id), "img" | "iframe") && (is_empty || is_placeholder(source))
    })
}

/// Which file a picture or a frame shows, whatever its size: the address without its query, and
/// without the size that WordPress puts at the end of names.
pub(super) fn file(tree: &Tree, id: NodeId) -> Option<String> {
    if !matches!(tree.name(id), "img" | "iframe" | "video" | "audio") {
        return None;
    }
    let address = tree.attribute(id, "src").and_then(web_address)?;
    if tree.name(id) == "iframe" {
        return Some(address);
    }
    let path = address.split(['?', '#']).next()?;
    let (name, extension) = path.rsplit_once('.').unwrap_or((path, ""));
    if !is_picture_file(path) {
        return Some(address);
    }
    let stem = match name.rsplit_once('-') {
        Some((stem, size)) if is_size(size) => stem,
        _ => name,
    };
    Some(format!("{stem}.{extension}"))
}

/// Whether an address ends as those of pictures do.
pub(super) fn is_picture_file(address: &str) -> bool {
    const PICTURES: &[&str] = &["jpg", "jpeg", "png", "webp", "gif", "avif", "svg"];
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| PICTURES.contains(&extension.to_ascii_lowercase().as_str()))
}

fn is_size(text: &str) -> bool {
    let Some((width, height)) = text.split_once('x') else {
        return false;
    };
    pixels(width).is_some() && pixels(height).is_some()
}
