//! Posts, videos and charts of other sites, made `figure`s as this service writes embeds.

use super::super::allowed::web_address;
use super::super::figure::embed_address;
use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::{collapse, text_of};
use super::addresses::shown;
use super::backgrounds::BACKGROUNDS;
use super::empty;
use super::pictures::SETS;
use super::providers::{called, is_embed_code, of_script, provider_of};

/// Finds embed codes and puts a `figure` around what readers see of each.
pub(super) fn recognise(tree: &mut Tree) {
    for id in tree.all() {
        if tree.parent(id).is_none() || is_within_embed(tree, id) {
            continue;
        }
        if let Some((provider, address)) = provider_of(tree, id) {
            without_swatch(tree, id);
            embed(tree, id, &address, Some(provider));
            continue;
        }
        if let Some(address) = oembed_address(tree, id) {
            embed(tree, id, &address, None);
            continue;
        }
        match tree.name(id) {
            "figure" | "div" => of_wordpress(tree, id),
            "object" | "embed" => object(tree, id),
            "script" => script(tree, id),
            "drupal-media" | "drupal-entity" => of_drupal(tree, id),
            _ => {}
        }
    }
}

/// Whether an element stands in an embed as this service writes it.
pub(super) fn is_within_embed(tree: &Tree, id: NodeId) -> bool {
    tree.ancestors(id)
        .any(|id| embed_address(tree, id).is_some())
}

/// Puts an element into a `figure` that says where the embed stands. Of a figure around it, the
/// caption moves in.
fn embed(tree: &mut Tree, id: NodeId, address: &str, provider: Option<&str>) {
    let figure = tree.element("figure", &[("data-embed", address)]);
    if let Some(provider) = provider.map(str::to_owned).or_else(|| called(address)) {
        tree.set_attribute(figure, "data-provider", &provider);
    }
    tree.wrap(&[id], figure);
    let around = tree.ancestors(figure).find(|id| tree.name(*id) == "figure");
    if let Some(around) = around {
        let captions: Vec<NodeId> = tree
            .children(around)
            .filter(|id| tree.name(*id) == "figcaption")
            .collect();
        for caption in captions {
            tree.append(figure, caption);
        }
        tree.rename(around, "div");
    }
    // An element that only scripts fill shows nothing: a link does.
    let shows = |id: NodeId| match tree.name(id) {
        "img" | "area" => true,
        "video" | "audio" | "source" => tree.attribute(id, "src").is_some(),
        _ => matches!(tree.kind(id), Kind::Foreign("image")),
    };
    let is_empty = collapse(&text_of(tree, &[id])).is_empty();
    if is_empty && !shows(id) && !tree.below(id).into_iter().any(shows) {
        let link = tree.element("a", &[("href", address)]);
        let text = tree.text(address);
        tree.append(link, text);
        tree.insert_before(id, link);
        empty::report_below(tree, id, address);
        tree.detach(id);
    }
}

/// Editors of several systems write an address that is looked up when the page is shown (oEmbed).
fn oembed_address(tree: &Tree, id: NodeId) -> Option<String> {
    let attribute = if tree.name(id) == "oembed" {
        "url"
    } else {
        "data-oembed-url"
    };
    tree.attribute(id, attribute).and_then(web_address)
}

/// Wistia shows a blurred still until its player is there.
fn without_swatch(tree: &mut Tree, id: NodeId) {
    for id in tree.below(id) {
        let source = tree.attribute(id, "src").unwrap_or_default();
        if source.contains("wistia") && source.ends_with("/swatch") {
            tree.detach(id);
        }
    }
}

/// Drupal names a picture of its own media, which has no address; the words about it are there.
fn of_drupal(tree: &mut Tree, id: NodeId) {
    let name = tree.attribute(id, "data-entity-uuid").unwrap_or_default();
    let source = format!("{}:{name}", tree.name(id));
    for child in tree.children(id).collect::<Vec<_>>() {
        tree.insert_before(id, child);
    }
    tree.set_attribute(id, "src", &source);
    tree.rename(id, "img");
}

/// WordPress writes only the address, and puts the player there when the page is shown.
fn of_wordpress(tree: &mut Tree, id: NodeId) {
    if !tree.has_class(id, |class| class.starts_with("wp-block-embed")) {
        return;
    }
    let below = tree.below(id);
    // What it holds itself is found by itself.
    let is_code = |id: &NodeId| tree.name(*id) == "iframe" || is_embed_code(tree, *id);
    if below.iter().any(is_code) {
        return;
    }
    let wrapper = below
        .iter()
        .copied()
        .find(|id| tree.has_class(*id, |class| class == "wp-block-embed__wrapper"))
        .unwrap_or(id);
    let Some(address) = web_address(&collapse(&text_of(tree, &[wrapper]))) else {
        return;
    };
    let classes = tree.attribute(id, "class").unwrap_or_default();
    let provider = classes
        .split_ascii_whitespace()
        .find_map(|class| class.strip_prefix("is-provider-"))
        .map(str::to_owned);
    let place = tree.element("div", &[]);
    tree.insert_before(wrapper, place);
    if wrapper == id {
        tree.unwrap(id);
    } else {
        tree.detach(wrapper);
    }
    embed(tree, place, &address, provider.as_deref());
}

/// `object` and `embed`, with what stands in an `object` for those who cannot see it.
fn object(tree: &mut Tree, id: NodeId) {
    let below = tree.below(id);
    let place = |id: NodeId| {
        let attribute = if tree.name(id) == "object" {
            "data"
        } else {
            "src"
        };
        tree.attribute(id, attribute).and_then(web_address)
    };
    let inner = below.iter().copied().filter(|id| tree.name(*id) == "embed");
    let parameter = below.iter().copied().find_map(|id| {
        let name = tree.attribute(id, "name").unwrap_or_default();
        let address = tree.attribute(id, "value").and_then(web_address);
        address.filter(|_| tree.name(id) == "param" && matches!(name, "movie" | "src" | "url"))
    });
    let address = std::iter::once(id)
        .chain(inner)
        .find_map(place)
        .or(parameter);
    let Some(address) = address else {
        tree.warn(
            "embed_removed",
            format!(
                "an \"{}\" has no web address; its text stays",
                tree.name(id)
            ),
        );
        tree.unwrap(id);
        return;
    };
    for id in below {
        instead_of_object(tree, id, &address);
    }
    tree.rename(id, "div");
    embed(tree, id, &address, None);
}

/// What an `object` shows where it cannot show what is at its address: of another player, a link to it.
fn instead_of_object(tree: &mut Tree, id: NodeId, shown_there: &str) {
    let address = match tree.name(id) {
        "object" => tree.attribute(id, "data"),
        "embed" | "param" | "iframe" => tree.attribute(id, "src"),
        _ => return,
    };
    let address = address.and_then(web_address);
    if let Some(address) = address.filter(|address| address != shown_there) {
        let link = tree.element("a", &[("href", &address)]);
        let text = tree.text(&address);
        tree.append(link, text);
        tree.insert_before(id, link);
    }
    match tree.name(id) {
        "object" => tree.unwrap(id),
        _ => tree.detach(id),
    }
}

/// A script that shows something in its own place, with what stands there for readers without scripts.
fn script(tree: &mut Tree, id: NodeId) {
    let Some((provider, address)) = of_script(tree, id) else {
        return;
    };
    let mut after = std::iter::successors(tree.next(id), |id| tree.next(*id)).take(4);
    let instead = after.find(|id| tree.name(*id) == "noscript");
    // Words there ask for scripts only.
    let instead = instead.filter(|id| {
        tree.descendants(*id).any(|id| match tree.kind(id) {
            Kind::Text(text) => text.trim_start().starts_with("<i"),
            _ => tree.name(id) == "img",
        })
    });
    tree.warn(
        "element_removed",
        format!(
            "a script is taken out; an embed of {} stands in its place",
            shown(&address)
        ),
    );
    tree.rename(id, "div");
    for child in tree.below(id) {
        tree.detach(child);
    }
    if let Some(instead) = instead {
        tree.append(id, instead);
    }
    embed(tree, id, &address, Some(provider));
}

/// Notes the addresses of elements that show nothing without the script of a player that is not known
/// here.
pub(super) fn report_unknown(tree: &Tree) {
    for id in tree.all() {
        let name = tree.name(id);
        let made_up = name.contains('-');
        if !made_up && !matches!(name, "div" | "section" | "aside" | "figure" | "span") {
            continue;
        }
        let mut below = tree.children(id);
        if is_within_embed(tree, id) || !below.all(|id| is_space(tree, id)) {
            continue;
        }
        let addresses = tree.attributes(id).filter(|(name, value)| {
            let holds =
                name.starts_with("data-") || made_up && matches!(*name, "src" | "href" | "url");
            let known = BACKGROUNDS.contains(name) || SETS.contains(name) || *name == "data-embed";
            holds && !known && (value.starts_with("https://") || value.starts_with("http://"))
        });
        for (_, address) in addresses {
            let detail = format!(
                "an empty \"{name}\" names {}, which only a script would show",
                shown(address)
            );
            tree.warn("embed_removed", detail);
        }
    }
}
