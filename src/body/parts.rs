//! What several kinds of blocks are made of.

use super::sanitise::inline_nodes;
use super::tree::{Kind, NodeId, Tree};
use super::write::{all_phrases, collapse, is_phrase, text_of};

/// Whether a node is only white space.
pub(super) fn is_space(tree: &Tree, id: NodeId) -> bool {
    match tree.kind(id) {
        Kind::Text(text) => collapse(text).is_empty(),
        Kind::Silent => true,
        _ => false,
    }
}

/// The children that are more than white space.
pub(super) fn substance(tree: &Tree, id: NodeId) -> Vec<NodeId> {
    tree.children(id)
        .filter(|id| !is_space(tree, *id))
        .collect()
}

/// Text on one line, for fields that hold no HTML.
pub(super) fn plain(tree: &Tree, nodes: &[NodeId]) -> Option<String> {
    Some(collapse(&text_of(tree, nodes))).filter(|text| !text.is_empty())
}

/// Inline HTML of nodes; `None` where they say nothing.
pub(super) fn said(tree: &Tree, nodes: &[NodeId]) -> Option<String> {
    paragraphs(tree, nodes).filter(|html| !html.is_empty())
}

/// Paragraphs or loose phrases as one inline HTML, parted by two line breaks.
pub(super) fn paragraphs(tree: &Tree, nodes: &[NodeId]) -> Option<String> {
    paragraphs_without(tree, nodes, &[])
}

/// Like [`paragraphs`], some nodes among them or in one of the paragraphs left out.
pub(super) fn paragraphs_without(
    tree: &Tree,
    nodes: &[NodeId],
    left_out: &[NodeId],
) -> Option<String> {
    let stays = |id: &NodeId| !left_out.contains(id);
    let mut parts: Vec<Vec<NodeId>> = vec![Vec::new()];
    for &node in nodes.iter().filter(|id| stays(id)) {
        if is_phrase(tree, node) {
            parts.last_mut()?.push(node);
        } else if tree.name(node) == "p" && all_phrases(tree, node) {
            parts.push(tree.children(node).filter(stays).collect());
            parts.push(Vec::new());
        } else {
            return None;
        }
    }
    let parts = parts.iter().map(|part| inline_nodes(tree, part));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    Some(parts.join("<br><br>"))
}
