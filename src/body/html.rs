//! Blocks → HTML.

use super::Block;
use super::write::{escape, escape_attribute};

/// The blocks as HTML, one a line.
pub(super) fn render(blocks: &[Block]) -> String {
    blocks.iter().map(block_html).collect::<Vec<_>>().join("\n")
}

pub(super) fn block_html(block: &Block) -> String {
    match block {
        Block::Paragraph { html } => format!("<p>{html}</p>"),
        Block::Heading { level, html } => format!("<h{level}>{html}</h{level}>"),
        Block::Quote { text, attribution } => {
            let footer = attribution
                .as_deref()
                .map(|by| format!("<footer>{}</footer>", escape(by)))
                .unwrap_or_default();
            format!("<blockquote><p>{text}</p>{footer}</blockquote>")
        }
        Block::Image {
            url,
            alt,
            caption,
            credit,
        } => image(url, alt, caption.as_deref(), credit.as_deref()),
        Block::List { ordered, items } => {
            let name = if *ordered { "ol" } else { "ul" };
            format!("<{name}>{}</{name}>", wrap_each(items, "li"))
        }
        Block::Embed {
            url,
            provider,
            html,
        } => {
            let address = escape_attribute(url);
            let provider = provider
                .as_deref()
                .map(|name| format!(" data-provider=\"{}\"", escape_attribute(name)))
                .unwrap_or_default();
            let inner = html.clone().unwrap_or_else(|| {
                let rel = "noopener noreferrer";
                format!("<a href=\"{address}\" rel=\"{rel}\">{}</a>", escape(url))
            });
            format!("<figure data-embed=\"{address}\"{provider}>{inner}</figure>")
        }
        Block::Table { header, rows } => table(header, rows),
        Block::Code { language, text } => {
            let class = language
                .as_deref()
                .map(|language| format!(" class=\"language-{}\"", escape_attribute(language)))
                .unwrap_or_default();
            format!("<pre><code{class}>{}</code></pre>", escape(text))
        }
        Block::Html { html } => html.clone(),
    }
}

fn image(url: &str, alt: &str, caption: Option<&str>, credit: Option<&str>) -> String {
    let mut words = caption.map(escape).unwrap_or_default();
    if let Some(credit) = credit {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&format!("<small>{}</small>", escape(credit)));
    }
    if !words.is_empty() {
        words = format!("<figcaption>{words}</figcaption>");
    }
    format!(
        "<figure><img src=\"{}\" alt=\"{}\">{words}</figure>",
        escape_attribute(url),
        escape_attribute(alt)
    )
}

pub(super) fn table(header: &[String], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<table>");
    if !header.is_empty() {
        html.push_str("<thead><tr>");
        html.push_str(&wrap_each(header, "th"));
        html.push_str("</tr></thead>");
    }
    if !rows.is_empty() {
        html.push_str("<tbody>");
        for row in rows {
            html.push_str("<tr>");
            html.push_str(&wrap_each(row, "td"));
            html.push_str("</tr>");
        }
        html.push_str("</tbody>");
    }
    html.push_str("</table>");
    html
}

fn wrap_each(parts: &[String], name: &str) -> String {
    parts
        .iter()
        .map(|part| format!("<{name}>{part}</{name}>"))
        .collect()
}
