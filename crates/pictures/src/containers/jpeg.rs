//! JPEG: segments, and the data of scans between them (ITU-T T.81, annex B).

use super::{EXIF_START, Packet, Structure};
use crate::inspect::Unreadable;
use crate::orientation::Orientation;
use crate::reading::u16_be;

const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP13: u8 = 0xed;
const APP14: u8 = 0xee;
const COMMENT: u8 = 0xfe;
const START_OF_SCAN: u8 = 0xda;

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
const JFIF: &[u8] = b"JFIF\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const ADOBE: &[u8] = b"Adobe";

enum Part<'a> {
    /// A marker segment: its code, and what comes after its length.
    Segment(u8, &'a [u8]),
    /// The coded data of a scan.
    Scan(&'a [u8]),
}

/// The parts of a file from its start to the end of the first picture in it.
struct Parts<'a> {
    rest: &'a [u8],
    in_scan: bool,
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let rest = bytes.strip_prefix(&[0xff, 0xd8]);
        let rest = rest.ok_or(Unreadable::Damaged("it does not begin as a JPEG does"))?;
        Ok(Self {
            rest,
            in_scan: false,
        })
    }

    /// The next part; None at the end of the picture.
    fn next(&mut self) -> Result<Option<Part<'a>>, Unreadable> {
        if self.in_scan {
            let length = scan_length(self.rest).ok_or(Unreadable::Truncated)?;
            let (scan, rest) = self.rest.split_at(length);
            self.rest = rest;
            self.in_scan = false;
            return Ok(Some(Part::Scan(scan)));
        }
        loop {
            match self.marker()? {
                0xd9 => return Ok(None),
                // These stand alone, and mean nothing here.
                0x01 | 0xd0..=0xd8 => {}
                code => {
                    self.in_scan = code == START_OF_SCAN;
                    return self.segment().map(|data| Some(Part::Segment(code, data)));
                }
            }
        }
    }

    /// The code of the next marker. What stands before it is skipped, as decoders do.
    fn marker(&mut self) -> Result<u8, Unreadable> {
        loop {
            let at = memchr::memchr(0xff, self.rest).ok_or(Unreadable::Truncated)?;
            self.rest = &self.rest[at + 1..];
            match self.rest {
                [] => return Err(Unreadable::Truncated),
                [0xff | 0, ..] => {}
                [code, rest @ ..] => {
                    self.rest = rest;
                    return Ok(*code);
                }
            }
        }
    }

    fn segment(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = u16_be(self.rest, 0).ok_or(Unreadable::Truncated)?;
        if length < 2 {
            return Err(Unreadable::Damaged("a segment has no length"));
        }
        let (segment, rest) = self
            .rest
            .split_at_checked(length.into())
            .ok_or(Unreadable::Truncated)?;
        self.rest = rest;
        Ok(&segment[2..])
    }
}

/// How far the coded data of a scan reaches: to a marker that is none of its own.
fn scan_length(data: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xff, data)
        .find(|at| !matches!(data.get(at + 1), None | Some(0 | 0xff | 0xd0..=0xd7)))
}

pub(crate) fn structure(bytes: &[u8]) -> Result<Structure<'_>, Unreadable> {
    let mut parts = Parts::of(bytes)?;
    let mut structure = Structure::default();
    let (mut has_frame, mut has_scan) = (false, false);
    while let Some(part) = parts.next()? {
        match part {
            Part::Segment(code, frame) if is_frame(code) => {
                if has_frame {
                    return Err(Unreadable::Damaged("it has two frames"));
                }
                has_frame = true;
                (structure.width, structure.height) = size(code, frame)?;
            }
            Part::Segment(START_OF_SCAN, _) if !has_frame => {
                return Err(Unreadable::Damaged("a scan comes before the frame"));
            }
            Part::Segment(code, data) => note(&mut structure, code, data),
            Part::Scan(_) => has_scan = true,
        }
    }
    if !has_scan {
        return Err(Unreadable::Damaged("it has no pixels"));
    }
    Ok(structure)
}

fn note<'a>(structure: &mut Structure<'a>, code: u8, data: &'a [u8]) {
    if code == APP1 {
        if let Some(exif) = data.strip_prefix(EXIF_START) {
            structure.exif.get_or_insert(exif);
        } else if let Some(xmp) = data.strip_prefix(XMP) {
            structure.xmp.get_or_insert(Packet::Plain(xmp));
        }
    } else if code == APP14 {
        structure.is_by_adobe |= data.starts_with(ADOBE);
    } else if code == APP13
        && let Some(resources) = data.strip_prefix(PHOTOSHOP)
    {
        // What is too long for one segment goes on in the next.
        structure.photoshop.extend_from_slice(resources);
    }
}

/// Whether a segment says how the picture is coded.
fn is_frame(code: u8) -> bool {
    matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc)
}

fn size(code: u8, frame: &[u8]) -> Result<(u32, u32), Unreadable> {
    match code {
        0xc0..=0xc2 => {}
        0xc3 | 0xcb => return Err(Unreadable::NotSupported("lossless JPEG")),
        0xc9 | 0xca => return Err(Unreadable::NotSupported("JPEG with arithmetic coding")),
        _ => return Err(Unreadable::NotSupported("hierarchical JPEG")),
    }
    let &[precision, h1, h0, w1, w0, components, ..] = frame else {
        return Err(Unreadable::Damaged("its frame is cut short"));
    };
    if precision != 8 {
        return Err(Unreadable::NotSupported("JPEG with more than 8 bits"));
    }
    if !matches!(components, 1 | 3 | 4) {
        return Err(Unreadable::NotSupported(
            "JPEG with neither 1, 3 nor 4 components",
        ));
    }
    let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
    Ok((side(w1, w0), side(h1, h0)))
}

pub(crate) fn without_metadata(
    bytes: &[u8],
    orientation: Orientation,
) -> Result<Vec<u8>, Unreadable> {
    let mut parts = Parts::of(bytes)?;
    let (mut jfif, mut rest) = (None, Vec::with_capacity(bytes.len()));
    while let Some(part) = parts.next()? {
        match part {
            Part::Segment(APP0, data) if data.starts_with(JFIF) => jfif = jfif.or(density(data)),
            Part::Segment(code, data) if is_kept(code, data) => push(&mut rest, code, data),
            Part::Segment(..) => {}
            Part::Scan(data) => rest.extend_from_slice(data),
        }
    }
    let mut file = Vec::with_capacity(rest.len() + 64);
    file.extend([0xff, 0xd8]);
    // JFIF comes first, wherever it stood.
    if let Some(jfif) = jfif {
        push(&mut file, APP0, &jfif);
    }
    if let Some(exif) = orientation.as_exif() {
        push(&mut file, APP1, &[EXIF_START, &exif].concat());
    }
    file.append(&mut rest);
    file.extend([0xff, 0xd9]);
    Ok(file)
}

/// The JFIF segment without its thumbnail, which may show what was cut off the picture.
fn density(jfif: &[u8]) -> Option<[u8; 14]> {
    let mut density = [0; 14];
    density[..12].copy_from_slice(jfif.get(..12)?);
    Some(density)
}

/// Whether a segment is needed to show the picture as it is meant: how it is coded, its colour profile, and Adobe's
/// note on what its channels are.
fn is_kept(code: u8, data: &[u8]) -> bool {
    match code {
        APP2 => data.starts_with(ICC),
        APP14 => data.starts_with(ADOBE),
        APP0..=0xef | COMMENT => false,
        _ => true,
    }
}

fn push(file: &mut Vec<u8>, code: u8, data: &[u8]) {
    let length = u16::try_from(data.len() + 2).unwrap_or(u16::MAX);
    file.extend([0xff, code]);
    file.extend(length.to_be_bytes());
    file.extend_from_slice(data);
}
