//! Blocks as JSON from outside → blocks. Every problem is collected, each with its place.

use deserr::Deserr;
use serde_json::Value;

use super::Block;
use super::allowed::{is_language, is_web_address};
use super::bounds::{MAX_BYTES, MAX_CELLS, check_count, check_source, too_large};
use super::sanitise::{flow_checked, inline_checked};
use super::write::collapse;
use crate::validation::{Invalid, Violation, Violations, unknown};

pub(super) fn blocks(value: Value) -> Result<Vec<Block>, Violations> {
    let bytes = json_bytes(&value);
    let Value::Array(values) = value else {
        return Err(wrong_type("an array of blocks", &value).into());
    };
    check_count(values.len())?;
    if bytes > MAX_BYTES {
        return Err(too_large(bytes).into());
    }
    let (mut blocks, mut errors) = (Vec::with_capacity(values.len()), Violations::default());
    for (index, value) in values.into_iter().enumerate() {
        match block(value) {
            Ok(block) => blocks.push(block),
            Err(wrong) => errors.append(wrong.under(&format!("/{index}"))),
        }
    }
    errors.into_result().map(|()| blocks)
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

/// The types of blocks.
const TYPES: &[&str] = &[
    "paragraph",
    "heading",
    "quote",
    "image",
    "list",
    "embed",
    "table",
    "code",
    "html",
];

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

fn block(value: Value) -> Result<Block, Violations> {
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
        "paragraph" => read::<Paragraph>(fields)?.into(),
        "heading" => read::<Heading>(fields)?.into(),
        "quote" => read::<Quote>(fields)?.into(),
        "image" => read::<Image>(fields)?.into(),
        "list" => read::<List>(fields)?.into(),
        "embed" => read::<Embed>(fields)?.into(),
        "table" => read::<Table>(fields)?.filled()?,
        "code" => read::<Code>(fields)?.into(),
        "html" => read::<Html>(fields)?.into(),
        _ => {
            return Err(wrong(
                "unknown_block_type",
                &unknown("block type", &name, TYPES),
            ));
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
        struct $name($type);

        impl $name {
            fn read(text: String) -> Result<Self, Invalid> {
                let read: fn(String) -> Result<$type, Invalid> = $read;
                checked(text).and_then(read).map(Self)
            }
        }
    };
}

text!(Text(String), "Text as it is.", Ok);
text!(Inline(String), "Sanitised inline HTML.", |text| Ok(
    inline_checked(&text)?
));
text!(Flow(String), "Sanitised flow HTML.", |text| Ok(
    flow_checked(&text)?
));
text!(
    Line(Option<String>),
    "Plain text on one line; nothing when it is blank.",
    |text| { Ok(Some(collapse(&text)).filter(|text| !text.is_empty())) }
);
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

// --- Blocks -------------------------------------------------------------------------------------------

/// A kind of block as it is sent; what may be left out may be null as well.
macro_rules! block {
    ($name:ident { $($field:ident: $type:ty),* $(; $($optional:ident: $of:ty),*)? } => |$input:ident| $block:expr) => {
        #[derive(Deserr)]
        #[deserr(error = Violations, deny_unknown_fields)]
        struct $name {
            $($field: $type,)*
            $($(#[deserr(default)] $optional: Option<$of>,)*)?
        }

        impl From<$name> for Block {
            fn from($input: $name) -> Self {
                $block
            }
        }
    };
}

fn strings(cells: Vec<Inline>) -> Vec<String> {
    cells.into_iter().map(|cell| cell.0).collect()
}

fn line(line: Option<Line>) -> Option<String> {
    line.and_then(|line| line.0)
}

block!(Paragraph { html: Inline } => |input| Self::Paragraph { html: input.html.0 });
block!(Heading { html: Inline; level: Level } => |input| Self::Heading {
    level: input.level.unwrap_or_default().0,
    html: input.html.0,
});
block!(Quote { text: Inline; attribution: Line } => |input| Self::Quote {
    text: input.text.0,
    attribution: line(input.attribution),
});
block!(Image { url: Address; alt: Line, caption: Line, credit: Line } => |input| Self::Image {
    url: input.url.0,
    alt: line(input.alt).unwrap_or_default(),
    caption: line(input.caption),
    credit: line(input.credit),
});
block!(List { items: Vec<Inline>; ordered: bool } => |input| Self::List {
    ordered: input.ordered.unwrap_or_default(),
    items: strings(input.items),
});
block!(Embed { url: Address; provider: Line, html: Flow } => |input| Self::Embed {
    url: input.url.0,
    provider: line(input.provider),
    html: input.html.map(|html| html.0).filter(|html| !html.is_empty()),
});
block!(Code { text: Text; language: Language } => |input| Self::Code {
    language: input.language.and_then(|language| language.0),
    text: input.text.0.replace("\r\n", "\n"),
});
block!(Html { html: Flow } => |input| Self::Html { html: input.html.0 });

#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
struct Table {
    #[deserr(default)]
    header: Option<Vec<Inline>>,
    rows: Vec<Vec<Inline>>,
}

impl Table {
    /// A table whose rows are equally long.
    fn filled(self) -> Result<Block, Violations> {
        let mut header = strings(self.header.unwrap_or_default());
        let mut rows: Vec<_> = self.rows.into_iter().map(strings).collect();
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
        Ok(Block::Table { header, rows })
    }
}
