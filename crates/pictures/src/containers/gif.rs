//! GIF: blocks (GIF89a), and the application extensions that are in use.

use super::{Packet, Structure};
use crate::inspect::Unreadable;
use crate::reading::u16_le;

const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3b;
const GRAPHIC_CONTROL: u8 = 0xf9;
const PLAIN_TEXT: u8 = 0x01;
const APPLICATION: u8 = 0xff;

/// A block: what it is, and all its bytes.
enum Block<'a> {
    Image(&'a [u8]),
    Extension(u8, &'a [u8]),
}

/// The blocks of a file from after its colours to its trailer.
struct Blocks<'a> {
    rest: &'a [u8],
}

impl<'a> Blocks<'a> {
    /// What comes before the blocks, and they.
    fn of(bytes: &'a [u8]) -> Result<(&'a [u8], Self), Unreadable> {
        if !bytes.starts_with(b"GIF8") {
            return Err(Unreadable::Damaged("it does not begin as a GIF does"));
        }
        let flags = *bytes.get(10).ok_or(Unreadable::Truncated)?;
        let (start, rest) = bytes
            .split_at_checked(13 + colours_length(flags))
            .ok_or(Unreadable::Truncated)?;
        Ok((start, Self { rest }))
    }

    /// The next block; None at the trailer.
    fn next(&mut self) -> Result<Option<Block<'a>>, Unreadable> {
        // Some programs leave an empty sub-block too many.
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        match *self.rest {
            [] => Err(Unreadable::Truncated),
            [TRAILER, ..] => Ok(None),
            [EXTENSION, label, ..] => self.take(2).map(|all| Some(Block::Extension(label, all))),
            [IMAGE, ..] => {
                let flags = *self.rest.get(9).ok_or(Unreadable::Truncated)?;
                // The size of codes follows the colours.
                let start = 10 + colours_length(flags) + 1;
                self.take(start).map(|all| Some(Block::Image(all)))
            }
            [EXTENSION] => Err(Unreadable::Truncated),
            _ => Err(Unreadable::Damaged("a block is of no known kind")),
        }
    }

    /// A block whose sub-blocks begin at a place.
    fn take(&mut self, start: usize) -> Result<&'a [u8], Unreadable> {
        let mut end = start;
        loop {
            let length = *self.rest.get(end).ok_or(Unreadable::Truncated)?;
            end += 1 + usize::from(length);
            if length == 0 {
                break;
            }
        }
        let (block, rest) = self
            .rest
            .split_at_checked(end)
            .ok_or(Unreadable::Truncated)?;
        self.rest = rest;
        Ok(block)
    }
}

fn colours_length(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

pub(crate) fn structure(bytes: &[u8]) -> Result<Structure<'_>, Unreadable> {
    let (start, mut blocks) = Blocks::of(bytes)?;
    let side = |bytes, at| u16_le(bytes, at).map_or(0, u32::from);
    let mut structure = Structure {
        width: side(start, 6),
        height: side(start, 8),
        ..Structure::default()
    };
    let mut frames = 0_u64;
    while let Some(block) = blocks.next()? {
        match block {
            Block::Image(image) => {
                frames += 1;
                let (width, height) = (side(image, 5), side(image, 7));
                // A frame may stick out of the picture, and is decoded whole.
                if u64::from(width) * u64::from(height) > crate::inspect::MAX_PIXELS {
                    return Err(Unreadable::TooManyPixels { width, height });
                }
            }
            Block::Extension(APPLICATION, all) => {
                structure.xmp = structure.xmp.or_else(|| xmp(all));
            }
            Block::Extension(..) => {}
        }
    }
    if frames == 0 {
        return Err(Unreadable::Damaged("it has no pixels"));
    }
    structure.is_animated = frames > 1;
    Ok(structure)
}

/// The XMP of an application extension. It stands there as it is, not in sub-blocks; bytes follow that lead a reader
/// of sub-blocks to the end.
fn xmp(extension: &[u8]) -> Option<Packet<'_>> {
    let packet = extension.strip_prefix(b"\x21\xff\x0bXMP DataXMP")?;
    let end = memchr::memchr(0x01, packet).unwrap_or(packet.len());
    Some(Packet::Plain(&packet[..end]))
}

pub(crate) fn without_metadata(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (start, mut blocks) = Blocks::of(bytes)?;
    let mut file = Vec::with_capacity(bytes.len());
    file.extend_from_slice(start);
    // What a control says is of the next image or text.
    let mut control: &[u8] = &[];
    while let Some(block) = blocks.next()? {
        match block {
            Block::Image(all) => {
                file.extend_from_slice(std::mem::take(&mut control));
                file.extend_from_slice(all);
            }
            Block::Extension(GRAPHIC_CONTROL, all) => control = all,
            Block::Extension(PLAIN_TEXT, _) => control = &[],
            Block::Extension(APPLICATION, all) => file.extend(repetition(all)),
            Block::Extension(..) => {}
        }
    }
    file.push(TRAILER);
    Ok(file)
}

/// An extension that says how often an animation is repeated, and nothing else; empty for every other one.
fn repetition(extension: &[u8]) -> Vec<u8> {
    let is_it = |name: &[u8]| extension.get(2..14) == Some(&[b"\x0b", name].concat());
    match extension.get(14..18) {
        Some([3, 1, _, _]) if is_it(b"NETSCAPE2.0") || is_it(b"ANIMEXTS1.0") => {
            [&extension[..18], &[0]].concat()
        }
        _ => Vec::new(),
    }
}
