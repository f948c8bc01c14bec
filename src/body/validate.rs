//! Blocks as JSON from outside → blocks. Every problem is collected, each with its place.

use deserr::Deserr;
use serde_json::Value;

use super::allowed::{is_language, is_link, is_web_address};
use super::block::{
    Alignment, Block, CodeBlock, EmbedBlock, HeadingBlock, HtmlBlock, ListBlock, ParagraphBlock,
    QuoteBlock, TableBlock,
};
use super::bounds::{MAX_BYTES, MAX_CELLS, check_count, check_source, too_large};
use super::normalise::clean;
use super::sanitise::{Sanitised, flow_checked, inline_checked};
use super::validate_media::{Audio, Gallery, Image, Video};
use super::write::collapse;
use crate::validation::{Invalid, Violation, Violations, unknown};

/// The blocks, and what was taken out of each.
pub(super) fn blocks(value: Value) -> Result<(Vec<Block>, Violations), Violations> {
    let bytes = json_bytes(&value);
    let Value::Array(values) = value else {
        return Err(wrong_type("an array of blocks", &value).into());
    };
    check_count(values.len())?;
    if bytes > MAX_BYTES {
        return Err(too_large(bytes).into());
    }
    let (mut blocks, mut errors) = (Vec::with_capacity(values.len()), Violations::default());
    let mut warnings = Violations::default();
    for (index, value) in values.into_iter().enumerate() {
        let mut removed = Violations::default();
        match block(value, &mut removed) {
            Ok(block) => blocks.push(block),
            Err(wrong) => errors.append(wrong.under(&format!("/{index}"))),
        }
        warnings.append(removed.under(&format!("/{index}")));
    }
    errors.into_result().map(|()| (blocks, warnings))
}

/// About as many bytes as the value has as JSON.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(values) => {
            2 + values
                .iter()
                .map(|value| json_bytes(value) + 1)
                .sum::<usize>()
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| key.len() + 4 + json_bytes(value))
            .sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
    }
}

fn wrong_type(wanted: &str, value: &Value) -> Violation {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Violation::whole("wrong_type", format!("must be {wanted}, is {found}"))
}

fn block(value: Value, removed: &mut Violations) -> Result<Block, Violations> {
    let Value::Object(mut fields) = value else {
        return Err(wrong_type("an object", &value).into());
    };
    let wrong = |code, detail: &str| Violations::from(Violation::new("/type", code, detail));
    let name = match fields.shift_remove("type") {
        Some(Value::String(name)) => name,
        Some(other) => return Err(wrong_type("a string", &other).under("/type").into()),
        None => return Err(wrong("required", "is required")),
    };
    let fields = Value::Object(fields);
    Ok(match name.as_str() {
        "paragraph" => read::<Paragraph>(fields)?.into_block(removed),
        "heading" => read::<Heading>(fields)?.into_block(removed),
        "quote" => read::<Quote>(fields)?.into_block(removed),
        "image" => read::<Image>(fields)?.read(removed)?.into(),
        "gallery" => read::<Gallery>(fields)?.read(removed)?,
        "audio" => read::<Audio>(fields)?.read(removed)?,
        "video" => read::<Video>(fields)?.read(removed)?,
        "list" => read::<List>(fields)?.into_block(removed),
        "embed" => read::<Embed>(fields)?.into_block(removed),
        "table" => read::<Table>(fields)?.filled(removed)?,
        "code" => read::<Code>(fields)?.into_block(removed),
        "html" => read::<Html>(fields)?.into_block(removed),
        _ => {
            let detail = unknown("block type", &name, Block::TYPES);
            return Err(wrong("unknown_block_type", &detail));
        }
    })
}

fn read<T: Deserr<Violations>>(fields: Value) -> Result<T, Violations> {
    deserr::deserialize(fields)
}

// --- Values of fields ---------------------------------------------------------------------------------

/// A text within the bounds.
fn checked(text: String) -> Result<String, Invalid> {
    check_source(&text)?;
    Ok(text)
}

macro_rules! text {
    ($name:ident($type:ty), $meaning:literal, $read:expr) => {
        #[doc = $meaning]
        #[derive(Deserr)]
        #[deserr(error = Violations, try_from(String) = Self::read -> Invalid)]
        pub(super) struct $name(pub(super) $type);

        impl $name {
            fn read(text: String) -> Result<Self, Invalid> {
                let read: fn(String) -> Result<$type, Invalid> = $read;
                checked(text).and_then(read).map(Self)
            }
        }
    };
}

text!(Text(String), "Text as it is.", |text| Ok(
    clean(&text).unwrap_or(text)
));
text!(Inline(Sanitised), "Sanitised inline HTML.", |text| Ok(
    inline_checked(&text)?
));
text!(Flow(Sanitised), "Sanitised flow HTML.", |text| Ok(
    flow_checked(&text)?
));
text!(
    Line(Option<String>),
    "Plain text on one line; nothing when it is blank.",
    |text| {
        let text = clean(&text).unwrap_or(text);
        let text = collapse(&text.replace(['\u{2028}', '\u{2029}'], " "));
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
);
text!(Link(Option<String>), "Where a click leads.", |text| {
    let address = text.trim().to_owned();
    match address.is_empty() || is_link(&address) {
        true => Ok(Some(address).filter(|address| !address.is_empty())),
        false => Err(Invalid::new(
            "invalid_url",
            "must be an address that a link may have: http, https, mailto, tel, sms or a path",
        )),
    }
});
text!(
    Address(String),
    "The address of a picture or an embed.",
    |text| {
        let address = text.trim().to_owned();
        match is_web_address(&address) {
            true => Ok(address),
            false => Err(Invalid::new(
                "invalid_url",
                "must be an http or https URL, or a path that begins with one /",
            )),
        }
    }
);
text!(
    Language(Option<String>),
    "The name of a programming language.",
    |text| {
        let language = collapse(&text);
        match language.is_empty() || is_language(&language) {
            true => Ok(Some(language).filter(|language| !language.is_empty())),
            false => Err(Invalid::new(
                "invalid_language",
                "must be at most 40 ASCII letters, digits, +, -, #, _ and .",
            )),
        }
    }
);

/// The level of a heading.
#[derive(Deserr)]
#[deserr(error = Violations, try_from(Value) = Self::read -> Invalid)]
struct Level(u8);

impl Default for Level {
    fn default() -> Self {
        Self(2)
    }
}

impl Level {
    fn read(value: Value) -> Result<Self, Invalid> {
        if !value.is_number() {
            return Err(wrong_type("a number", &value).into());
        }
        let level = value.as_u64().and_then(|level| u8::try_from(level).ok());
        level
            .filter(|level| (1..=6).contains(level))
            .map(Self)
            .ok_or_else(|| Invalid::new("out_of_range", "must be a whole number from 1 to 6"))
    }
}

/// A length in pixels.
#[derive(Deserr)]
#[deserr(error = Violations, try_from(Value) = Self::read -> Invalid)]
pub(super) struct Pixels(pub(super) u16);

impl Pixels {
    fn read(value: Value) -> Result<Self, Invalid> {
        if !value.is_number() {
            return Err(wrong_type("a number", &value).into());
        }
        let pixels = value.as_u64().and_then(|pixels| u16::try_from(pixels).ok());
        pixels
            .filter(|pixels| *pixels > 0)
            .map(Self)
            .ok_or_else(|| Invalid::new("out_of_range", "must be a whole number from 1 to 65535"))
    }
}

/// How a column is set.
#[derive(Deserr)]
#[deserr(error = Violations, try_from(String) = Self::read -> Invalid)]
struct ColumnAlignment(Alignment);

impl ColumnAlignment {
    fn read(name: String) -> Result<Self, Invalid> {
        Alignment::from_name(&name).map(Self).ok_or_else(|| {
            Invalid::new(
                "unknown_value",
                unknown("alignment", &name, &["start", "center", "end"]),
            )
        })
    }
}

// --- Blocks -------------------------------------------------------------------------------------------

/// A kind of block as it is sent; what may be left out may be null as well.
macro_rules! block {
    ($name:ident { $($field:ident: $type:ty),* $(; $($optional:ident: $of:ty),*)? } => |$input:ident, $removed:ident| $block:expr) => {
        #[derive(Deserr)]
        #[deserr(error = Violations, deny_unknown_fields)]
        struct $name {
            $($field: $type,)*
            $($(#[deserr(default)] $optional: Option<$of>,)*)?
        }

        impl $name {
            fn into_block(self, $removed: &mut Violations) -> Block {
                let $input = self;
                $block.into()
            }
        }
    };
}

impl Sanitised {
    /// The HTML, its warnings noted with their place.
    fn at(self, place: &str, removed: &mut Violations) -> String {
        removed.append(self.warnings.under(place));
        self.html
    }
}

/// HTML that may be missing; blank is missing.
pub(super) fn optional(
    html: Option<Sanitised>,
    place: &str,
    removed: &mut Violations,
) -> Option<String> {
    html.map(|html| html.at(place, removed))
        .filter(|html| !html.is_empty())
}

fn strings(cells: Vec<Inline>, place: &str, removed: &mut Violations) -> Vec<String> {
    let cells = cells.into_iter().enumerate();
    cells
        .map(|(index, cell)| cell.0.at(&format!("{place}/{index}"), removed))
        .collect()
}

pub(super) fn line(line: Option<Line>) -> Option<String> {
    line.and_then(|line| line.0)
}

block!(Paragraph { html: Inline } => |input, removed| ParagraphBlock {
    html: input.html.0.at("/html", removed),
});
block!(Heading { html: Inline; level: Level } => |input, removed| HeadingBlock {
    level: input.level.unwrap_or_default().0,
    html: input.html.0.at("/html", removed),
});
block!(Quote { text: Inline; attribution: Inline, url: Address } => |input, removed| QuoteBlock {
    text: input.text.0.at("/text", removed),
    attribution: optional(input.attribution.map(|by| by.0), "/attribution", removed),
    url: input.url.map(|url| url.0),
});
block!(List { items: Vec<Inline>; ordered: bool } => |input, removed| ListBlock {
    ordered: input.ordered.unwrap_or_default(),
    items: strings(input.items, "/items", removed),
});
block!(Embed { url: Address; provider: Line, html: Flow, caption: Inline } => |input, removed| EmbedBlock {
    url: input.url.0,
    provider: line(input.provider),
    html: optional(input.html.map(|html| html.0), "/html", removed),
    caption: optional(input.caption.map(|caption| caption.0), "/caption", removed),
});
block!(Code { text: Text; language: Language } => |input, _removed| CodeBlock {
    language: input.language.and_then(|language| language.0),
    text: input.text.0.replace("\r\n", "\n").replace('\u{2028}', "\n"),
});
block!(Html { html: Flow } => |input, removed| HtmlBlock { html: input.html.0.at("/html", removed) });

#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
struct Table {
    #[deserr(default)]
    header: Option<Vec<Inline>>,
    rows: Vec<Vec<Inline>>,
    #[deserr(default)]
    alignments: Option<Vec<ColumnAlignment>>,
    #[deserr(default)]
    caption: Option<Inline>,
}

impl Table {
    /// A table whose rows are equally long.
    fn filled(self, removed: &mut Violations) -> Result<Block, Violations> {
        let mut header = strings(self.header.unwrap_or_default(), "/header", removed);
        let rows = self.rows.into_iter().enumerate();
        let mut rows: Vec<_> = rows
            .map(|(index, row)| strings(row, &format!("/rows/{index}"), removed))
            .collect();
        let width = rows.iter().map(Vec::len).chain([header.len()]).max();
        let width = width.unwrap_or_default();
        // Filling up must not make much out of little.
        if width * rows.len() > MAX_CELLS {
            let detail = format!("must have at most {MAX_CELLS} cells");
            return Err(Violation::new("/rows", "too_large", detail).into());
        }
        rows.iter_mut()
            .for_each(|row| row.resize(width, String::new()));
        if !header.is_empty() {
            header.resize(width, String::new());
        }
        Ok(TableBlock {
            header,
            rows,
            alignments: aligned(self.alignments.unwrap_or_default(), width),
            caption: optional(self.caption.map(|caption| caption.0), "/caption", removed),
        }
        .into())
    }
}

/// One alignment a column; none where all are usual.
fn aligned(alignments: Vec<ColumnAlignment>, width: usize) -> Vec<Alignment> {
    let mut all: Vec<Alignment> = alignments.into_iter().map(|column| column.0).collect();
    all.resize(width, Alignment::Start);
    Alignment::said(all)
}
