//! Blocks ⇄ plain text.

use super::Block;
use super::nodes::{escape, parse, text_of};

/// Paragraphs of plain text: blank lines part them, other line breaks stay.
pub(super) fn paragraphs(plain: &str) -> Vec<Block> {
    let plain = plain.replace("\r\n", "\n").replace('\r', "\n");
    let mut paragraphs: Vec<Vec<String>> = vec![Vec::new()];
    for line in plain.lines() {
        let line = line.trim();
        if !line.is_empty() {
            if let Some(paragraph) = paragraphs.last_mut() {
                paragraph.push(escape(line));
            }
        } else if paragraphs.last().is_some_and(|lines| !lines.is_empty()) {
            paragraphs.push(Vec::new());
        }
    }
    paragraphs
        .into_iter()
        .filter(|lines| !lines.is_empty())
        .map(|lines| Block::Paragraph {
            html: lines.join("<br>"),
        })
        .collect()
}

/// The blocks as plain text, parted by blank lines.
pub(super) fn render(blocks: &[Block]) -> String {
    blocks
        .iter()
        .map(block_text)
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn inline_text(html: &str) -> String {
    text_of(&parse(html)).trim().to_owned()
}

fn block_text(block: &Block) -> String {
    let lines: Vec<String> = match block {
        Block::Paragraph { html } | Block::Heading { html, .. } | Block::Html { html } => {
            vec![inline_text(html)]
        }
        Block::Quote { text, attribution } => {
            let mut lines = vec![inline_text(text)];
            lines.extend(attribution.clone());
            lines
        }
        Block::Image {
            caption, credit, ..
        } => caption.iter().chain(credit).cloned().collect(),
        Block::List { items, .. } => items.iter().map(|item| inline_text(item)).collect(),
        Block::Embed {
            html: Some(html), ..
        } => vec![inline_text(html)],
        Block::Embed { url, .. } => vec![url.clone()],
        Block::Table { header, rows } => std::iter::once(header)
            .chain(rows)
            .filter(|cells| !cells.is_empty())
            .map(|cells| {
                let cells: Vec<String> = cells.iter().map(|cell| inline_text(cell)).collect();
                cells.join("\t")
            })
            .collect(),
        Block::Code { text, .. } => vec![text.clone()],
    };
    lines.join("\n")
}
