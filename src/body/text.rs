//! Blocks ⇄ plain text.

use unicode_segmentation::UnicodeSegmentation;

use super::Block;
use super::tree::parse;
use super::write::{escape, text_of};

/// Paragraphs of plain text: blank lines part them, other line breaks stay.
pub(super) fn paragraphs(plain: &str) -> Vec<Block> {
    let plain = plain.replace("\r\n", "\n").replace('\r', "\n");
    let mut blocks = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    // One blank line more than there are, so that the last paragraph ends as the others do.
    for line in plain.split('\n').chain([""]) {
        let line = super::write::collapse(line);
        if !line.is_empty() {
            lines.push(escape(&line));
        } else if !lines.is_empty() {
            let html = std::mem::take(&mut lines).join("<br>");
            blocks.push(Block::Paragraph { html });
        }
    }
    blocks
}

/// The blocks as plain text, parted by blank lines.
pub(super) fn render(blocks: &[Block]) -> String {
    let texts = blocks.iter().map(block_text);
    texts
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

pub(super) fn count_words(text: &str) -> u32 {
    u32::try_from(text.unicode_words().count()).unwrap_or(u32::MAX)
}

/// The text of sanitised HTML.
pub(super) fn html_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.trim().to_owned();
    }
    // Stored HTML is within the bounds; if it ever is not, its source still says what it says.
    parse(html).map_or_else(|_| html.to_owned(), |tree| text_of(&tree, &tree.top()))
}

fn block_text(block: &Block) -> String {
    let lines: Vec<String> = match block {
        Block::Paragraph { html } | Block::Heading { html, .. } | Block::Html { html } => {
            vec![html_text(html)]
        }
        Block::Quote { text, attribution } => {
            let mut lines = vec![html_text(text)];
            lines.extend(attribution.clone());
            lines
        }
        Block::Image {
            caption, credit, ..
        } => caption.iter().chain(credit).cloned().collect(),
        Block::List { items, .. } => items.iter().map(|item| html_text(item)).collect(),
        Block::Embed {
            html: Some(html), ..
        } => vec![html_text(html)],
        Block::Embed { url, .. } => vec![url.clone()],
        Block::Table { header, rows } => std::iter::once(header)
            .chain(rows)
            .filter(|cells| !cells.is_empty())
            .map(|cells| {
                let cells: Vec<String> = cells.iter().map(|cell| html_text(cell)).collect();
                cells.join("\t")
            })
            .collect(),
        Block::Code { text, .. } => vec![text.clone()],
    };
    lines.join("\n")
}
