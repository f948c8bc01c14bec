//! Inline HTML → Markdown that reads back as the same text.

use super::allowed::INLINE;
use super::tree::{Kind, NodeId, Tree, parse};
use super::write::{attributes_html, escape, text_of};

/// Sanitised inline HTML as Markdown, with `line_break` for each `<br>`.
pub(super) fn inline(html: &str, line_break: &str) -> String {
    let Ok(tree) = parse(html) else {
        return escape_text(html);
    };
    let mut writer = Writer {
        tree: &tree,
        line_break,
        markdown: String::new(),
        line: 0,
    };
    writer.nodes(&tree.top(), Some(' '));
    let mut markdown = writer.markdown;
    markdown.truncate(markdown.trim_end_matches(' ').len());
    markdown
}

/// Text in which no character is taken for markup, wherever it stands.
pub(super) fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_text(text, true, &mut escaped);
    escaped
}

fn push_text(text: &str, mut line_start: bool, markdown: &mut String) {
    let mut digits = line_start;
    for c in text.chars() {
        // A bare address would become a link.
        if c == ':' && (markdown.ends_with("http") || markdown.ends_with("https")) {
            markdown.push('\\');
        }
        let special = "\\`*_[]<>|~&#!".contains(c);
        let begins = line_start && "+-=:".contains(c);
        let numbers = digits && matches!(c, '.' | ')');
        if special || begins || numbers {
            markdown.push('\\');
        }
        match c {
            // The only line breaks are those written as such.
            '\n' | '\r' => markdown.push(' '),
            c => markdown.push(c),
        }
        digits &= c.is_ascii_digit();
        line_start &= c == ' ';
    }
}

struct Writer<'a> {
    tree: &'a Tree,
    line_break: &'a str,
    markdown: String,
    /// Where the last line begins.
    line: usize,
}

impl Writer<'_> {
    /// Writes siblings; `after` is what follows the last, a space at the end of a block.
    fn nodes(&mut self, nodes: &[NodeId], after: Option<char>) {
        for (index, node) in nodes.iter().enumerate() {
            let rest = &nodes[index + 1..];
            let next = match rest.first() {
                None => after,
                Some(next) => match self.tree.kind(*next) {
                    Kind::Text(text) => text.chars().next(),
                    Kind::Element("br") => Some(' '),
                    _ => None,
                },
            };
            self.node(*node, next);
        }
    }

    fn node(&mut self, id: NodeId, next: Option<char>) {
        let tree = self.tree;
        match tree.kind(id) {
            Kind::Text(text) => {
                let line_start = self.at_line_start();
                push_text(text, line_start, &mut self.markdown);
            }
            Kind::Element("br") => {
                self.markdown.push_str(self.line_break);
                if self.line_break.contains('\n') {
                    self.line = self.markdown.len();
                }
            }
            Kind::Element("em") => self.emphasis(id, "*", next),
            Kind::Element("strong") => self.emphasis(id, "**", next),
            Kind::Element("code") => self.code(id),
            Kind::Element("a") => self.link(id),
            Kind::Element("del") => self.emphasis(id, "~~", next),
            Kind::Element(name) if INLINE.contains(&name) => self.tagged(id, name),
            _ => self.children(id, next),
        }
    }

    fn at_line_start(&self) -> bool {
        self.markdown[self.line..].chars().all(|c| c == ' ')
    }

    fn children(&mut self, id: NodeId, after: Option<char>) {
        let children: Vec<NodeId> = self.tree.children(id).collect();
        self.nodes(&children, after);
    }

    fn tagged(&mut self, id: NodeId, name: &str) {
        let attributes = one_line(&attributes_html(self.tree, id, name));
        self.markdown.push_str(&format!("<{name}{attributes}>"));
        self.children(id, None);
        self.markdown.push_str(&format!("</{name}>"));
    }

    /// Asterisks count as emphasis only beside the right characters. Where the neighbours leave
    /// room for doubt, the element is written as HTML.
    fn emphasis(&mut self, id: NodeId, marker: &str, next: Option<char>) {
        let text = text_of(self.tree, &[id]);
        let firm = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let only_text = self
            .tree
            .children(id)
            .all(|child| matches!(self.tree.kind(child), Kind::Text(_)));
        let before = self.markdown.chars().next_back();
        let plain = attributes_html(self.tree, id, "").is_empty();
        let clear = only_text
            && plain
            && firm(text.chars().next())
            && firm(text.chars().next_back())
            && before.is_none_or(|c| matches!(c, ' ' | '\n'))
            && next.is_some_and(|c| " .,;:?".contains(c));
        if clear {
            self.markdown.push_str(marker);
            push_text(&text, false, &mut self.markdown);
            self.markdown.push_str(marker);
        } else {
            let name = self.tree.name(id);
            self.tagged(id, name);
        }
    }

    /// Backticks keep everything but what stands at their ends.
    fn code(&mut self, id: NodeId) {
        let text = text_of(self.tree, &[id]);
        let only_text = self
            .tree
            .children(id)
            .all(|child| matches!(self.tree.kind(child), Kind::Text(_)));
        let before = self.markdown.chars().next_back();
        let clear = only_text
            && attributes_html(self.tree, id, "code").is_empty()
            && text.trim() == text
            && !text.is_empty()
            && !text.contains(['`', '|', '\n', '\\'])
            && before != Some('`');
        if clear {
            self.markdown.push('`');
            self.markdown.push_str(&text);
            self.markdown.push('`');
        } else {
            self.tagged(id, "code");
        }
    }

    fn link(&mut self, id: NodeId) {
        let href = self.tree.attribute(id, "href").unwrap_or_default();
        let odd = |c: char| c.is_control() || "<>\\\"".contains(c);
        let more = self.tree.attributes(id).any(|(name, _)| name != "href");
        if href.is_empty() || href.contains(odd) || more {
            return self.tagged(id, "a");
        }
        self.markdown.push('[');
        self.children(id, None);
        self.markdown.push_str(&format!("](<{}>)", escape(href)));
    }
}

fn one_line(attribute: &str) -> String {
    attribute.replace('\n', "&#10;").replace('\r', "&#13;")
}
