//! The parts that a body is made of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One part of an article's text.
///
/// In inline HTML stand text and the elements `a`, `em`, `strong`, `code`, `sub`, `sup` and `br`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// A paragraph.
    #[schema(example = json!({
        "type": "paragraph", "html": "Twelve harbour cities have <em>agreed</em>."
    }))]
    Paragraph {
        /// Inline HTML.
        html: String,
    },
    /// A heading within the text.
    #[schema(example = json!({"type": "heading", "level": 2, "html": "What was agreed"}))]
    Heading {
        /// 1 to 6; 2 is the first below the headline.
        #[serde(default = "usual_level")]
        #[schema(minimum = 1, maximum = 6, default = 2)]
        #[schema(required = true)]
        level: u8,
        /// Inline HTML.
        html: String,
    },
    /// Somebody's words, set apart.
    #[schema(example = json!({
        "type": "quote", "text": "We will keep the water out.", "attribution": "Ada Roth, mayor"
    }))]
    Quote {
        /// Inline HTML. Two line breaks part its paragraphs.
        text: String,
        /// Who said it: plain text.
        #[serde(default)]
        attribution: Option<String>,
    },
    /// A picture.
    #[schema(example = json!({
        "type": "image", "url": "https://media.example/harbour.jpg",
        "alt": "A harbour at high tide", "caption": "The harbour on Monday",
        "credit": "Jo Lind/Agency"
    }))]
    Image {
        /// Where it is: an `http` or `https` URL, or a path that begins with `/`.
        url: String,
        /// What it shows, for those who do not see it: plain text.
        #[serde(default)]
        #[schema(required = true)]
        alt: String,
        /// What is printed below it: plain text.
        #[serde(default)]
        caption: Option<String>,
        /// Who made it: plain text.
        #[serde(default)]
        credit: Option<String>,
    },
    /// A list that holds no other list.
    #[schema(example = json!({"type": "list", "ordered": false, "items": ["Bergen", "Gdynia"]}))]
    List {
        /// Whether its items are numbered, from 1.
        #[serde(default)]
        #[schema(required = true)]
        ordered: bool,
        /// Inline HTML each.
        items: Vec<String>,
    },
    /// Something that stands elsewhere, such as a post or a video.
    #[schema(example = json!({
        "type": "embed", "url": "https://video.example/watch/42", "provider": "video.example"
    }))]
    Embed {
        /// Where it is: an `http` or `https` URL, or a path that begins with `/`.
        url: String,
        /// Whose it is, such as `youtube`: plain text.
        #[serde(default)]
        provider: Option<String>,
        /// HTML to show in its place: sanitised, so without scripts and frames.
        #[serde(default)]
        html: Option<String>,
    },
    /// A table in which no cell spans others.
    #[schema(example = json!({
        "type": "table", "header": ["City", "Metres"], "rows": [["Bergen", "1.2"]]
    }))]
    Table {
        /// Inline HTML of the head's cells; empty for a table without a head.
        #[serde(default)]
        #[schema(required = true)]
        header: Vec<String>,
        /// Inline HTML of the other cells, row by row. All rows are as long as the longest:
        /// short ones are filled up with empty cells.
        rows: Vec<Vec<String>>,
    },
    /// Program text, or anything else that keeps its line breaks.
    #[schema(example = json!({"type": "code", "language": "sql", "text": "SELECT 1;"}))]
    Code {
        /// Such as `sql`: at most 40 ASCII letters, digits, `+`, `-`, `#`, `_` and `.`.
        #[serde(default)]
        language: Option<String>,
        /// Plain text.
        text: String,
    },
    /// What fits no other block, such as a list within a list.
    #[schema(example = json!({
        "type": "html", "html": "<ul><li>Norway<ul><li>Bergen</li></ul></li></ul>"
    }))]
    Html {
        /// HTML, sanitised: without scripts, styles, frames and forms.
        html: String,
    },
}

fn usual_level() -> u8 {
    2
}
