//! HTML as a tree, built within bounds.
//!
//! The parser is fed in small pieces and stopped as soon as a bound is passed: its own work grows with
//! the depth of what is open, so it must never get far beyond it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::interface::{ElementFlags, TokenizerResult, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{Attribute, LocalName, QualName, local_name, ns};

use super::bounds::{self, AttributeCount, MAX_BYTES, MAX_DEPTH, MAX_NODES};
use super::nodes::{Data, Nodes};
use super::sink::Sink;
use super::tokens::{Tokens, Unfinished};

pub(super) use super::nodes::NodeId;
use crate::validation::{Violation, Violations, cut};

/// A parsed fragment of HTML.
pub(super) struct Tree {
    nodes: Nodes,
    root: NodeId,
    warnings: RefCell<Violations>,
    /// Bytes of attributes of elements that were copied.
    copied: usize,
}

/// What a node is.
pub(super) enum Kind<'a> {
    /// Text, entities decoded.
    Text(&'a str),
    /// An element of HTML, by its lower-case name.
    Element(&'a str),
    /// An element of SVG or MathML, by its name.
    Foreign(&'a str),
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

    /// All nodes below the root, in the order of the text.
    pub(super) fn all(&self) -> Vec<NodeId> {
        self.below(self.root)
    }

    /// All nodes below one, in the order of the text.
    pub(super) fn below(&self, id: NodeId) -> Vec<NodeId> {
        self.descendants(id).collect()
    }

    /// The same one by one, for who may not need all.
    pub(super) fn descendants(&self, of: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let after = move |id: NodeId| {
            let up = std::iter::once(id).chain(self.ancestors(id));
            up.take_while(|id| *id != of).find_map(|id| self.next(id))
        };
        let next = move |id: &NodeId| self.nodes[*id].first.or_else(|| after(*id));
        std::iter::successors(self.nodes[of].first, next)
    }

    /// A node's parent and what is around that, up to the root.
    pub(super) fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.ancestors(id)
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id].parent
    }

    pub(super) fn before(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id].before
    }

    pub(super) fn next(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id].next
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind<'_> {
        match &self.nodes[id].data {
            Data::Text(text) => Kind::Text(text),
            Data::Element { name, .. } if name.ns == ns!(html) => Kind::Element(&name.local),
            Data::Element { name, .. } => Kind::Foreign(&name.local),
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

    /// Whether an element is one of MathML.
    pub(super) fn is_of_formula(&self, id: NodeId) -> bool {
        matches!(&self.nodes[id].data, Data::Element { name, .. } if name.ns == ns!(mathml))
    }

    pub(super) fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        self.attributes(id)
            .find(|(attribute, _)| *attribute == name)
            .map(|(_, value)| value)
    }

    pub(super) fn attributes(&self, id: NodeId) -> impl Iterator<Item = (&str, &str)> {
        let attributes = match &self.nodes[id].data {
            Data::Element { attributes, .. } => attributes.as_slice(),
            _ => &[],
        };
        attributes
            .iter()
            .map(|attribute| (&*attribute.name.local, &*attribute.value))
    }

    /// Whether one of an element's classes is such.
    pub(super) fn has_class(&self, id: NodeId, such: impl Fn(&str) -> bool) -> bool {
        self.attribute(id, "class")
            .is_some_and(|classes| classes.split_ascii_whitespace().any(such))
    }

    /// Notes something that an editor should know of.
    pub(super) fn warn(&self, code: &'static str, detail: String) {
        self.warnings
            .borrow_mut()
            .push(Violation::whole(code, detail));
    }

    /// What was noted.
    pub(super) fn into_warnings(self) -> Violations {
        self.warnings.into_inner()
    }
}

/// Changes.
impl Tree {
    pub(super) fn element(&mut self, name: &str, attributes: &[(&str, &str)]) -> NodeId {
        let attributes = attributes
            .iter()
            .map(|(name, value)| attribute(name, value));
        self.nodes.add(Data::Element {
            name: QualName::new(None, ns!(html), LocalName::from(name)),
            attributes: attributes.collect(),
        })
    }

    pub(super) fn text(&mut self, text: &str) -> NodeId {
        self.nodes.add(Data::Text(text.to_owned()))
    }

    /// A copy of an element, without what is in it.
    pub(super) fn copy(&mut self, id: NodeId) -> NodeId {
        let data = self.nodes[id].data.clone();
        self.nodes.add(data)
    }

    /// Puts what some HTML holds at the end of an element; as text, where it is beyond the bounds.
    ///
    /// # Errors
    /// `too_large` where the tree has too many nodes by that.
    pub(super) fn graft(&mut self, parent: NodeId, html: &str) -> Result<(), Violation> {
        let Ok(other) = parse(html) else {
            let text = self.text(html);
            self.append(parent, text);
            return Ok(());
        };
        let mut copies = HashMap::from([(other.root, parent)]);
        for id in other.all() {
            let copy = self.nodes.add(other.nodes[id].data.clone());
            let above = other.parent(id).and_then(|parent| copies.get(&parent));
            if let Some(above) = above {
                self.append(*above, copy);
            }
            copies.insert(id, copy);
        }
        match self.nodes.len() > MAX_NODES {
            true => Err(bounds::too_many_nodes()),
            false => Ok(()),
        }
    }

    pub(super) fn append(&mut self, parent: NodeId, id: NodeId) {
        self.nodes.insert(parent, None, id);
    }

    pub(super) fn insert_before(&mut self, next: NodeId, id: NodeId) {
        if let Some(parent) = self.parent(next) {
            self.nodes.insert(parent, Some(next), id);
        }
    }

    pub(super) fn detach(&mut self, id: NodeId) {
        self.nodes.detach(id);
    }

    /// Puts what is in an element in its place.
    pub(super) fn unwrap(&mut self, id: NodeId) {
        let children: Vec<NodeId> = self.children(id).collect();
        for child in children {
            self.insert_before(id, child);
        }
        self.detach(id);
    }

    /// Puts an element around nodes that stand beside each other.
    pub(super) fn wrap(&mut self, nodes: &[NodeId], wrapper: NodeId) {
        let Some(first) = nodes.first() else { return };
        self.insert_before(*first, wrapper);
        for node in nodes {
            self.append(wrapper, *node);
        }
    }

    /// Puts an element around all that is in another.
    pub(super) fn wrap_content(&mut self, id: NodeId, wrapper: NodeId) {
        let children: Vec<NodeId> = self.children(id).collect();
        self.wrap(&children, wrapper);
    }

    pub(super) fn rename(&mut self, id: NodeId, to: &str) {
        if let Data::Element { name, .. } = self.nodes.data_mut(id) {
            *name = QualName::new(None, ns!(html), LocalName::from(to));
        }
    }

    pub(super) fn set_attribute(&mut self, id: NodeId, name: &str, value: &str) {
        self.remove_attribute(id, name);
        if let Data::Element { attributes, .. } = self.nodes.data_mut(id) {
            attributes.push(attribute(name, value));
        }
    }

    pub(super) fn remove_attribute(&mut self, id: NodeId, name: &str) {
        if let Data::Element { attributes, .. } = self.nodes.data_mut(id) {
            attributes.retain(|attribute| &*attribute.name.local != name);
        }
    }

    /// Passes every text and every attribute's value through `change`, which returns what differs.
    pub(super) fn rewrite(&mut self, change: impl Fn(&str) -> Option<String>) {
        for id in self.all() {
            match self.nodes.data_mut(id) {
                Data::Silent => {}
                Data::Text(text) => {
                    if let Some(changed) = change(text) {
                        *text = changed;
                    }
                }
                Data::Element { attributes, .. } => {
                    for attribute in attributes {
                        if let Some(changed) = change(&attribute.value) {
                            attribute.value = StrTendril::from(changed);
                        }
                    }
                }
            }
        }
    }

    /// Whether the tree is still within the bounds.
    ///
    /// # Errors
    /// `too_deep` or `too_large`.
    pub(super) fn check(&self) -> Result<(), Violation> {
        if self.nodes.len() > MAX_NODES {
            return Err(bounds::too_many_nodes());
        }
        match self.depth() > MAX_DEPTH {
            true => Err(bounds::too_deep()),
            false => Ok(()),
        }
    }

    /// Notes that an element is copied.
    ///
    /// # Errors
    /// `too_large` where copies would be more than a text may be.
    pub(super) fn copied(&mut self, id: NodeId) -> Result<(), Violation> {
        let bytes: usize = self
            .attributes(id)
            .map(|(name, value)| name.len() + value.len())
            .sum();
        self.copied += bytes;
        if self.copied > MAX_BYTES {
            return Err(bounds::too_large(self.copied));
        }
        match self.nodes.len() < MAX_NODES {
            true => Ok(()),
            false => Err(bounds::too_many_nodes()),
        }
    }
}

fn attribute(name: &str, value: &str) -> Attribute {
    Attribute {
        name: QualName::new(None, ns!(), LocalName::from(name)),
        value: StrTendril::from_slice(value),
    }
}

/// Elements without an end that are closed.
const MOST_CLOSED: usize = 8;

/// Parses a fragment as if it stood in a `div`. What follows a frame without an end is not lost in it; what is lost in
/// something else is noted.
pub(super) fn parse(html: &str) -> Result<Tree, Violation> {
    let mut html = Cow::Borrowed(html);
    let mut closed = 0;
    loop {
        let (tree, unfinished) = read(&html)?;
        let (what, lost) = match &unfinished {
            None => return Ok(tree),
            Some(Unfinished::Element(name, content))
                if !matches!(&**name, "script" | "style") && closed < MOST_CLOSED =>
            {
                html = Cow::Owned(with_end(&html, name, content));
                closed += 1;
                continue;
            }
            Some(Unfinished::Element(name, content)) => (format!("a \"{name}\""), &**content),
            Some(Unfinished::Comment(content)) => ("a comment".to_owned(), &**content),
            Some(Unfinished::Tag) => {
                let start = open_tag(&html);
                ("a tag".to_owned(), &html[start..])
            }
        };
        if !lost.trim().is_empty() {
            let detail = format!(
                "{what} has no end, so that all that follows is left out: \"{}\"",
                cut(lost.trim(), 200)
            );
            tree.warn("element_removed", detail);
        }
        return Ok(tree);
    }
}

/// HTML with the end of an element before what was read as its content up to the end of all.
fn with_end(html: &str, name: &str, content: &str) -> String {
    // As the tokenizer reads it.
    let html = html.replace("\r\n", "\n").replace('\r', "\n");
    let before = html.chars().count().saturating_sub(content.chars().count());
    let at = html
        .char_indices()
        .nth(before)
        .map_or(html.len(), |(at, _)| at);
    format!("{}</{name}>{}", &html[..at], &html[at..])
}

/// Where the tag begins that a text ends within: behind it no tag ends, or a quotation mark is open.
fn open_tag(html: &str) -> usize {
    let (mut double, mut single, mut ends) = (false, false, false);
    for (at, byte) in html.bytes().enumerate().rev() {
        match byte {
            b'"' => double = !double,
            b'\'' => single = !single,
            b'>' => ends = true,
            b'<' if double || single || !ends => return at,
            _ => {}
        }
    }
    0
}

fn read(html: &str) -> Result<(Tree, Option<Unfinished>), Violation> {
    let sink = Sink::default();
    let document = sink.add(Data::Silent);
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let context = sink.create_element(context, Vec::new(), ElementFlags::default());
    // What stands in `noscript` is read as elements: nothing here runs scripts.
    let options = TreeBuilderOpts {
        scripting_enabled: false,
        ..TreeBuilderOpts::default()
    };
    let builder = TreeBuilder::new_for_fragment(sink, context, None, options);
    let tokenizer = Tokenizer::new(Tokens::new(builder), TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut attributes = AttributeCount::default();
    for piece in pieces(html) {
        let before = tokenizer.sink.count.get();
        input.push_back(StrTendril::from_slice(piece));
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
        // No token means that a tag or a comment is still open, and began with this run. A token
        // may also be text held back until now, so a piece that opens a tag counts either way.
        let silent = tokenizer.sink.count.get() == before;
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
    let unfinished = tokenizer.sink.unfinished();
    let sink = tokenizer.sink.builder.sink;
    sink.check()?;
    let nodes = sink.nodes.into_inner();
    let root = nodes[document].first.unwrap_or(document);
    let tree = Tree {
        nodes,
        root,
        warnings: RefCell::default(),
        copied: 0,
    };
    // Elements that the parser moved took their content along: measured again when all is still.
    if tree.depth() > MAX_DEPTH {
        return Err(bounds::too_deep());
    }
    Ok((tree, unfinished))
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
