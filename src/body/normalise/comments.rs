//! What editors said to each other beside a text: comments of Word and of Google Docs.

use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, text_of};
use super::addresses::shown;
use super::is_blank;
use super::styles::declared;

/// Classes by which Word writes a comment and the mark that leads to it.
const OF_WORD: &[&str] = &[
    "msocommenttext",
    "msocommentsubject",
    "msocommentreference",
    "msocomtxt",
    "msocomanchor",
    "msocomoff",
];

/// Most nodes before a comment's own mark that are looked at.
const NEAR: usize = 30;

/// Takes comments out, and the marks in the text that lead to them.
pub(super) fn drop(tree: &mut Tree) {
    for id in tree.all() {
        // What stands in one that is gone has gone with it.
        if tree.parent(id).is_none() {
            continue;
        }
        if is_mark(tree, id) || is_of_word(tree, id) {
            take_out(tree, id);
        } else if leads_back(tree, id) {
            let comment = comment_of(tree, id);
            let rule = before(tree, comment).filter(|id| tree.name(*id) == "hr");
            take_out(tree, comment);
            rule.into_iter().for_each(|rule| tree.detach(rule));
        }
    }
}

fn take_out(tree: &mut Tree, id: NodeId) {
    let text = collapse(&text_of(tree, &[id]));
    let text = text.trim();
    // The mark in the text says nothing.
    let is_named = text.starts_with('[') && text.find(']') == Some(text.len() - 1);
    if !text.is_empty() && !is_named {
        let detail = format!("the comment {} is not shown to readers", shown(text));
        tree.warn("hidden_text_removed", detail);
    }
    for below in tree.below(id) {
        tree.detach(below);
    }
    tree.detach(id);
}

fn is_of_word(tree: &Tree, id: NodeId) -> bool {
    let style = tree.attribute(id, "style").unwrap_or_default();
    let says = |name, values: &[&str]| {
        declared(style, name).is_some_and(|value| values.contains(&value.as_str()))
    };
    tree.has_class(id, |class| {
        OF_WORD.contains(&class.to_ascii_lowercase().as_str())
    }) || says("mso-element", &["comment-list", "comment"])
        || says("mso-special-character", &["comment"])
}

fn href(tree: &Tree, id: NodeId) -> &str {
    tree.attribute(id, "href").unwrap_or_default().trim()
}

/// Whether it is the mark of a comment in the text. Names of Word's comments may stand behind the address of the file.
fn is_mark(tree: &Tree, id: NodeId) -> bool {
    let href = href(tree, id);
    href.contains("#_msocom_") || is_of_docs(href, "#cmnt")
}

/// Whether it leads from a comment back to its mark, or is what the mark leads to.
fn leads_back(tree: &Tree, id: NodeId) -> bool {
    let href = href(tree, id);
    let is_called = |name| {
        let name = tree.attribute(id, name).unwrap_or_default();
        name.starts_with("_msocom_")
    };
    href.contains("#_msoanchor_")
        || is_of_docs(href, "#cmnt_ref")
        || tree.name(id) == "a" && (is_called("name") || is_called("id"))
}

/// Whether it leads to what Google Docs calls so on the same page, with a number.
fn is_of_docs(href: &str, prefix: &str) -> bool {
    let number = href.strip_prefix(prefix).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// All of the comment that begins with a link: what is around it as long as it is the first thing there.
fn comment_of(tree: &Tree, link: NodeId) -> NodeId {
    let ends = |id: NodeId| {
        matches!(
            tree.name(id),
            "body" | "article" | "main" | "section" | "td" | "li"
        )
    };
    let begins = |id: NodeId| before(tree, id).is_none();
    let mut comment = link;
    for around in tree.ancestors(link) {
        let is_first = begins(comment);
        if tree.parent(around).is_none() || ends(around) || !is_first {
            break;
        }
        comment = around;
        // A comment of Docs is a box of its own, one of Word a paragraph.
        if tree.name(around) == "div" || tree.name(around) == "p" && !is_in_box(tree, around) {
            break;
        }
    }
    comment
}

fn is_in_box(tree: &Tree, paragraph: NodeId) -> bool {
    let parent = tree.parent(paragraph).filter(|id| tree.name(*id) == "div");
    parent.is_some() && before(tree, paragraph).is_none()
}

/// The nearest node before one that shows something.
fn before(tree: &Tree, id: NodeId) -> Option<NodeId> {
    let mut before = std::iter::successors(tree.before(id), |id| tree.before(*id)).take(NEAR);
    before.find(|id| match tree.kind(*id) {
        Kind::Text(text) => !is_blank(text),
        Kind::Silent => false,
        _ => {
            tree.name(*id) == "hr"
                || tree.descendants(*id).take(NEAR).any(|id| {
                    matches!(tree.kind(id), Kind::Text(text) if !is_blank(text))
                        || tree.name(id) == "img"
                })
        }
    })
}
