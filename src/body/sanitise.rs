//! HTML made harmless: everything goes through an allow-list of `ammonia` before it is stored.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::allowed::{ATTRIBUTES, FLOW, GENERIC, HIDDEN, INLINE, SCHEMES, safe_value};
use super::normalise;
use super::tree::{NodeId, Tree, parse};
use super::write::{write_flow, write_inline};
use crate::validation::{Violation, Violations};

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
        .generic_attributes(GENERIC.iter().copied().collect())
        .clean_content_tags(HIDDEN.iter().copied().collect())
        .url_schemes(SCHEMES.iter().copied().collect())
        .link_rel(None)
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(safe_value);
    builder
}

static INLINE_BUILDER: LazyLock<Builder<'static>> =
    LazyLock::new(|| builder(INLINE.iter().copied().collect()));
static FLOW_BUILDER: LazyLock<Builder<'static>> =
    LazyLock::new(|| builder(FLOW.iter().chain(INLINE).copied().collect()));

/// HTML made harmless, and what an editor should know was taken out.
#[derive(Debug, Default)]
pub(super) struct Sanitised {
    pub(super) html: String,
    pub(super) warnings: Violations,
}

/// Sanitises one string of inline HTML, such as a short biography: elements that do not stand in a line
/// give way to their text, white space is collapsed.
///
/// What is beyond the bounds of a body (size, nesting) comes back as plain text, escaped: nothing
/// is lost and nothing of it can run. U+0000 is left out.
pub fn inline(html: &str) -> String {
    let html = html.replace('\0', "");
    inline_checked(&html).map_or_else(|_| super::write::escape(&html), |inline| inline.html)
}

/// Like [`inline`], with what is beyond the bounds as an error.
pub(super) fn inline_checked(html: &str) -> Result<Sanitised, Violation> {
    checked(html, true, inline_nodes)
}

/// Sanitises flow HTML.
pub(super) fn flow_checked(html: &str) -> Result<Sanitised, Violation> {
    checked(html, false, flow_nodes)
}

fn checked(
    html: &str,
    is_inline: bool,
    write: fn(&Tree, &[NodeId]) -> String,
) -> Result<Sanitised, Violation> {
    let mut tree = parse(html)?;
    normalise::field(&mut tree, is_inline)?;
    Ok(Sanitised {
        html: write(&tree, &tree.top()),
        warnings: tree.into_warnings(),
    })
}

/// Nodes as sanitised inline HTML.
pub(super) fn inline_nodes(tree: &Tree, nodes: &[NodeId]) -> String {
    clean(write_inline(tree, nodes), &INLINE_BUILDER)
}

/// Nodes as sanitised flow HTML.
pub(super) fn flow_nodes(tree: &Tree, nodes: &[NodeId]) -> String {
    clean(write_flow(tree, nodes), &FLOW_BUILDER)
}

fn clean(html: String, builder: &Builder<'_>) -> String {
    // Text that the writer escaped needs no parser to prove it harmless.
    if html.contains('<') {
        builder.clean(&html).to_string()
    } else {
        html
    }
}
