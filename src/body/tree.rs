//! HTML as a tree, built within bounds.
//!
//! Nodes live in one vector, so a tree of any depth is dropped without recursion. The parser is
//! fed in small pieces and stopped as soon as a bound is passed: its own work grows with the
//! depth of what is open, so it must never get far beyond it.

use std::cell::Cell;

use html5ever::interface::{ElementFlags, TokenizerResult, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{QualName, local_name, ns};

use super::bounds::{self, AttributeCount, MAX_DEPTH};
use super::sink::{Data, Node, Sink};

pub(super) use super::sink::NodeId;
use crate::validation::Violation;

/// A parsed fragment of HTML.
pub(super) struct Tree {
    nodes: Vec<Node>,
    root: NodeId,
}

/// What a node is.
pub(super) enum Kind<'a> {
    /// Text, entities decoded.
    Text(&'a str),
    /// An element of HTML, by its lower-case name.
    Element(&'a str),
    /// An element of SVG or MathML.
    Foreign,
    /// A comment or the like, which nobody reads.
    Silent,
}

impl Tree {
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.nodes[id].first, |id| self.nodes[*id].next)
    }

    /// What stands at the top level.
    pub(super) fn top(&self) -> Vec<NodeId> {
        self.children(self.root).collect()
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind<'_> {
        match &self.nodes[id].data {
            Data::Text(text) => Kind::Text(text),
            Data::Element { name, .. } if name.ns == ns!(html) => Kind::Element(&name.local),
            Data::Element { .. } => Kind::Foreign,
            Data::Silent => Kind::Silent,
        }
    }

    /// The name of an HTML element; empty for any other node.
    pub(super) fn name(&self, id: NodeId) -> &str {
        match self.kind(id) {
            Kind::Element(name) => name,
            _ => "",
        }
    }

    pub(super) fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        let Data::Element { attributes, .. } = &self.nodes[id].data else {
            return None;
        };
        attributes
            .iter()
            .find(|attribute| &*attribute.name.local == name)
            .map(|attribute| &*attribute.value)
    }
}

#[cfg(test)]
impl Tree {
    pub(super) fn attributes(&self, id: NodeId) -> impl Iterator<Item = (&str, &str)> {
        let attributes = match &self.nodes[id].data {
            Data::Element { attributes, .. } => attributes.as_slice(),
            _ => &[],
        };
        attributes
            .iter()
            .map(|attribute| (&*attribute.name.local, &*attribute.value))
    }
}

/// Parses a fragment as if it stood in a `div`.
pub(super) fn parse(html: &str) -> Result<Tree, Violation> {
    let sink = Sink::default();
    let document = sink.add(Data::Silent);
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let context = sink.create_element(context, Vec::new(), ElementFlags::default());
    let builder = TreeBuilder::new_for_fragment(sink, context, None, TreeBuilderOpts::default());
    let tokenizer = Tokenizer::new(
        Counted {
            builder,
            tokens: Cell::new(0),
        },
        TokenizerOpts::default(),
    );
    let input = BufferQueue::default();
    let mut attributes = AttributeCount::default();
    for piece in pieces(html) {
        let before = tokenizer.sink.tokens.get();
        input.push_back(StrTendril::from_slice(piece));
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
        // No token means that a tag or a comment is still open, and began with this run. A token
        // may also be text held back until now, so a piece that opens a tag counts either way.
        let silent = tokenizer.sink.tokens.get() == before;
        if !silent {
            attributes = AttributeCount::default();
        }
        if silent || (piece.starts_with('<') && !piece.ends_with('>')) {
            attributes.read(piece);
        }
        if attributes.exceeded() {
            return Err(bounds::too_many_attributes());
        }
        tokenizer.sink.builder.sink.check()?;
    }
    tokenizer.end();
    let sink = tokenizer.sink.builder.sink;
    sink.check()?;
    let nodes = sink.nodes.into_inner();
    let root = nodes[document].first.unwrap_or(document);
    let tree = Tree { nodes, root };
    // Elements that the parser moved took their content along: measured again when all is still.
    if tree.depth() > MAX_DEPTH {
        return Err(bounds::too_deep());
    }
    Ok(tree)
}

/// Pieces that begin at `<` or end with `>`: where a piece gives no token, a tag or comment is open.
fn pieces(html: &str) -> impl Iterator<Item = &str> {
    const MOST: usize = 4096;
    let mut rest = html;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.as_bytes();
        let mut end = bytes.len().min(MOST);
        if let Some(at) = bytes[1..end].iter().position(|byte| *byte == b'<') {
            end = at + 1;
        }
        if let Some(at) = bytes[..end].iter().position(|byte| *byte == b'>') {
            end = at + 1;
        }
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

impl Tree {
    fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut open = vec![(self.root, 0)];
        while let Some((id, depth)) = open.pop() {
            if matches!(self.nodes[id].data, Data::Element { .. }) {
                deepest = deepest.max(depth);
            }
            open.extend(self.children(id).map(|child| (child, depth + 1)));
        }
        deepest
    }
}

/// The tree builder, and how many tokens have reached it.
struct Counted {
    builder: TreeBuilder<NodeId, Sink>,
    tokens: Cell<usize>,
}

impl TokenSink for Counted {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if !matches!(token, Token::ParseError(_)) {
            self.tokens.set(self.tokens.get() + 1);
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}
