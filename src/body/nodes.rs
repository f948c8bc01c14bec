//! Nodes in one vector, linked to their neighbours: a node is put anywhere in constant time, and a
//! tree of any depth is dropped without recursion.

use html5ever::tendril::StrTendril;
use html5ever::{Attribute, QualName};

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
#[derive(Clone)]
pub(super) enum Data {
    Silent,
    Text(String),
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
}

/// All nodes of one tree.
#[derive(Default)]
pub(super) struct Nodes(Vec<Node>);

impl std::ops::Index<NodeId> for Nodes {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.0[id]
    }
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn data_mut(&mut self, id: NodeId) -> &mut Data {
        &mut self.0[id].data
    }

    pub(super) fn add(&mut self, data: Data) -> NodeId {
        self.0.push(Node {
            parent: None,
            before: None,
            next: None,
            first: None,
            last: None,
            data,
        });
        self.0.len() - 1
    }

    /// Adds text to a node; false when it is no text.
    pub(super) fn extend_text(&mut self, id: Option<NodeId>, more: &StrTendril) -> bool {
        match id.map(|id| &mut self.0[id].data) {
            Some(Data::Text(text)) => {
                text.push_str(more);
                true
            }
            _ => false,
        }
    }

    /// Puts a node, wherever it was, below `parent`: before `next`, or at the end.
    pub(super) fn insert(&mut self, parent: NodeId, next: Option<NodeId>, id: NodeId) {
        self.detach(id);
        let nodes = &mut self.0;
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
    }

    /// Takes a node out, with all that is below it.
    pub(super) fn detach(&mut self, id: NodeId) {
        let nodes = &mut self.0;
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

    /// A node's parent, that one's parent, and so on.
    pub(super) fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.0[id].parent, |id| self.0[*id].parent)
    }
}
