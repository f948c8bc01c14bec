//! PNG: chunks (W3C Portable Network Graphics, third edition).

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::{Packet, Structure};
use crate::inspect::Unreadable;
use crate::orientation::Orientation;
use crate::reading::{array, index, u32_be};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const XMP: &[u8] = b"XML:com.adobe.xmp\0";

/// What is not critical, but changes how the picture looks: transparency, colours, the size of its pixels, animation.
const RENDERING: [&[u8; 4]; 14] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD",
    b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

/// Most bytes of a colour profile: the largest in use, of printing presses, have a quarter.
const MOST_PROFILE: u64 = 16 * 1024 * 1024;

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
    /// The length, the name and the checksum too.
    whole: &'a [u8],
}

/// The chunks from the header to the end.
struct Chunks<'a> {
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Chunks<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let rest = bytes.strip_prefix(SIGNATURE);
        let rest = rest.ok_or(Unreadable::Damaged("it does not begin as a PNG does"))?;
        Ok(Self { rest, ended: false })
    }

    /// The next chunk; None after the last one.
    fn next(&mut self) -> Result<Option<Chunk<'a>>, Unreadable> {
        if self.ended {
            return Ok(None);
        }
        let length = index(u32_be(self.rest, 0).ok_or(Unreadable::Truncated)?);
        let name: [u8; 4] = array(self.rest, 4).ok_or(Unreadable::Truncated)?;
        if !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(Unreadable::Damaged("a chunk has no name"));
        }
        let length = length.saturating_add(12);
        let (whole, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Unreadable::Truncated)?;
        self.rest = rest;
        self.ended = &name == b"IEND";
        let data = &whole[8..whole.len() - 4];
        Ok(Some(Chunk { name, data, whole }))
    }
}

pub(crate) fn structure(bytes: &[u8]) -> Result<Structure<'_>, Unreadable> {
    let mut chunks = Chunks::of(bytes)?;
    let header = chunks.next()?.filter(|first| &first.name == b"IHDR");
    let header = header.ok_or(Unreadable::Damaged("it has no header"))?;
    let side = |at| u32_be(header.data, at).ok_or(Unreadable::Damaged("its header is cut short"));
    let mut structure = Structure {
        width: side(0)?,
        height: side(4)?,
        ..Structure::default()
    };
    let mut has_pixels = false;
    while let Some(chunk) = chunks.next()? {
        match &chunk.name {
            b"IDAT" => has_pixels = true,
            b"acTL" if !has_pixels => {
                structure.is_animated = u32_be(chunk.data, 0).is_some_and(|frames| frames > 1);
            }
            b"eXIf" => structure.exif = structure.exif.or(Some(chunk.data)),
            b"iTXt" => structure.xmp = structure.xmp.or_else(|| xmp(chunk.data)),
            b"IHDR" => return Err(Unreadable::Damaged("it has two headers")),
            b"PLTE" | b"IEND" => {}
            // An upper-case letter first: not to be understood without it.
            [b'A'..=b'Z', ..] => return Err(Unreadable::NotSupported("an extension of PNG")),
            _ => {}
        }
    }
    if !has_pixels {
        return Err(Unreadable::Damaged("it has no pixels"));
    }
    Ok(structure)
}

/// The XMP of an international text.
fn xmp(text: &[u8]) -> Option<Packet<'_>> {
    let [is_deflated, method, languages @ ..] = text.strip_prefix(XMP)? else {
        return None;
    };
    // A language and the keyword in it come first; each ends with a zero.
    let mut parts = languages.splitn(3, |byte| *byte == 0);
    let packet = parts.nth(2)?;
    match (is_deflated, method) {
        (0, _) => Some(Packet::Plain(packet)),
        (1, 0) => Some(Packet::Deflated(packet)),
        _ => None,
    }
}

pub(crate) fn without_metadata(
    bytes: &[u8],
    orientation: Orientation,
) -> Result<Vec<u8>, Unreadable> {
    let mut chunks = Chunks::of(bytes)?;
    let mut file = Vec::with_capacity(bytes.len() + 64);
    file.extend_from_slice(SIGNATURE);
    while let Some(chunk) = chunks.next()? {
        let is_kept = chunk.name[0].is_ascii_uppercase() || RENDERING.contains(&&chunk.name);
        if is_kept && !(&chunk.name == b"iCCP" && is_endless(chunk.data)) {
            file.extend_from_slice(chunk.whole);
        }
        if &chunk.name == b"IHDR"
            && let Some(exif) = orientation.as_exif()
        {
            push(&mut file, b"eXIf", &exif);
        }
    }
    Ok(file)
}

/// Whether a colour profile unpacks to more than any profile has: programs that unpack it without a bound would suffer.
fn is_endless(profile: &[u8]) -> bool {
    // Its name and a zero, and the method of compression.
    let Some(end) = profile.iter().position(|byte| *byte == 0) else {
        return true;
    };
    let packed = profile.get(end + 2..).unwrap_or_default();
    let unpacked = ZlibDecoder::new(packed).take(MOST_PROFILE + 1);
    let copied = std::io::copy(&mut { unpacked }, &mut std::io::sink());
    copied.is_ok_and(|bytes| bytes > MOST_PROFILE)
}

fn push(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(name);
    checksum.update(data);
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    file.extend_from_slice(name);
    file.extend_from_slice(data);
    file.extend(checksum.finalize().to_be_bytes());
}
