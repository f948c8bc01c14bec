//! Shortcodes of WordPress that stand in texts as they are stored: captions of pictures, and addresses that are looked up
//! when the page is shown. Others stay as they are written.

use super::super::allowed::web_address;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, text_of};
use super::captions::{is_picture, make_figure, unit};
use crate::validation::Violation;

/// Most nodes between the beginning and the end of a shortcode.
const NEAR: usize = 60;

/// Makes figures of `[caption]`, and of `[embed]` what editors write of an embed.
///
/// # Errors
/// `too_large` where a caption in an attribute makes too many elements.
pub(super) fn read(tree: &mut Tree) -> Result<(), Violation> {
    for id in tree.all() {
        if text(tree, id).is_some_and(|text| text.contains("[caption")) {
            captions(tree, id)?;
        }
    }
    for id in tree.all() {
        if text(tree, id).is_some_and(|text| text.contains("[embed")) {
            embeds(tree, id);
        }
    }
    Ok(())
}

fn text(tree: &Tree, id: NodeId) -> Option<&str> {
    match tree.kind(id) {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// A shortcode that opens in a text: what stands before it, its attributes, what stands behind it.
fn opened<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let (before, rest) = text.split_once(name)?;
    let (inner, after) = rest.split_once(']')?;
    (inner.is_empty() || inner.starts_with(' ')).then_some((before, inner, after))
}

// --- Captions -----------------------------------------------------------------------------------------

/// Captions that open in a text, one after the other.
fn captions(tree: &mut Tree, mut id: NodeId) -> Result<(), Violation> {
    while let Some(after) = caption(tree, id)? {
        id = after;
    }
    Ok(())
}

/// Makes a figure of the first caption that opens in a text; returns the text behind its end.
fn caption(tree: &mut Tree, id: NodeId) -> Result<Option<NodeId>, Violation> {
    let Some((before, inner, behind)) = text(tree, id).and_then(|text| opened(text, "[caption"))
    else {
        return Ok(None);
    };
    let (before, inner, behind) = (before.to_owned(), inner.to_owned(), behind.to_owned());
    let mut beside = std::iter::successors(tree.next(id), |id| tree.next(*id)).take(NEAR);
    let mut nodes = Vec::new();
    let end = beside.find_map(|id| {
        let end = text(tree, id).and_then(|text| text.split_once("[/caption]"));
        if end.is_none() {
            nodes.push(id);
        }
        end.map(|(last, after)| (id, last.to_owned(), after.to_owned()))
    });
    let pictures = |tree: &Tree| {
        let below = nodes
            .iter()
            .flat_map(|id| std::iter::once(*id).chain(tree.descendants(*id).take(NEAR)));
        below.filter(|id| is_picture(tree, *id)).collect::<Vec<_>>()
    };
    let (Some((end, last, after)), [picture]) = (end, &pictures(tree)[..]) else {
        return Ok(None);
    };
    let (picture, words) = (
        *picture,
        attribute(&inner, "caption").unwrap_or_default().to_owned(),
    );
    let (before, behind) = (tree.text(&before), tree.text(&behind));
    let (last, after) = (tree.text(&last), tree.text(&after));
    tree.insert_before(id, before);
    tree.insert_before(id, behind);
    tree.insert_before(end, last);
    tree.insert_before(end, after);
    tree.detach(id);
    tree.detach(end);
    let all: Vec<NodeId> = [behind].into_iter().chain(nodes).chain([last]).collect();
    let figure = make_figure(tree, &all);
    let shown = unit(tree, picture);
    let caption = tree.element("figcaption", &[]);
    for node in all {
        let holds_picture = node == shown || tree.descendants(node).any(|id| id == shown);
        if !holds_picture {
            tree.append(caption, node);
        }
    }
    if !words.is_empty() {
        tree.graft(caption, &words)?;
    }
    if !collapse(&text_of(tree, &[caption])).is_empty() {
        tree.append(figure, caption);
    }
    Ok(Some(after))
}

/// What an attribute of a shortcode says.
fn attribute<'t>(inner: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = inner.split_once(&format!(" {name}="))?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(value, _)| value)
}

// --- Embeds -------------------------------------------------------------------------------------------

fn embeds(tree: &mut Tree, id: NodeId) {
    let Some(whole) = text(tree, id).map(str::to_owned) else {
        return;
    };
    let mut rest = &*whole;
    while let Some((before, address, after)) = embed(rest) {
        let before = tree.text(before);
        let place = tree.element("div", &[("data-oembed-url", &address)]);
        tree.insert_before(id, before);
        tree.insert_before(id, place);
        rest = after;
    }
    let rest = tree.text(rest);
    tree.insert_before(id, rest);
    tree.detach(id);
}

/// The first embed in a text: what stands before it, its address, what stands behind it.
fn embed(text: &str) -> Option<(&str, String, &str)> {
    let (before, _, behind) = opened(text, "[embed")?;
    let (address, after) = behind.split_once("[/embed]")?;
    Some((before, web_address(&collapse(address))?, after))
}
