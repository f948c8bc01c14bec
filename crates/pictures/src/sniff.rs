//! What a file is, by its content.

use super::containers::{bmff, mpeg};
use super::format::Format;

/// How many bytes of a file are looked at, from its start, to tell what it is.
pub const SNIFFED_BYTES: usize = 4096;

/// A file that is not taken: what it seems to be, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("It seems to be {seems}. {reason}")]
pub struct Unsupported {
    /// What the content looks like, to follow "it seems to be": `an SVG drawing`, `of an unknown type`.
    pub seems: &'static str,
    /// One sentence on why it is not taken, or what to send instead.
    pub reason: &'static str,
}

const fn unsupported(seems: &'static str, reason: &'static str) -> Unsupported {
    Unsupported { seems, reason }
}

const AS_JPEG: &str = "Export it as JPEG.";
const AS_MP3: &str = "Export it as MP3 or M4A.";
const AS_MP4: &str = "Export it as MP4.";
const AS_PDF: &str = "Export it as PDF.";
const TAKEN: &str = "JPEG, PNG, WebP, GIF, MP3, M4A, MP4 and PDF are taken.";

const SVG: Unsupported = unsupported(
    "an SVG drawing",
    "SVG can run scripts: export it as PNG or WebP.",
);
const HTML: Unsupported = unsupported("an HTML page", "HTML can run scripts and is no media file.");
const HEIC: Unsupported = unsupported("a HEIC picture", AS_JPEG);
const AVIF: Unsupported = unsupported("an AVIF picture", AS_JPEG);
const QUICKTIME: Unsupported = unsupported("a QuickTime film", AS_MP4);
const UNKNOWN: Unsupported = unsupported("of an unknown type", TAKEN);

/// What begins with these bytes, that is not taken. The first that fits counts.
const OTHERS: [(&[u8], Unsupported); 27] = [
    (b"II*\0", unsupported("a TIFF picture", AS_JPEG)),
    (b"MM\0*", unsupported("a TIFF picture", AS_JPEG)),
    (b"II+\0", unsupported("a TIFF picture", AS_JPEG)),
    (b"MM\0+", unsupported("a TIFF picture", AS_JPEG)),
    (b"8BPS", unsupported("a Photoshop document", AS_JPEG)),
    (b"\xff\x0a", unsupported("a JPEG XL picture", AS_JPEG)),
    (b"\0\0\0\x0cJXL ", unsupported("a JPEG XL picture", AS_JPEG)),
    (
        b"\0\0\0\x0cjP  ",
        unsupported("a JPEG 2000 picture", AS_JPEG),
    ),
    (b"%!PS", unsupported("a PostScript document", AS_PDF)),
    (b"OggS", unsupported("an Ogg file", AS_MP3)),
    (b"fLaC", unsupported("FLAC audio", AS_MP3)),
    (b"FORM", unsupported("AIFF audio", AS_MP3)),
    (
        b"\xff\xf1",
        unsupported("AAC audio without a file format", AS_MP3),
    ),
    (
        b"\xff\xf9",
        unsupported("AAC audio without a file format", AS_MP3),
    ),
    (
        b"\x1a\x45\xdf\xa3",
        unsupported("a Matroska or WebM file", AS_MP4),
    ),
    (
        b"\0\0\x01\xba",
        unsupported("an MPEG-1 or MPEG-2 film", AS_MP4),
    ),
    (
        b"\0\0\x01\xb3",
        unsupported("an MPEG-1 or MPEG-2 film", AS_MP4),
    ),
    (
        b"0&\xb2u\x8ef\xcf\x11",
        unsupported("a Windows Media file", AS_MP4),
    ),
    (b"FLV\x01", unsupported("a Flash film", AS_MP4)),
    (
        b"PK\x03\x04",
        unsupported("a ZIP archive or an office document", AS_PDF),
    ),
    (
        b"\xd0\xcf\x11\xe0",
        unsupported("an office document", AS_PDF),
    ),
    (b"{\\rtf", unsupported("an RTF document", AS_PDF)),
    (b"\x1f\x8b", unsupported("a gzip archive", TAKEN)),
    (b"7z\xbc\xaf\x27\x1c", unsupported("a 7-Zip archive", TAKEN)),
    (b"Rar!", unsupported("a RAR archive", TAKEN)),
    (b"MZ", unsupported("a program", TAKEN)),
    (b"\x7fELF", unsupported("a program", TAKEN)),
];

/// What a file is, by its first bytes; at most [`SNIFFED_BYTES`] are looked at. Its name and its declared type mean
/// nothing here. What comes after the end of a picture means nothing either: a JPEG with HTML behind it is a JPEG.
///
/// # Errors
/// What it seems to be, where it is of no format that is taken.
pub fn sniff(head: &[u8]) -> Result<Format, Unsupported> {
    let head = &head[..head.len().min(SNIFFED_BYTES)];
    match head {
        [] => Err(unsupported("empty", "There is nothing in it.")),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] => riff(kind),
        [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Format::Pdf),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => brands(head),
        _ if mpeg::begins(head) => Ok(Format::Mp3),
        _ => Err(other(head)),
    }
}

fn riff(kind: &[u8]) -> Result<Format, Unsupported> {
    match kind {
        [b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [b'W', b'A', b'V', b'E', ..] => Err(unsupported("WAV audio", AS_MP3)),
        [b'A', b'V', b'I', b' ', ..] => Err(unsupported("an AVI film", AS_MP4)),
        _ => Err(UNKNOWN),
    }
}

/// The brand that a file of the ISO base media format names first decides, where it is a known one; else the first
/// known one of those that it is compatible with.
fn brands(head: &[u8]) -> Result<Format, Unsupported> {
    let brands = bmff::brands(head);
    // A picture of either kind may name the common brand first.
    if matches!(brands.first(), Some(b"mif1" | b"msf1")) {
        let is_avif = brands
            .iter()
            .any(|brand| matches!(brand, b"avif" | b"avis"));
        return Err(if is_avif { AVIF } else { HEIC });
    }
    brands.iter().find_map(brand).unwrap_or(Err(UNKNOWN))
}

fn brand(brand: &[u8; 4]) -> Option<Result<Format, Unsupported>> {
    Some(match brand {
        b"M4A " | b"M4B " => Ok(Format::M4a),
        b"mp41" | b"mp42" | b"isom" | b"avc1" | b"M4V " | b"M4VH" | b"M4VP" | b"MSNV" | b"dash"
        | b"mmp4" | b"f4v " => Ok(Format::Mp4),
        [b'i', b's', b'o', b'2'..=b'9'] => Ok(Format::Mp4),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => Err(HEIC),
        b"avif" | b"avis" => Err(AVIF),
        b"qt  " => Err(QUICKTIME),
        b"crx " => Err(unsupported("a raw picture of a camera", AS_JPEG)),
        b"M4P " => Err(unsupported(
            "protected audio",
            "Only its shop's players can play it.",
        )),
        [b'3', b'g', b'p' | b'2' | b'r' | b's' | b'e', _] => Err(unsupported("a 3GP film", AS_MP4)),
        _ => return None,
    })
}

fn other(head: &[u8]) -> Unsupported {
    let is_bitmap = head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4]);
    if is_bitmap {
        return unsupported("a BMP picture", "Export it as PNG.");
    }
    // QuickTime of before it named brands.
    if matches!(head.get(4..8), Some(b"moov" | b"mdat" | b"wide" | b"pnot")) {
        return QUICKTIME;
    }
    let known = OTHERS.iter().find(|(start, _)| head.starts_with(start));
    known.map_or_else(|| text(head), |(_, other)| *other)
}

/// What a text seems to be, if it is one.
fn text(head: &[u8]) -> Unsupported {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.starts_with('<') {
        // Comments and declarations may come first in both.
        if text.contains("<svg") || text.contains(":svg") {
            return SVG;
        }
        let is_html = [
            "<!doctype html",
            "<html",
            "<head",
            "<body",
            "<script",
            "<iframe",
        ];
        if is_html.iter().any(|tag| text.contains(tag)) {
            return HTML;
        }
        return unsupported("an XML document", TAKEN);
    }
    if head
        .iter()
        .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..))
    {
        return unsupported("a text", TAKEN);
    }
    UNKNOWN
}
