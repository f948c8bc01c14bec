//! Figures, pictures and frames → blocks.

use url::Url;

use super::Block;
use super::allowed::web_address;
use super::parts::{plain, quote_of, substance};
use super::sanitise::flow_nodes;
use super::tree::{NodeId, Tree};
use super::write::{all_phrases, collapse, escape};

/// A figure of one known thing; none when it must be kept as it is.
pub(super) fn figure(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    if let Some(url) = tree.attribute(id, "data-embed").and_then(web_address) {
        return Some(vec![embed(tree, id, url)]);
    }
    let nodes = substance(tree, id);
    let (captions, things): (Vec<NodeId>, Vec<NodeId>) = nodes
        .into_iter()
        .partition(|node| tree.name(*node) == "figcaption");
    let caption = match captions[..] {
        [] => None,
        [caption] if all_phrases(tree, caption) => Some(caption),
        _ => return None,
    };
    let [thing] = things[..] else { return None };
    match tree.name(thing) {
        "blockquote" => {
            let nodes: Vec<NodeId> = tree.children(thing).collect();
            quote_of(
                tree,
                &nodes,
                caption.and_then(|caption| plain(tree, &[caption])),
            )
        }
        "iframe" => {
            let mut blocks: Vec<Block> = embed_of_frame(tree, thing).into_iter().collect();
            let text = caption.and_then(|caption| plain(tree, &[caption]));
            blocks.extend(text.map(|text| Block::Paragraph {
                html: escape(&text),
            }));
            Some(blocks)
        }
        _ => {
            let picture = only_picture(tree, thing)?;
            let (text, credit) = caption.map_or((None, None), |caption| credited(tree, caption));
            Some(image(tree, picture, text, credit))
        }
    }
}

/// The picture in elements that hold nothing else, such as a link to its large version.
fn only_picture(tree: &Tree, id: NodeId) -> Option<NodeId> {
    match tree.name(id) {
        "img" => Some(id),
        "a" | "picture" | "div" | "span" | "p" => {
            let inner: Vec<NodeId> = substance(tree, id)
                .into_iter()
                .filter(|child| tree.name(*child) != "source")
                .collect();
            match inner[..] {
                [only] => only_picture(tree, only),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A caption, and the credit that stands in `small` at its end.
fn credited(tree: &Tree, caption: NodeId) -> (Option<String>, Option<String>) {
    let mut nodes = substance(tree, caption);
    let mut credit = None;
    if let Some(last) = nodes.pop_if(|last| tree.name(*last) == "small") {
        credit = plain(tree, &[last]);
        let text: Vec<NodeId> = tree
            .children(caption)
            .take_while(|id| *id != last)
            .collect();
        return (plain(tree, &text), credit);
    }
    (plain(tree, &[caption]), credit)
}

/// A picture. One that stands at no address we may use leaves the words about it.
pub(super) fn image(
    tree: &Tree,
    id: NodeId,
    caption: Option<String>,
    credit: Option<String>,
) -> Vec<Block> {
    let alt = collapse(tree.attribute(id, "alt").unwrap_or_default());
    if let Some(url) = tree.attribute(id, "src").and_then(web_address) {
        return vec![Block::Image {
            url,
            alt,
            caption,
            credit,
        }];
    }
    let texts = [Some(alt), caption, credit].into_iter().flatten();
    texts
        .filter(|text| !text.is_empty())
        .map(|text| Block::Paragraph {
            html: escape(&text),
        })
        .collect()
}

pub(super) fn embed_of_frame(tree: &Tree, id: NodeId) -> Option<Block> {
    let source = tree.attribute(id, "src")?.trim();
    let url = match source.strip_prefix("//") {
        Some(rest) => web_address(&format!("https://{rest}"))?,
        None => web_address(source)?,
    };
    let host = Url::parse(&url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let provider = host.map(|host| host.trim_start_matches("www.").to_owned());
    Some(Block::Embed {
        url,
        provider,
        html: None,
    })
}

/// An embed as this service writes it.
fn embed(tree: &Tree, id: NodeId, url: String) -> Block {
    let provider = tree.attribute(id, "data-provider").map(collapse);
    let is_link = match substance(tree, id)[..] {
        [only] => tree.name(only) == "a" && plain(tree, &[only]).as_deref() == Some(&url),
        [] => true,
        _ => false,
    };
    let html = (!is_link).then(|| flow_nodes(tree, &tree.children(id).collect::<Vec<_>>()));
    Block::Embed {
        url,
        provider: provider.filter(|provider| !provider.is_empty()),
        html: html.filter(|html| !html.is_empty()),
    }
}
