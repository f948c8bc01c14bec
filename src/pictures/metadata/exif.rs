//! What EXIF says: how the camera was held, and the few texts in it.

use exif::{Exif, Field, In, Reader, Tag, Value};

use super::Metadata;
use super::text::{LONG, SENTENCES, SHORT, line, lines};

/// The most bytes that are looked at. Texts and orientation stand at the start; thumbnails follow.
const MOST_BYTES: usize = 256 * 1024;

/// What cameras write where a description should be.
const FILLERS: [&str; 8] = [
    "olympus digital camera",
    "minolta digital camera",
    "konica minolta digital camera",
    "sony dsc",
    "samsung camera pictures",
    "digital camera",
    "dcim",
    "default",
];

/// How the camera was held: 1 to 8. None if it does not say so.
pub(crate) fn orientation(tiff: &[u8]) -> Option<u8> {
    let exif = parse(tiff)?;
    let noted = exif
        .get_field(Tag::Orientation, In::PRIMARY)?
        .value
        .get_uint(0)?;
    u8::try_from(noted)
        .ok()
        .filter(|noted| (1..=8).contains(noted))
}

/// The texts.
pub(super) fn read(tiff: &[u8]) -> Metadata {
    let Some(exif) = parse(tiff) else {
        return Metadata::default();
    };
    let text = |tag| exif.get_field(tag, In::PRIMARY).and_then(text);
    let caption = text(Tag::ImageDescription).filter(|caption| !is_filler(caption));
    Metadata {
        caption: caption.and_then(|caption| lines(&caption, LONG)),
        by_line: text(Tag::Artist).and_then(|artist| line(&artist, SHORT)),
        copyright_notice: text(Tag::Copyright).and_then(|notice| line(&notice, SENTENCES)),
        ..Metadata::default()
    }
}

/// What can be read: cameras and programs break many rules.
fn parse(tiff: &[u8]) -> Option<Exif> {
    let tiff = tiff[..tiff.len().min(MOST_BYTES)].to_vec();
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    reader
        .read_raw(tiff)
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}

/// A text: ASCII by the standard, UTF-8 or an old encoding in practice.
fn text(field: &Field) -> Option<String> {
    let Value::Ascii(parts) = &field.value else {
        return None;
    };
    // The copyright may have two parts: the photographer's and the editor's.
    let parts = parts.iter().map(|part| super::iim::guessed(part));
    let parts: Vec<_> = parts.filter(|part| !part.trim().is_empty()).collect();
    Some(parts.join(", "))
}

fn is_filler(caption: &str) -> bool {
    let caption = caption.trim().to_lowercase();
    FILLERS.contains(&caption.as_str()) || caption.starts_with("dcim\\")
}
