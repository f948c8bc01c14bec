//! Sanitised HTML as a tree.
//!
//! The sanitiser's output is well-formed and of bounded depth, so a tree follows from its tags
//! alone, and what walks it may recurse.

use std::cell::RefCell;

use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::bounds::VOID;

/// An element or a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Text, entities decoded.
    Text(String),
    /// An element.
    Element(Element),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Element {
    /// Lower-case name.
    pub name: String,
    /// Attributes in order.
    pub attributes: Vec<(String, String)>,
    /// What is in it.
    pub children: Vec<Node>,
}

impl Element {
    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The tree of sanitised HTML.
pub(super) fn parse(html: &str) -> Vec<Node> {
    let tree = Tree {
        open: RefCell::new(vec![Element::default()]),
    };
    let tokenizer = Tokenizer::new(tree, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(html.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    while tokenizer.sink.open.borrow().len() > 1 {
        tokenizer.sink.close();
    }
    let mut open = tokenizer.sink.open.borrow_mut();
    open.pop().map(|root| root.children).unwrap_or_default()
}

struct Tree {
    /// The root and the elements that are open below it.
    open: RefCell<Vec<Element>>,
}

impl Tree {
    fn add(&self, node: Node) {
        if let Some(parent) = self.open.borrow_mut().last_mut() {
            match (parent.children.last_mut(), node) {
                (Some(Node::Text(before)), Node::Text(text)) => before.push_str(&text),
                (_, node) => parent.children.push(node),
            }
        }
    }

    fn close(&self) {
        let closed = self.open.borrow_mut().pop();
        if let Some(element) = closed {
            self.add(Node::Element(element));
        }
    }
}

impl TokenSink for Tree {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.add(Node::Text(text.to_string())),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let element = Element {
                    name: tag.name.to_string(),
                    attributes: tag
                        .attrs
                        .iter()
                        .map(|attribute| {
                            (
                                attribute.name.local.to_string(),
                                attribute.value.to_string(),
                            )
                        })
                        .collect(),
                    children: Vec::new(),
                };
                if VOID.contains(&element.name.as_str()) {
                    self.add(Node::Element(element));
                } else {
                    self.open.borrow_mut().push(element);
                }
            }
            Token::TagToken(tag) => {
                let name: &str = &tag.name;
                let open = self.open.borrow().iter().skip(1).any(|e| e.name == name);
                while open && self.open.borrow().len() > 1 {
                    let last = self.open.borrow().last().is_some_and(|e| e.name == name);
                    self.close();
                    if last {
                        break;
                    }
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Text as it stands between tags.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text as it stands in a quoted attribute.
pub(super) fn escape_attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}

/// Nodes as HTML.
pub(super) fn write(nodes: &[Node], html: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => html.push_str(&escape(text)),
            Node::Element(element) => {
                write_tag(element, html);
                if !VOID.contains(&element.name.as_str()) {
                    write(&element.children, html);
                    html.push_str(&format!("</{}>", element.name));
                }
            }
        }
    }
}

/// An element's start tag.
pub(super) fn write_tag(element: &Element, html: &mut String) {
    html.push('<');
    html.push_str(&element.name);
    for (name, value) in &element.attributes {
        html.push_str(&format!(" {name}=\"{}\"", escape_attribute(value)));
    }
    html.push('>');
}

/// The text of nodes: line breaks where elements break lines.
pub(super) fn text_of(nodes: &[Node]) -> String {
    let mut text = String::new();
    collect_text(nodes, &mut text);
    text
}

fn collect_text(nodes: &[Node], text: &mut String) {
    for node in nodes {
        match node {
            Node::Text(part) => text.push_str(part),
            Node::Element(element) if element.name == "br" => text.push('\n'),
            Node::Element(element) => {
                let inline = is_inline(&element.name);
                let gap = if inline { "" } else { "\n" };
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push_str(gap);
                }
                collect_text(&element.children, text);
                if !text.ends_with('\n') {
                    text.push_str(gap);
                }
            }
        }
    }
}

/// Whether an element stands within a line.
pub(super) fn is_inline(name: &str) -> bool {
    super::sanitise::INLINE.contains(&name)
        || matches!(
            name,
            "small"
                | "b"
                | "i"
                | "u"
                | "s"
                | "del"
                | "ins"
                | "mark"
                | "q"
                | "abbr"
                | "time"
                | "span"
                | "cite"
        )
}
