//! Elements that say something in their attributes and hold nothing that is seen: what they say is named, as
//! nothing of them stays.

use super::super::allowed::{INLINE, is_hidden, web_address};
use super::super::figure::embed_address;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, usual_name};
use super::addresses::{report_lost_title, report_title, shown};
use super::embeds::is_within_embed;
use super::is_blank;
use super::visible;
use super::wrappers::{is_whole, leads_somewhere};

/// Where an element stands, which decides what may be shown there.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// In a text that becomes blocks, of which only words and pictures have a link around them.
    Text,
    /// In HTML that is kept as it is.
    Flow,
    /// In a line, where only words stay.
    Line,
}

impl Place {
    /// That of an element: an embed keeps its HTML as it is.
    pub(super) fn of(self, tree: &Tree, id: NodeId) -> Self {
        match self {
            Self::Text if is_within_embed(tree, id) => Self::Flow,
            place => place,
        }
    }
}

/// Notes links, titles and sources of inline elements that hold nothing to see, and takes the elements away;
/// one that a link leads to stays as a place.
pub(super) fn report(tree: &mut Tree, place: Place) {
    for id in tree.all() {
        let is_inline = INLINE.contains(&usual_name(tree.name(id)));
        let is_quote = tree.name(id) == "blockquote" && place == Place::Text;
        if !says_something(tree, id) || !is_inline && !is_quote {
            continue;
        }
        let place = place.of(tree, id);
        if is_inline && !shows(tree, id, place) {
            report_one(tree, id);
            take_away(tree, id);
        } else if is_quote && place == Place::Text && !has_content(tree, id) {
            report_one(tree, id);
            tree.remove_attribute(id, "cite");
        }
    }
}

/// Notes what is said by the elements in one that shows nothing and is taken away, besides the address that stays.
pub(super) fn report_below(tree: &Tree, id: NodeId, address: &str) {
    for id in tree.below(id) {
        if matches!(tree.name(id), "script" | "style") {
            visible::report(tree, id);
        } else if tree.attribute(id, "href").map(str::trim) != Some(address) {
            report_one(tree, id);
            report_title(tree, id);
        }
    }
}

fn says_something(tree: &Tree, id: NodeId) -> bool {
    ["href", "title", "cite"]
        .iter()
        .any(|name| tree.attribute(id, name).is_some())
}

/// Whether something is seen of what is in an element. What a link in a link shows is the inner one's.
pub(super) fn shows(tree: &Tree, id: NodeId, place: Place) -> bool {
    let is_linked = tree.name(id) == "a";
    tree.children(id)
        .any(|child| is_shown(tree, child, place, is_linked))
}

/// Whether something is seen of an element that may stand in a link.
pub(super) fn is_shown(tree: &Tree, id: NodeId, place: Place, is_linked: bool) -> bool {
    match tree.kind(id) {
        Kind::Text(text) => !is_blank(text),
        Kind::Silent => false,
        Kind::Element("img") => place == Place::Flow || place == Place::Text && is_linked,
        Kind::Element(_) if place != Place::Line && is_whole(tree, id) => place == Place::Flow,
        Kind::Element(name) if is_hidden(name) => false,
        _ if is_linked && leads_somewhere(tree, id) => false,
        _ => {
            let mut children = tree.children(id);
            children.any(|child| is_shown(tree, child, place, is_linked))
        }
    }
}

/// Whether a quote holds anything, be it only room.
fn has_content(tree: &Tree, id: NodeId) -> bool {
    tree.descendants(id).any(|id| match tree.kind(id) {
        Kind::Text(text) => !collapse(text).is_empty(),
        _ => {
            let is_picture = matches!(tree.name(id), "img" | "hr");
            let address = || tree.attribute(id, "src").and_then(web_address);
            is_picture || embed_address(tree, id).is_some() || address().is_some()
        }
    })
}

fn report_one(tree: &Tree, id: NodeId) {
    let name = tree.name(id);
    let said = |name| tree.attribute(id, name).unwrap_or_default().trim();
    let (href, cite) = (said("href"), said("cite"));
    if leads_somewhere(tree, id) {
        let detail = format!("the link to {} holds nothing to click on", shown(href));
        tree.warn("link_removed", detail);
    }
    // Of any other element, or link, the title was named before.
    let has_title = leads_somewhere(tree, id) || usual_name(name) == "abbr";
    if has_title {
        report_lost_title(tree, id);
    }
    let is_source = matches!(name, "blockquote" | "q" | "del" | "ins");
    if is_source && web_address(cite).is_some() {
        let detail = format!(
            "the source {} of a \"{name}\" without words is not kept",
            shown(cite)
        );
        tree.warn("link_removed", detail);
    }
}

/// Leaves what is in an element in its place, and its name where links lead to it.
pub(super) fn take_away(tree: &mut Tree, id: NodeId) {
    if tree.attribute(id, "id").is_none() {
        tree.unwrap(id);
        return;
    }
    tree.rename(id, "span");
    for name in ["href", "title", "cite"] {
        tree.remove_attribute(id, name);
    }
}
