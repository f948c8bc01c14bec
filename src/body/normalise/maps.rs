//! Image maps, whose places become a list of links: a picture of a block is one link at most.

use std::collections::HashSet;

use super::super::tree::{NodeId, Tree};
use super::super::write::collapse;
use super::addresses::shown;

/// Makes a list of the links of each map, each once; below the figure that it stands in.
pub(super) fn to_lists(tree: &mut Tree) {
    for id in tree.all() {
        if tree.name(id) == "map" {
            to_list(tree, id);
        }
    }
    // A place without a map leads somewhere all the same.
    for id in tree.all() {
        if tree.name(id) == "area" {
            place(tree, id);
        }
    }
}

fn to_list(tree: &mut Tree, map: NodeId) {
    let mut there = HashSet::new();
    let mut areas: Vec<NodeId> = tree.below(map);
    areas.retain(|id| tree.name(*id) == "area");
    let mut items = Vec::new();
    for area in areas {
        let said = |name| tree.attribute(area, name).map(collapse).unwrap_or_default();
        let is_new = there.insert((said("href"), words(tree, area)));
        if is_new && place(tree, area) {
            items.push(area);
        } else {
            tree.detach(area);
        }
    }
    let around = tree
        .ancestors(map)
        .filter(|id| matches!(tree.name(*id), "figure" | "a" | "picture"))
        .last();
    if !items.is_empty() {
        let list = tree.element("ul", &[]);
        match around.map(|around| (tree.next(around), tree.parent(around))) {
            Some((Some(next), _)) => tree.insert_before(next, list),
            Some((None, Some(parent))) => tree.append(parent, list),
            _ => tree.insert_before(map, list),
        }
        for link in items {
            let item = tree.element("li", &[]);
            tree.append(list, item);
            tree.append(item, link);
        }
    }
    tree.unwrap(map);
}

/// What an area says that it shows.
fn words(tree: &Tree, area: NodeId) -> String {
    let said = ["alt", "aria-label", "title"]
        .iter()
        .filter_map(|name| tree.attribute(area, name))
        .map(collapse);
    said.into_iter()
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

/// Makes a link of a place, or only its words where it leads nowhere; false where it has none either.
fn place(tree: &mut Tree, area: NodeId) -> bool {
    let href = tree
        .attribute(area, "href")
        .map(collapse)
        .unwrap_or_default();
    let mut said = words(tree, area);
    if said.is_empty() {
        said.clone_from(&href);
    }
    if tree.attribute(area, "title").map(collapse).as_ref() == Some(&said) {
        tree.remove_attribute(area, "title");
    }
    if said.is_empty() {
        tree.detach(area);
        return false;
    }
    if href.is_empty()
        && let Some(title) = tree.attribute(area, "title").map(collapse)
    {
        tree.remove_attribute(area, "title");
        if !title.is_empty() {
            let detail = format!(
                "the title {} of a place in a picture is not kept",
                shown(&title)
            );
            tree.warn("title_removed", detail);
        }
    }
    tree.rename(area, if href.is_empty() { "span" } else { "a" });
    let text = tree.text(&said);
    tree.append(area, text);
    true
}
