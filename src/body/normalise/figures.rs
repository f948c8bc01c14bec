//! What pages put around and beside the pictures, frames and tables of figures to lay them out.

use super::super::allowed::is_hidden;
use super::super::credit::is_credit;
use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, is_kept, text_of};
use super::addresses::shown;
use super::captions::{is_caption, is_picture, unit};
use super::embeds::is_within_embed;

/// Most nodes of a figure that is looked at.
const MOST: usize = 120;

/// Makes figures of tables that hold a picture and its caption, as Blogger has them.
pub(super) fn of_tables(tree: &mut Tree) {
    for id in tree.all() {
        if tree.name(id) != "table" || tree.descendants(id).nth(MOST).is_some() {
            continue;
        }
        let Some((picture, caption)) = captioned(tree, id) else {
            continue;
        };
        let picture = unit(tree, picture);
        let (figure, words) = (tree.element("figure", &[]), tree.element("figcaption", &[]));
        tree.insert_before(id, figure);
        tree.append(figure, picture);
        tree.append(figure, words);
        for part in tree.children(caption).collect::<Vec<_>>() {
            tree.append(words, part);
        }
        tree.detach(id);
    }
}

/// The one picture of a table and the cell with its caption, where no other words stand in it.
fn captioned(tree: &Tree, table: NodeId) -> Option<(NodeId, NodeId)> {
    let only = |such: &dyn Fn(NodeId) -> bool| {
        let mut found = tree.descendants(table).filter(|id| such(*id));
        found.next().filter(|_| found.next().is_none())
    };
    let caption = only(&|id| {
        let says_so = tree.has_class(id, |class| class.to_ascii_lowercase().ends_with("caption"));
        matches!(tree.name(id), "td" | "th" | "caption") && says_so
    })?;
    let picture = only(&|id| is_picture(tree, id))?;
    let is_elsewhere = |id: NodeId| {
        let is_shown = is_thing(tree, id) && id != picture
            || matches!(tree.kind(id), Kind::Text(_)) && !is_space(tree, id);
        is_shown && !tree.ancestors(id).any(|id| id == caption)
    };
    let is_all = !tree.descendants(table).any(is_elsewhere);
    is_all.then_some((picture, caption))
}

/// Takes the layers away in which figures hold what they show, and the buttons beside it.
pub(super) fn without_layout(tree: &mut Tree) {
    for id in tree.all() {
        let is_figure = tree.name(id) == "figure" && !is_within_embed(tree, id);
        if !is_figure || tree.descendants(id).nth(MOST).is_some() {
            continue;
        }
        without_buttons(tree, id);
        let mut open: Vec<NodeId> = tree.children(id).collect();
        while let Some(id) = open.pop() {
            let is_layer = is_layer(tree, id);
            if is_layer || gives_way(tree, id) {
                open.extend(tree.children(id));
            }
            if is_layer {
                tree.unwrap(id);
            }
        }
    }
}

/// Buttons enlarge and share; one that holds the picture gives way to it.
fn without_buttons(tree: &mut Tree, figure: NodeId) {
    for id in tree.below(figure) {
        if tree.name(id) != "button" || tree.parent(id).is_none() {
            continue;
        }
        if tree.descendants(id).any(|id| is_thing(tree, id)) {
            tree.unwrap(id);
            continue;
        }
        let text = collapse(&text_of(tree, &[id]));
        if !text.is_empty() {
            let detail = format!("the button {} of a figure is taken out", shown(&text));
            tree.warn("element_removed", detail);
        }
        tree.detach(id);
    }
}

/// What a figure shows.
fn is_thing(tree: &Tree, id: NodeId) -> bool {
    matches!(
        tree.name(id),
        "img" | "iframe" | "video" | "audio" | "table" | "blockquote" | "figure" | "pre"
    )
}

/// Whether an element does nothing but hold what the figure shows: no words stand in it but those of a caption, of a
/// credit and of that itself.
fn is_layer(tree: &Tree, id: NodeId) -> bool {
    let may_be = gives_way(tree, id) || matches!(tree.name(id), "div" | "span");
    if !may_be || is_caption(tree, id) || is_credit(tree, id) {
        return false;
    }
    let has_own_words = |word: NodeId| {
        let is_word = matches!(tree.kind(word), Kind::Text(_)) && !is_space(tree, word);
        let mut within = tree.ancestors(word).take_while(|around| *around != id);
        let is_of_part = |id| {
            let name = tree.name(id);
            is_thing(tree, id) || matches!(name, "figcaption" | "small") || is_credit(tree, id)
        };
        is_word && !within.any(is_of_part)
    };
    tree.descendants(id).any(|id| is_thing(tree, id)) && !tree.descendants(id).any(has_own_words)
}

/// Whether an element leaves only what it holds when it is written.
fn gives_way(tree: &Tree, id: NodeId) -> bool {
    match tree.kind(id) {
        Kind::Foreign(_) => true,
        Kind::Element(name) => !is_kept(name) && !is_hidden(name),
        Kind::Text(_) | Kind::Silent => false,
    }
}
