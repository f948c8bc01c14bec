//! XMP: RDF in XML (ISO 16684-1).

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, QName, ResolveResult};

use super::Metadata;
use super::text::{LONG, SENTENCES, SHORT, address, line, lines};
use crate::containers::Packet;

/// The most bytes of a document that are looked at. In JPEG there is room for 64 KiB.
const MOST_BYTES: usize = 256 * 1024;

/// The most elements in each other.
const MOST_LEVELS: usize = 64;

/// The most items of a list that count.
const MOST_ITEMS: usize = 100;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const SOURCE_TYPE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Creator,
    Description,
    Rights,
    Title,
    Credit,
    Headline,
    UsageTerms,
    WebStatement,
    Licence,
    LicensorUrl,
    AltText,
    SourceType,
}

const PROPERTIES: [(&str, &str, Property); 12] = [
    (DC, "creator", Property::Creator),
    (DC, "description", Property::Description),
    (DC, "rights", Property::Rights),
    (DC, "title", Property::Title),
    (PHOTOSHOP, "Credit", Property::Credit),
    (PHOTOSHOP, "Headline", Property::Headline),
    (RIGHTS, "UsageTerms", Property::UsageTerms),
    (RIGHTS, "WebStatement", Property::WebStatement),
    (
        "http://creativecommons.org/ns#",
        "license",
        Property::Licence,
    ),
    (
        "http://ns.useplus.org/ldf/xmp/1.0/",
        "LicensorURL",
        Property::LicensorUrl,
    ),
    (
        "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
        "AltTextAccessibility",
        Property::AltText,
    ),
    (
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "DigitalSourceType",
        Property::SourceType,
    ),
];
const DC: &str = "http://purl.org/dc/elements/1.1/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const RIGHTS: &str = "http://ns.adobe.com/xap/1.0/rights/";

/// What a document of XMP says.
#[derive(Debug, Default)]
pub(super) struct Xmp {
    pub metadata: Metadata,
    /// The title, which may be a headline.
    pub title: Option<String>,
}

/// What a document says, up to where it can be read.
pub(super) fn read(packet: Packet<'_>) -> Xmp {
    let bytes = unpacked(packet);
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_matches(['\u{feff}', '\0']);
    let mut found = Found::default();
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    while let Ok(event) = reader.read_event() {
        let goes_on = match event {
            Event::Start(element) => found.start(&reader, &element),
            Event::End(_) => found.end(),
            Event::Text(text) => found.text(&text.xml10_content()),
            Event::CData(text) => found.text(&text.xml10_content()),
            Event::GeneralRef(reference) => found.reference(&reference),
            Event::Eof => false,
            _ => true,
        };
        if !goes_on {
            break;
        }
    }
    found.into_xmp()
}

/// The bytes of a document, of a compressed one no more than fit.
fn unpacked(packet: Packet<'_>) -> Cow<'_, [u8]> {
    match packet {
        Packet::Plain(bytes) => bytes[..bytes.len().min(MOST_BYTES)].into(),
        Packet::Deflated(bytes) => {
            let mut unpacked = Vec::new();
            // What was unpacked before an error counts.
            let _ = ZlibDecoder::new(bytes)
                .take(MOST_BYTES as u64)
                .read_to_end(&mut unpacked);
            unpacked.into()
        }
    }
}

/// What is known of an element that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    /// `rdf:RDF`.
    Rdf,
    /// A description of the whole picture, whose elements and attributes are properties.
    Description,
    /// An item of a list.
    Item,
    Other,
}

/// A property that is being read.
struct Open {
    property: Property,
    /// How many elements are open around it.
    level: usize,
    text: String,
    items: Vec<Item>,
}

#[derive(Default)]
struct Item {
    is_default: bool,
    text: String,
}

#[derive(Default)]
struct Found {
    values: Vec<(Property, String)>,
    levels: Vec<Element>,
    open: Option<Open>,
}

/// A value of an attribute. Entities that a document declares are never expanded, and make it none.
fn value(attribute: &Attribute<'_>) -> Option<String> {
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    value.ok().map(Cow::into_owned)
}

fn namespace<'a>(resolved: ResolveResult<'a>) -> &'a str {
    match resolved {
        ResolveResult::Bound(Namespace(namespace)) => namespace,
        _ => "",
    }
}

fn property(namespace: &str, name: &str) -> Option<Property> {
    let of_it = PROPERTIES
        .iter()
        .find(|(of, known, _)| *known == name && *of == namespace);
    of_it.map(|(.., property)| *property)
}

impl Found {
    /// Notes the start of an element. Whether to go on.
    fn start(&mut self, reader: &NsReader<&[u8]>, element: &BytesStart<'_>) -> bool {
        if self.levels.len() >= MOST_LEVELS {
            return false;
        }
        let (resolved, name) = reader.resolver().resolve_element(element.name());
        let (of, name) = (namespace(resolved), name.into_inner());
        let around = self.levels.last().copied();
        let level = match (of, name) {
            (RDF, "RDF") => Element::Rdf,
            (RDF, "Description") if around == Some(Element::Rdf) => Element::Description,
            (RDF, "li") => Element::Item,
            _ => Element::Other,
        };
        let attribute = |name: QName<'_>| {
            let (resolved, name) = reader.resolver().resolve_attribute(name);
            (namespace(resolved).to_owned(), name.into_inner().to_owned())
        };
        let is_top = level == Element::Description;
        let mut resource = None;
        let mut is_default = false;
        for found in element.attributes().with_checks(false).flatten() {
            let (of, name) = attribute(found.key);
            match property(&of, &name) {
                // Licensors are described in a list.
                Some(property) if is_top || property == Property::LicensorUrl => {
                    self.values
                        .extend(value(&found).map(|value| (property, value)));
                }
                _ if of == RDF && name == "resource" => resource = value(&found),
                _ if of == XML && name == "lang" => is_default = &*found.value == "x-default",
                _ => {}
            }
        }
        self.open(level, around, property(of, name), resource, is_default);
        self.levels.push(level);
        true
    }

    /// Begins a property, or an item of the one that is open.
    fn open(
        &mut self,
        level: Element,
        around: Option<Element>,
        property: Option<Property>,
        resource: Option<String>,
        is_default: bool,
    ) {
        if let Some(open) = &mut self.open {
            if level == Element::Item && open.items.len() < MOST_ITEMS {
                let text = resource.unwrap_or_default();
                open.items.push(Item { is_default, text });
            }
            return;
        }
        let is_top = around == Some(Element::Description);
        if let Some(property) = property.filter(|found| is_top || *found == Property::LicensorUrl) {
            self.open = Some(Open {
                property,
                level: self.levels.len(),
                text: resource.unwrap_or_default(),
                items: Vec::new(),
            });
        }
    }

    fn end(&mut self) -> bool {
        self.levels.pop();
        if let Some(open) = self.open.take_if(|open| open.level == self.levels.len()) {
            self.values.push((open.property, open.value()));
        }
        true
    }

    fn text(&mut self, text: &str) -> bool {
        if let Some(open) = &mut self.open {
            match open.items.last_mut() {
                Some(item) if self.levels.contains(&Element::Item) => item.text.push_str(text),
                _ => open.text.push_str(text),
            }
        }
        true
    }

    /// A reference to a character, or to one of the five entities that XML knows. All others end the reading.
    fn reference(&mut self, reference: &BytesRef<'_>) -> bool {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        resolve_predefined_entity(reference).is_some_and(|text| self.text(text))
    }

    fn into_xmp(self) -> Xmp {
        let all = |property| {
            let of_it = self.values.iter().filter(move |(of, _)| *of == property);
            of_it.map(|(_, value)| value.as_str())
        };
        let first = |property, most| all(property).find_map(|text| line(text, most));
        let first_long = |property| all(property).find_map(|text| lines(text, LONG));
        let web = [
            Property::WebStatement,
            Property::Licence,
            Property::LicensorUrl,
        ];
        let metadata = Metadata {
            alt: first(Property::AltText, SENTENCES),
            headline: first(Property::Headline, SHORT),
            caption: first_long(Property::Description),
            by_line: first(Property::Creator, SHORT),
            credit: first(Property::Credit, SHORT),
            copyright_notice: first(Property::Rights, SENTENCES),
            usage_terms: first_long(Property::UsageTerms),
            licence_url: web.into_iter().flat_map(all).find_map(address),
            digital_source_type: all(Property::SourceType).find_map(source_type),
        };
        Xmp {
            title: first(Property::Title, SHORT),
            metadata,
        }
    }
}

impl Open {
    /// The value: of texts in several languages the default one, or the first; of makers all.
    fn value(self) -> String {
        let mut items = self.items.into_iter();
        if self.property == Property::Creator {
            let names: Vec<_> = items.map(|item| item.text.trim().to_owned()).collect();
            let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
            return if names.is_empty() {
                self.text
            } else {
                names.join(", ")
            };
        }
        let first = items.next();
        let default = items.find(|item| item.is_default);
        match (first, default) {
            (Some(first), _) if first.is_default => first.text,
            (_, Some(default)) => default.text,
            (Some(first), None) => first.text,
            (None, None) => self.text,
        }
    }
}

/// The last part of an address in IPTC's vocabulary; None for every other value.
fn source_type(value: &str) -> Option<String> {
    let value = value.trim();
    let name = value.strip_prefix(SOURCE_TYPE)?;
    let is_name = (1..=60).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphabetic());
    is_name.then(|| name.to_owned())
}
