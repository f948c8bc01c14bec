//! Parts of a tree as HTML, with allowed elements and attributes only, or as plain text.

use super::allowed::{FLOW, INLINE, attributes_of, is_hidden, safe_value, web_address};
use super::tree::{Kind, NodeId, Tree};

/// Elements that stand within a line. Any other element breaks it.
const PHRASING: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "button", "cite", "code", "data",
    "del", "dfn", "em", "font", "i", "input", "ins", "kbd", "label", "map", "mark", "meter",
    "nobr", "noscript", "output", "progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp",
    "slot", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

pub(super) const VOID: &[&str] = &["br", "col", "hr", "img", "source", "track"];

/// Elements whose children are elements, so that white space between those is nothing.
const STRUCTURAL: &[&str] = &[
    "table", "thead", "tbody", "tfoot", "tr", "colgroup", "ul", "ol", "dl", "audio", "video",
];

pub(super) fn is_phrasing(name: &str) -> bool {
    // Elements with a hyphen or a colon are made up by pages and word processors.
    PHRASING.contains(&name) || name.contains(['-', ':'])
}

/// Whether a node, with all that is in it, stands within a line.
pub(super) fn is_phrase(tree: &Tree, id: NodeId) -> bool {
    match tree.kind(id) {
        Kind::Element("iframe") => false,
        Kind::Element(name) if is_hidden(name) => true,
        Kind::Element(name) => is_phrasing(name) && all_phrases(tree, id),
        Kind::Foreign(_) => all_phrases(tree, id),
        Kind::Text(_) | Kind::Silent => true,
    }
}

pub(super) fn all_phrases(tree: &Tree, id: NodeId) -> bool {
    tree.children(id).all(|child| is_phrase(tree, child))
}

/// Whether HTML that is kept has an element of this name.
pub(super) fn is_kept(name: &str) -> bool {
    FLOW.contains(&name) || INLINE.contains(&usual_name(name))
}

/// One name for each meaning.
pub(super) fn usual_name(name: &str) -> &str {
    match name {
        "b" => "strong",
        "i" | "dfn" | "var" => "em",
        "kbd" | "samp" | "tt" => "code",
        "strike" => "s",
        "acronym" => "abbr",
        name => name,
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// White space as a browser shows it, which leaves no-break spaces alone.
pub(super) fn collapse(text: &str) -> String {
    let words = text.split(is_space).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Text as it stands between tags.
pub fn escape(text: &str) -> String {
    // The first byte of U+00A0 is one of many characters' too.
    let needs_none = |byte| !matches!(byte, b'&' | b'<' | b'>' | 0xc2);
    if text.bytes().all(needs_none) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    text.chars().for_each(|c| push_escaped(&mut escaped, c));
    escaped
}

/// Text as it stands in a double-quoted attribute.
pub fn escape_attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}

fn push_escaped(html: &mut String, c: char) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '\u{a0}' => html.push_str("&nbsp;"),
        c => html.push(c),
    }
}

/// Nodes as inline HTML, without white space around it and without empty elements.
pub(super) fn write_inline(tree: &Tree, nodes: &[NodeId]) -> String {
    let mut inline = Inline {
        tree,
        html: String::new(),
        has_content: false,
        open: Vec::new(),
    };
    for node in nodes {
        inline.node(*node);
    }
    let mut html = inline.html;
    loop {
        html.truncate(html.trim_end_matches(' ').len());
        match html.strip_suffix("<br>") {
            Some(shorter) => html.truncate(shorter.len()),
            None => return html,
        }
    }
}

struct Inline<'a> {
    tree: &'a Tree,
    html: String,
    has_content: bool,
    open: Vec<&'a str>,
}

impl<'a> Inline<'a> {
    fn node(&mut self, id: NodeId) {
        let tree = self.tree;
        match tree.kind(id) {
            Kind::Text(text) => self.text(text),
            Kind::Silent => {}
            Kind::Foreign(_) => self.children(id),
            Kind::Element(name) if is_hidden(name) => {}
            Kind::Element("br") => self.line_break(),
            Kind::Element(name) => {
                let name = usual_name(name);
                let attributes = attributes_html(tree, id, name);
                let marks = INLINE.contains(&name)
                    && (!self.open.contains(&name) || nests(name, &attributes))
                    && match name {
                        "a" => attributes.contains(" href="),
                        "span" | "bdo" => !attributes.is_empty(),
                        _ => true,
                    };
                match (marks, is_phrasing(name)) {
                    (true, _) => self.element(id, name, &attributes),
                    (false, true) => self.children(id),
                    (false, false) => {
                        self.space();
                        self.children(id);
                        self.space();
                    }
                }
            }
        }
    }

    fn children(&mut self, id: NodeId) {
        let tree = self.tree;
        tree.children(id).for_each(|child| self.node(child));
    }

    fn element(&mut self, id: NodeId, name: &'a str, attributes: &str) {
        let start = self.html.len();
        open(&mut self.html, name, attributes);
        let content = self.html.len();
        self.open.push(name);
        self.children(id);
        self.open.pop();
        let inner = &self.html[content..];
        // What links lead to may hold nothing.
        if inner.is_empty() && attributes.contains(" id=") {
            close(&mut self.html, name);
            return;
        }
        if inner.is_empty() || inner == " " {
            let space = inner == " ";
            self.html.truncate(start);
            if space {
                self.space();
            }
            return;
        }
        // A space belongs beside the element rather than at its end.
        let trailing = self.html.ends_with(' ');
        self.html.truncate(self.html.trim_end_matches(' ').len());
        close(&mut self.html, name);
        if trailing {
            self.space();
        }
    }

    fn line_break(&mut self) {
        if self.has_content {
            self.html.truncate(self.html.trim_end_matches(' ').len());
            self.html.push_str("<br>");
        }
    }

    fn space(&mut self) {
        let after_space = self.html.ends_with(' ') || self.html.ends_with("<br>");
        if self.has_content && !after_space {
            self.html.push(' ');
        }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if is_space(c) {
                self.space();
            } else {
                push_escaped(&mut self.html, c);
                self.has_content = true;
            }
        }
    }
}

/// Whether an inline element may stand in one of its own kind: where that means more than once, and where it
/// says something of its own.
fn nests(name: &str, attributes: &str) -> bool {
    const NESTING: &[&str] = &["span", "bdi", "bdo", "q", "ruby", "small"];
    NESTING.contains(&name) || !matches!(name, "a" | "code") && !attributes.is_empty()
}

/// An attribute after a space; nothing where there is no value.
pub(super) fn attribute(name: &str, value: Option<impl AsRef<str>>) -> String {
    let mut html = String::new();
    if let Some(value) = value {
        push_attribute(&mut html, name, value.as_ref());
    }
    html
}

fn push_attribute(html: &mut String, name: &str, value: &str) {
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    html.push_str(&escape_attribute(value));
    html.push('"');
}

/// Nodes as flow HTML.
pub(super) fn write_flow(tree: &Tree, nodes: &[NodeId]) -> String {
    let mut html = String::new();
    for node in nodes {
        write_flow_node(tree, *node, false, &mut html);
    }
    html.trim_matches(is_space).to_owned()
}

/// The attributes that an element keeps, each after a space.
pub(super) fn attributes_html(tree: &Tree, id: NodeId, name: &str) -> String {
    let mut html = String::new();
    for attribute in attributes_of(name) {
        if attribute == "rel" {
            push_relations(tree, id, &mut html);
        } else if let Some(value) = tree.attribute(id, attribute) {
            let value = usual_value(attribute, value);
            if let Some(value) = safe_value(name, attribute, &value) {
                push_attribute(&mut html, attribute, &value);
            }
        }
    }
    html
}

/// What a link is; a page that opens elsewhere must not reach the one that it was opened from.
fn push_relations(tree: &Tree, id: NodeId, html: &mut String) {
    let value = tree.attribute(id, "rel").unwrap_or_default();
    let kept = safe_value("a", "rel", value).unwrap_or_default();
    let mut relations: Vec<&str> = kept.split(' ').collect();
    relations.retain(|relation| !relation.is_empty() && *relation != "noopener");
    if tree.attribute(id, "target").map(str::trim) == Some("_blank") {
        relations.push("noopener");
    }
    if !relations.is_empty() {
        push_attribute(html, "rel", &relations.join(" "));
    }
}

fn has_address(tree: &Tree, id: NodeId) -> bool {
    tree.attribute(id, "src").and_then(web_address).is_some()
}

fn usual_value(attribute: &str, value: &str) -> String {
    match attribute {
        "src" | "poster" | "cite" => web_address(value).unwrap_or_default(),
        "hreflang" => value.trim().replace('_', "-"),
        "dir" | "align" => value.trim().to_ascii_lowercase(),
        "title" | "alt" | "label" => collapse(value),
        _ => value.trim().to_owned(),
    }
}

fn write_flow_node(tree: &Tree, id: NodeId, preformatted: bool, html: &mut String) {
    let children = |preformatted: bool, html: &mut String| {
        for child in tree.children(id) {
            write_flow_node(tree, child, preformatted, html);
        }
    };
    match tree.kind(id) {
        Kind::Silent => {}
        Kind::Foreign(_) => children(preformatted, html),
        Kind::Text(text) if preformatted => html.push_str(&escape(text)),
        Kind::Text(text) => {
            for c in text.chars() {
                if !is_space(c) {
                    push_escaped(html, c);
                } else if !html.ends_with(' ') {
                    html.push(' ');
                }
            }
        }
        // No frame stands in an `html` block, but its address does.
        Kind::Element("iframe") => {
            if let Some(address) = tree.attribute(id, "src").and_then(web_address) {
                open(html, "a", &attribute("href", Some(&address)));
                html.push_str(&escape(&address));
                close(html, "a");
            }
        }
        Kind::Element("img") if !has_address(tree, id) => {
            for name in ["alt", "title"] {
                let words = collapse(tree.attribute(id, name).unwrap_or_default());
                if !words.is_empty() {
                    let before = if html.ends_with(' ') { "" } else { " " };
                    html.push_str(&format!("{before}{} ", escape(&words)));
                }
            }
        }
        Kind::Element(name) if is_hidden(name) => {}
        Kind::Element(name) => {
            let name = usual_name(name);
            if !is_kept(name) {
                // A `div` keeps apart what an unknown element kept apart.
                let name = if is_phrasing(name) { None } else { Some("div") };
                name.iter().for_each(|name| open(html, name, ""));
                children(preformatted, html);
                name.iter().for_each(|name| close(html, name));
                return;
            }
            let attributes = attributes_html(tree, id, name);
            // Without a language, a direction or a name it says nothing.
            if matches!(name, "span" | "bdo") && attributes.is_empty() {
                return children(preformatted, html);
            }
            open(html, name, &attributes);
            if VOID.contains(&name) {
                return;
            }
            let start = html.len();
            if STRUCTURAL.contains(&name) {
                for child in tree.children(id) {
                    let blank = matches!(tree.kind(child), Kind::Text(text) if text.trim_matches(is_space).is_empty());
                    if !blank {
                        write_flow_node(tree, child, false, html);
                    }
                }
            } else {
                children(preformatted || name == "pre", html);
            }
            // The parser drops a line break that opens a `pre`, so it would be lost later.
            if name == "pre" {
                let lines = html[start..].chars().take_while(|c| *c == '\n').count();
                html.replace_range(start..start + lines, "");
            }
            close(html, name);
        }
    }
}

fn open(html: &mut String, name: &str, attributes: &str) {
    html.push('<');
    html.push_str(name);
    html.push_str(attributes);
    html.push('>');
}

fn close(html: &mut String, name: &str) {
    html.push_str("</");
    html.push_str(name);
    html.push('>');
}

/// The text of nodes: a line for each element that breaks the line, a tab between cells.
pub(super) fn text_of(tree: &Tree, nodes: &[NodeId]) -> String {
    let mut text = String::new();
    for node in nodes {
        collect_text(tree, *node, false, &mut text);
    }
    text.trim_matches(is_space).to_owned()
}

fn collect_text(tree: &Tree, id: NodeId, preformatted: bool, text: &mut String) {
    let children = |preformatted: bool, text: &mut String| {
        for child in tree.children(id) {
            collect_text(tree, child, preformatted, text);
        }
    };
    match tree.kind(id) {
        Kind::Silent => {}
        Kind::Foreign(_) => children(preformatted, text),
        Kind::Text(part) if preformatted => text.push_str(part),
        Kind::Text(part) => {
            for c in part.chars() {
                if !is_space(c) {
                    text.push(c);
                } else if !text.is_empty() && !text.ends_with(is_space) {
                    text.push(' ');
                }
            }
        }
        Kind::Element(name) if is_hidden(name) => {}
        Kind::Element("br") => {
            trim_line(text);
            text.push('\n');
        }
        // A browser prints the marks.
        Kind::Element("q") => {
            text.push('“');
            children(preformatted, text);
            text.push('”');
        }
        Kind::Element(name) if is_phrasing(name) => children(preformatted, text),
        Kind::Element("td" | "th") => {
            let first = text.is_empty() || text.ends_with(['\n', '\t']);
            if !first {
                trim_line(text);
                text.push('\t');
            }
            children(preformatted, text);
        }
        Kind::Element(name) => {
            break_line(text);
            children(preformatted || name == "pre", text);
            break_line(text);
        }
    }
}

fn trim_line(text: &mut String) {
    text.truncate(text.trim_end_matches([' ', '\t']).len());
}

fn break_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        trim_line(text);
        text.push('\n');
    }
}
