//! An article's text: stored once as blocks; written and read as blocks, HTML, Markdown or plain
//! text.
//!
//! - [`bounds`] – how large and deep an input may be, checked before anything is built from it
//! - `sanitise` – what HTML may hold
//! - `nodes` – sanitised HTML as a tree
//! - `import` – HTML → blocks
//! - `html`, `markdown`, `text` – blocks → what readers ask for
//!
//! Importing never loses text: what fits no block is kept in an `html` block. What could run
//! (scripts, event handlers, `javascript:`) never survives, whichever way it came in.

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::WebUrl;
use crate::validation::{Violation, Violations};

pub mod bounds;
mod html;
mod import;
mod markdown;
mod nodes;
mod sanitise;
mod text;

#[cfg(test)]
mod tests;

/// One part of an article's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Deserr, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[deserr(error = Violations, tag = "type", rename_all = lowercase, deny_unknown_fields)]
pub enum Block {
    /// A paragraph.
    Paragraph {
        /// Inline HTML: `a em strong code sub sup br`.
        #[schema(example = "Twelve harbour cities have <em>agreed</em>.")]
        html: String,
    },
    /// A heading within the text.
    Heading {
        /// 1 to 6; 2 is the first below the headline.
        #[deserr(default = 2)]
        #[schema(minimum = 1, maximum = 6, default = 2)]
        level: u8,
        /// Inline HTML.
        html: String,
    },
    /// Somebody's words.
    Quote {
        /// Inline HTML.
        text: String,
        /// Who said it, plain text.
        #[deserr(default)]
        #[schema(required = false)]
        attribution: Option<String>,
    },
    /// A picture.
    Image {
        /// Where it is.
        url: String,
        /// What it shows, for those who do not see it. Needed to publish.
        #[deserr(default)]
        alt: String,
        /// What is printed below it, plain text.
        #[deserr(default)]
        #[schema(required = false)]
        caption: Option<String>,
        /// Who made it, plain text. Needed to publish.
        #[deserr(default)]
        #[schema(required = false)]
        credit: Option<String>,
    },
    /// A list.
    List {
        /// Whether its items are numbered.
        #[deserr(default)]
        ordered: bool,
        /// Inline HTML each.
        items: Vec<String>,
    },
    /// Something that stands elsewhere: a post, a video.
    Embed {
        /// Where it is.
        url: String,
        /// Whose it is, such as `youtube`.
        #[deserr(default)]
        #[schema(required = false)]
        provider: Option<String>,
        /// Sanitised HTML to show in its place.
        #[deserr(default)]
        #[schema(required = false)]
        html: Option<String>,
    },
    /// A table.
    Table {
        /// Inline HTML of the head's cells; empty for a table without one.
        #[deserr(default)]
        header: Vec<String>,
        /// Inline HTML of the other cells.
        rows: Vec<Vec<String>>,
    },
    /// Program text, or anything else that keeps its line breaks.
    Code {
        /// Such as `rust`.
        #[deserr(default)]
        #[schema(required = false)]
        language: Option<String>,
        /// Plain text.
        text: String,
    },
    /// What fits no other block.
    Html {
        /// Sanitised HTML.
        html: String,
    },
}

/// An article's text: blocks, sanitised and within the bounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(Vec<Block>);

impl Body {
    /// Takes blocks as someone sent them.
    ///
    /// # Errors
    /// Everything that is wrong, each with a pointer relative to the array.
    pub fn from_blocks(value: serde_json::Value) -> Result<Self, Violations> {
        let blocks: Vec<Block> = crate::validation::from_json(value)?;
        let mut wrong = Violations::default();
        let blocks = blocks
            .into_iter()
            .enumerate()
            .map(|(index, block)| {
                sanitise::block(block, &mut |field, violation| {
                    let place = format!("/{index}/{field}");
                    wrong.0.push(Violation {
                        pointer: place,
                        ..violation
                    });
                })
            })
            .collect();
        wrong.into_result()?;
        Self::bounded(blocks)
    }

    /// Makes blocks of HTML.
    ///
    /// # Errors
    /// When it is too large or nested too deeply, or holds U+0000.
    pub fn from_html(html: &str) -> Result<Self, Violations> {
        bounds::check(html)?;
        Self::bounded(import::blocks(&sanitise::flow(html)))
    }

    /// Makes blocks of CommonMark with tables and strikethrough; HTML in it is sanitised.
    ///
    /// # Errors
    /// When it is too large or nested too deeply, or holds U+0000.
    pub fn from_markdown(markdown: &str) -> Result<Self, Violations> {
        bounds::check_size(markdown)?;
        Self::from_html(&markdown::to_html(markdown)?)
    }

    /// Makes paragraphs of plain text: blank lines part them, other line breaks stay.
    ///
    /// # Errors
    /// When it is too large or holds U+0000.
    pub fn from_text(plain: &str) -> Result<Self, Violations> {
        bounds::check_size(plain)?;
        Self::bounded(text::paragraphs(plain))
    }

    fn bounded(blocks: Vec<Block>) -> Result<Self, Violations> {
        bounds::check_blocks(&blocks)?;
        Ok(Self(blocks))
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }

    /// Whether there is nothing to read or see.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As HTML, ready for a page.
    pub fn to_html(&self) -> String {
        html::render(&self.0)
    }

    /// As CommonMark with tables.
    pub fn to_markdown(&self) -> String {
        markdown::render(&self.0)
    }

    /// As plain text: blocks parted by a blank line, entities decoded.
    pub fn to_text(&self) -> String {
        text::render(&self.0)
    }

    /// Words of the plain text, in any script that parts words by spaces.
    pub fn word_count(&self) -> u32 {
        let words = self
            .to_text()
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .count();
        u32::try_from(words).unwrap_or(u32::MAX)
    }
}

/// Minutes that reading so many words takes, at 230 words a minute; at least one where there is a
/// word.
pub fn reading_minutes(words: u32) -> u32 {
    words.div_ceil(230)
}

/// Whether a picture or an embed may stand at this address.
fn is_web_url(url: &str) -> bool {
    url.parse::<WebUrl>().is_ok()
}
