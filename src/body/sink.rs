//! What the HTML parser builds into: nodes in one vector, linked to their neighbours, so that a
//! node is put anywhere in constant time.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName, local_name, ns};

use super::bounds::{self, MAX_DEPTH, MAX_NODES};
use crate::validation::Violation;

/// A node's place in its tree.
pub(super) type NodeId = usize;

/// A node and its neighbours.
pub(super) struct Node {
    pub(super) parent: Option<NodeId>,
    pub(super) before: Option<NodeId>,
    pub(super) next: Option<NodeId>,
    pub(super) first: Option<NodeId>,
    pub(super) last: Option<NodeId>,
    pub(super) data: Data,
}

/// What a node holds; comments and the like are silent.
pub(super) enum Data {
    Silent,
    Text(String),
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
}

/// Takes what the parser builds.
#[derive(Default)]
pub(super) struct Sink {
    pub(super) nodes: RefCell<Vec<Node>>,
    too_deep: Cell<bool>,
}

impl Sink {
    pub(super) fn check(&self) -> Result<(), Violation> {
        if self.too_deep.get() {
            return Err(bounds::too_deep());
        }
        if self.nodes.borrow().len() > MAX_NODES {
            return Err(bounds::too_many_nodes());
        }
        Ok(())
    }

    pub(super) fn add(&self, data: Data) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node {
            parent: None,
            before: None,
            next: None,
            first: None,
            last: None,
            data,
        });
        nodes.len() - 1
    }

    fn extend_text(&self, id: Option<NodeId>, more: &str) -> bool {
        let Some(id) = id else { return false };
        match &mut self.nodes.borrow_mut()[id].data {
            Data::Text(text) => {
                text.push_str(more);
                true
            }
            _ => false,
        }
    }

    fn insert(&self, parent: NodeId, next: Option<NodeId>, child: NodeOrText<NodeId>) {
        let before = {
            let nodes = self.nodes.borrow();
            next.map_or(nodes[parent].last, |next| nodes[next].before)
        };
        let id = match child {
            NodeOrText::AppendText(text) => {
                if self.extend_text(before, &text) {
                    return;
                }
                self.add(Data::Text(text.into()))
            }
            NodeOrText::AppendNode(id) => {
                self.detach(id);
                id
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        // Read again: the node may just have left this very place.
        let before = next.map_or(nodes[parent].last, |next| nodes[next].before);
        nodes[id].parent = Some(parent);
        nodes[id].before = before;
        nodes[id].next = next;
        match before {
            Some(before) => nodes[before].next = Some(id),
            None => nodes[parent].first = Some(id),
        }
        match next {
            Some(next) => nodes[next].before = Some(id),
            None => nodes[parent].last = Some(id),
        }
        let ancestors = std::iter::successors(Some(parent), |id| nodes[*id].parent);
        // The root and the document stand above the first level.
        if ancestors.take(MAX_DEPTH + 3).count() > MAX_DEPTH + 2 {
            self.too_deep.set(true);
        }
    }

    fn detach(&self, id: NodeId) {
        let mut nodes = self.nodes.borrow_mut();
        let Some(parent) = nodes[id].parent.take() else {
            return;
        };
        let (before, next) = (nodes[id].before.take(), nodes[id].next.take());
        match before {
            Some(before) => nodes[before].next = next,
            None => nodes[parent].first = next,
        }
        match next {
            Some(next) => nodes[next].before = before,
            None => nodes[parent].last = before,
        }
    }
}

#[derive(Debug)]
pub(super) struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Self;
    type ElemName<'a> = Name;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Name {
        match &self.nodes.borrow()[*target].data {
            Data::Element { name, .. } => Name(name.clone()),
            _ => Name(QualName::new(None, ns!(), local_name!(""))),
        }
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        _: ElementFlags,
    ) -> NodeId {
        self.add(Data::Element { name, attributes })
    }

    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.add(Data::Silent)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.add(Data::Silent)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.insert(*parent, None, child);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let parent = self.nodes.borrow()[*sibling].parent;
        if let Some(parent) = parent {
            self.insert(parent, Some(*sibling), child);
        }
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        if self.nodes.borrow()[*element].parent.is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// A template's content stays below it, where its depth counts; it is never read.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    /// Only `html` and `body` get attributes late, and neither is kept.
    fn add_attrs_if_missing(&self, _: &NodeId, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &NodeId) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        loop {
            let first = self.nodes.borrow()[*node].first;
            let Some(first) = first else { break };
            self.insert(*new_parent, None, NodeOrText::AppendNode(first));
        }
    }
}
