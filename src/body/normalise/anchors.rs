//! What links within the text lead to.

use std::collections::HashSet;

use super::super::allowed::is_id;
use super::super::parts::is_space;
use super::super::tree::{NodeId, Tree};
use super::super::write::is_phrase;
use super::addresses::shown;

/// Keeps the names of elements that a link of the text leads to, and no others; takes away links
/// that would lead nowhere.
pub(super) fn keep(tree: &mut Tree) {
    let wanted: HashSet<String> = tree
        .all()
        .into_iter()
        .filter_map(|id| target(tree, id))
        .collect();
    let mut found = HashSet::new();
    for id in tree.all() {
        keep_name(tree, id, &wanted, &mut found);
    }
    for id in tree.all() {
        hand_on(tree, id);
    }
    for id in tree.all() {
        if let Some(name) = target(tree, id).filter(|name| !found.contains(name)) {
            if !matches!(name.as_str(), "" | "top") {
                tree.warn(
                    "link_removed",
                    format!(
                        "nothing in the text is called {}, to which a link leads; its text stays",
                        shown(&name)
                    ),
                );
            }
            tree.unwrap(id);
        }
    }
}

/// A place before an element is that element.
fn hand_on(tree: &mut Tree, id: NodeId) {
    let is_place = tree.name(id) == "span" && tree.children(id).next().is_none();
    let Some(name) = tree
        .attribute(id, "id")
        .filter(|_| is_place)
        .map(str::to_owned)
    else {
        return;
    };
    let after = std::iter::successors(tree.next(id), |id| tree.next(*id));
    let next = after.into_iter().find(|id| !is_space(tree, *id));
    if let Some(next) = next
        && !tree.name(next).is_empty()
        && !is_phrase(tree, next)
        && tree.attribute(next, "id").is_none()
    {
        tree.set_attribute(next, "id", &name);
        tree.detach(id);
    }
}

/// The name that a link within the text leads to.
fn target(tree: &Tree, id: NodeId) -> Option<String> {
    if tree.name(id) != "a" {
        return None;
    }
    let name = tree.attribute(id, "href")?.trim().strip_prefix('#')?;
    Some(decoded(name))
}

fn decoded(fragment: &str) -> String {
    percent_encoding::percent_decode_str(fragment)
        .decode_utf8()
        .map_or_else(|_| fragment.to_owned(), Into::into)
}

fn keep_name(tree: &mut Tree, id: NodeId, wanted: &HashSet<String>, found: &mut HashSet<String>) {
    let old = match tree.name(id) {
        "a" => tree.attribute(id, "name"),
        _ => None,
    };
    let name = tree
        .attribute(id, "id")
        .or(old)
        .map(|name| name.trim().to_owned());
    tree.remove_attribute(id, "id");
    let Some(name) = name.filter(|name| is_id(name) && wanted.contains(name)) else {
        return;
    };
    if found.insert(name.clone()) {
        // An anchor that leads nowhere itself is only a place.
        if tree.name(id) == "a" && tree.attribute(id, "href").is_none() {
            tree.rename(id, "span");
        }
        tree.set_attribute(id, "id", &name);
    }
}
