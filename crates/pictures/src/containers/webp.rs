//! WebP: chunks in a RIFF file (RFC 9649).

use super::{EXIF_START, Packet, Structure};
use crate::inspect::Unreadable;
use crate::orientation::Orientation;
use crate::reading::{array, index, u16_le, u24_le, u32_le};

const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_ANIMATION: u8 = 0x02;

/// What comes before the chunks of a frame within its own.
const FRAME_HEADER: usize = 16;

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
}

/// Chunks one after the other, as many as there are.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        if !bytes.starts_with(b"RIFF") || bytes.get(8..12) != Some(b"WEBP") {
            return Err(Unreadable::Damaged("it does not begin as a WebP does"));
        }
        let length = index(u32_le(bytes, 4).ok_or(Unreadable::Truncated)?);
        let file = bytes.get(8..length.saturating_add(8));
        let file = file.ok_or(Unreadable::Truncated)?;
        let rest = file.get(4..).unwrap_or_default();
        Ok(Self { rest })
    }

    /// The next chunk; None after the last one.
    fn next(&mut self) -> Result<Option<Chunk<'a>>, Unreadable> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let name = array(self.rest, 0).ok_or(Unreadable::Truncated)?;
        let length = index(u32_le(self.rest, 4).ok_or(Unreadable::Truncated)?);
        let data = self.rest.get(8..length.saturating_add(8));
        let data = data.ok_or(Unreadable::Truncated)?;
        // Odd lengths are filled up, but perhaps at the end.
        let next = 8 + length + length % 2;
        self.rest = self.rest.get(next..).unwrap_or_default();
        Ok(Some(Chunk { name, data }))
    }
}

pub(crate) fn structure(bytes: &[u8]) -> Result<Structure<'_>, Unreadable> {
    let mut chunks = Chunks::of(bytes)?;
    let first = chunks.next()?;
    let first = first.ok_or(Unreadable::Damaged("it has no pixels"))?;
    if &first.name != b"VP8X" {
        let size = bitstream_size(&first)?.ok_or(Unreadable::Damaged("it has no pixels"))?;
        return Ok(Structure {
            width: size.0,
            height: size.1,
            ..Structure::default()
        });
    }
    extended(first.data, chunks)
}

fn extended<'a>(header: &[u8], mut chunks: Chunks<'a>) -> Result<Structure<'a>, Unreadable> {
    let cut = Unreadable::Damaged("its header is cut short");
    let &[flags, ..] = header else {
        return Err(cut);
    };
    let size = (u24_le(header, 4), u24_le(header, 7));
    let (Some(width), Some(height)) = size else {
        return Err(cut);
    };
    let is_animation = flags & HAS_ANIMATION != 0;
    let canvas = (width + 1, height + 1);
    let (mut frames, mut has_pixels) = (0_u32, false);
    let mut structure = Structure {
        width: canvas.0,
        height: canvas.1,
        ..Structure::default()
    };
    while let Some(chunk) = chunks.next()? {
        match &chunk.name {
            b"ANMF" => {
                frames += 1;
                check_frame(chunk.data, canvas)?;
            }
            b"EXIF" => structure.exif = structure.exif.or(Some(without_start(chunk.data))),
            b"XMP " => structure.xmp = structure.xmp.or(Some(Packet::Plain(chunk.data))),
            _ => {
                if let Some(size) = bitstream_size(&chunk)? {
                    check_size(size, canvas)?;
                    has_pixels = true;
                }
            }
        }
    }
    structure.is_animated = is_animation && frames > 1;
    if is_animation && frames == 0 || !is_animation && !has_pixels {
        return Err(Unreadable::Damaged("it has no pixels"));
    }
    Ok(structure)
}

/// EXIF as it should be: some programs put before it what belongs to JPEG.
fn without_start(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(EXIF_START).unwrap_or(exif)
}

/// The size of the pixels that a chunk holds; None if it holds none.
fn bitstream_size(chunk: &Chunk<'_>) -> Result<Option<(u32, u32)>, Unreadable> {
    let data = chunk.data;
    let size = match &chunk.name {
        b"VP8 " => {
            let is_key = data.get(3..6) == Some(&[0x9d, 0x01, 0x2a]);
            let side = |at| u16_le(data, at).map(|side| u32::from(side & 0x3fff));
            is_key.then_some(()).and(side(6).zip(side(8)))
        }
        b"VP8L" => {
            let is_known = data.first() == Some(&0x2f);
            let sides = u32_le(data, 1).filter(|_| is_known);
            sides.map(|sides| ((sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1))
        }
        _ => return Ok(None),
    };
    let size = size.ok_or(Unreadable::Damaged("the header of its pixels is wrong"))?;
    Ok(Some(size))
}

/// Whether pixels are as many as the file says before them. A decoder makes room by either number.
fn check_size(size: (u32, u32), promised: (u32, u32)) -> Result<(), Unreadable> {
    if size == promised {
        Ok(())
    } else {
        Err(Unreadable::Damaged("its sizes contradict each other"))
    }
}

fn check_frame(frame: &[u8], canvas: (u32, u32)) -> Result<(), Unreadable> {
    let cut = Unreadable::Damaged("a frame is cut short");
    let number = |at| u24_le(frame, at);
    let (Some(left), Some(top), Some(width), Some(height)) =
        (number(0), number(3), number(6), number(9))
    else {
        return Err(cut);
    };
    let size = (width + 1, height + 1);
    if left * 2 + size.0 > canvas.0 || top * 2 + size.1 > canvas.1 {
        return Err(Unreadable::Damaged("a frame lies outside the picture"));
    }
    let rest = frame.get(FRAME_HEADER..).ok_or(cut)?;
    let mut chunks = Chunks { rest };
    while let Some(chunk) = chunks.next()? {
        if let Some(found) = bitstream_size(&chunk)? {
            check_size(found, size)?;
        }
    }
    Ok(())
}

pub(crate) fn without_metadata(
    bytes: &[u8],
    orientation: Orientation,
) -> Result<Vec<u8>, Unreadable> {
    let mut chunks = Chunks::of(bytes)?;
    let mut file = Vec::with_capacity(bytes.len() + 64);
    file.extend_from_slice(b"RIFF\0\0\0\0WEBP");
    let mut header = None;
    let mut has_profile = false;
    while let Some(chunk) = chunks.next()? {
        match &chunk.name {
            // The first one counts; one after pixels means nothing.
            b"VP8X" if file.len() == 12 => {
                header = Some(file.len());
                push(&mut file, b"VP8X", chunk.data);
            }
            b"ICCP" => {
                has_profile = true;
                push(&mut file, b"ICCP", chunk.data);
            }
            b"ANMF" => push(&mut file, b"ANMF", &frame_without_metadata(chunk.data)?),
            b"VP8 " | b"VP8L" if header.is_none() => {
                push(&mut file, &chunk.name, chunk.data);
                break;
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" => push(&mut file, &chunk.name, chunk.data),
            _ => {}
        }
    }
    if let Some(header) = header {
        let mut flags = file[header + 8] & (HAS_ALPHA | HAS_ANIMATION);
        if has_profile {
            flags |= HAS_PROFILE;
        }
        if let Some(exif) = orientation.as_exif() {
            flags |= HAS_EXIF;
            push(&mut file, b"EXIF", &exif);
        }
        file[header + 8] = flags;
    }
    let length = u32::try_from(file.len() - 8).unwrap_or(u32::MAX);
    file[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(file)
}

fn frame_without_metadata(frame: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (start, rest) = frame
        .split_at_checked(FRAME_HEADER)
        .ok_or(Unreadable::Damaged("a frame is cut short"))?;
    let mut chunks = Chunks { rest };
    let mut kept = start.to_vec();
    while let Some(chunk) = chunks.next()? {
        if matches!(&chunk.name, b"VP8 " | b"VP8L" | b"ALPH") {
            push(&mut kept, &chunk.name, chunk.data);
        }
    }
    Ok(kept)
}

fn push(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    file.extend_from_slice(name);
    file.extend(length.to_le_bytes());
    file.extend_from_slice(data);
    if data.len() % 2 == 1 {
        file.push(0);
    }
}
