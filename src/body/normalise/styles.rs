//! Emphasis that is written as style sheets, as by word processors in a browser.

use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::is_phrasing;

/// The value of a property in a `style` attribute, in lower case; the last one counts.
pub(super) fn declared(style: &str, property: &str) -> Option<String> {
    style
        .split(';')
        .filter_map(|declaration| declaration.split_once(':'))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case(property))
        .map(|(_, value)| {
            value
                .trim()
                .trim_end_matches("!important")
                .trim()
                .to_ascii_lowercase()
        })
        .next_back()
}

/// Makes elements of emphasis, direction and alignment in `style` attributes.
pub(super) fn to_elements(tree: &mut Tree) {
    for id in tree.all() {
        language(tree, id);
        let Some(style) = tree.attribute(id, "style").map(str::to_owned) else {
            continue;
        };
        let name = tree.name(id).to_owned();
        if matches!(name.as_str(), "td" | "th" | "tr" | "col" | "colgroup") {
            align(tree, id, &style);
        }
        if let Some(direction) = declared(&style, "direction").filter(|to| to == "rtl") {
            tree.set_attribute(id, "dir", &direction);
        }
        undo(tree, id, &name, &style);
        if is_phrasing(&name) || matches!(name.as_str(), "p" | "li" | "td") {
            emphasise(tree, id, &style);
        }
    }
}

/// The language as XHTML and word processors write it.
fn language(tree: &mut Tree, id: NodeId) {
    let own = |name| {
        tree.attribute(id, name)
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
    };
    let Some(tag) = own("lang").or_else(|| own("xml:lang")) else {
        return;
    };
    let tag = tag.replace('_', "-");
    tree.set_attribute(id, "lang", &tag);
}

fn align(tree: &mut Tree, id: NodeId, style: &str) {
    if let Some(align) = declared(style, "text-align") {
        tree.set_attribute(id, "align", &align);
    }
}

/// An element whose own style says that it is not what it is called.
fn undo(tree: &mut Tree, id: NodeId, name: &str, style: &str) {
    let undone = match name {
        "b" | "strong" => is_bold(style) == Some(false),
        "i" | "em" => declared(style, "font-style").as_deref() == Some("normal"),
        "u" => declared(style, "text-decoration").as_deref() == Some("none"),
        _ => false,
    };
    if undone {
        tree.rename(id, "span");
    }
}

fn is_bold(style: &str) -> Option<bool> {
    let weight = declared(style, "font-weight")?;
    Some(match weight.as_str() {
        "bold" | "bolder" => true,
        weight => weight.parse::<f32>().is_ok_and(|weight| weight >= 600.0),
    })
}

fn emphasise(tree: &mut Tree, id: NodeId, style: &str) {
    let decoration = ["text-decoration", "text-decoration-line"]
        .iter()
        .filter_map(|name| declared(style, name))
        .collect::<String>();
    let position = declared(style, "vertical-align").unwrap_or_default();
    let slant = declared(style, "font-style").unwrap_or_default();
    let marks = [
        ("strong", is_bold(style) == Some(true)),
        ("em", slant.contains("italic") || slant.contains("oblique")),
        ("s", decoration.contains("line-through")),
        (
            "u",
            decoration.contains("underline") && !is_of_link(tree, id),
        ),
        ("sup", position == "super"),
        ("sub", position == "sub"),
    ];
    for (name, _) in marks.iter().filter(|(_, marked)| *marked) {
        let wrapper = tree.element(name, &[]);
        tree.wrap_content(id, wrapper);
    }
}

/// Links are underlined anyway.
fn is_of_link(tree: &Tree, id: NodeId) -> bool {
    let is_link = |id: NodeId| matches!(tree.kind(id), Kind::Element("a"));
    is_link(id) || tree.ancestors(id).any(is_link) || tree.below(id).into_iter().any(is_link)
}
