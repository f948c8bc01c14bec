//! Blocks → Markdown (CommonMark with tables and strikethrough).

use super::block::{Alignment, Block, ImageBlock, QuoteBlock, TableBlock};
use super::html::{block_html, table};
use super::markdown_inline::{escape_text, inline};

/// The blocks as Markdown, parted by blank lines.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut markdown = String::new();
    let mut before: Option<&Block> = None;
    for block in blocks {
        let text = block_markdown(block);
        if text.is_empty() {
            continue;
        }
        match (before, block) {
            (None, _) => {}
            // Two lists in a row would become one.
            (Some(Block::List(_)), Block::List(_)) => {
                markdown.push_str("\n\n<!-- -->\n\n");
            }
            (Some(_), _) => markdown.push_str("\n\n"),
        }
        markdown.push_str(&text);
        before = Some(block);
    }
    if !markdown.is_empty() {
        markdown.push('\n');
    }
    markdown
}

fn block_markdown(block: &Block) -> String {
    match block {
        Block::Paragraph(block) => inline(&block.html, "\\\n"),
        Block::Heading(block) => {
            let marks = "#".repeat(usize::from(block.level));
            format!("{marks} {}", inline(&block.html, "<br>"))
        }
        Block::Quote(block) if block.url.is_none() => quote(block),
        Block::Image(ImageBlock {
            url,
            alt,
            caption: None,
            credit: None,
            width: None,
            height: None,
            link: None,
            media_id: None,
            ..
        }) => {
            let alt = escape_text(&super::write::collapse(alt));
            format!("![{alt}](<{}>)", escape_text(url))
        }
        Block::List(block) => list(block.ordered, &block.items),
        Block::Table(block) => pipe_table(block).unwrap_or_else(|| html_block(&table(block))),
        Block::Code(block) => code(block.language.as_deref(), &block.text),
        Block::Html(block) => html_block(&block.html),
        Block::Quote(_)
        | Block::Image(_)
        | Block::Gallery(_)
        | Block::Audio(_)
        | Block::Video(_)
        | Block::Embed(_) => html_block(&block_html(block)),
    }
}

fn quote(block: &QuoteBlock) -> String {
    // Emphasis ends with its paragraph in Markdown.
    if !block.text.split("<br><br>").all(is_whole) {
        return html_block(&block_html(&Block::Quote(block.clone())));
    }
    let mut parts: Vec<String> = block
        .text
        .split("<br><br>")
        .map(|part| inline(part, "\\\n"))
        .filter(|part| !part.is_empty())
        .collect();
    if let Some(attribution) = &block.attribution {
        parts.push(one_paragraph(&format!("<footer>{attribution}</footer>")));
    }
    let lines = parts.join("\n\n");
    lines
        .split('\n')
        .map(|line| format!("> {line}").trim_end_matches(' ').to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether every element that begins in a part of some HTML ends in it too, and the other way round.
fn is_whole(part: &str) -> bool {
    let mut open = 0_usize;
    for tag in part.split('<').skip(1) {
        if tag.starts_with('/') {
            let Some(left) = open.checked_sub(1) else {
                return false;
            };
            open = left;
        } else if !tag.starts_with("br>") {
            open += 1;
        }
    }
    open == 0
}

fn list(ordered: bool, items: &[String]) -> String {
    let lines = items.iter().enumerate().map(|(index, item)| {
        let marker = if ordered {
            format!("{}. ", index + 1)
        } else {
            "- ".to_owned()
        };
        let line_break = format!("\\\n{}", " ".repeat(marker.len()));
        format!("{marker}{}", inline(item, &line_break))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A table with pipes; none where pipes cannot say it: without a head, with a caption, or with a pipe in
/// a cell.
fn pipe_table(block: &TableBlock) -> Option<String> {
    let TableBlock { header, rows, .. } = block;
    let regular = rows.iter().all(|row| row.len() == header.len());
    let mut cells = rows.iter().flatten().chain(header);
    let said = block.caption.is_some();
    if header.is_empty() || !regular || said || cells.any(|cell| cell.contains('|')) {
        return None;
    }
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| inline(cell, "<br>")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = |column: usize| match block.alignments.get(column) {
        Some(Alignment::Center) => " :-: |",
        Some(Alignment::End) => " --: |",
        Some(Alignment::Start) | None => " --- |",
    };
    let rules: String = (0..header.len()).map(rule).collect();
    let mut lines = vec![row(header), format!("|{rules}")];
    lines.extend(rows.iter().map(|cells| row(cells)));
    Some(lines.join("\n"))
}

fn code(language: Option<&str>, text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{}\n{text}\n{fence}", language.unwrap_or_default())
}

/// HTML as a block of Markdown: it begins with an element that opens one and holds no blank line.
fn html_block(html: &str) -> String {
    const OPENING: &[&str] = &[
        "<table>",
        "<figure",
        "<blockquote",
        "<ul>",
        "<ol",
        "<dl>",
        "<details>",
    ];
    let html = one_paragraph(html);
    if OPENING.iter().any(|opening| html.starts_with(opening)) {
        html
    } else {
        format!("<div>{html}</div>")
    }
}

/// A blank line would end the HTML, so line breaks are written as character references.
fn one_paragraph(html: &str) -> String {
    html.replace('\n', "&#10;").replace('\r', "&#13;")
}
