//! Links and pictures in drawings, and links in formulas: neither is kept as it is drawn, what it leads to and
//! shows is.

use std::collections::HashSet;

use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, text_of};
use super::empty::{Place, shows};
use crate::validation::Violation;

/// Makes links of HTML of those in drawings and formulas, and keeps apart the words that stand apart. Titles
/// of links are read before they go with all that is not shown.
pub(super) fn links(tree: &mut Tree) {
    for id in tree.all() {
        let Kind::Foreign(name) = tree.kind(id) else {
            continue;
        };
        let href = tree.attribute(id, "href").map(str::to_owned);
        match (name, href) {
            ("a", Some(_)) => link(tree, id),
            // Lines of a drawing stand anywhere; in a text, a space parts them.
            ("text", _) => {
                let space = tree.text(" ");
                tree.append(id, space);
            }
            ("tspan", _) if tree.attribute(id, "dy").is_some() => {
                let space = tree.text(" ");
                tree.insert_before(id, space);
            }
            (_, Some(href)) if tree.is_of_formula(id) => {
                let link = tree.element("a", &[("href", &href)]);
                tree.wrap_content(id, link);
            }
            _ => {}
        }
    }
}

/// Makes one of HTML, whose title is an attribute.
fn link(tree: &mut Tree, id: NodeId) {
    let is_title = |child: &NodeId| matches!(tree.kind(*child), Kind::Foreign("title"));
    let title = tree.children(id).find(is_title);
    let title = title.map(|title| collapse(&text_of(tree, &[title])));
    if let Some(title) = title.filter(|_| tree.attribute(id, "title").is_none()) {
        tree.set_attribute(id, "title", &title);
    }
    tree.rename(id, "a");
}

/// Puts pictures, as pages cut them to shapes, before the drawing, with the link around each; gives links
/// that only a shape shows the words that they are called by.
///
/// # Errors
/// `too_large` where many pictures share a long link.
pub(super) fn pictures(tree: &mut Tree) -> Result<(), Violation> {
    let mut moved = HashSet::new();
    for id in tree.all() {
        if matches!(tree.kind(id), Kind::Foreign("image")) {
            moved.extend(picture(tree, id)?);
        }
    }
    for link in moved {
        if !shows(tree, link, Place::Flow) {
            tree.unwrap(link);
        }
    }
    for id in tree.all() {
        if tree.name(id) == "a" && tree.ancestors(id).any(|id| is_drawn(tree, id)) {
            name(tree, id);
        }
    }
    Ok(())
}

fn is_drawn(tree: &Tree, id: NodeId) -> bool {
    matches!(tree.kind(id), Kind::Foreign(_))
}

/// Moves one; returns the link that was around it.
fn picture(tree: &mut Tree, id: NodeId) -> Result<Option<NodeId>, Violation> {
    let Some(address) = tree.attribute(id, "href").map(str::to_owned) else {
        return Ok(None);
    };
    let is_part = |id: &NodeId| is_drawn(tree, *id) || tree.name(*id) == "a";
    let around: Vec<NodeId> = tree.ancestors(id).take_while(is_part).collect();
    let drawing = around.iter().rev().copied().find(|id| is_drawn(tree, *id));
    let Some(drawing) = drawing else {
        return Ok(None);
    };
    let within = around.iter().copied().take_while(|id| *id != drawing);
    let link = within.into_iter().find(|id| tree.name(*id) == "a");
    let alt = [Some(id), link, Some(drawing)]
        .into_iter()
        .flatten()
        .find_map(|id| tree.attribute(id, "aria-label"))
        .map(collapse)
        .unwrap_or_default();
    tree.rename(id, "img");
    tree.set_attribute(id, "src", &address);
    tree.set_attribute(id, "alt", &alt);
    tree.insert_before(drawing, id);
    if let Some(link) = link {
        tree.copied(link)?;
        let copy = tree.copy(link);
        tree.remove_attribute(copy, "id");
        tree.wrap(&[id], copy);
    }
    Ok(link)
}

/// Gives a link that shows nothing the words that it is called by.
fn name(tree: &mut Tree, link: NodeId) {
    if shows(tree, link, Place::Flow) {
        return;
    }
    for called in ["aria-label", "title"] {
        let words = collapse(tree.attribute(link, called).unwrap_or_default());
        if !words.is_empty() {
            let text = tree.text(&format!("{words} "));
            tree.append(link, text);
            tree.remove_attribute(link, called);
            return;
        }
    }
}
