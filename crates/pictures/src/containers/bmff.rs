//! MPEG-4 files: boxes in boxes (ISO/IEC 14496-12).

use crate::inspect::{Inspected, Unreadable};
use crate::reading::{array, index, u16_be, u32_be, u64_be};

/// What is written where a box was: players skip such a box.
const FREE: [u8; 4] = *b"free";

/// The identity of a `uuid` box that holds XMP.
const XMP: [u8; 16] = [
    0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac,
];

/// A box: its name, and where it stands in the file.
#[derive(Clone, Copy)]
struct Part {
    name: [u8; 4],
    start: usize,
    /// Where its content begins.
    content: usize,
    end: usize,
}

/// The boxes between two places of a file.
struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Parts<'a> {
    fn of_file(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            end: bytes.len(),
        }
    }

    fn within(bytes: &'a [u8], part: Part) -> Self {
        Self {
            bytes,
            at: part.content,
            end: part.end,
        }
    }

    /// The next box; None after the last one.
    fn next(&mut self) -> Result<Option<Part>, Unreadable> {
        let (start, room) = (self.at, self.end - self.at);
        // Some boxes end with four zeros that belong to no box in them.
        if room < 8 {
            self.at = self.end;
            return Ok(None);
        }
        let head = &self.bytes[start..self.end];
        let name = array(head, 4).unwrap_or_default();
        let (header, length) = match u32_be(head, 0).unwrap_or_default() {
            0 => (8, room),
            1 => {
                let length = u64_be(head, 8).ok_or(Unreadable::Truncated)?;
                (16, usize::try_from(length).unwrap_or(usize::MAX))
            }
            length => (8, index(length)),
        };
        if length < header {
            return Err(Unreadable::Damaged("a box is shorter than its header"));
        }
        if length > room {
            return Err(Unreadable::Truncated);
        }
        self.at = start + length;
        Ok(Some(Part {
            name,
            start,
            content: start + header,
            end: self.at,
        }))
    }
}

/// The brands that a file names in its first box, the main one first.
pub(crate) fn brands(head: &[u8]) -> Vec<[u8; 4]> {
    let length = u32_be(head, 0).map_or(0, index).min(head.len());
    let main = array(head, 8).into_iter();
    let others = head[..length].get(16..).unwrap_or_default();
    main.chain(others.as_chunks::<4>().0.iter().copied())
        .collect()
}

pub(crate) fn inspect(bytes: &[u8]) -> Result<Inspected, Unreadable> {
    let mut parts = Parts::of_file(bytes);
    let mut film = None;
    while let Some(part) = parts.next()? {
        if &part.name == b"moov" {
            film.get_or_insert(part);
        }
    }
    let film = film.ok_or(Unreadable::Truncated)?;
    let mut inspected = Inspected::default();
    let mut scale = 0;
    let mut parts = Parts::within(bytes, film);
    while let Some(part) = parts.next()? {
        let content = &bytes[part.content..part.end];
        match &part.name {
            b"mvhd" => {
                let (ticks, duration) = film_length(content)?;
                scale = ticks;
                inspected.duration_ms = milliseconds(duration, scale);
            }
            // Films in fragments say here how long they are.
            b"mvex" if inspected.duration_ms.is_none() => {
                inspected.duration_ms = milliseconds(fragments_length(bytes, part)?, scale);
            }
            b"trak" if inspected.width.is_none() => {
                if let Some((width, height)) = shown_size(bytes, part)? {
                    (inspected.width, inspected.height) = (Some(width), Some(height));
                }
            }
            _ => {}
        }
    }
    Ok(inspected)
}

/// Ticks a second, and how many ticks the film lasts.
fn film_length(header: &[u8]) -> Result<(u32, Option<u64>), Unreadable> {
    let cut = || Unreadable::Damaged("its header is cut short");
    let is_long = header.first() == Some(&1);
    let scale = u32_be(header, if is_long { 20 } else { 12 }).ok_or_else(cut)?;
    let length = if is_long {
        u64_be(header, 24).filter(|ticks| *ticks != u64::MAX)
    } else {
        let ticks = u32_be(header, 16).filter(|ticks| *ticks != u32::MAX);
        ticks.map(u64::from)
    };
    Ok((scale, length.filter(|ticks| *ticks > 0)))
}

fn fragments_length(bytes: &[u8], part: Part) -> Result<Option<u64>, Unreadable> {
    let mut parts = Parts::within(bytes, part);
    while let Some(part) = parts.next()? {
        let content = &bytes[part.content..part.end];
        match (&part.name, content.first()) {
            (b"mehd", Some(1)) => return Ok(u64_be(content, 4)),
            (b"mehd", _) => return Ok(u32_be(content, 4).map(u64::from)),
            _ => {}
        }
    }
    Ok(None)
}

fn milliseconds(ticks: Option<u64>, scale: u32) -> Option<u64> {
    let milliseconds = u128::from(ticks?) * 1000;
    u64::try_from(milliseconds.checked_div(u128::from(scale))?).ok()
}

/// The size at which a track of pictures is shown, turned as the track says; None for every other track.
fn shown_size(bytes: &[u8], track: Part) -> Result<Option<(u32, u32)>, Unreadable> {
    let (mut size, mut is_video) = (None, false);
    let mut parts = Parts::within(bytes, track);
    while let Some(part) = parts.next()? {
        match &part.name {
            b"tkhd" => size = track_size(&bytes[part.content..part.end]),
            b"mdia" => is_video |= is_of_video(bytes, part)?,
            _ => {}
        }
    }
    Ok(size.filter(|_| is_video))
}

fn track_size(header: &[u8]) -> Option<(u32, u32)> {
    let matrix = if header.first() == Some(&1) { 52 } else { 40 };
    // Numbers of 16 bits before the point, and 16 after it.
    let width = u16_be(header, matrix + 36)?.into();
    let height = u16_be(header, matrix + 40)?.into();
    let is_turned = u32_be(header, matrix)? == 0 && u32_be(header, matrix + 4)? != 0;
    match (width, height) {
        (0, _) | (_, 0) => None,
        _ if is_turned => Some((height, width)),
        size => Some(size),
    }
}

fn is_of_video(bytes: &[u8], media: Part) -> Result<bool, Unreadable> {
    let mut parts = Parts::within(bytes, media);
    while let Some(part) = parts.next()? {
        if &part.name == b"hdlr" {
            let kind = bytes[part.content..part.end].get(8..12);
            return Ok(kind == Some(b"vide"));
        }
    }
    Ok(false)
}

pub(crate) fn without_metadata(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut metadata = Vec::new();
    collect_metadata(bytes, Parts::of_file(bytes), &mut metadata)?;
    let mut file = bytes.to_vec();
    // All stays where it is: other boxes say where in the file sound and pictures begin.
    for part in metadata {
        file[part.start + 4..part.start + 8].copy_from_slice(&FREE);
        file[part.content..part.end].fill(0);
    }
    Ok(file)
}

/// The boxes of metadata. Boxes nest as deep as the kinds that are looked into here do, which none does in itself.
fn collect_metadata(
    bytes: &[u8],
    mut parts: Parts<'_>,
    metadata: &mut Vec<Part>,
) -> Result<(), Unreadable> {
    while let Some(part) = parts.next()? {
        match &part.name {
            b"udta" | b"meta" | b"free" | b"skip" => metadata.push(part),
            b"uuid" if array(bytes, part.content) == Some(XMP) => metadata.push(part),
            b"moov" | b"trak" | b"mdia" | b"minf" | b"moof" | b"traf" => {
                collect_metadata(bytes, Parts::within(bytes, part), metadata)?;
            }
            _ => {}
        }
    }
    Ok(())
}
