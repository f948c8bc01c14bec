//! HTML → blocks. Nothing that can be read is lost: what fits no block becomes an `html` block.

use url::Url;

use super::allowed::language_of;
use super::block::{Block, CodeBlock, HeadingBlock, HtmlBlock, ListBlock, ParagraphBlock};
use super::bounds::{check_bytes, check_count};
use super::figure::{Picture, figure, frame, only_picture};
use super::normalise::{self, is_blank};
use super::parts::{paragraphs, substance};
use super::quote::quote;
use super::sanitise::{flow_nodes, inline_nodes};
use super::tables::table;
use super::tree::{Kind, NodeId, Tree, parse};
use super::write::{all_phrases, is_phrase, text_of};
use crate::validation::{Violation, Violations};

/// The blocks of a text, and what an editor should know of them. Relative addresses are those of
/// `base`.
pub(super) fn blocks(
    html: &str,
    base: Option<&Url>,
) -> Result<(Vec<Block>, Violations), Violation> {
    let mut tree = parse(html)?;
    normalise::document(&mut tree, base)?;
    let blocks = import(&tree, false)?;
    Ok((blocks, tree.into_warnings()))
}

/// What is too large is given up as soon as that shows: it has cost enough.
fn import(tree: &Tree, sanitised: bool) -> Result<Vec<Block>, Violation> {
    let mut import = Import {
        tree,
        sanitised,
        blocks: Vec::new(),
        bytes: 0,
        pending: Vec::new(),
    };
    for node in tree.top() {
        import.node(node)?;
    }
    import.finish_paragraph()?;
    Ok(import.blocks)
}

struct Import<'a> {
    tree: &'a Tree,
    /// Whether the tree is of HTML that was sanitised before.
    sanitised: bool,
    blocks: Vec<Block>,
    /// How many bytes they have as JSON.
    bytes: usize,
    /// Phrases since the last block: a paragraph in the making.
    pending: Vec<NodeId>,
}

impl Import<'_> {
    fn node(&mut self, id: NodeId) -> Result<(), Violation> {
        if is_phrase(self.tree, id) {
            self.pending.push(id);
            return Ok(());
        }
        self.finish_paragraph()?;
        let tree = self.tree;
        let found = match tree.name(id) {
            "img" => Some(Picture::alone(id).blocks(tree, None, None)),
            "iframe" => Some(frame(tree, id, None)),
            "figure" => figure(tree, id),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(tree, id),
            "blockquote" => quote(tree, id, None),
            "ul" | "ol" => list(tree, id),
            "table" => table(tree, id, None),
            "pre" => code(tree, id),
            "hr" | "dl" | "details" | "audio" | "video" => None,
            // Whatever else there is gives way to its content.
            name => {
                let linked = only_picture(tree, id, None).filter(|_| name == "a");
                match linked {
                    Some(picture) => Some(picture.blocks(tree, None, None)),
                    None => return self.content(id),
                }
            }
        };
        match found {
            Some(blocks) => blocks.into_iter().try_for_each(|block| self.add(block)),
            None => self.keep(id),
        }
    }

    fn content(&mut self, id: NodeId) -> Result<(), Violation> {
        for child in self.tree.children(id) {
            self.node(child)?;
        }
        self.finish_paragraph()
    }

    fn add(&mut self, block: Block) -> Result<(), Violation> {
        self.bytes += serde_json::to_string(&block).map_or(0, |json| json.len() + 1);
        self.blocks.push(block);
        check_count(self.blocks.len())?;
        check_bytes(self.bytes)
    }

    fn finish_paragraph(&mut self) -> Result<(), Violation> {
        let nodes = std::mem::take(&mut self.pending);
        let html = inline_nodes(self.tree, &nodes);
        // No-break spaces alone are how word processors leave room; a link may lead to one all the same.
        let blank = is_blank(&text_of(self.tree, &nodes)) && !html.contains(" id=");
        match html.is_empty() || blank {
            true => Ok(()),
            false => self.add(ParagraphBlock { html }.into()),
        }
    }

    fn keep(&mut self, id: NodeId) -> Result<(), Violation> {
        let html = flow_nodes(self.tree, &[id]);
        // Without what sanitising took away, it may fit a block after all.
        if !self.sanitised
            && let Ok(tree) = parse(&html)
        {
            let blocks = import(&tree, true)?;
            return blocks.into_iter().try_for_each(|block| self.add(block));
        }
        let shows = ["<hr", " src=", " data-embed="]
            .iter()
            .any(|mark| html.contains(mark));
        match shows || !text_of(self.tree, &[id]).is_empty() {
            true => self.add(HtmlBlock { html }.into()),
            false => Ok(()),
        }
    }
}

fn heading(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    let level = tree.name(id)[1..].parse().ok()?;
    let nodes: Vec<NodeId> = tree.children(id).collect();
    let html = match all_phrases(tree, id) {
        true => inline_nodes(tree, &nodes),
        // One line that stands in a paragraph.
        false => paragraphs(tree, &nodes).filter(|html| !html.contains("<br><br>"))?,
    };
    if html.is_empty() || is_blank(&text_of(tree, &nodes)) && !html.contains(" id=") {
        return Some(Vec::new());
    }
    Some(vec![Block::Heading(HeadingBlock { level, html })])
}

fn list(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    let ordered = tree.name(id) == "ol";
    let counts = |id, name, usual: &str| {
        tree.attribute(id, name)
            .is_some_and(|value| value.trim() != usual)
    };
    if ordered
        && (counts(id, "start", "1") || counts(id, "type", "1") || counts(id, "reversed", "\0"))
    {
        return None;
    }
    let mut items = Vec::new();
    for item in substance(tree, id) {
        if tree.name(item) != "li"
            || ordered && counts(item, "value", &(items.len() + 1).to_string())
        {
            return None;
        }
        let children: Vec<NodeId> = tree.children(item).collect();
        let blocks = children.iter().filter(|child| !is_phrase(tree, **child));
        if blocks.count() > 1 {
            return None;
        }
        items.push(paragraphs(tree, &children)?);
    }
    if items.iter().all(String::is_empty) {
        return Some(Vec::new());
    }
    Some(vec![Block::List(ListBlock { ordered, items })])
}

fn code(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    let inner = match substance(tree, id)[..] {
        [only] if tree.name(only) == "code" => only,
        _ => id,
    };
    let mut text = String::new();
    for child in tree.children(inner) {
        raw_text(tree, child, &mut text)?;
    }
    let class = tree
        .attribute(inner, "class")
        .or_else(|| tree.attribute(id, "class"));
    let language = class.and_then(language_of).map(str::to_owned);
    let text = text.trim_end_matches('\n').to_owned();
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    Some(vec![Block::Code(CodeBlock { language, text })])
}

/// Text with its line breaks; highlighters wrap words in `span`, which says nothing.
fn raw_text(tree: &Tree, id: NodeId, text: &mut String) -> Option<()> {
    match tree.kind(id) {
        Kind::Text(part) => text.push_str(part),
        Kind::Silent => {}
        Kind::Element("br") => text.push('\n'),
        Kind::Element("span") => {
            for child in tree.children(id) {
                raw_text(tree, child, text)?;
            }
        }
        _ => return None,
    }
    Some(())
}
