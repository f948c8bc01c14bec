//! Blocks → HTML.

use super::block::{Alignment, Block, EmbedBlock, ImageBlock, ListBlock, QuoteBlock, TableBlock};
use super::write::{attribute, escape, escape_attribute};

/// The blocks as HTML, one a line.
pub(super) fn render(blocks: &[Block]) -> String {
    blocks.iter().map(block_html).collect::<Vec<_>>().join("\n")
}

pub(super) fn block_html(block: &Block) -> String {
    match block {
        Block::Paragraph(block) => format!("<p>{}</p>", block.html),
        Block::Heading(block) => format!("<h{0}>{1}</h{0}>", block.level, block.html),
        Block::Quote(block) => quote(block),
        Block::Image(block) => image(block),
        Block::List(ListBlock { ordered, items }) => {
            let name = if *ordered { "ol" } else { "ul" };
            format!("<{name}>{}</{name}>", wrap_each(items, "li", &[]))
        }
        Block::Embed(block) => embed(block),
        Block::Table(block) => table(block),
        Block::Code(block) => {
            let class = block.language.as_deref().map(|of| format!("language-{of}"));
            let class = attribute("class", class);
            format!("<pre><code{class}>{}</code></pre>", escape(&block.text))
        }
        Block::Html(block) => block.html.clone(),
    }
}

pub(super) fn quote(block: &QuoteBlock) -> String {
    let cite = attribute("cite", block.url.as_deref());
    let footer = element("footer", block.attribution.as_deref());
    format!(
        "<blockquote{cite}><p>{}</p>{footer}</blockquote>",
        block.text
    )
}

fn image(block: &ImageBlock) -> String {
    let mut picture = format!(
        "<img src=\"{}\" alt=\"{}\"{}{}>",
        escape_attribute(&block.url),
        escape_attribute(&block.alt),
        attribute("width", block.width.map(|pixels| pixels.to_string())),
        attribute("height", block.height.map(|pixels| pixels.to_string())),
    );
    if let Some(link) = &block.link {
        picture = format!("<a href=\"{}\">{picture}</a>", escape_attribute(link));
    }
    let credit = block
        .credit
        .as_ref()
        .map(|credit| format!("<small>{credit}</small>"));
    let words = [block.caption.clone(), credit].into_iter().flatten();
    let words = words.collect::<Vec<_>>().join(" ");
    let caption = element(
        "figcaption",
        Some(words.as_str()).filter(|words| !words.is_empty()),
    );
    format!("<figure>{picture}{caption}</figure>")
}

fn embed(block: &EmbedBlock) -> String {
    let address = escape_attribute(&block.url);
    let provider = attribute("data-provider", block.provider.as_deref());
    let inner = block
        .html
        .clone()
        .unwrap_or_else(|| format!("<a href=\"{address}\">{}</a>", escape(&block.url)));
    let caption = element("figcaption", block.caption.as_deref());
    format!("<figure data-embed=\"{address}\"{provider}>{inner}{caption}</figure>")
}

pub(super) fn table(block: &TableBlock) -> String {
    let mut html = String::from("<table>");
    html.push_str(&element("caption", block.caption.as_deref()));
    if !block.header.is_empty() {
        let cells = wrap_each(&block.header, "th", &block.alignments);
        html.push_str(&format!("<thead><tr>{cells}</tr></thead>"));
    }
    if !block.rows.is_empty() {
        html.push_str("<tbody>");
        for row in &block.rows {
            html.push_str(&format!(
                "<tr>{}</tr>",
                wrap_each(row, "td", &block.alignments)
            ));
        }
        html.push_str("</tbody>");
    }
    html.push_str("</table>");
    html
}

fn element(name: &str, html: Option<&str>) -> String {
    html.map(|html| format!("<{name}>{html}</{name}>"))
        .unwrap_or_default()
}

fn wrap_each(parts: &[String], name: &str, alignments: &[Alignment]) -> String {
    let wrap = |(index, part): (usize, &String)| {
        let align = match alignments.get(index) {
            Some(Alignment::Center) => " align=\"center\"",
            Some(Alignment::End) => " align=\"right\"",
            Some(Alignment::Start) | None => "",
        };
        format!("<{name}{align}>{part}</{name}>")
    };
    parts.iter().enumerate().map(wrap).collect()
}
