//! Figures, pictures and frames → blocks.

use super::allowed::{is_link, pixels, safe_value, web_address};
use super::block::{Block, EmbedBlock, ImageBlock, ParagraphBlock};
use super::credit::{credited, is_credit, joined};
use super::normalise::provider_called;
use super::parts::{plain, said, substance};
use super::quote::quote;
use super::sanitise::flow_nodes;
use super::tables::table;
use super::tree::{Kind, NodeId, Tree};
use super::write::{collapse, escape, escape_attribute};

/// A figure of known things; none when it must be kept as it is.
pub(super) fn figure(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    if let Some(url) = embed_address(tree, id) {
        return Some(vec![embed(tree, id, url)]);
    }
    let parts = Parts::of(tree, id)?;
    // A credit that is not of a picture stands with the caption.
    let caption = || {
        let words: Vec<String> = parts.words(tree).collect();
        Some(words.join("<br>")).filter(|words| !words.is_empty())
    };
    let [thing] = parts.things[..] else {
        return gallery(tree, &parts);
    };
    match tree.name(thing) {
        "blockquote" => quote(tree, thing, caption()),
        "table" => table(tree, thing, caption()),
        "iframe" => Some(frame(tree, thing, caption())),
        _ => match only_picture(tree, thing, None) {
            Some(picture) => Some(picture.in_figure(tree, &parts)),
            None => gallery(tree, &parts),
        },
    }
}

/// Where an embed stands, of a figure as this service writes it.
pub(super) fn embed_address(tree: &Tree, id: NodeId) -> Option<String> {
    let address = tree.attribute(id, "data-embed").and_then(web_address);
    address.filter(|_| tree.name(id) == "figure")
}

/// What a figure holds.
struct Parts {
    things: Vec<NodeId>,
    caption: Option<NodeId>,
    /// Credits that stand beside the caption.
    credits: Vec<NodeId>,
}

impl Parts {
    fn of(tree: &Tree, id: NodeId) -> Option<Self> {
        let (mut captions, mut credits, mut things) = (Vec::new(), Vec::new(), Vec::new());
        for node in substance(tree, id) {
            match tree.name(node) {
                "figcaption" => captions.push(node),
                _ if is_credit(tree, node) && said_in(tree, node).is_some() => credits.push(node),
                _ if shows_nothing(tree, node) => {}
                _ => things.push(node),
            }
        }
        // A caption of more than paragraphs is no caption of a block.
        let words = captions.iter().chain(&credits);
        if captions.len() > 1 || !words.into_iter().all(|id| is_inline(tree, *id)) {
            return None;
        }
        Some(Self {
            things,
            caption: captions.pop(),
            credits,
        })
    }

    /// What is said of the things.
    fn words(&self, tree: &Tree) -> impl Iterator<Item = String> {
        let words = self.caption.iter().chain(&self.credits);
        words.filter_map(|id| said_in(tree, *id))
    }
}

/// The children that show something, or are named by links.
fn shown_in(tree: &Tree, id: NodeId) -> Vec<NodeId> {
    let is_named = |id: NodeId| tree.attribute(id, "id").is_some();
    let mut all = substance(tree, id);
    all.retain(|id| {
        !shows_nothing(tree, *id) || is_named(*id) || tree.descendants(*id).any(is_named)
    });
    all
}

/// Whether there is nothing to read or to look at, as in an element for an icon.
fn shows_nothing(tree: &Tree, id: NodeId) -> bool {
    let is_shown = |id: NodeId| match tree.kind(id) {
        Kind::Text(text) => !collapse(text).is_empty(),
        _ => {
            matches!(tree.name(id), "img" | "iframe" | "video" | "audio" | "hr")
                || embed_address(tree, id).is_some()
        }
    };
    !is_shown(id) && !tree.descendants(id).any(is_shown)
}

fn is_inline(tree: &Tree, id: NodeId) -> bool {
    super::parts::paragraphs(tree, &tree.children(id).collect::<Vec<_>>()).is_some()
}

fn said_in(tree: &Tree, id: NodeId) -> Option<String> {
    said(tree, &tree.children(id).collect::<Vec<_>>())
}

/// Several pictures: a block for each. What is said of all is a paragraph below them.
fn gallery(tree: &Tree, parts: &Parts) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    for thing in &parts.things {
        blocks.extend(pictures(tree, *thing)?);
    }
    let is_picture = |block: &Block| matches!(block, Block::Image(_));
    if blocks.is_empty() || !blocks.iter().all(is_picture) {
        return None;
    }
    blocks.extend(parts.words(tree).map(paragraph));
    Some(blocks)
}

fn pictures(tree: &Tree, id: NodeId) -> Option<Vec<Block>> {
    if let Some(picture) = only_picture(tree, id, None) {
        return Some(picture.blocks(tree, None, None));
    }
    match tree.name(id) {
        "figure" => figure(tree, id),
        "ul" | "ol" | "li" | "div" => {
            let pictures = substance(tree, id).into_iter().map(|id| pictures(tree, id));
            pictures.collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        _ => None,
    }
}

fn paragraph(html: String) -> Block {
    Block::Paragraph(ParagraphBlock { html })
}

// --- Pictures -----------------------------------------------------------------------------------------

/// A picture, and the link around it.
pub(super) struct Picture {
    id: NodeId,
    link: Option<NodeId>,
}

/// The picture in elements that hold nothing else, such as a link to its large version.
pub(super) fn only_picture(tree: &Tree, id: NodeId, link: Option<NodeId>) -> Option<Picture> {
    match tree.name(id) {
        "img" => Some(Picture { id, link }),
        name @ ("a" | "div" | "span" | "p") => match shown_in(tree, id)[..] {
            [only] => only_picture(tree, only, if name == "a" { Some(id) } else { link }),
            _ => None,
        },
        _ => None,
    }
}

impl Picture {
    /// A picture that stands by itself.
    pub(super) fn alone(id: NodeId) -> Self {
        Self { id, link: None }
    }

    fn in_figure(self, tree: &Tree, parts: &Parts) -> Vec<Block> {
        let (caption, mut credit) = match parts.caption {
            Some(caption) => credited(tree, caption),
            None => (None, None),
        };
        let mut words = caption;
        let beside = parts.credits.iter().filter_map(|id| said_in(tree, *id));
        if let Some(beside) = joined(beside) {
            // Of two credits, the one in the caption stays with it.
            let inner = [words.take(), credit.take()].into_iter().flatten();
            words = Some(inner.collect::<Vec<_>>().join(" ")).filter(|words| !words.is_empty());
            credit = Some(beside);
        }
        self.blocks(tree, words, credit)
    }

    /// The block. A picture that stands at no address we may use leaves the words about it.
    pub(super) fn blocks(
        self,
        tree: &Tree,
        caption: Option<String>,
        credit: Option<String>,
    ) -> Vec<Block> {
        let said_of = |name| {
            let text = collapse(tree.attribute(self.id, name).unwrap_or_default());
            Some(text).filter(|text| !text.is_empty())
        };
        let alt = said_of("alt");
        let title = said_of("title").filter(|title| Some(title) != alt.as_ref());
        let caption = self.captioned(tree, caption, title.clone());
        let (caption, credit) = match (caption, credit) {
            (Some(caption), None) => super::credit::split(&caption),
            both => both,
        };
        self.report_title_of_link(tree, [&alt, &title], caption.as_deref());
        self.report_relations(tree);
        let credit = credit.or_else(|| said_of("data-credit").map(|credit| escape(&credit)));
        let Some(url) = tree.attribute(self.id, "src").and_then(web_address) else {
            return self.words(tree, alt, caption, credit);
        };
        let size = |name| tree.attribute(self.id, name).and_then(pixels);
        vec![Block::Image(ImageBlock {
            url,
            alt: alt.unwrap_or_default(),
            caption,
            credit,
            width: size("width"),
            height: size("height"),
            link: self.target(tree),
            ..ImageBlock::default()
        })]
    }

    /// The title is what Markdown and older pages have for a caption.
    fn captioned(
        &self,
        tree: &Tree,
        caption: Option<String>,
        title: Option<String>,
    ) -> Option<String> {
        match (caption, title) {
            (Some(caption), Some(title)) => {
                let same = super::text::html_text(&caption) == title;
                if !same {
                    tree.warn(
                        "title_removed",
                        format!("the title \"{title}\" of a picture with a caption is not kept"),
                    );
                }
                Some(caption)
            }
            (caption, title) => caption.or_else(|| title.map(|title| escape(&title))),
        }
    }

    /// The block keeps where the link leads, and not what it is called.
    fn report_title_of_link(
        &self,
        tree: &Tree,
        there: [&Option<String>; 2],
        caption: Option<&str>,
    ) {
        let title = self.link.and_then(|link| tree.attribute(link, "title"));
        let title = collapse(title.unwrap_or_default());
        let is_said = there.into_iter().flatten().any(|words| *words == title)
            || caption.is_some_and(|caption| super::text::html_text(caption).contains(&title));
        if !title.is_empty() && !is_said {
            let detail = format!("the title \"{title}\" of a link around a picture is not kept");
            tree.warn("title_removed", detail);
        }
    }

    /// The block does not keep whether the link is paid for, nor the language it leads to.
    fn report_relations(&self, tree: &Tree) {
        let Some(link) = self.link else { return };
        for name in ["rel", "hreflang"] {
            let said = tree.attribute(link, name).unwrap_or_default().trim();
            let said = safe_value("a", name, said).unwrap_or_default();
            if !matches!(&*said, "" | "noopener") {
                let detail = format!("{name}=\"{said}\" of a link around a picture is not kept");
                tree.warn("relation_removed", detail);
            }
        }
    }

    fn target(&self, tree: &Tree) -> Option<String> {
        let href = tree.attribute(self.link?, "href")?.trim();
        is_link(href).then(|| href.to_owned())
    }

    /// What is said of a picture that cannot be shown; its link goes around what it showed.
    fn words(
        &self,
        tree: &Tree,
        alt: Option<String>,
        caption: Option<String>,
        credit: Option<String>,
    ) -> Vec<Block> {
        let link = self.target(tree);
        let alt = alt
            .map(|alt| escape(&alt))
            .or_else(|| link.as_deref().map(escape));
        let shown = match (alt, link) {
            (Some(alt), Some(link)) => {
                Some(format!("<a href=\"{}\">{alt}</a>", escape_attribute(&link)))
            }
            (alt, _) => alt,
        };
        let words = [shown, caption, credit].into_iter().flatten();
        words.map(paragraph).collect()
    }
}

// --- Embeds -------------------------------------------------------------------------------------------

/// A frame, with what is printed below it.
pub(super) fn frame(tree: &Tree, id: NodeId, caption: Option<String>) -> Vec<Block> {
    let Some(url) = tree.attribute(id, "src").and_then(web_address) else {
        return caption.map(paragraph).into_iter().collect();
    };
    let provider = provider_called(&url);
    vec![Block::Embed(EmbedBlock {
        url,
        provider,
        html: None,
        caption,
    })]
}

/// An embed as this service writes it.
fn embed(tree: &Tree, id: NodeId, url: String) -> Block {
    let provider = tree.attribute(id, "data-provider").map(collapse);
    let (captions, parts): (Vec<NodeId>, Vec<NodeId>) = substance(tree, id)
        .into_iter()
        .partition(|part| tree.name(*part) == "figcaption" && is_inline(tree, *part));
    let is_link = match parts[..] {
        [only] => {
            let leads_there = tree.attribute(only, "href").map(str::trim) == Some(&url);
            leads_there && plain(tree, &[only]).as_deref() == Some(&url)
        }
        [] => true,
        _ => false,
    };
    let captions: Vec<String> = captions
        .iter()
        .filter_map(|id| said_in(tree, *id))
        .collect();
    let html = (!is_link).then(|| flow_nodes(tree, &parts));
    Block::Embed(EmbedBlock {
        url,
        provider: provider.filter(|provider| !provider.is_empty()),
        html: html.filter(|html| !html.is_empty()),
        caption: Some(captions.join("<br>")).filter(|caption| !caption.is_empty()),
    })
}
