//! Blocks → HTML.

use super::block::{
    Alignment, AudioBlock, Block, EmbedBlock, GalleryBlock, ImageBlock, ListBlock, QuoteBlock,
    TableBlock, VideoBlock,
};
use super::media::ImageRendition;
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
        Block::Gallery(block) => gallery(block),
        Block::Audio(block) => audio(block),
        Block::Video(block) => video(block),
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
        "<img src=\"{}\" alt=\"{}\"{}{}{}>",
        escape_attribute(&block.url),
        escape_attribute(&block.alt),
        attribute("srcset", srcset(&block.srcset)),
        attribute("width", block.width.map(|pixels| pixels.to_string())),
        attribute("height", block.height.map(|pixels| pixels.to_string())),
    );
    if let Some(link) = &block.link {
        picture = format!("<a href=\"{}\">{picture}</a>", escape_attribute(link));
    }
    let caption = caption(block.caption.as_deref(), block.credit.as_deref());
    format!("<figure>{picture}{caption}</figure>")
}

/// The value of the attribute of that name (HTML, "Srcset attributes"); nothing without renditions.
fn srcset(renditions: &[ImageRendition]) -> Option<String> {
    let candidates = renditions
        .iter()
        .map(|rendition| format!("{} {}w", rendition.url, rendition.width));
    let candidates = candidates.collect::<Vec<_>>().join(", ");
    Some(candidates).filter(|candidates| !candidates.is_empty())
}

/// What is printed below something, and who made it.
fn caption(caption: Option<&str>, credit: Option<&str>) -> String {
    let credit = credit.map(|credit| format!("<small>{credit}</small>"));
    let words = [caption.map(str::to_owned), credit].into_iter().flatten();
    let words = words.collect::<Vec<_>>().join(" ");
    element(
        "figcaption",
        Some(words.as_str()).filter(|words| !words.is_empty()),
    )
}

fn gallery(block: &GalleryBlock) -> String {
    let images: String = block.images.iter().map(|one| image(one.image())).collect();
    let caption = element("figcaption", block.caption.as_deref());
    format!("<figure>{images}{caption}</figure>")
}

fn audio(block: &AudioBlock) -> String {
    let caption = caption(block.caption.as_deref(), block.credit.as_deref());
    let address = escape_attribute(&block.url);
    format!("<figure><audio src=\"{address}\" controls></audio>{caption}</figure>")
}

fn video(block: &VideoBlock) -> String {
    let caption = caption(block.caption.as_deref(), block.credit.as_deref());
    format!(
        "<figure><video src=\"{}\"{}{}{} controls></video>{caption}</figure>",
        escape_attribute(&block.url),
        attribute("poster", block.poster.as_deref()),
        attribute("width", block.width.map(|pixels| pixels.to_string())),
        attribute("height", block.height.map(|pixels| pixels.to_string())),
    )
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
