//! Quotes → blocks.

use super::allowed::web_address;
use super::block::{Block, QuoteBlock};
use super::parts::{paragraphs_without, said, substance};
use super::tree::{Kind, NodeId, Tree};
use super::write::{all_phrases, is_phrase};

/// What stands between words and the one who said them.
const DASHES: &[char] = &['—', '–', '―', '-'];

/// A `blockquote`; `None` where it holds more than words. Who said it stands in a `footer` or `cite` at
/// its end, or in the caption of the figure around it.
pub(super) fn quote(tree: &Tree, id: NodeId, caption: Option<String>) -> Option<Vec<Block>> {
    let nodes: Vec<NodeId> = tree.children(id).collect();
    let source = source(tree, id);
    let mut text = paragraphs_without(tree, &nodes, source.as_slice())?;
    let mut attribution = caption.map(|caption| named(&caption));
    if let Some(source) = source {
        if follows_dash(tree, source) {
            text = without_end(text);
        }
        let by = said(tree, &tree.children(source).collect::<Vec<_>>());
        let by = by.map(|by| named(&by));
        attribution = match (by, attribution) {
            (Some(by), Some(caption)) => Some(format!("{by}<br>{caption}")),
            (by, caption) => by.or(caption),
        };
    }
    if text.is_empty() && attribution.is_none() {
        return Some(Vec::new());
    }
    let url = tree.attribute(id, "cite").and_then(web_address);
    Some(vec![Block::Quote(QuoteBlock {
        text,
        attribution,
        url,
    })])
}

/// A name without the dash in front of it.
fn named(name: &str) -> String {
    name.trim_start_matches(DASHES).trim_start().to_owned()
}

/// Words without the dash, and the line breaks, before the name that was taken out.
fn without_end(mut text: String) -> String {
    text.truncate(text.trim_end_matches(DASHES).len());
    loop {
        let shorter = text.trim_end();
        let shorter = shorter.strip_suffix("<br>").unwrap_or(shorter);
        if shorter.len() == text.len() {
            return text;
        }
        text.truncate(shorter.len());
    }
}

/// Where the last words of a quote say whose they are: a `footer`, or a `cite` that stands apart, in
/// the quote or in its last paragraph.
fn source(tree: &Tree, id: NodeId) -> Option<NodeId> {
    let parts = substance(tree, id);
    let last = *parts.last()?;
    match tree.name(last) {
        "footer" if all_phrases(tree, last) => Some(last),
        "cite" if all_phrases(tree, last) && stands_apart(tree, last) => Some(last),
        "p" if all_phrases(tree, last) => {
            let inner = substance(tree, last);
            let cite = *inner.last()?;
            // A paragraph that is nothing but a title may be all that is quoted.
            let is_all = inner.len() == 1 && parts.len() == 1;
            let apart = tree.name(cite) == "cite" && stands_apart(tree, cite);
            (apart && !is_all).then_some(cite)
        }
        _ => None,
    }
}

/// Whether a `cite` stands on a line of its own, or after a dash: within a sentence it is a title.
fn stands_apart(tree: &Tree, cite: NodeId) -> bool {
    match sibling_before(tree, cite) {
        None => tree
            .parent(cite)
            .is_some_and(|parent| tree.name(parent) == "p"),
        Some(before) => {
            tree.name(before) == "br" || !is_phrase(tree, before) || follows_dash(tree, cite)
        }
    }
}

fn follows_dash(tree: &Tree, cite: NodeId) -> bool {
    sibling_before(tree, cite).is_some_and(|before| match tree.kind(before) {
        Kind::Text(text) => text.trim_end().ends_with(DASHES),
        _ => false,
    })
}

fn sibling_before(tree: &Tree, id: NodeId) -> Option<NodeId> {
    let siblings = substance(tree, tree.parent(id)?);
    let at = siblings.iter().position(|sibling| *sibling == id)?;
    siblings[..at].last().copied()
}
