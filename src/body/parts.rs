//! What several kinds of blocks are made of.

use super::Block;
use super::sanitise::inline_nodes;
use super::tree::{Kind, NodeId, Tree};
use super::write::{all_phrases, collapse, is_phrase, text_of};

/// The children that are more than white space.
pub(super) fn substance(tree: &Tree, id: NodeId) -> Vec<NodeId> {
    tree.children(id)
        .filter(|child| match tree.kind(*child) {
            Kind::Text(text) => !collapse(text).is_empty(),
            Kind::Silent => false,
            _ => true,
        })
        .collect()
}

/// Text on one line, for fields that hold no HTML.
pub(super) fn plain(tree: &Tree, nodes: &[NodeId]) -> Option<String> {
    Some(collapse(&text_of(tree, nodes))).filter(|text| !text.is_empty())
}

/// Paragraphs or loose phrases as one inline HTML, parted by two line breaks.
pub(super) fn paragraphs(tree: &Tree, nodes: &[NodeId]) -> Option<String> {
    let mut parts: Vec<Vec<NodeId>> = vec![Vec::new()];
    for &node in nodes {
        if is_phrase(tree, node) {
            parts.last_mut()?.push(node);
        } else if tree.name(node) == "p" && all_phrases(tree, node) {
            parts.push(tree.children(node).collect());
            parts.push(Vec::new());
        } else {
            return None;
        }
    }
    let parts = parts.iter().map(|part| inline_nodes(tree, part));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    Some(parts.join("<br><br>"))
}

pub(super) fn quote_of(
    tree: &Tree,
    nodes: &[NodeId],
    attribution: Option<String>,
) -> Option<Vec<Block>> {
    let text = paragraphs(tree, nodes)?;
    if text.is_empty() && attribution.is_none() {
        return Some(Vec::new());
    }
    Some(vec![Block::Quote { text, attribution }])
}
