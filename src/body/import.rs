//! HTML → blocks. Nothing that can be read is lost: what fits no block becomes an `html` block.

use super::nodes::{Element, Node, is_inline, parse, text_of, write, write_tag};
use super::sanitise::{INLINE, language_of};
use super::{Block, is_web_url};

/// The blocks of sanitised HTML.
pub(super) fn blocks(html: &str) -> Vec<Block> {
    let mut import = Import::default();
    import.flow(parse(html));
    import.finish_paragraph();
    import.blocks
}

#[derive(Default)]
struct Import {
    blocks: Vec<Block>,
    /// Inline nodes that no element of their own holds: a paragraph in the making.
    pending: Vec<Node>,
}

impl Import {
    fn flow(&mut self, nodes: Vec<Node>) {
        for node in nodes {
            match node {
                Node::Element(element) if !is_phrase(&element) => self.element(element),
                phrase => self.pending.push(phrase),
            }
        }
    }

    fn finish_paragraph(&mut self) {
        let html = inline_html(&std::mem::take(&mut self.pending));
        if !html.is_empty() {
            self.blocks.push(Block::Paragraph { html });
        }
    }

    fn element(&mut self, element: Element) {
        self.finish_paragraph();
        match element.name.as_str() {
            // Whatever is inline but holds a picture or a block gives way to its content.
            name if is_inline(name) => self.container(element.children),
            "p" | "div" | "section" | "article" | "main" | "header" | "aside" => {
                self.container(element.children);
            }
            "hr" => self.keep(element),
            "img" => self.push_or_keep(image(&element, None, None), element),
            name => {
                let block = match name {
                    "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(&element),
                    "blockquote" => quote(&element),
                    "figure" => figure(&element),
                    "ul" | "ol" => list(&element),
                    "table" => table(&element),
                    "pre" => code(&element),
                    _ => None,
                };
                self.push_or_keep(block, element);
            }
        }
    }

    fn container(&mut self, children: Vec<Node>) {
        self.flow(children);
        self.finish_paragraph();
    }

    fn push_or_keep(&mut self, block: Option<Block>, element: Element) {
        match block {
            Some(block) => self.blocks.push(block),
            None => self.keep(element),
        }
    }

    fn keep(&mut self, element: Element) {
        let has_text = !text_of(&element.children).trim().is_empty();
        let mut html = String::new();
        write(&[Node::Element(element)], &mut html);
        if has_text || html.contains("<hr") || html.contains(" src=") {
            self.blocks.push(Block::Html { html });
        }
    }
}

/// Whether an element, with all that is in it, stands within a line.
fn is_phrase(element: &Element) -> bool {
    is_inline(&element.name) && all_phrases(&element.children)
}

fn all_phrases(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(_) => true,
        Node::Element(element) => is_phrase(element),
    })
}

/// Inline HTML of phrases, without space around it.
fn inline_html(nodes: &[Node]) -> String {
    let mut html = String::new();
    write_inline(nodes, &mut html);
    let mut html = collapse(&html);
    while let Some(shorter) = html.strip_suffix("<br>") {
        html = shorter.trim_end().to_owned();
    }
    html
}

fn write_inline(nodes: &[Node], html: &mut String) {
    for node in nodes {
        let Node::Element(element) = node else {
            write(std::slice::from_ref(node), html);
            continue;
        };
        let name = match element.name.as_str() {
            "b" => "strong",
            "i" => "em",
            name => name,
        };
        if name == "br" {
            html.push_str("<br>");
        } else if INLINE.contains(&name) {
            write_tag(
                &Element {
                    name: name.into(),
                    attributes: if name == "code" {
                        Vec::new()
                    } else {
                        element.attributes.clone()
                    },
                    children: Vec::new(),
                },
                html,
            );
            write_inline(&element.children, html);
            html.push_str(&format!("</{name}>"));
        } else {
            write_inline(&element.children, html);
        }
    }
}

/// White space as a browser shows it, which leaves no-break spaces alone.
fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\n', '\r', '\x0c'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn plain(nodes: &[Node]) -> Option<String> {
    Some(collapse(&text_of(nodes))).filter(|text| !text.is_empty())
}

/// The children that are more than white space.
fn substance(nodes: &[Node]) -> Vec<&Node> {
    nodes
        .iter()
        .filter(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()))
        .collect()
}

fn heading(element: &Element) -> Option<Block> {
    if !all_phrases(&element.children) {
        return None;
    }
    Some(Block::Heading {
        level: element.name[1..].parse().ok()?,
        html: inline_html(&element.children),
    })
    .filter(|_| plain(&element.children).is_some())
}

/// Paragraphs or bare text, and at most one `footer` or `cite` at the end.
fn quote(element: &Element) -> Option<Block> {
    let mut parts = substance(&element.children);
    let mut attribution = None;
    if let Some(Node::Element(last)) = parts.last()
        && matches!(last.name.as_str(), "footer" | "cite")
        && parts.len() > 1
    {
        if !all_phrases(&last.children) {
            return None;
        }
        attribution = plain(&last.children);
        parts.pop();
    }
    let mut paragraphs: Vec<String> = Vec::new();
    let mut bare: Vec<Node> = Vec::new();
    for part in parts {
        match part {
            Node::Element(paragraph) if paragraph.name == "p" => {
                if !all_phrases(&paragraph.children) {
                    return None;
                }
                paragraphs.push(inline_html(&std::mem::take(&mut bare)));
                paragraphs.push(inline_html(&paragraph.children));
            }
            Node::Element(other) if !is_phrase(other) => return None,
            phrase => bare.push(phrase.clone()),
        }
    }
    paragraphs.push(inline_html(&bare));
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    (!paragraphs.is_empty()).then(|| Block::Quote {
        text: paragraphs.join("<br><br>"),
        attribution,
    })
}

fn image(element: &Element, caption: Option<String>, credit: Option<String>) -> Option<Block> {
    Some(Block::Image {
        url: element
            .attribute("src")
            .filter(|url| is_web_url(url))?
            .to_owned(),
        alt: element.attribute("alt").unwrap_or_default().to_owned(),
        caption,
        credit,
    })
}

/// One picture and at most one caption, whose `small` is the credit; or an embed as this room
/// writes it.
fn figure(element: &Element) -> Option<Block> {
    let parts = substance(&element.children);
    let (picture, caption) = match parts.as_slice() {
        [Node::Element(picture)] => (picture, None),
        [Node::Element(picture), Node::Element(caption)] if caption.name == "figcaption" => {
            (picture, Some(caption))
        }
        _ => return None,
    };
    if picture.name == "a" && caption.is_none() {
        return embed(picture);
    }
    if picture.name != "img" {
        return None;
    }
    let Some(caption) = caption else {
        return image(picture, None, None);
    };
    let is_credit = |node: &&Node| matches!(node, Node::Element(small) if small.name == "small");
    let credits: Vec<&Node> = caption.children.iter().filter(is_credit).collect();
    if credits.len() > 1 || !all_phrases(&caption.children) {
        return None;
    }
    let credit = credits.first().and_then(|node| match node {
        Node::Element(small) => plain(&small.children),
        Node::Text(_) => None,
    });
    let words: Vec<Node> = caption
        .children
        .iter()
        .filter(|node| !is_credit(node))
        .cloned()
        .collect();
    image(picture, plain(&words), credit)
}

/// `<a href="url">url</a>` alone in a figure.
fn embed(link: &Element) -> Option<Block> {
    let url = link.attribute("href").filter(|url| is_web_url(url))?;
    let text = plain(&link.children)?;
    (text == url).then(|| Block::Embed {
        url: url.to_owned(),
        provider: None,
        html: None,
    })
}

fn list(element: &Element) -> Option<Block> {
    if element.attribute("start").is_some() {
        return None;
    }
    let mut items = Vec::new();
    for node in substance(&element.children) {
        let Node::Element(item) = node else {
            return None;
        };
        if item.name != "li" {
            return None;
        }
        items.push(cell(item)?);
    }
    (!items.is_empty()).then(|| Block::List {
        ordered: element.name == "ol",
        items,
    })
}

/// The inline HTML of an item or a cell: phrases, or one paragraph of them.
fn cell(element: &Element) -> Option<String> {
    if all_phrases(&element.children) {
        return Some(inline_html(&element.children));
    }
    match substance(&element.children).as_slice() {
        [Node::Element(only)] if only.name == "p" && all_phrases(&only.children) => {
            Some(inline_html(&only.children))
        }
        _ => None,
    }
}

/// Rows of plain cells; spans, captions and column groups make it an `html` block.
fn table(element: &Element) -> Option<Block> {
    let (mut header, mut rows) = (Vec::new(), Vec::new());
    for node in substance(&element.children) {
        let Node::Element(part) = node else {
            return None;
        };
        let body = match part.name.as_str() {
            "thead" if header.is_empty() && rows.is_empty() => false,
            "tbody" => true,
            _ => return None,
        };
        for node in substance(&part.children) {
            let Node::Element(row) = node else {
                return None;
            };
            let cells = row_cells(row, body)?;
            if body {
                rows.push(cells);
            } else if header.is_empty() {
                header = cells;
            } else {
                return None;
            }
        }
    }
    let empty = header
        .iter()
        .chain(rows.iter().flatten())
        .all(String::is_empty);
    (!empty).then_some(Block::Table { header, rows })
}

fn row_cells(row: &Element, body: bool) -> Option<Vec<String>> {
    if row.name != "tr" {
        return None;
    }
    let wanted = if body { "td" } else { "th" };
    substance(&row.children)
        .into_iter()
        .map(|node| match node {
            Node::Element(part) if part.name == wanted && part.attributes.is_empty() => cell(part),
            _ => None,
        })
        .collect()
}

fn code(element: &Element) -> Option<Block> {
    let (language, content) = match element.children.as_slice() {
        [Node::Element(code)] if code.name == "code" => (
            code.attribute("class")
                .and_then(language_of)
                .map(str::to_owned),
            &code.children,
        ),
        content => (None, &content.to_vec()),
    };
    if !all_phrases(content) {
        return None;
    }
    let text = text_of(content);
    (!text.trim().is_empty()).then(|| Block::Code {
        language,
        text: text.trim_end_matches('\n').to_owned(),
    })
}
