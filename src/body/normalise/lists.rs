//! Lists of word processors, and lists in the wrong place.

use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::text_of;
use super::styles::declared;

// --- Lists of Word ------------------------------------------------------------------------------------

/// Makes lists of the paragraphs by which Word writes them: a level in the style, and the mark in
/// front as text.
pub(super) fn of_word(tree: &mut Tree) {
    let mut lists: Vec<(usize, NodeId)> = Vec::new();
    let mut last = None;
    for id in tree.all() {
        let Some(level) = level(tree, id) else {
            continue;
        };
        if last.is_none_or(|last| neighbour(tree, id) != Some(last)) {
            lists.clear();
        }
        let mark = take_mark(tree, id);
        lists.retain(|(of, _)| *of <= level);
        match lists.last() {
            Some((of, list)) if *of == level => {
                let list = *list;
                tree.append(list, id);
            }
            above => {
                let above = above.map(|(_, list)| *list);
                let list = begin(tree, id, above, mark.as_deref());
                lists.push((level, list));
                if above.is_none() {
                    last = Some(list);
                }
            }
        }
        tree.rename(id, "li");
    }
}

/// The level of a paragraph of a list, from 1.
fn level(tree: &Tree, id: NodeId) -> Option<usize> {
    if tree.name(id) != "p" {
        return None;
    }
    let style = tree.attribute(id, "style").unwrap_or_default();
    let list = declared(style, "mso-list").filter(|list| list != "none");
    match list {
        Some(list) => {
            let level = list.split(' ').find_map(|word| word.strip_prefix("level"));
            Some(level.and_then(|level| level.parse().ok()).unwrap_or(1))
        }
        None => tree
            .has_class(id, |class| class.starts_with("MsoListParagraph"))
            .then_some(1)
            .filter(|_| mark_of(tree, id).is_some()),
    }
}

/// The element before a node, white space left out.
fn neighbour(tree: &Tree, id: NodeId) -> Option<NodeId> {
    const NEAR: usize = 20;
    let mut before = std::iter::successors(tree.before(id), |id| tree.before(*id)).take(NEAR);
    before.find(|id| !is_space(tree, *id))
}

/// Where the mark in front stands: in an element that says so.
fn mark_of(tree: &Tree, id: NodeId) -> Option<NodeId> {
    tree.below(id).into_iter().find(|id| {
        let style = tree.attribute(*id, "style").unwrap_or_default();
        declared(style, "mso-list").as_deref() == Some("ignore")
    })
}

fn take_mark(tree: &mut Tree, id: NodeId) -> Option<String> {
    let mark = mark_of(tree, id)?;
    let text = text_of(tree, &[mark]);
    tree.detach(mark);
    Some(text.trim().to_owned())
}

/// Begins a list at a paragraph, which becomes its first item: within the last item of the list above,
/// where there is one.
fn begin(tree: &mut Tree, id: NodeId, above: Option<NodeId>, mark: Option<&str>) -> NodeId {
    let mark = mark.unwrap_or_default();
    let number = mark.strip_suffix(['.', ')']).unwrap_or_default();
    let ordered =
        (1..=4).contains(&number.len()) && number.chars().all(|c| c.is_ascii_alphanumeric());
    let list = tree.element(if ordered { "ol" } else { "ul" }, &[]);
    if ordered && number.parse::<u32>().is_ok_and(|start| start != 1) {
        tree.set_attribute(list, "start", number);
    }
    match above.and_then(|above| tree.children(above).last()) {
        Some(item) => tree.append(item, list),
        None => tree.insert_before(id, list),
    }
    tree.append(list, id);
    list
}

// --- Lists in the wrong place -------------------------------------------------------------------------

/// Puts a list that stands between the items of another into the item before it, and anything else
/// there into an item of its own: a list holds items only.
pub(super) fn mend(tree: &mut Tree) {
    for id in tree.all() {
        if matches!(tree.name(id), "menu" | "dir") {
            tree.rename(id, "ul");
        }
        match tree.name(id) {
            "ul" | "ol" => mend_list(tree, id),
            "li" if !is_item(tree, id) => tree.rename(id, "div"),
            _ => {}
        }
    }
}

/// Whether a `li` stands in a list.
fn is_item(tree: &Tree, id: NodeId) -> bool {
    let parent = tree.parent(id).map(|parent| tree.name(parent));
    matches!(parent, Some("ul" | "ol"))
}

fn mend_list(tree: &mut Tree, list: NodeId) {
    let mut item = None;
    let children: Vec<NodeId> = tree.children(list).collect();
    let mut is_stray = false;
    for child in children {
        match tree.kind(child) {
            Kind::Element("li") => {
                item = Some(child);
                is_stray = false;
            }
            Kind::Element("ul" | "ol") if item.is_some() => {
                if let Some(item) = item {
                    tree.append(item, child);
                }
            }
            _ if is_space(tree, child) => {}
            _ => {
                if !is_stray {
                    let own = tree.element("li", &[]);
                    tree.insert_before(child, own);
                    item = Some(own);
                    is_stray = true;
                }
                if let Some(item) = item {
                    tree.append(item, child);
                }
            }
        }
    }
}
