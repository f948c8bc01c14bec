//! Blocks → HTML.

use super::Block;
use super::nodes::{escape, escape_attribute};

/// The blocks as HTML, one after the other.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut html = String::new();
    for block in blocks {
        write_block(block, &mut html);
    }
    html
}

fn write_block(block: &Block, html: &mut String) {
    match block {
        Block::Paragraph { html: inline } => push(html, &["<p>", inline, "</p>"]),
        Block::Heading {
            level,
            html: inline,
        } => html.push_str(&format!("<h{level}>{inline}</h{level}>")),
        Block::Quote { text, attribution } => {
            push(html, &["<blockquote><p>", text, "</p>"]);
            if let Some(attribution) = attribution {
                push(html, &["<footer>", &escape(attribution), "</footer>"]);
            }
            html.push_str("</blockquote>");
        }
        Block::Image {
            url,
            alt,
            caption,
            credit,
        } => {
            html.push_str(&format!(
                "<figure><img src=\"{}\" alt=\"{}\">",
                escape_attribute(url),
                escape_attribute(alt)
            ));
            if caption.is_some() || credit.is_some() {
                html.push_str("<figcaption>");
                html.push_str(&caption.as_deref().map(escape).unwrap_or_default());
                if let Some(credit) = credit {
                    let gap = if caption.is_some() { " " } else { "" };
                    push(html, &[gap, "<small>", &escape(credit), "</small>"]);
                }
                html.push_str("</figcaption>");
            }
            html.push_str("</figure>");
        }
        Block::List { ordered, items } => {
            let name = if *ordered { "ol" } else { "ul" };
            push(html, &["<", name, ">"]);
            for item in items {
                push(html, &["<li>", item, "</li>"]);
            }
            push(html, &["</", name, ">"]);
        }
        Block::Embed {
            html: Some(inner), ..
        } => push(html, &["<figure>", inner, "</figure>"]),
        Block::Embed { url, .. } => html.push_str(&format!(
            "<figure><a href=\"{}\" rel=\"noopener noreferrer\">{}</a></figure>",
            escape_attribute(url),
            escape(url)
        )),
        Block::Table { header, rows } => {
            html.push_str("<table>");
            if !header.is_empty() {
                html.push_str("<thead>");
                write_row(header, "th", html);
                html.push_str("</thead>");
            }
            html.push_str("<tbody>");
            for row in rows {
                write_row(row, "td", html);
            }
            html.push_str("</tbody></table>");
        }
        Block::Code { language, text } => {
            match language {
                Some(language) => html.push_str(&format!(
                    "<pre><code class=\"language-{}\">",
                    escape_attribute(language)
                )),
                None => html.push_str("<pre><code>"),
            }
            push(html, &[&escape(text), "</code></pre>"]);
        }
        Block::Html { html: inner } => html.push_str(inner),
    }
}

fn write_row(cells: &[String], name: &str, html: &mut String) {
    html.push_str("<tr>");
    for cell in cells {
        push(html, &["<", name, ">", cell, "</", name, ">"]);
    }
    html.push_str("</tr>");
}

fn push(html: &mut String, parts: &[&str]) {
    for part in parts {
        html.push_str(part);
    }
}
