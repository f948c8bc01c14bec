//! Blocks as JSON from outside → blocks. Every problem is collected, each with its place.

use serde_json::{Map, Value};

use super::Block;
use super::bounds::{MAX_BYTES, MAX_CELLS, check_count, check_source, too_large};
use super::sanitise::{flow_checked, inline_checked, is_language, is_web_address};
use crate::validation::{Violation, Violations, push_key};

/// The types of blocks, each with its fields besides `type`.
const TYPES: &[(&str, &[&str])] = &[
    ("paragraph", &["html"]),
    ("heading", &["level", "html"]),
    ("quote", &["text", "attribution"]),
    ("image", &["url", "alt", "caption", "credit"]),
    ("list", &["ordered", "items"]),
    ("embed", &["url", "provider", "html"]),
    ("table", &["header", "rows"]),
    ("code", &["language", "text"]),
    ("html", &["html"]),
];

pub(super) fn blocks(value: &Value) -> Result<Vec<Block>, Violations> {
    let Value::Array(values) = value else {
        return Err(wrong_type("", "an array of blocks", value).into());
    };
    check_count(values.len())?;
    let bytes = json_bytes(value);
    if bytes > MAX_BYTES {
        return Err(too_large(bytes).into());
    }
    let mut errors = Violations::default();
    let blocks: Vec<Block> = values
        .iter()
        .enumerate()
        .filter_map(|(index, value)| block(value, format!("/{index}"), &mut errors))
        .collect();
    if errors.is_empty() {
        Ok(blocks)
    } else {
        Err(errors)
    }
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

fn wrong_type(pointer: &str, wanted: &str, value: &Value) -> Violation {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Violation::new(
        pointer,
        "wrong_type",
        format!("must be {wanted}, is {found}"),
    )
}

/// The known name that a mistyped one is closest to.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let name: String = name.chars().take(60).collect();
    let known_names = known.join(", ");
    match nearest(&name, known.iter().copied()) {
        Some(near) => {
            format!("unknown {what} \"{name}\", did you mean \"{near}\"? Known: {known_names}")
        }
        None => format!("unknown {what} \"{name}\"; known: {known_names}"),
    }
}

fn block(value: &Value, pointer: String, errors: &mut Violations) -> Option<Block> {
    let Value::Object(object) = value else {
        errors.push(wrong_type(&pointer, "an object", value));
        return None;
    };
    let at_type = format!("{pointer}/type");
    let name = match object.get("type") {
        Some(Value::String(name)) => name,
        Some(other) => {
            errors.push(wrong_type(&at_type, "a string", other));
            return None;
        }
        None => {
            errors.push(Violation::new(at_type, "required", "is required"));
            return None;
        }
    };
    let Some((name, known)) = TYPES.iter().find(|(known, _)| known == name) else {
        let types: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
        let detail = unknown("block type", name, &types);
        errors.push(Violation::new(at_type, "unknown_block_type", detail));
        return None;
    };
    for key in object.keys().filter(|key| *key != "type") {
        if !known.contains(&key.as_str()) {
            let mut place = pointer.clone();
            push_key(&mut place, key);
            let detail = unknown("field", key, known);
            errors.push(Violation::new(place, "unknown_field", detail));
        }
    }
    Fields {
        object,
        pointer,
        errors,
    }
    .block(name)
}

/// One block's fields. Each reader notes what is wrong and gives a value to go on with.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
    errors: &'a mut Violations,
}

type Sanitiser = fn(&str) -> Result<String, Violation>;

impl<'a> Fields<'a> {
    fn block(&mut self, name: &str) -> Option<Block> {
        Some(match name {
            "paragraph" => Block::Paragraph {
                html: self.html("html", inline_checked),
            },
            "heading" => Block::Heading {
                level: self.level(),
                html: self.html("html", inline_checked),
            },
            "quote" => Block::Quote {
                text: self.html("text", inline_checked),
                attribution: self.line("attribution"),
            },
            "image" => Block::Image {
                url: self.address(),
                alt: self.line("alt").unwrap_or_default(),
                caption: self.line("caption"),
                credit: self.line("credit"),
            },
            "list" => Block::List {
                ordered: self.ordered(),
                items: self.cells("items", true),
            },
            "embed" => Block::Embed {
                url: self.address(),
                provider: self.line("provider"),
                html: self
                    .present("html")
                    .map(|value| self.sanitised("html", value, flow_checked))
                    .filter(|html| !html.is_empty()),
            },
            "table" => self.table(),
            "code" => Block::Code {
                language: self.language(),
                text: self.string("text").replace("\r\n", "\n"),
            },
            "html" => Block::Html {
                html: self.html("html", flow_checked),
            },
            _ => return None,
        })
    }

    fn wrong(&mut self, field: &str, code: &'static str, detail: &str) {
        let place = format!("{}/{field}", self.pointer);
        self.errors.push(Violation::new(place, code, detail));
    }

    fn present(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    fn required(&mut self, field: &str) -> Option<&'a Value> {
        let value = self.object.get(field);
        if value.is_none() {
            self.wrong(field, "required", "is required");
        }
        value
    }

    fn text(&mut self, place: &str, value: &'a Value) -> Option<&'a str> {
        let Value::String(text) = value else {
            let place = format!("{}/{place}", self.pointer);
            self.errors.push(wrong_type(&place, "a string", value));
            return None;
        };
        if let Err(error) = check_source(text) {
            self.wrong(place, error.code, &error.detail);
            return None;
        }
        Some(text)
    }

    fn string(&mut self, field: &str) -> &'a str {
        self.required(field)
            .and_then(|value| self.text(field, value))
            .unwrap_or_default()
    }

    /// Optional plain text on one line.
    fn line(&mut self, field: &str) -> Option<String> {
        let value = self.present(field)?;
        let text = super::write::collapse(self.text(field, value)?);
        Some(text).filter(|text| !text.is_empty())
    }

    fn html(&mut self, field: &str, sanitise: Sanitiser) -> String {
        self.required(field)
            .map(|value| self.sanitised(field, value, sanitise))
            .unwrap_or_default()
    }

    fn sanitised(&mut self, place: &str, value: &'a Value, sanitise: Sanitiser) -> String {
        let Some(html) = self.text(place, value) else {
            return String::new();
        };
        sanitise(html).unwrap_or_else(|error| {
            self.wrong(place, error.code, &error.detail);
            String::new()
        })
    }

    fn level(&mut self) -> u8 {
        let Some(value) = self.present("level") else {
            return 2;
        };
        if !value.is_number() {
            let place = format!("{}/level", self.pointer);
            self.errors.push(wrong_type(&place, "a number", value));
            return 2;
        }
        let level = value.as_u64().and_then(|level| u8::try_from(level).ok());
        level
            .filter(|level| (1..=6).contains(level))
            .unwrap_or_else(|| {
                self.wrong(
                    "level",
                    "out_of_range",
                    "must be a whole number from 1 to 6",
                );
                2
            })
    }

    fn ordered(&mut self) -> bool {
        match self.present("ordered") {
            None => false,
            Some(Value::Bool(ordered)) => *ordered,
            Some(value) => {
                let place = format!("{}/ordered", self.pointer);
                self.errors.push(wrong_type(&place, "a boolean", value));
                false
            }
        }
    }

    fn address(&mut self) -> String {
        let before = self.errors.len();
        let url = self.string("url").trim();
        if self.errors.len() == before && !is_web_address(url) {
            let detail = "must be an http or https URL, or a path that begins with one /";
            self.wrong("url", "invalid_url", detail);
        }
        url.to_owned()
    }

    fn language(&mut self) -> Option<String> {
        let language = self.line("language")?;
        if !is_language(&language) {
            let detail = "must be at most 40 ASCII letters, digits, +, -, #, _ and .";
            self.wrong("language", "invalid_language", detail);
        }
        Some(language)
    }

    fn array(&mut self, place: &str, value: &'a Value) -> &'a [Value] {
        if let Value::Array(values) = value {
            return values;
        }
        let place = format!("{}/{place}", self.pointer);
        self.errors.push(wrong_type(&place, "an array", value));
        &[]
    }

    fn cells(&mut self, field: &str, required: bool) -> Vec<String> {
        let value = if required {
            self.required(field)
        } else {
            self.present(field)
        };
        value.map_or_else(Vec::new, |value| self.each(field, value))
    }

    fn each(&mut self, place: &str, value: &'a Value) -> Vec<String> {
        self.array(place, value)
            .iter()
            .enumerate()
            .map(|(index, value)| {
                self.sanitised(&format!("{place}/{index}"), value, inline_checked)
            })
            .collect()
    }

    fn table(&mut self) -> Block {
        let mut header = self.cells("header", false);
        let rows = self.required("rows").map(|value| self.array("rows", value));
        let mut rows: Vec<Vec<String>> = rows
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(|(index, row)| self.each(&format!("rows/{index}"), row))
            .collect();
        let width = rows.iter().map(Vec::len).chain([header.len()]).max();
        let width = width.unwrap_or_default();
        // Filling up must not make much out of little.
        if width * rows.len() > MAX_CELLS {
            let detail = format!("must have at most {MAX_CELLS} cells");
            self.wrong("rows", "too_large", &detail);
            return Block::Table { header, rows };
        }
        rows.iter_mut()
            .for_each(|row| row.resize(width, String::new()));
        if !header.is_empty() {
            header.resize(width, String::new());
        }
        Block::Table { header, rows }
    }
}
