//! Line breaks that part paragraphs.

use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};

/// Elements that stay as they are, in which two line breaks are only space. All others give way to
/// paragraphs.
const WHOLE: &[&str] = &[
    "blockquote",
    "ul",
    "ol",
    "table",
    "pre",
    "figure",
    "dl",
    "details",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
];

/// Makes line separators line breaks, and puts an empty `div` where two line breaks part paragraphs.
pub(super) fn part(tree: &mut Tree) {
    separators(tree);
    for id in tree.all() {
        if tree.name(id) != "br" || !of_paragraphs(tree, id) {
            continue;
        }
        let run = run(tree, id);
        if run.len() > 1 {
            let part = tree.element("div", &[]);
            tree.insert_before(id, part);
            run.into_iter().for_each(|id| tree.detach(id));
        }
    }
}

fn of_paragraphs(tree: &Tree, id: NodeId) -> bool {
    tree.parent(id).is_some() && !tree.ancestors(id).any(|id| WHOLE.contains(&tree.name(id)))
}

/// A line break with those that follow it, white space between them left out.
fn run(tree: &Tree, first: NodeId) -> Vec<NodeId> {
    let mut run = vec![first];
    let mut here = tree.next(first);
    while let Some(id) = here {
        match tree.kind(id) {
            Kind::Element("br") => run.push(id),
            _ if is_space(tree, id) => {}
            _ => break,
        }
        here = tree.next(id);
    }
    run
}

/// Makes U+2028 a line break and U+2029 two, as Unicode means them.
pub(super) fn separators(tree: &mut Tree) {
    for id in tree.all() {
        let Kind::Text(text) = tree.kind(id) else {
            continue;
        };
        if !text.contains(['\u{2028}', '\u{2029}']) {
            continue;
        }
        let lines: Vec<String> = text
            .replace('\u{2029}', "\u{2028}\u{2028}")
            .split('\u{2028}')
            .map(str::to_owned)
            .collect();
        let preformatted = tree.ancestors(id).any(|id| tree.name(id) == "pre");
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                let part = match preformatted {
                    true => tree.text("\n"),
                    false => tree.element("br", &[]),
                };
                tree.insert_before(id, part);
            }
            let line = tree.text(line);
            tree.insert_before(id, line);
        }
        tree.detach(id);
    }
}
