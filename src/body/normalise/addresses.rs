//! Addresses: relative ones, and links that lead nowhere.

use url::Url;

use super::super::allowed::{is_link, web_address};
use super::super::tree::{NodeId, Tree};
use super::backgrounds::{self, BACKGROUNDS};
use super::empty;
use super::pictures::{INSTEAD, LAZY, SETS, candidates};
use super::wrappers::leads_somewhere;
use crate::validation::cut;

/// Attributes that hold an address.
const ADDRESSES: &[&str] = &[
    "href",
    "src",
    "cite",
    "poster",
    "data",
    "data-poster",
    "data-href",
    "longdesc",
];

/// Makes relative addresses whole; those of the same page become links within it. Without an address
/// of the page, that of its `base` element is taken.
pub(super) fn resolve(tree: &mut Tree, base: Option<&Url>) {
    let base = base.cloned().or_else(|| declared(tree));
    for id in tree.all() {
        for name in ADDRESSES
            .iter()
            .chain(LAZY)
            .chain(INSTEAD)
            .chain(BACKGROUNDS)
        {
            let Some(address) = tree.attribute(id, name) else {
                continue;
            };
            // What is cited is a name now and then.
            if *name == "cite" && address.trim().contains(' ') {
                continue;
            }
            if let Some(whole) = whole(address, base.as_ref()) {
                tree.set_attribute(id, name, &whole);
            }
        }
        resolve_background(tree, id, base.as_ref());
        for name in SETS {
            if let Some(set) = tree.attribute(id, name) {
                let set = whole_set(set, base.as_ref());
                tree.set_attribute(id, name, &set);
            }
        }
    }
}

/// Backgrounds of a style sheet are declared again, whole.
fn resolve_background(tree: &mut Tree, id: NodeId, base: Option<&Url>) {
    let Some(style) = tree.attribute(id, "style") else {
        return;
    };
    let addresses = backgrounds::of_style(style);
    if !addresses
        .iter()
        .any(|address| whole(address, base).is_some())
    {
        return;
    }
    let whole = |address: &String| whole(address, base).unwrap_or_else(|| address.clone());
    let urls: Vec<String> = addresses
        .iter()
        .map(|address| format!("url(\"{}\")", whole(address)))
        .collect();
    let style = format!("{style};background-image:{}", urls.join(","));
    tree.set_attribute(id, "style", &style);
}

/// The addresses of a `srcset`, each whole.
fn whole_set(set: &str, base: Option<&Url>) -> String {
    let whole = |(size, address): (f64, &str)| {
        let address = whole(address, base).unwrap_or_else(|| address.to_owned());
        format!("{address} {size}w")
    };
    candidates(set).map(whole).collect::<Vec<_>>().join(", ")
}

fn declared(tree: &Tree) -> Option<Url> {
    let base = tree.all().into_iter().find(|id| tree.name(*id) == "base")?;
    Url::parse(tree.attribute(base, "href")?.trim()).ok()
}

/// An address as it is from anywhere; `None` where it stays as it is.
fn whole(address: &str, base: Option<&Url>) -> Option<String> {
    let address = address.trim();
    if address.is_empty() || address.starts_with('#') {
        return None;
    }
    let Some(base) = base else {
        return address
            .strip_prefix("//")
            .map(|rest| format!("https://{rest}"));
    };
    let url = match Url::parse(address) {
        Ok(url) => url,
        Err(_) => base.join(address).ok()?,
    };
    match url.fragment() {
        Some(fragment) if same_page(&url, base) => Some(format!("#{fragment}")),
        _ if address == url.as_str() || Url::parse(address).is_ok() => None,
        _ => Some(url.into()),
    }
}

fn same_page(url: &Url, base: &Url) -> bool {
    let (mut one, mut other) = (url.clone(), base.clone());
    one.set_fragment(None);
    other.set_fragment(None);
    one == other
}

/// Notes where descriptions of pictures and frames stand (`longdesc`), which nothing that shows a block knows.
pub(super) fn report_descriptions(tree: &mut Tree) {
    for id in tree.all() {
        let Some(address) = tree.attribute(id, "longdesc").map(str::trim) else {
            continue;
        };
        if !address.is_empty() {
            let detail = format!(
                "the description {} of a picture or a frame is not kept; a link in the text leads readers there",
                shown(address)
            );
            tree.warn("link_removed", detail);
        }
        tree.remove_attribute(id, "longdesc");
    }
}

/// Notes links that are taken away, and words that only attributes hold.
pub(super) fn report(tree: &mut Tree) {
    for id in tree.all() {
        let name = tree.name(id);
        let href = tree.attribute(id, "href").map(str::trim);
        if name == "a"
            && let Some(href) = href.filter(|href| !is_link(href))
        {
            tree.warn(
                "link_removed",
                format!(
                    "the link to {} leads nowhere a page may lead; its text stays",
                    shown(href)
                ),
            );
        }
        report_sources(tree, id);
        report_title(tree, id);
        // A link may stand around it, which may hold no other.
        if tree.name(id) == "a" && !leads_somewhere(tree, id) {
            empty::take_away(tree, id);
        }
    }
}

/// Sources of quotes and changes, and descriptions and stills of what is shown, need an address on the
/// web.
fn report_sources(tree: &Tree, id: NodeId) {
    let said = match tree.name(id) {
        "blockquote" | "q" | "del" | "ins" => ("link_removed", "cite", "source"),
        "video" => ("picture_removed", "poster", "still"),
        _ => return,
    };
    let (code, attribute, what) = said;
    let address = tree.attribute(id, attribute).unwrap_or_default().trim();
    if !address.is_empty() && web_address(address).is_none() {
        let name = tree.name(id);
        tree.warn(
            code,
            format!(
                "the {what} {} of a \"{name}\" has no address on the web (base_url makes relative ones whole)",
                shown(address)
            ),
        );
    }
}

/// Titles stay on links, abbreviations and pictures.
pub(super) fn report_title(tree: &Tree, id: NodeId) {
    let stays = matches!(tree.name(id), "abbr" | "img" | "acronym");
    if !stays && !leads_somewhere(tree, id) {
        report_lost_title(tree, id);
    }
}

/// Notes the title of an element that is not kept, or not with it.
pub(super) fn report_lost_title(tree: &Tree, id: NodeId) {
    let name = tree.name(id);
    let title = tree.attribute(id, "title").unwrap_or_default().trim();
    if !title.is_empty() {
        tree.warn(
            "title_removed",
            format!("the title {} of a \"{name}\" is not kept", shown(title)),
        );
    }
}

/// A text of any length as a warning quotes it.
pub(in super::super) fn shown(text: &str) -> String {
    format!("\"{}\"", cut(text, 200))
}
