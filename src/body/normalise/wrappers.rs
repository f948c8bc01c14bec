//! Inline elements around paragraphs, put inside each: blocks hold them in their own HTML only.

use super::super::allowed::{GENERIC, INLINE, is_link};
use super::super::figure::embed_address;
use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{all_phrases, collapse, is_phrase, usual_name};
use super::addresses::shown;
use super::embeds::is_within_embed;
use crate::validation::Violation;

/// Elements whose HTML is kept as it is, so that what is around them is no matter.
const WHOLE: &[&str] = &["pre", "iframe", "video", "audio", "hr"];

/// Puts links and emphasis that stand around paragraphs into each of them; so for the language, the
/// direction and the name of a paragraph, which its text keeps in a `span`.
///
/// # Errors
/// `too_large` where that makes too many elements.
pub(super) fn push_down(tree: &mut Tree) -> Result<(), Violation> {
    let directed = holds_right_to_left(tree);
    for id in tree.all() {
        let name = tree.name(id).to_owned();
        if name.is_empty() || embed_address(tree, id).is_some() || is_within_embed(tree, id) {
            continue;
        }
        if !directed
            && tree
                .attribute(id, "dir")
                .is_some_and(|dir| !dir.eq_ignore_ascii_case("rtl"))
        {
            tree.remove_attribute(id, "dir");
        }
        if INLINE.contains(&usual_name(&name)) {
            report_empty(tree, id);
            if !all_phrases(tree, id) {
                distribute(tree, id, id)?;
                tree.unwrap(id);
            }
        } else if let Some(span) = span_of(tree, id) {
            distribute(tree, span, id)?;
            place_before(tree, span, id);
        }
    }
    Ok(())
}

/// Whether an element keeps its HTML as it is, which no link goes into.
fn is_whole(tree: &Tree, id: NodeId) -> bool {
    WHOLE.contains(&tree.name(id)) || embed_address(tree, id).is_some()
}

/// Notes a link around nothing that can be clicked.
fn report_empty(tree: &Tree, id: NodeId) {
    let Some(href) = tree.attribute(id, "href").filter(|_| tree.name(id) == "a") else {
        return;
    };
    // What is around the link keeps it as it is.
    let is_in_whole = |part: NodeId| {
        let mut within = tree.ancestors(part).take_while(|around| *around != id);
        within.any(|around| is_whole(tree, around))
    };
    let shows = |id: NodeId| match tree.kind(id) {
        Kind::Text(text) => !collapse(text).is_empty() && !is_in_whole(id),
        _ => tree.name(id) == "img" && !is_in_whole(id),
    };
    if is_link(href.trim()) && !tree.below(id).into_iter().any(shows) {
        tree.warn(
            "link_removed",
            format!("the link to {} holds nothing to click on", shown(href)),
        );
    }
}

/// A `span` with what a block cannot say of itself; it is taken from the element.
fn span_of(tree: &mut Tree, id: NodeId) -> Option<NodeId> {
    let mut span = None;
    for name in GENERIC {
        let Some(value) = tree.attribute(id, name).map(str::to_owned) else {
            continue;
        };
        let span = *span.get_or_insert_with(|| tree.element("span", &[]));
        tree.set_attribute(span, name, &value);
        tree.remove_attribute(id, name);
    }
    span
}

/// A name that nothing in the element took is that of a place before it.
fn place_before(tree: &mut Tree, span: NodeId, id: NodeId) {
    if tree.attribute(span, "id").is_some() {
        tree.remove_attribute(span, "lang");
        tree.remove_attribute(span, "dir");
        tree.insert_before(id, span);
    }
}

/// Puts a copy of the wrapper around each run of phrases below an element. A name is given once.
fn distribute(tree: &mut Tree, wrapper: NodeId, parent: NodeId) -> Result<(), Violation> {
    let mut run = Vec::new();
    let children: Vec<NodeId> = tree.children(parent).collect();
    for child in children {
        if is_phrase(tree, child) {
            run.push(child);
            continue;
        }
        surround(tree, wrapper, std::mem::take(&mut run))?;
        match tree.name(child) {
            "img" if tree.name(wrapper) == "a" => surround(tree, wrapper, vec![child])?,
            _ if is_whole(tree, child) => {}
            _ => distribute(tree, wrapper, child)?,
        }
    }
    surround(tree, wrapper, run)
}

fn surround(tree: &mut Tree, wrapper: NodeId, run: Vec<NodeId>) -> Result<(), Violation> {
    // A name that is given says nothing more.
    let is_bare = tree.name(wrapper) == "span" && tree.attributes(wrapper).next().is_none();
    if is_bare || run.iter().all(|id| is_space(tree, *id)) {
        return Ok(());
    }
    tree.copied(wrapper)?;
    let copy = tree.copy(wrapper);
    tree.remove_attribute(wrapper, "id");
    tree.wrap(&run, copy);
    Ok(())
}

/// Whether any letter of the text is written from right to left; without one, the direction of its
/// parts says nothing.
fn holds_right_to_left(tree: &Tree) -> bool {
    let is_right_to_left = |c: char| matches!(u32::from(c), 0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefc | 0x10800..=0x10fff | 0x1e800..=0x1efff);
    tree.all().into_iter().any(|id| match tree.kind(id) {
        Kind::Text(text) => text.contains(is_right_to_left),
        _ => false,
    })
}
