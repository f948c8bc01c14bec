//! The pictures of a body, wherever they stand, and what they lack to be published.

use super::block::{Block, EmbedBlock, GalleryImage, ImageBlock};
use super::credit::{credited, is_credit};
use super::text::html_text;
use super::tree::{NodeId, Tree, parse};
use super::write::collapse;

/// A picture in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where it stands: a JSON pointer into the body, to an `image` block or to a member with HTML.
    pub pointer: String,
    /// Its address, where it is not a block of its own.
    pub address: Option<String>,
    /// Whether nothing says what it shows.
    pub lacks_alt: bool,
    /// Whether nothing says whose it is.
    pub lacks_credit: bool,
}

impl Picture {
    /// The pointer and the words of a violation: that it lacks `member`, `alt` or `credit`.
    pub fn violation(&self, member: &str) -> (String, String) {
        match &self.address {
            None => (
                format!("{}/{member}", self.pointer),
                "is required to publish".to_owned(),
            ),
            Some(address) => (
                self.pointer.clone(),
                format!("the picture \"{address}\" needs {member} to publish"),
            ),
        }
    }
}

/// All pictures of the blocks.
pub(super) fn pictures(blocks: &[Block]) -> Vec<Picture> {
    let all = blocks.iter().enumerate();
    all.flat_map(|(index, block)| of_block(&format!("/{index}"), block))
        .collect()
}

fn of_block(pointer: &str, block: &Block) -> Vec<Picture> {
    match block {
        Block::Image(image) => vec![of_image(pointer, image)],
        Block::Gallery(gallery) => {
            let images = gallery.images.iter().enumerate();
            let of = |(index, image): (usize, &GalleryImage)| {
                of_image(&format!("{pointer}/images/{index}"), image.image())
            };
            images.map(of).collect()
        }
        Block::Html(block) => of_html(&format!("{pointer}/html"), &block.html),
        Block::Embed(EmbedBlock {
            html: Some(html),
            provider,
            caption,
            ..
        }) => {
            let mut pictures = of_html(&format!("{pointer}/html"), html);
            // Whose an embed is, its provider or its caption says.
            if provider.is_some() || caption.is_some() {
                pictures
                    .iter_mut()
                    .for_each(|picture| picture.lacks_credit = false);
            }
            pictures
        }
        _ => Vec::new(),
    }
}

fn of_image(pointer: &str, image: &ImageBlock) -> Picture {
    let is_blank = |html: &str| html_text(html).trim().is_empty();
    Picture {
        pointer: pointer.to_owned(),
        address: None,
        lacks_alt: image.alt.trim().is_empty(),
        lacks_credit: image.credit.as_deref().is_none_or(is_blank),
    }
}

fn of_html(pointer: &str, html: &str) -> Vec<Picture> {
    if !html.contains("<img") {
        return Vec::new();
    }
    let Ok(tree) = parse(html) else {
        return Vec::new();
    };
    let pictures = tree.all().into_iter().filter(|id| tree.name(*id) == "img");
    pictures
        .map(|id| Picture {
            pointer: pointer.to_owned(),
            address: Some(tree.attribute(id, "src").unwrap_or_default().to_owned()),
            lacks_alt: collapse(tree.attribute(id, "alt").unwrap_or_default()).is_empty(),
            lacks_credit: !is_credited(&tree, id),
        })
        .collect()
}

/// Whether the figure around a picture says whose it is.
fn is_credited(tree: &Tree, picture: NodeId) -> bool {
    let figures = tree
        .ancestors(picture)
        .filter(|id| tree.name(*id) == "figure");
    let names = |figure: NodeId| {
        tree.children(figure).any(|id| {
            is_credit(tree, id) || tree.name(id) == "figcaption" && credited(tree, id).1.is_some()
        })
    };
    figures.into_iter().any(names)
}
