//! What readers do not see, and formulas as they would read them.

use std::collections::HashSet;

use super::super::allowed::is_hidden;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, text_of};
use super::addresses::shown;
use super::backgrounds;
use super::providers::is_player;
use super::styles::declared;

/// Classes of text that is only for programs that read pages aloud.
const UNSEEN_CLASSES: &[&str] = &["screen-reader-text", "sr-only", "visually-hidden"];

/// Classes of what players draw themselves: buttons and times.
const CONTROLS: &[&str] = &[
    "kg-video-overlay",
    "kg-video-player-container",
    "kg-audio-player",
    "mejs-controls",
    "mejs-offscreen",
    "vjs-control-bar",
    "plyr__controls",
    "jw-controls",
];

/// Parts of drawings and formulas that are not shown.
const UNSEEN_FOREIGN: &[&str] = &[
    "annotation",
    "annotation-xml",
    "title",
    "desc",
    "metadata",
    "defs",
    "script",
    "style",
];

/// Takes away what readers would not see, and writes formulas on one line.
pub(super) fn drop_hidden(tree: &mut Tree) {
    let mut dropped = HashSet::new();
    for id in tree.all() {
        let within = tree.parent(id).is_some_and(|id| dropped.contains(&id));
        if within {
            dropped.insert(id);
        } else if is_permalink(tree, id) {
            tree.detach(id);
            dropped.insert(id);
        } else if is_unseen(tree, id) {
            report(tree, id);
            tree.detach(id);
            dropped.insert(id);
        } else {
            formula(tree, id);
        }
    }
}

fn is_unseen(tree: &Tree, id: NodeId) -> bool {
    match tree.kind(id) {
        Kind::Foreign(name) => UNSEEN_FOREIGN.contains(&name),
        Kind::Element("iframe") => has_unseen_style(tree, id),
        Kind::Element(name) => is_hidden(name) || has_unseen_style(tree, id),
        Kind::Text(_) | Kind::Silent => false,
    }
}

fn has_unseen_style(tree: &Tree, id: NodeId) -> bool {
    let style = tree.attribute(id, "style").unwrap_or_default();
    tree.attribute(id, "hidden").is_some()
        || declared(style, "display").as_deref() == Some("none")
        || declared(style, "visibility").as_deref() == Some("hidden")
        || declared(style, "mso-hide").is_some()
        || tree.has_class(id, |class| {
            UNSEEN_CLASSES.contains(&class) || CONTROLS.contains(&class)
        })
}

/// The mark beside a heading that leads to it, without a word.
fn is_permalink(tree: &Tree, id: NodeId) -> bool {
    let leads_here = tree
        .attribute(id, "href")
        .is_some_and(|href| href.starts_with('#') && href.len() > 1);
    let in_heading = || {
        let mut around = tree.ancestors(id).map(|id| tree.name(id));
        around.any(|name| matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6"))
    };
    let is_mark = || {
        let text = text_of(tree, &[id]);
        matches!(text.trim(), "#" | "¶" | "§" | "🔗" | "∞" | "⚓")
    };
    tree.name(id) == "a" && leads_here && in_heading() && is_mark()
}

/// Scripts are code, and said only by their address.
pub(super) fn report(tree: &Tree, id: NodeId) {
    if let Some(source) = tree.attribute(id, "src") {
        let name = tree.name(id);
        if name == "script" && is_player(source) {
            return;
        }
        tree.warn(
            "element_removed",
            format!("the \"{name}\" of {} is taken out", shown(source)),
        );
        return;
    }
    for shown_there in std::iter::once(id).chain(tree.descendants(id)) {
        let address = ["src", "href"]
            .iter()
            .find_map(|name| tree.attribute(shown_there, name).map(str::to_owned))
            .or_else(|| backgrounds::addresses(tree, shown_there).pop());
        if let Some(address) = address {
            tree.warn(
                "element_removed",
                format!("{} is not shown to readers", shown(&address)),
            );
        }
    }
    let children: Vec<NodeId> = tree.children(id).collect();
    let text = collapse(&text_of(tree, &children));
    if matches!(tree.kind(id), Kind::Element(name) if !is_hidden(name)) && !text.is_empty() {
        tree.warn(
            "hidden_text_removed",
            format!("{} is not shown to readers", shown(&text)),
        );
    }
}

/// Fractions, roots and raised figures of MathML, which are told apart by where they stand.
fn formula(tree: &mut Tree, id: NodeId) {
    let Kind::Foreign(name) = tree.kind(id) else {
        return;
    };
    let name = name.to_owned();
    let parts: Vec<NodeId> = tree
        .children(id)
        .filter(|id| matches!(tree.kind(*id), Kind::Foreign(_) | Kind::Element(_)))
        .collect();
    match (name.as_str(), &parts[..]) {
        ("mfrac", [above, below]) => {
            parenthesise(tree, *above);
            parenthesise(tree, *below);
            let slash = tree.text("/");
            tree.insert_before(*below, slash);
        }
        ("msup" | "mover", [_, raised]) => {
            let wrapper = tree.element("sup", &[]);
            tree.wrap(&[*raised], wrapper);
        }
        ("msubsup" | "munderover", [_, lowered, raised]) => {
            let (below, above) = (tree.element("sub", &[]), tree.element("sup", &[]));
            tree.wrap(&[*lowered], below);
            tree.wrap(&[*raised], above);
        }
        ("mfenced", _) => parenthesise(tree, id),
        ("msub" | "munder", [_, lowered]) => {
            let wrapper = tree.element("sub", &[]);
            tree.wrap(&[*lowered], wrapper);
        }
        ("msqrt", _) => {
            let root = tree.text("√");
            parenthesise(tree, id);
            tree.insert_before(id, root);
        }
        _ => {}
    }
}

fn parenthesise(tree: &mut Tree, id: NodeId) {
    let children: Vec<NodeId> = tree.children(id).collect();
    let elements = children
        .iter()
        .filter(|id| matches!(tree.kind(**id), Kind::Foreign(_)))
        .count();
    if elements < 2 {
        return;
    }
    let (open, close) = (tree.text("("), tree.text(")"));
    tree.insert_before(children[0], open);
    tree.append(id, close);
}
