//! Inline elements around paragraphs, put inside each: blocks hold them in their own HTML only. Links in links,
//! each on its own.

use super::super::allowed::{GENERIC, INLINE, is_link};
use super::super::credit::is_credit;
use super::super::figure::embed_address;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{all_phrases, is_phrase, usual_name};
use super::embeds::is_within_embed;
use super::empty::{Place, is_shown};
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
            if !all_phrases(tree, id) {
                distribute(tree, id, id, Place::Text)?;
                tree.unwrap(id);
            }
        } else if let Some(span) = span_of(tree, id) {
            distribute(tree, span, id, Place::Text)?;
            place_before(tree, span, id);
        }
    }
    Ok(())
}

/// Parts links that stand in others, as in a table that is all a link: a place leads to one address, the
/// innermost, and what is around it to that of the outer link.
///
/// # Errors
/// `too_large` where that makes too many elements.
pub(super) fn part_links(tree: &mut Tree, place: Place) -> Result<(), Violation> {
    for id in tree.all() {
        let holds_link = |tree: &Tree| tree.descendants(id).any(|id| leads_somewhere(tree, id));
        if leads_somewhere(tree, id) && holds_link(tree) {
            let place = place.of(tree, id);
            distribute(tree, id, id, place)?;
            tree.unwrap(id);
        }
    }
    Ok(())
}

/// Whether it is a link that is kept.
pub(super) fn leads_somewhere(tree: &Tree, id: NodeId) -> bool {
    let href = tree.attribute(id, "href").map(str::trim);
    tree.name(id) == "a" && href.is_some_and(is_link)
}

/// Whether an element keeps its HTML as it is, which no link goes into.
pub(super) fn is_whole(tree: &Tree, id: NodeId) -> bool {
    WHOLE.contains(&tree.name(id)) || embed_address(tree, id).is_some()
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

/// Puts a copy of the wrapper around each run of phrases below an element, and into what is known by its class.
/// A name is given once.
fn distribute(
    tree: &mut Tree,
    wrapper: NodeId,
    parent: NodeId,
    place: Place,
) -> Result<(), Violation> {
    let is_link = tree.name(wrapper) == "a";
    let mut run = Vec::new();
    let children: Vec<NodeId> = tree.children(parent).collect();
    for child in children {
        let is_linked = is_link && leads_somewhere(tree, child);
        let holds_link =
            |tree: &Tree| is_link && tree.descendants(child).any(|id| leads_somewhere(tree, id));
        let goes_around = !is_linked && is_phrase(tree, child) && !is_credit(tree, child);
        if goes_around && !holds_link(tree) {
            run.push(child);
            continue;
        }
        surround(tree, wrapper, std::mem::take(&mut run), place)?;
        let is_kept = is_whole(tree, child);
        let is_alone = tree.name(child) == "img" || place == Place::Flow && is_kept;
        if is_link && is_alone && !holds_link(tree) {
            surround(tree, wrapper, vec![child], place)?;
        } else if !is_linked && (!is_kept || place == Place::Flow) {
            distribute(tree, wrapper, child, place)?;
        }
    }
    surround(tree, wrapper, run, place)
}

fn surround(
    tree: &mut Tree,
    wrapper: NodeId,
    run: Vec<NodeId>,
    place: Place,
) -> Result<(), Violation> {
    // A name that is given says nothing more.
    let is_bare = tree.name(wrapper) == "span" && tree.attributes(wrapper).next().is_none();
    let is_linked = tree.name(wrapper) == "a";
    let shows = |id: &NodeId| is_shown(tree, *id, place, is_linked);
    if is_bare || !run.iter().any(shows) {
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
