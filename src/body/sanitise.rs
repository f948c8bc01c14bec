//! HTML made harmless: everything goes through an allow-list of `ammonia` before it is stored.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::allowed::{ATTRIBUTES, FLOW, HIDDEN, INLINE, safe_value};
use super::tree::{NodeId, Tree, parse};
use super::write::{write_flow, write_inline};
use crate::validation::Violation;

fn builder(tags: HashSet<&'static str>) -> Builder<'static> {
    let attributes: HashMap<_, HashSet<_>> = ATTRIBUTES
        .iter()
        .filter(|(element, _)| tags.contains(element))
        .map(|(element, attributes)| (*element, attributes.iter().copied().collect()))
        .collect();
    let mut builder = Builder::default();
    builder
        .tags(tags)
        .tag_attributes(attributes)
        .generic_attributes(HashSet::new())
        .clean_content_tags(HIDDEN.iter().copied().collect())
        .url_schemes(["http", "https", "mailto", "tel"].into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(safe_value);
    builder
}

static INLINE_BUILDER: LazyLock<Builder<'static>> =
    LazyLock::new(|| builder(INLINE.iter().copied().collect()));
static FLOW_BUILDER: LazyLock<Builder<'static>> =
    LazyLock::new(|| builder(FLOW.iter().chain(INLINE).copied().collect()));

/// Sanitises one string of inline HTML, such as a caption or a short biography: what remains are
/// `a`, `em`, `strong`, `code`, `sub`, `sup` and `br`, white space is collapsed, other elements
/// give way to their text.
///
/// What is beyond the bounds of a body (size, nesting) comes back as plain text, escaped: nothing
/// is lost and nothing of it can run. U+0000 is left out.
pub fn inline(html: &str) -> String {
    let html = html.replace('\0', "");
    inline_checked(&html).unwrap_or_else(|_| super::write::escape(&html))
}

/// Like [`inline`], with what is beyond the bounds as an error.
pub(super) fn inline_checked(html: &str) -> Result<String, Violation> {
    let tree = parse(html)?;
    Ok(inline_nodes(&tree, &tree.top()))
}

/// Nodes as sanitised inline HTML.
pub(super) fn inline_nodes(tree: &Tree, nodes: &[NodeId]) -> String {
    let html = write_inline(tree, nodes);
    // Text that the writer escaped needs no parser to prove it harmless.
    if html.contains('<') {
        INLINE_BUILDER.clean(&html).to_string()
    } else {
        html
    }
}

/// Sanitises flow HTML.
pub(super) fn flow_checked(html: &str) -> Result<String, Violation> {
    let tree = parse(html)?;
    Ok(flow_nodes(&tree, &tree.top()))
}

/// Nodes as sanitised flow HTML.
pub(super) fn flow_nodes(tree: &Tree, nodes: &[NodeId]) -> String {
    let html = write_flow(tree, nodes);
    if html.contains('<') {
        FLOW_BUILDER.clean(&html).to_string()
    } else {
        html
    }
}
