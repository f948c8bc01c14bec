//! What EXIF says: how the camera was held, and the few texts in it.
//!
//! Only the first directory of the TIFF file is read, entry by entry: a reader of all directories can be made to read
//! the same bytes as entries of thousands of them.

use super::Metadata;
use super::iim::guessed;
use super::text::{LONG, SENTENCES, SHORT, line, lines};
use crate::reading::{array, index};

const IMAGE_DESCRIPTION: u16 = 0x010e;
const ORIENTATION: u16 = 0x0112;
const ARTIST: u16 = 0x013b;
const COPYRIGHT: u16 = 0x8298;

/// The types of values that matter here.
const ASCII: u16 = 2;
const SHORT_NUMBER: u16 = 3;
const UTF8: u16 = 129;

/// The most bytes of a text that are looked at.
const MOST_BYTES: usize = 4 * LONG;

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
    let directory = Directory::of(tiff)?;
    let entry = directory.entry(ORIENTATION)?;
    let noted = directory.u16(entry + 8)?;
    let is_number = directory.u16(entry + 2)? == SHORT_NUMBER;
    let noted = u8::try_from(noted).ok().filter(|_| is_number);
    noted.filter(|noted| (1..=8).contains(noted))
}

/// The texts.
pub(super) fn read(tiff: &[u8]) -> Metadata {
    let Some(directory) = Directory::of(tiff) else {
        return Metadata::default();
    };
    let text = |tag| directory.text(tag);
    let caption = text(IMAGE_DESCRIPTION).filter(|caption| !is_filler(caption));
    Metadata {
        caption: caption.and_then(|caption| lines(&caption, LONG)),
        by_line: text(ARTIST).and_then(|artist| line(&artist, SHORT)),
        copyright_notice: text(COPYRIGHT).and_then(|notice| line(&notice, SENTENCES)),
        ..Metadata::default()
    }
}

/// The first directory of a TIFF file.
struct Directory<'a> {
    tiff: &'a [u8],
    is_big_endian: bool,
    /// Where its entries are, of 12 bytes each: a tag, a type, a count, and the value or its place.
    start: usize,
    count: usize,
}

impl<'a> Directory<'a> {
    fn of(tiff: &'a [u8]) -> Option<Self> {
        let mut directory = Self {
            tiff,
            is_big_endian: match tiff {
                [b'M', b'M', 0, 42, ..] => true,
                [b'I', b'I', 42, 0, ..] => false,
                _ => return None,
            },
            start: 0,
            count: 0,
        };
        let start = index(directory.u32(4)?);
        directory.count = directory.u16(start)?.into();
        directory.start = start + 2;
        Some(directory)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = array(self.tiff, at)?;
        Some(if self.is_big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = array(self.tiff, at)?;
        Some(if self.is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// Where the entry of a tag is.
    fn entry(&self, tag: u16) -> Option<usize> {
        let entries = (0..self.count).map(|entry| self.start + entry * 12);
        let mut within = entries.take_while(|at| at + 12 <= self.tiff.len());
        within.find(|at| self.u16(*at) == Some(tag))
    }

    /// A text: ASCII by the standard, UTF-8 or an old encoding in practice.
    fn text(&self, tag: u16) -> Option<String> {
        let entry = self.entry(tag)?;
        if !matches!(self.u16(entry + 2)?, ASCII | UTF8) {
            return None;
        }
        let length = index(self.u32(entry + 4)?);
        // What fits into four bytes stands in the entry itself.
        let at = match length {
            ..=4 => entry + 8,
            _ => index(self.u32(entry + 8)?),
        };
        let text = self.tiff.get(at..at.checked_add(length)?)?;
        let text = &text[..text.len().min(MOST_BYTES)];
        // A copyright may have two parts: the photographer's and the editor's.
        let parts = text.split(|byte| *byte == 0).map(guessed);
        let parts: Vec<_> = parts.filter(|part| !part.trim().is_empty()).collect();
        Some(parts.join(", "))
    }
}

fn is_filler(caption: &str) -> bool {
    let caption = caption.trim().to_lowercase();
    FILLERS.contains(&caption.as_str()) || caption.starts_with("dcim\\")
}
