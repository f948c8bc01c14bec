//! What the HTML parser builds into.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName, local_name, ns};

use super::bounds::{self, MAX_DEPTH, MAX_NODES};
use super::nodes::{Data, NodeId, Nodes};
use crate::validation::Violation;

/// Takes what the parser builds.
#[derive(Default)]
pub(super) struct Sink {
    pub(super) nodes: RefCell<Nodes>,
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
        self.nodes.borrow_mut().add(data)
    }

    fn insert(&self, parent: NodeId, next: Option<NodeId>, child: NodeOrText<NodeId>) {
        let mut nodes = self.nodes.borrow_mut();
        let id = match child {
            NodeOrText::AppendText(text) => {
                let before = next.map_or(nodes[parent].last, |next| nodes[next].before);
                if nodes.extend_text(before, &text) {
                    return;
                }
                nodes.add(Data::Text(text.into()))
            }
            NodeOrText::AppendNode(id) => id,
        };
        nodes.insert(parent, next, id);
        // The root and the document stand above the first level.
        if nodes.ancestors(id).take(MAX_DEPTH + 3).count() > MAX_DEPTH + 2 {
            self.too_deep.set(true);
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
        self.nodes.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        loop {
            let first = self.nodes.borrow()[*node].first;
            let Some(first) = first else { break };
            self.insert(*new_parent, None, NodeOrText::AppendNode(first));
        }
    }
}
