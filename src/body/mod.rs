//! An article's text: stored once as blocks; written and read as blocks, HTML, Markdown or plain
//! text.
//!
//! - [`Block`], [`Body`]: what there is to know from outside
//! - `bounds`: how large and deep an input may be
//! - `tree`, `sink`: HTML as a tree, built within the bounds; `write`: parts of it as HTML or text
//! - `allowed`: what HTML may hold; `sanitise`: HTML made harmless
//! - `validate`: blocks as JSON from outside → blocks
//! - `import`, `figure`, `parts`: HTML → blocks
//! - `html`, `markdown` with `markdown_inline`, `text`: blocks → what readers ask for, and the
//!   other ways in
//!
//! Importing loses no text: what fits no block is kept in an `html` block. What could run
//! (scripts, event handlers, `javascript:`) never survives, whichever way it came in.

use crate::validation::Violations;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod allowed;
mod block;
mod bounds;
mod figure;
mod html;
mod import;
mod markdown;
mod markdown_inline;
mod parts;
mod sanitise;
mod sink;
mod text;
mod tree;
mod validate;
mod write;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use block::Block;
pub use bounds::{MAX_BLOCKS, MAX_BYTES, MAX_DEPTH};
pub use sanitise::inline;
pub(crate) use write::escape_attribute;

/// An article's text: at most [`MAX_BLOCKS`] blocks, each sanitised.
///
/// It deserialises from JSON that this service stored, without checking it again; what comes
/// from outside goes through [`Body::from_blocks`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Body(Vec<Block>);

impl Body {
    /// Reads an array of blocks that someone sent, and sanitises each.
    ///
    /// # Errors
    /// Everything that is wrong, each with a pointer relative to the array.
    pub fn from_blocks(value: serde_json::Value) -> Result<Self, Violations> {
        validate::blocks(value).map(Self)
    }

    /// Makes blocks of HTML, a fragment or a whole page.
    ///
    /// # Errors
    /// `too_large`, `too_many_blocks`, `too_many_attributes`, `too_deep` or `nul`.
    pub fn from_html(html: &str) -> Result<Self, Violations> {
        bounds::check_source(html)
            .and_then(|()| import::blocks(html))
            .and_then(bounds::check_made)
            .map(Self)
            .map_err(Violations::from)
    }

    /// Makes blocks of CommonMark with tables and strikethrough; HTML in it is sanitised.
    ///
    /// # Errors
    /// `too_large`, `too_many_blocks`, `too_many_attributes`, `too_deep` or `nul`.
    pub fn from_markdown(markdown: &str) -> Result<Self, Violations> {
        bounds::check_source(markdown)
            .and_then(|()| markdown::to_html(markdown))
            .and_then(|html| import::blocks(&html))
            .and_then(bounds::check_made)
            .map(Self)
            .map_err(Violations::from)
    }

    /// Makes paragraphs of plain text: a blank line begins the next one, any other line break
    /// becomes `<br>`.
    ///
    /// # Errors
    /// `too_large`, `too_many_blocks` or `nul`.
    pub fn from_text(plain: &str) -> Result<Self, Violations> {
        bounds::check_source(plain)
            .and_then(|()| {
                let blocks = text::paragraphs(plain);
                bounds::check_count(blocks.len()).map(|()| blocks)
            })
            .map(Self)
            .map_err(Violations::from)
    }

    /// The blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.0
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

    /// Words of the plain text, by the rules of Unicode (UAX #29); each ideograph counts as one.
    pub fn word_count(&self) -> u32 {
        text::count_words(&self.to_text())
    }
}

/// Minutes that reading so many words takes at 230 words a minute, rounded up; 0 only for 0 words.
pub fn reading_minutes(words: u32) -> u32 {
    words.div_ceil(230)
}
