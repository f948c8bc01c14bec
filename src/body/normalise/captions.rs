//! Captions that do not stand in a `figcaption`: beside the picture, or in an attribute.

use super::super::allowed::is_hidden;
use super::super::credit::is_credit;
use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{all_phrases, collapse, is_kept, is_phrasing, text_of};
use super::addresses::shown;
use super::embeds::is_within_embed;
use super::pictures::{credit, is_picture_file};
use crate::validation::Violation;

/// Attributes in which galleries keep the captions of their pictures, the surest first.
pub(super) const CAPTIONS: &[&str] = &[
    "data-caption",
    "data-image-caption",
    "data-sub-html",
    "data-title",
    "data-image-description",
];

/// Most nodes around or in an element that are looked at.
const NEAR: usize = 60;

pub(super) fn is_picture(tree: &Tree, id: NodeId) -> bool {
    matches!(tree.name(id), "img" | "amp-img" | "amp-anim")
}

// --- Beside the picture -------------------------------------------------------------------------------

/// Makes figures of pictures with a caption or a credit right behind them, by its class.
pub(super) fn beside(tree: &mut Tree) {
    for id in tree.all() {
        let says_caption = is_caption(tree, id);
        if !says_caption && !says_credit(tree, id) {
            continue;
        }
        let Some(picture) = picture_before(tree, id) else {
            hoist(tree, id, says_caption);
            continue;
        };
        let has_caption = child(tree, picture, "figcaption").is_some();
        if says_caption && has_caption {
            continue;
        }
        let parent = tree.parent(id);
        let in_figure = parent.is_some_and(|parent| {
            tree.name(parent) == "figure" && child(tree, parent, "figcaption").is_none()
        });
        if tree.name(picture) == "figure" {
            tree.append(picture, id);
        } else if !in_figure {
            if !says_caption && tree.ancestors(id).any(|id| tree.name(id) == "figure") {
                continue;
            }
            make_figure(tree, &[picture, id]);
        }
        if says_caption {
            tree.rename(id, "figcaption");
        }
    }
}

/// Puts a figure around nodes that stand beside each other; a paragraph holds none.
pub(super) fn make_figure(tree: &mut Tree, nodes: &[NodeId]) -> NodeId {
    let figure = tree.element("figure", &[]);
    tree.wrap(nodes, figure);
    let around: Vec<NodeId> = tree
        .ancestors(figure)
        .filter(|id| tree.name(*id) == "p")
        .collect();
    around.into_iter().for_each(|id| tree.rename(id, "div"));
    figure
}

/// Puts a caption or a credit that stands deep in a figure of one picture right into it.
fn hoist(tree: &mut Tree, id: NodeId, says_caption: bool) {
    let figure = tree.ancestors(id).find(|id| tree.name(*id) == "figure");
    let Some(figure) = figure.filter(|figure| tree.parent(id) != Some(*figure)) else {
        return;
    };
    let is_inner = |id: NodeId| {
        is_within_embed(tree, id) || tree.ancestors(id).any(|id| tree.name(id) == "figcaption")
    };
    // One more is looked at, so that a figure of too many parts is seen to be one.
    let below: Vec<NodeId> = tree.descendants(figure).take(NEAR + 1).collect();
    let pictures = below
        .iter()
        .filter(|id| is_picture(tree, **id) && !is_within_copy(tree, **id));
    let has_one = pictures.count() == 1 && below.len() <= NEAR;
    let has_caption = says_caption && child(tree, figure, "figcaption").is_some();
    if !has_one || has_caption || is_inner(id) {
        return;
    }
    tree.append(figure, id);
    if says_caption {
        tree.rename(id, "figcaption");
    }
}

/// Whether an element is a caption by its class, or by its name where it stands in no figure.
pub(super) fn is_caption(tree: &Tree, id: NodeId) -> bool {
    const WORDS: &[&str] = &["caption", "cutline", "bildunterschrift", "bildtext"];
    const OTHERS: &[&str] = &[
        "toggle",
        "button",
        "btn",
        "icon",
        "captions",
        "close",
        "wp-caption",
    ];
    match tree.name(id) {
        "figcaption" => tree
            .parent(id)
            .is_some_and(|parent| tree.name(parent) != "figure"),
        "div" | "p" | "span" | "small" | "em" | "i" | "section" | "aside" | "footer" | "h4"
        | "h5" | "h6" => tree.has_class(id, |class| {
            let class = class.to_ascii_lowercase();
            WORDS.iter().any(|word| class.contains(word))
                && !OTHERS.iter().any(|word| class.contains(word))
        }),
        _ => false,
    }
}

fn says_credit(tree: &Tree, id: NodeId) -> bool {
    matches!(tree.name(id), "div" | "p" | "span" | "small" | "cite")
        && tree.attribute(id, "itemprop").is_none()
        && is_credit(tree, id)
}

/// The element before a caption that holds one picture and no words; not where the caption holds one
/// itself.
fn picture_before(tree: &Tree, caption: NodeId) -> Option<NodeId> {
    tree.parent(caption)?;
    if is_within_embed(tree, caption)
        || tree
            .descendants(caption)
            .take(NEAR)
            .any(|id| is_picture(tree, id))
        || tree
            .ancestors(caption)
            .any(|id| tree.name(id) == "figcaption")
    {
        return None;
    }
    let mut before = std::iter::successors(tree.before(caption), |id| tree.before(*id)).take(NEAR);
    let passed = |id: NodeId| {
        is_space(tree, id) || matches!(tree.name(id), "br" | "source") || is_copy(tree, id)
    };
    let before = before.find(|id| !passed(*id))?;
    let of_figure = tree.name(before) == "figure";
    if of_figure && is_within_embed(tree, before) {
        return None;
    }
    let mut below = std::iter::once(before).chain(tree.descendants(before));
    let (mut pictures, mut words) = (0, false);
    for id in below.by_ref().take(NEAR) {
        let in_caption = || {
            of_figure
                && tree
                    .ancestors(id)
                    .any(|id| tree.name(id) == "figcaption" || says_credit(tree, id))
        };
        match tree.kind(id) {
            Kind::Text(text) => words |= !collapse(text).is_empty() && !in_caption(),
            Kind::Element("iframe" | "video" | "audio" | "table" | "ul" | "ol") => return None,
            Kind::Element("img" | "amp-img" | "amp-anim") => {
                pictures += usize::from(!is_within_copy(tree, id))
            }
            _ => {}
        }
    }
    // A picture may stand in `noscript` only.
    let has_one = pictures == 1 || (pictures == 0 && tree.name(before) == "noscript");
    (has_one && !words && below.next().is_none()).then_some(before)
}

/// What stands beside a picture for readers without scripts.
fn is_copy(tree: &Tree, id: NodeId) -> bool {
    tree.name(id) == "noscript"
        && tree.before(id).is_some_and(|before| {
            const OF_TEXT: &[&str] = &[
                "p",
                "div",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "blockquote",
                "ul",
                "ol",
                "dl",
                "table",
                "pre",
                "hr",
            ];
            !OF_TEXT.contains(&tree.name(before))
        })
}

fn is_within_copy(tree: &Tree, id: NodeId) -> bool {
    tree.ancestors(id).any(|id| tree.name(id) == "noscript")
}

fn child(tree: &Tree, id: NodeId, name: &str) -> Option<NodeId> {
    tree.children(id)
        .take(NEAR)
        .find(|id| tree.name(*id) == name)
}

// --- In an attribute ----------------------------------------------------------------------------------

/// Makes captions of the attributes that hold them; true where there were any.
///
/// # Errors
/// `too_large` where that makes too many elements.
pub(super) fn of_attributes(tree: &mut Tree) -> Result<bool, Violation> {
    let mut made = false;
    for id in tree.all() {
        let mut words = words(tree, id).into_iter();
        let Some((name, caption)) = words.next() else {
            continue;
        };
        if is_within_embed(tree, id) {
            continue;
        }
        let Some(picture) = picture_of(tree, id) else {
            if name.ends_with("caption") {
                let detail = format!("the caption {} has no picture", shown(&caption));
                tree.warn("title_removed", detail);
            }
            continue;
        };
        if name == "title" {
            tree.remove_attribute(id, "title");
        }
        made |= caption_picture(tree, picture, &caption)?;
        for (_, other) in words {
            caption_picture(tree, picture, &other)?;
        }
    }
    Ok(made)
}

/// The captions that attributes of an element hold.
fn words(tree: &Tree, id: NodeId) -> Vec<(&'static str, String)> {
    let name = tree.name(id);
    let own = match name {
        "img" | "a" => CAPTIONS,
        "figure" | "div" | "li" | "span" | "p" | "section" => &CAPTIONS[..2],
        _ => return Vec::new(),
    };
    let title: &[&'static str] = match name {
        "figure" => &["title"],
        "a" if is_enlarging(tree, id) => &["title"],
        _ => &[],
    };
    let all = own.iter().chain(title).filter_map(|name| {
        let words = collapse(tree.attribute(id, name)?);
        // Some name the element that holds the caption.
        let is_selector = words.starts_with(['#', '.']) && !words.contains(' ');
        (!words.is_empty() && !is_selector).then_some((*name, words))
    });
    all.collect()
}

/// Whether a link shows its picture larger, so that its title is the caption there.
fn is_enlarging(tree: &Tree, id: NodeId) -> bool {
    let known = |name: &str| {
        let name = name.to_ascii_lowercase();
        [
            "lightbox",
            "fancybox",
            "lightgallery",
            "photoswipe",
            "pswp",
            "colorbox",
            "magnific",
        ]
        .iter()
        .any(|word| name.contains(word))
    };
    tree.attribute(id, "href").is_some_and(is_picture_file)
        || tree.attributes(id).any(|(name, value)| {
            name.starts_with("data-") && known(name)
                || matches!(name, "rel" | "class") && known(value)
        })
}

/// The picture that the attributes of an element are about: itself, or the only one in it.
fn picture_of(tree: &Tree, id: NodeId) -> Option<NodeId> {
    if tree.name(id) == "img" {
        return Some(id);
    }
    let mut below = tree.descendants(id);
    let pictures: Vec<NodeId> = below
        .by_ref()
        .take(NEAR)
        .filter(|id| tree.name(*id) == "img")
        .collect();
    match pictures[..] {
        [only] if below.next().is_none() => Some(only),
        _ => None,
    }
}

/// Gives a picture a caption, true where it had none; where it has another, that is noted.
fn caption_picture(tree: &mut Tree, picture: NodeId, caption: &str) -> Result<bool, Violation> {
    let own = tree
        .ancestors(picture)
        .find(|id| tree.name(*id) == "figure")
        .filter(|figure| picture_of(tree, *figure) == Some(picture));
    let there = own.and_then(|figure| child(tree, figure, "figcaption"));
    let new = tree.element("figcaption", &[]);
    match caption.contains(['<', '&']) {
        true => tree.graft(new, caption)?,
        false => {
            let text = tree.text(caption);
            tree.append(new, text);
        }
    }
    let text = collapse(&text_of(tree, &[new]));
    let alt = collapse(tree.attribute(picture, "alt").unwrap_or_default());
    if text.is_empty() || text == alt && there.is_some() {
        return Ok(false);
    }
    if let Some(there) = there {
        let said = collapse(&text_of(tree, &[there]));
        if !said.contains(&text) {
            let detail = format!(
                "the caption {} of a picture that has another is not kept",
                shown(&text)
            );
            tree.warn("title_removed", detail);
        }
        return Ok(false);
    }
    let figure = match own {
        Some(figure) => figure,
        None => {
            let unit = unit(tree, picture);
            make_figure(tree, &[unit])
        }
    };
    tree.append(figure, new);
    for id in tree.below(new) {
        credit(tree, id);
    }
    Ok(true)
}

/// A picture with the link and the like around it that holds nothing else.
pub(super) fn unit(tree: &Tree, picture: NodeId) -> NodeId {
    let is_alone = |id: NodeId| {
        let before = std::iter::successors(tree.before(id), |id| tree.before(*id));
        let after = std::iter::successors(tree.next(id), |id| tree.next(*id));
        let around: Vec<NodeId> = before.take(NEAR).chain(after.take(NEAR)).collect();
        around.len() < NEAR && around.into_iter().all(|id| is_space(tree, id))
    };
    let around = std::iter::successors(Some(picture), |id| {
        let parent = tree.parent(*id)?;
        let gives_way = matches!(tree.name(parent), "a" | "span" | "picture");
        (gives_way && is_alone(*id)).then_some(parent)
    });
    around.last().unwrap_or(picture)
}

// --- What captions hold -------------------------------------------------------------------------------

/// Makes paragraphs of all that only parts lines in the captions of figures.
pub(super) fn flatten(tree: &mut Tree) {
    for id in tree.all() {
        // What is no element of a body goes, and leaves what it holds.
        let goes = |id: &NodeId| !is_kept(tree.name(*id));
        let around = tree.ancestors(id).find(|id| !goes(id));
        let of_figure = around.is_some_and(|id| tree.name(id) == "figure");
        if tree.name(id) != "figcaption" || !of_figure || is_within_embed(tree, id) {
            continue;
        }
        for part in tree.below(id) {
            if !only_parts_lines(tree.name(part)) || is_within_embed(tree, part) {
                continue;
            }
            match all_phrases(tree, part) {
                true => tree.rename(part, "p"),
                false => tree.unwrap(part),
            }
        }
    }
}

/// Whether an element is written as a `div`, or is a heading: nothing has one in a caption.
fn only_parts_lines(name: &str) -> bool {
    let is_other = name.is_empty() || is_hidden(name) || is_phrasing(name);
    matches!(
        name,
        "div" | "footer" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
    ) || !(is_kept(name) || is_other)
}
