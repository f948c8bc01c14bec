//! An article's text: stored once as blocks; written and read as blocks, HTML, Markdown or plain
//! text.
//!
//! - [`Block`], [`Body`]: what there is to know from outside
//! - `bounds`: how large and deep an input may be
//! - `nodes`, `sink`, `tokens`, `tree`: HTML as a tree, built within the bounds; `write`: parts of it as HTML or
//!   text
//! - `allowed`: what HTML may hold; `sanitise`: HTML made harmless
//! - `normalise`: what pages write in many ways, made into one
//! - `validate`, `validate_media`: blocks as JSON from outside → blocks
//! - `import`, with `figure`, `credit`, `quote`, `tables`, `parts`: HTML → blocks
//! - `pictures`: the pictures of a body, for the rules of publishing; [`media`], [`media_uses`]: what it
//!   shows of the newsroom's media
//! - `markdown_source`: Markdown → HTML
//! - `excerpt`, `reading`: what lists say of a text
//! - `diff`: what differs between two bodies
//! - `addresses`: other addresses in HTML that was written here
//! - `html`, `markdown` with `markdown_inline`, `text`: blocks → what readers ask for
//!
//! Importing loses no text, no address and no mark: what fits no block is kept in an `html` block, and
//! what is taken out is said in a warning. What could run (scripts, event handlers, `javascript:`) never
//! survives, whichever way it came in.

use self::media::MediaFile;
use crate::db::Id;
use crate::validation::{Violation, Violations};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

mod addresses;
mod allowed;
pub mod block;
mod bounds;
mod credit;
mod diff;
mod excerpt;
mod figure;
mod html;
mod import;
mod markdown;
mod markdown_inline;
mod markdown_source;
pub mod media;
pub mod media_uses;
mod nodes;
mod normalise;
mod parts;
mod pictures;
mod quote;
mod reading;
mod sanitise;
mod sink;
mod tables;
mod text;
mod tokens;
mod tree;
mod validate;
mod validate_media;
mod write;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use addresses::with_addresses;
pub use block::{
    Alignment, AudioBlock, Block, BlockInput, BlockInputs, CodeBlock, EmbedBlock, GalleryBlock,
    GalleryImage, HeadingBlock, HtmlBlock, ImageBlock, ListBlock, ParagraphBlock, QuoteBlock,
    TableBlock, VideoBlock,
};
pub use bounds::{MAX_BLOCKS, MAX_BYTES, MAX_DEPTH, MAX_IMAGES};
pub use diff::{BlockChange, BlockOp};
pub use excerpt::shortened;
pub use pictures::Picture;
pub use reading::{minutes_of_words, reading_minutes};
pub use sanitise::inline;
pub use text::html_text;
pub use validate_media::ReadOnly;
pub use write::escape;
pub(crate) use write::escape_attribute;

/// How often a body with captions in odd places is read again.
const MOST_AGAIN: usize = 2;

/// An article's text: at most [`MAX_BLOCKS`] blocks, each sanitised.
///
/// It deserialises from JSON that this service stored, without checking it again; what comes
/// from outside goes through [`Body::from_blocks`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Body(Vec<Block>);

/// A body that was read, and what an editor should know was changed or taken out on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The body.
    pub body: Body,
    /// What is not as it was sent, each with a pointer relative to what was read.
    pub warnings: Violations,
}

/// What some editors put in front of a text; it is no part of it.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Body {
    /// Reads an array of blocks that someone sent, and sanitises each.
    ///
    /// # Errors
    /// Everything that is wrong, each with a pointer relative to the array.
    pub fn from_blocks(value: serde_json::Value) -> Result<Imported, Violations> {
        let (blocks, warnings) = validate::blocks(value)?;
        Ok(Imported {
            body: Self(blocks),
            warnings,
        })
    }

    /// Makes blocks of HTML, a fragment or a whole page. Relative addresses are those of `base`; without
    /// one, pictures that have no address on the web are left out.
    ///
    /// # Errors
    /// `too_large`, `too_many_blocks`, `too_many_attributes`, `too_deep` or `nul`.
    pub fn from_html(html: &str, base: Option<&Url>) -> Result<Imported, Violations> {
        let html = html.trim_start_matches(BYTE_ORDER_MARK);
        bounds::check_source(html)
            .and_then(|()| Self::imported(html, base))
            .map_err(Violations::from)
    }

    /// Makes blocks of CommonMark with tables, strikethrough, footnotes and bare addresses as links; HTML
    /// in it is sanitised. `base` is as for HTML.
    ///
    /// # Errors
    /// `too_large`, `too_many_blocks`, `too_many_attributes`, `too_deep` or `nul`.
    pub fn from_markdown(markdown: &str, base: Option<&Url>) -> Result<Imported, Violations> {
        let markdown = markdown.trim_start_matches(BYTE_ORDER_MARK);
        bounds::check_source(markdown)?;
        let (html, mut warnings) = markdown_source::to_html(markdown)?;
        let mut read = Self::imported(&html, base)?;
        warnings.append(std::mem::take(&mut read.warnings));
        Ok(Imported { warnings, ..read })
    }

    fn imported(html: &str, base: Option<&Url>) -> Result<Imported, Violation> {
        let (blocks, warnings) = import::blocks(html, base)?;
        let mut read = Imported {
            body: Self(blocks),
            warnings,
        };
        for _ in 0..MOST_AGAIN {
            if !read.body.may_read_otherwise() {
                break;
            }
            let Ok((blocks, warnings)) = import::blocks(&read.body.to_html(), base) else {
                break;
            };
            let is_settled = read.body.0 == blocks;
            read.body.0 = blocks;
            read.warnings.append(warnings);
            if is_settled {
                break;
            }
        }
        Ok(read)
    }

    /// Whether it holds what is seen for what it is only once all around it is mended: captions in odd places, links
    /// around nothing, line breaks that an element parted. Then it is read again, so that what is exported comes back
    /// the same.
    fn may_read_otherwise(&self) -> bool {
        self.0.iter().any(|block| match block {
            Block::Html(block) => {
                block.html.contains("<figcaption") || holds_empty_link(&block.html)
            }
            Block::Embed(block) => block.html.as_deref().is_some_and(holds_empty_link),
            Block::Paragraph(block) => block.html.contains("<br><br>"),
            _ => false,
        })
    }

    /// Makes paragraphs of plain text: a blank line begins the next one, any other line break
    /// becomes `<br>`.
    ///
    /// # Errors
    /// `too_large`, `too_many_blocks` or `nul`.
    pub fn from_text(plain: &str) -> Result<Imported, Violations> {
        let plain = plain.trim_start_matches(BYTE_ORDER_MARK);
        bounds::check_source(plain)?;
        let blocks = text::paragraphs(plain);
        bounds::check_count(blocks.len())?;
        Ok(Imported {
            body: Self(blocks),
            warnings: Violations::default(),
        })
    }

    /// The blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }

    /// The pictures in it, wherever they stand.
    pub fn pictures(&self) -> Vec<Picture> {
        pictures::pictures(&self.0)
    }

    /// The items of the newsroom's media that it shows, in their order, each with a pointer to what shows it.
    pub fn media_places(&self) -> Vec<(String, Id)> {
        media_uses::places(&self.0)
    }

    /// The names of items of the media that it shows by the address of a file alone.
    pub fn media_names(&mut self) -> Vec<String> {
        media_uses::names(&mut self.0)
    }

    /// Makes uses of items of what shows them by address alone.
    pub fn adopt_media(&mut self, find: impl Fn(&str) -> Option<Id>) {
        media_uses::adopt(&mut self.0, find);
    }

    /// Leaves out what shows items of the media that are gone; returns pointers to where that was.
    pub fn leave_out_media(&mut self, is_gone: impl Fn(Id) -> bool) -> Vec<String> {
        media_uses::leave_out(&mut self.0, is_gone)
    }

    /// Fills in what items of the media say of themselves. What shows none loses what only they have.
    ///
    /// What is wrong is returned, with pointers relative to the body: items that are not there, or of the wrong kind.
    pub fn fill_media<'f>(&mut self, find: impl Fn(Id) -> Option<&'f MediaFile>) -> Violations {
        media_uses::fill(&mut self.0, find)
    }

    /// Whether there is no block.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As HTML, ready for a page; one block a line.
    pub fn to_html(&self) -> String {
        html::render(&self.0)
    }

    /// As CommonMark with tables; HTML where Markdown has no words for it.
    pub fn to_markdown(&self) -> String {
        markdown::render(&self.0)
    }

    /// As plain text: entities decoded, blocks parted by a blank line.
    pub fn to_text(&self) -> String {
        text::render(&self.0)
    }

    /// The beginning of its prose as one line, short enough for a list; empty when it has no words.
    pub fn excerpt(&self) -> String {
        excerpt::of_blocks(&self.0)
    }

    /// Words of the plain text, as [`count_words`] counts them.
    pub fn word_count(&self) -> u32 {
        count_words(&self.to_text())
    }
}

/// Whether sanitised HTML has a link that closes where it opens.
fn holds_empty_link(html: &str) -> bool {
    html.match_indices("></a>").any(|(end, _)| {
        let tag = html[..end].rsplit('<').next().unwrap_or_default();
        tag.starts_with("a ")
    })
}

/// Words of a plain text, by the rules of Unicode (UAX #29); each ideograph counts as one.
pub fn count_words(text: &str) -> u32 {
    text::count_words(text)
}
