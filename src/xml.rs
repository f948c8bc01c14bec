//! Writing XML: the one place where documents for feed readers and crawlers are made.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

/// Names and values.
pub type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A document in the making.
///
/// Texts may hold anything: what XML 1.0 cannot hold is left out, and the rest is escaped, so that whatever editors wrote
/// the document is well-formed.
pub struct XmlWriter(Writer<Vec<u8>>);

impl Default for XmlWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl XmlWriter {
    /// A document in UTF-8.
    pub fn new() -> Self {
        Self::with_room(0)
    }

    /// A document in UTF-8 with texts of about so many bytes.
    pub fn with_room(bytes: usize) -> Self {
        let room = bytes + bytes / 4 + 8 * 1024;
        let mut writer = Self(Writer::new(Vec::with_capacity(room)));
        writer.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        writer
    }

    fn event(&mut self, event: Event<'_>) {
        let written = self.0.write_event(event);
        written.expect("memory takes what is written to it");
    }

    /// Begins an element.
    pub fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Start(element(name, attributes)));
    }

    /// Ends an element.
    pub fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Empty(element(name, attributes)));
    }

    /// An element with a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// An element with attributes and a text.
    pub fn text_with(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.open(name, attributes);
        push_escaped(self.0.get_mut(), &allowed(text));
        self.close(name);
    }

    /// The document.
    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

fn element<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        element.push_attribute((*name, &*allowed(value)));
    }
    element
}

/// Whether XML 1.0 can hold a character (section 2.2, `Char`).
fn is_allowed(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// A text without the characters that XML 1.0 cannot hold.
pub fn allowed(text: &str) -> Cow<'_, str> {
    // Without a control and without the first byte of those two noncharacters there is none to look for: nearly always. All
    // bytes are looked at, many at once, which is faster than to stop at the first one.
    let is_plain = |byte: u8| byte >= b' ' && byte != 0xef || matches!(byte, b'\t' | b'\n' | b'\r');
    let are_plain = |all: bool, byte: u8| all & is_plain(byte);
    match text.bytes().fold(true, are_plain) || text.chars().all(is_allowed) {
        true => text.into(),
        false => text
            .chars()
            .filter(|c| is_allowed(*c))
            .collect::<String>()
            .into(),
    }
}

/// Writes a text so that it stands for itself between elements. Whole bodies are written here, and without a copy: quotation
/// marks, of which they are full, need nothing outside of attributes.
fn push_escaped(document: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for at in memchr::memchr3_iter(b'<', b'>', b'&', bytes) {
        document.extend_from_slice(&bytes[from..at]);
        document.extend_from_slice(match bytes[at] {
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            _ => b"&amp;",
        });
        from = at + 1;
    }
    document.extend_from_slice(&bytes[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::escape::resolve_predefined_entity;

    #[test]
    fn whatever_is_written_is_well_formed() {
        let naughty = "a]]>b</title>\u{1}\u{fffe}&amp; \"'\u{202e}\u{1f30a}\u{b}é";
        let mut writer = XmlWriter::new();
        writer.open("feed", &[("term", naughty)]);
        writer.text("title", naughty);
        writer.empty("link", &[("href", "https://news.example/?a=1&b=2")]);
        writer.close("feed");
        let document = String::from_utf8(writer.finish()).unwrap();
        let mut reader = quick_xml::Reader::from_str(&document);
        let mut text = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Text(part) => text.push_str(&part),
                Event::GeneralRef(entity) => {
                    text.push_str(resolve_predefined_entity(&entity).unwrap());
                }
                _ => {}
            }
        }
        assert_eq!(text, "a]]>b</title>&amp; \"'\u{202e}\u{1f30a}é");
        assert!(document.contains("href=\"https://news.example/?a=1&amp;b=2\""));
    }
}
