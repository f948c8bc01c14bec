//! Blocks ⇄ Markdown (CommonMark with tables and strikethrough).

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::Block;
use super::bounds::{self, MAX_CELLS, MAX_DEPTH};
use super::html::{block_html, table};
use super::markdown_inline::{escape_text, inline};
use crate::validation::Violation;

/// Markdown as HTML, not yet sanitised.
pub(super) fn to_html(markdown: &str) -> Result<String, Violation> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut too_deep = false;
    let mut open = 0_usize;
    let mut cells = 0_usize;
    let events = Parser::new_ext(markdown, options).take_while(|event| {
        match event {
            Event::Start(tag) => {
                open += 1;
                cells += usize::from(*tag == Tag::TableCell);
            }
            Event::End(_) => open = open.saturating_sub(1),
            _ => {}
        }
        too_deep = open > MAX_DEPTH;
        !too_deep && cells <= MAX_CELLS
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    if too_deep {
        return Err(bounds::too_deep());
    }
    if cells > MAX_CELLS {
        return Err(bounds::too_many_cells());
    }
    Ok(html)
}

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
            (Some(Block::List { .. }), Block::List { .. }) => {
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
        Block::Paragraph { html } => inline(html, "\\\n"),
        Block::Heading { level, html } => {
            format!(
                "{} {}",
                "#".repeat(usize::from(*level)),
                inline(html, "<br>")
            )
        }
        Block::Quote { text, attribution } => quote(text, attribution.as_deref()),
        Block::Image {
            url,
            alt,
            caption: None,
            credit: None,
        } => {
            let alt = escape_text(&super::write::collapse(alt));
            format!("![{alt}](<{}>)", escape_text(url))
        }
        Block::List { ordered, items } => list(*ordered, items),
        Block::Table { header, rows } => {
            pipe_table(header, rows).unwrap_or_else(|| html_block(&table(header, rows)))
        }
        Block::Code { language, text } => code(language.as_deref(), text),
        Block::Html { html } => html_block(html),
        Block::Image { .. } | Block::Embed { .. } => html_block(&block_html(block)),
    }
}

fn quote(text: &str, attribution: Option<&str>) -> String {
    let mut parts: Vec<String> = text
        .split("<br><br>")
        .map(|part| inline(part, "\\\n"))
        .filter(|part| !part.is_empty())
        .collect();
    if let Some(attribution) = attribution {
        let footer = format!("<footer>{}</footer>", super::write::escape(attribution));
        parts.push(one_paragraph(&footer));
    }
    let lines = parts.join("\n\n");
    lines
        .split('\n')
        .map(|line| format!("> {line}").trim_end_matches(' ').to_owned())
        .collect::<Vec<_>>()
        .join("\n")
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

/// A table with pipes; none where pipes cannot say it: without a head, or with a pipe in a cell.
fn pipe_table(header: &[String], rows: &[Vec<String>]) -> Option<String> {
    let regular = rows.iter().all(|row| row.len() == header.len());
    let mut cells = rows.iter().flatten().chain(header);
    if header.is_empty() || !regular || cells.any(|cell| cell.contains('|')) {
        return None;
    }
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| inline(cell, "<br>")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut lines = vec![row(header), format!("|{}", " --- |".repeat(header.len()))];
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
    const OPENING: &[&str] = &["<table>", "<figure", "<ul>", "<ol", "<dl>", "<details>"];
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
