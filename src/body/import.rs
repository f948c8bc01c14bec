//! HTML → blocks. Nothing that can be read is lost: what fits no block becomes an `html` block.

use super::Block;
use super::allowed::language_of;
use super::bounds::check_count;
use super::figure::{embed_of_frame, figure, image};
use super::parts::{paragraphs, plain, quote_of, substance};
use super::sanitise::{flow_nodes, inline_nodes};
use super::tree::{Kind, NodeId, Tree, parse};
use super::write::{all_phrases, is_phrase, text_of};
use crate::validation::Violation;

pub(super) fn blocks(html: &str) -> Result<Vec<Block>, Violation> {
    let tree = parse(html)?;
    let blocks = import(&tree, false);
    check_count(blocks.len())?;
    Ok(blocks)
}

fn import(tree: &Tree, sanitised: bool) -> Vec<Block> {
    let mut import = Import {
        tree,
        sanitised,
        blocks: Vec::new(),
        pending: Vec::new(),
    };
    for node in tree.top() {
        import.node(node);
    }
    import.finish_paragraph();
    import.blocks
}

struct Import<'a> {
    tree: &'a Tree,
    /// Whether the tree is of HTML that was sanitised before.
    sanitised: bool,
    blocks: Vec<Block>,
    /// Phrases since the last block: a paragraph in the making.
    pending: Vec<NodeId>,
}

impl Import<'_> {
    fn node(&mut self, id: NodeId) {
        if is_phrase(self.tree, id) {
            self.pending.push(id);
            return;
        }
        self.finish_paragraph();
        let tree = self.tree;
        let found = match tree.name(id) {
            "img" => Some(image(tree, id, None, None)),
            "iframe" => Some(embed_of_frame(tree, id).into_iter().collect()),
            "figure" => figure(tree, id),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(tree, id),
            "blockquote" => quote(tree, id),
            "ul" | "ol" => list(tree, id),
            "table" => table(tree, id),
            "pre" => code(tree, id),
            "hr" | "dl" | "details" | "audio" | "video" => None,
            // Whatever else there is gives way to its content.
            _ => {
                for child in tree.children(id) {
                    self.node(child);
                }
                self.finish_paragraph();
                return;
            }
        };
        match found {
            Some(blocks) => self.blocks.extend(blocks),
            None => self.keep(id),
        }
    }

    fn finish_paragraph(&mut self) {
        let html = inline_nodes(self.tree, &std::mem::take(&mut self.pending));
        if !html.is_empty() {
            self.blocks.push(Block::Paragraph { html });
        }
    }

    fn keep(&mut self, id: NodeId) {
        let html = flow_nodes(self.tree, &[id]);
        // Without what sanitising took away, it may fit a block after all.
        if !self.sanitised
            && let Ok(tree) = parse(&html)
        {
            self.blocks.extend(import(&tree, true));
            return;
        }
        let shows = html.contains("<hr") || html.contains(" src=");
        if shows || !text_of(self.tree, &[id]).is_empty() {
            self.blocks.push(Block::Html { html });
        }
    }
}

fn heading(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    if !all_phrases(tree, id) {
        return None;
    }
    let level = tree.name(id)[1..].parse().ok()?;
    let html = inline_nodes(tree, &tree.children(id).collect::<Vec<_>>());
    let block = Block::Heading {
        level,
        html: html.clone(),
    };
    Some(
        Some(block)
            .filter(|_| !html.is_empty())
            .into_iter()
            .collect(),
    )
}

fn quote(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    let mut nodes: Vec<NodeId> = tree.children(id).collect();
    let last = *substance(tree, id).last()?;
    let mut attribution = None;
    let is_source = matches!(tree.name(last), "footer" | "cite");
    let after_paragraph = nodes.iter().any(|node| !is_phrase(tree, *node));
    if is_source && all_phrases(tree, last) && (tree.name(last) == "footer" || after_paragraph) {
        nodes.retain(|node| *node != last);
        attribution = plain(tree, &[last]);
    }
    quote_of(tree, &nodes, attribution)
}

fn list(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    let ordered = tree.name(id) == "ol";
    let starts = tree
        .attribute(id, "start")
        .is_some_and(|start| start != "1");
    if ordered && (starts || tree.attribute(id, "reversed").is_some()) {
        return None;
    }
    let mut items = Vec::new();
    for item in substance(tree, id) {
        if tree.name(item) != "li" {
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
    Some(vec![Block::List { ordered, items }])
}

fn table(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    let mut header = Vec::new();
    let mut rows = Vec::new();
    for part in substance(tree, id) {
        match tree.name(part) {
            "thead" if header.is_empty() && rows.is_empty() => {
                for row in substance(tree, part) {
                    let row = cells(tree, row, "th")?;
                    if !header.is_empty() {
                        return None;
                    }
                    header = row;
                }
            }
            "tbody" => {
                for row in substance(tree, part) {
                    let is_head = header.is_empty() && rows.is_empty();
                    match cells(tree, row, "td") {
                        Some(cells) => rows.push(cells),
                        None if is_head => header = cells(tree, row, "th")?,
                        None => return None,
                    }
                }
            }
            _ => return None,
        }
    }
    let mut all = rows
        .iter()
        .chain(Some(&header).filter(|header| !header.is_empty()));
    let width = all.clone().map(Vec::len).max().unwrap_or(0);
    if all.clone().any(|row| row.len() != width) {
        return None;
    }
    if all.all(|row| row.iter().all(String::is_empty)) {
        return Some(Vec::new());
    }
    Some(vec![Block::Table { header, rows }])
}

fn cells(tree: &Tree, row: NodeId, name: &str) -> Option<Vec<String>> {
    if tree.name(row) != "tr" {
        return None;
    }
    let cell = |cell: NodeId| {
        let spans = ["colspan", "rowspan"]
            .iter()
            .any(|span| tree.attribute(cell, span).is_some_and(|span| span != "1"));
        let children: Vec<NodeId> = tree.children(cell).collect();
        let plain = tree.name(cell) == name && !spans;
        let blocks = children.iter().filter(|child| !is_phrase(tree, **child));
        if !plain || blocks.count() > 1 {
            return None;
        }
        paragraphs(tree, &children)
    };
    substance(tree, row).into_iter().map(cell).collect()
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
    Some(vec![Block::Code { language, text }])
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
