//! Blocks ⇄ plain text.

use unicode_segmentation::UnicodeSegmentation;

use super::block::{Block, GalleryImage, ParagraphBlock, TableBlock};
use super::normalise::{clean, is_blank};
use super::tree::parse;
use super::write::{escape, text_of};

/// Paragraphs of plain text: blank lines part them, other line breaks stay.
pub(super) fn paragraphs(plain: &str) -> Vec<Block> {
    let plain = clean(plain).unwrap_or_else(|| plain.to_owned());
    let plain = plain
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}'], "\n");
    let plain = plain.replace('\u{2029}', "\n\n");
    let mut blocks = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    // One blank line more than there are, so that the last paragraph ends as the others do.
    for line in plain.split('\n').chain([""]) {
        let line = super::write::collapse(line);
        if !is_blank(&line) {
            lines.push(escape(&line));
        } else if !lines.is_empty() {
            let html = std::mem::take(&mut lines).join("<br>");
            blocks.push(Block::Paragraph(ParagraphBlock { html }));
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
pub fn html_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.trim().to_owned();
    }
    // Stored HTML is within the bounds; if it ever is not, its source still says what it says.
    parse(html).map_or_else(|_| html.to_owned(), |tree| text_of(&tree, &tree.top()))
}

pub(super) fn block_text(block: &Block) -> String {
    let lines: Vec<String> = match block {
        Block::Paragraph(block) => vec![html_text(&block.html)],
        Block::Heading(block) => vec![html_text(&block.html)],
        Block::Html(block) => vec![html_text(&block.html)],
        Block::Quote(block) => {
            let parts = std::iter::once(&block.text).chain(&block.attribution);
            parts.map(|html| html_text(html)).collect()
        }
        Block::Image(block) => words_below(&block.caption, &block.credit),
        Block::Audio(block) => words_below(&block.caption, &block.credit),
        Block::Video(block) => words_below(&block.caption, &block.credit),
        Block::Gallery(block) => {
            let images = block.images.iter().map(GalleryImage::image);
            let words = images.flat_map(|image| words_below(&image.caption, &image.credit));
            words.chain(words_below(&block.caption, &None)).collect()
        }
        Block::List(block) => block.items.iter().map(|item| html_text(item)).collect(),
        Block::Embed(block) => {
            let shown = block.html.as_ref().map(|html| html_text(html));
            let shown = shown.unwrap_or_else(|| block.url.clone());
            let caption = block.caption.iter().map(|caption| html_text(caption));
            std::iter::once(shown).chain(caption).collect()
        }
        Block::Table(block) => table_lines(block),
        Block::Code(block) => vec![block.text.clone()],
    };
    lines.join("\n")
}

fn words_below(caption: &Option<String>, credit: &Option<String>) -> Vec<String> {
    let parts = caption.iter().chain(credit);
    parts.map(|html| html_text(html)).collect()
}

fn table_lines(block: &TableBlock) -> Vec<String> {
    let rows = std::iter::once(&block.header).chain(&block.rows);
    let rows = rows.filter(|cells| !cells.is_empty()).map(|cells| {
        let cells: Vec<String> = cells.iter().map(|cell| html_text(cell)).collect();
        cells.join("\t")
    });
    let caption = block.caption.iter().map(|caption| html_text(caption));
    caption.chain(rows).collect()
}
