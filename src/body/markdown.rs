//! Blocks ⇄ Markdown (CommonMark with tables and strikethrough).

use pulldown_cmark::{Event, Options, Parser};

use super::nodes::{Element, Node, parse, write};
use super::{Block, bounds};
use crate::validation::{Violation, Violations};

/// Markdown as HTML, not yet sanitised.
pub(super) fn to_html(markdown: &str) -> Result<String, Violations> {
    let parser = Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    );
    // Writing HTML keeps a stack of what is open: bounded here rather than trusted to be small.
    let (mut open, mut too_deep) = (0_usize, false);
    let events = parser.take_while(|event| {
        match event {
            Event::Start(_) => open += 1,
            Event::End(_) => open = open.saturating_sub(1),
            _ => {}
        }
        too_deep = open > bounds::MAX_DEPTH;
        !too_deep
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    if too_deep {
        let detail = format!("must not nest deeper than {} levels", bounds::MAX_DEPTH);
        return Err(Violations(vec![Violation::new("", "too_deep", detail)]));
    }
    Ok(html)
}

/// The blocks as Markdown, parted by blank lines.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut markdown = blocks
        .iter()
        .map(block_markdown)
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    if !markdown.is_empty() {
        markdown.push('\n');
    }
    markdown
}

fn block_markdown(block: &Block) -> String {
    match block {
        Block::Paragraph { html } => inline(html),
        Block::Heading { level, html } => {
            let text = inline(html).replace("\\\n", " ");
            format!("{} {text}", "#".repeat(usize::from(*level)))
        }
        Block::Quote { text, attribution } => {
            let mut lines = inline(text);
            if let Some(attribution) = attribution {
                // CommonMark has no attribution: HTML keeps it apart from the words.
                let html = format!(
                    "<blockquote><p>{text}</p><footer>{}</footer></blockquote>",
                    super::nodes::escape(attribution)
                );
                return html.replace("\n\n", "\n");
            }
            lines.insert_str(0, "> ");
            lines.replace('\n', "\n> ")
        }
        Block::List { ordered, items } => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let marker = if *ordered {
                    format!("{}. ", index + 1)
                } else {
                    "- ".into()
                };
                let indent = format!("\n{}", " ".repeat(marker.len()));
                format!("{marker}{}", inline(item).replace('\n', &indent))
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Block::Code { language, text } => {
            let longest = text
                .split(|c| c != '`')
                .map(str::len)
                .max()
                .unwrap_or_default();
            let fence = "`".repeat(longest.max(2) + 1);
            let language = language.as_deref().unwrap_or_default();
            format!("{fence}{language}\n{text}\n{fence}")
        }
        Block::Image {
            url,
            alt,
            caption: None,
            credit: None,
        } if !alt.contains(['\n', '<']) => format!("![{}](<{url}>)", escape(alt, false)),
        Block::Table { header, rows } if is_pipe_table(header, rows) => {
            let row = |cells: &[String]| {
                let cells: Vec<String> = cells.iter().map(|cell| inline(cell)).collect();
                format!("| {} |", cells.join(" | "))
            };
            let rule = format!("|{}", " --- |".repeat(header.len()));
            let mut lines = vec![row(header), rule];
            lines.extend(rows.iter().map(|cells| row(cells)));
            lines.join("\n")
        }
        // HTML is Markdown too, as long as no blank line ends it.
        other => {
            let html = super::html::render(std::slice::from_ref(other));
            html.replace("\n\n", "\n&#10;")
        }
    }
}

/// Pipe tables need a head, rows as long as it, and cells of one line.
fn is_pipe_table(header: &[String], rows: &[Vec<String>]) -> bool {
    !header.is_empty()
        && rows.iter().all(|row| row.len() == header.len())
        && header
            .iter()
            .chain(rows.iter().flatten())
            .all(|cell| !cell.contains(['\n', '|']) && !cell.contains("<br"))
}

fn inline(html: &str) -> String {
    let mut markdown = String::new();
    write_nodes(&parse(html), &mut markdown);
    markdown.trim().to_owned()
}

fn write_nodes(nodes: &[Node], markdown: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => {
                let line_start = markdown.is_empty() || markdown.ends_with('\n');
                markdown.push_str(&escape(text, line_start));
            }
            Node::Element(element) => write_element(element, markdown),
        }
    }
}

fn write_element(element: &Element, markdown: &mut String) {
    match element.name.as_str() {
        "br" => markdown.push_str("\\\n"),
        "em" => write_delimited("*", element, markdown),
        "strong" => write_delimited("**", element, markdown),
        "a" if element.attribute("title").is_none() && link_fits(element) => {
            markdown.push('[');
            write_nodes(&element.children, markdown);
            let url = element.attribute("href").unwrap_or_default();
            markdown.push_str(&format!("](<{url}>)"));
        }
        // sub, sup, code and all else stand as HTML, in which Markdown would go on being read:
        // their text is written with entities.
        _ => {
            let mut html = String::new();
            write(&[Node::Element(element.clone())], &mut html);
            markdown.push_str(&guard_html(&html));
        }
    }
}

fn link_fits(element: &Element) -> bool {
    element
        .attribute("href")
        .is_some_and(|url| !url.is_empty() && !url.contains(['<', '>', '\\', '\n', '&']))
}

/// Delimiters bind only where words touch them; elsewhere HTML says the same.
fn write_delimited(delimiter: &str, element: &Element, markdown: &mut String) {
    let mut inner = String::new();
    write_nodes(&element.children, &mut inner);
    let binds = inner.starts_with(char::is_alphanumeric) && inner.ends_with(char::is_alphanumeric);
    let free = !markdown.ends_with(['*', '_']);
    if binds && free {
        markdown.push_str(&format!("{delimiter}{inner}{delimiter}"));
    } else {
        markdown.push_str(&format!("<{0}>{inner}</{0}>", element.name));
    }
}

/// Text within raw inline HTML is still Markdown: its punctuation is written as entities.
fn guard_html(html: &str) -> String {
    let mut guarded = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ => {}
        }
        if !in_tag && matches!(c, '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '|' | '\n') {
            guarded.push_str(&format!("&#{};", c as u32));
        } else {
            guarded.push(c);
        }
    }
    guarded
}

/// Backslashes before what Markdown would read as markup.
fn escape(text: &str, mut line_start: bool) -> String {
    let mut escaped = String::new();
    let mut digits = false;
    for c in text.chars() {
        let special = matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '#'
        );
        let at_start = line_start && matches!(c, '+' | '-' | '=' | ':');
        let after_digits = digits && matches!(c, '.' | ')');
        if special || at_start || after_digits {
            escaped.push('\\');
        }
        escaped.push(if c == '\n' { ' ' } else { c });
        digits = (line_start || digits) && c.is_ascii_digit();
        line_start = line_start && c == ' ';
    }
    escaped
}
