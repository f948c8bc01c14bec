//! MPEG audio, layer III: frames one after the other, and tags around them.

use crate::inspect::{Inspected, Unreadable};
use crate::reading::{array, index, u16_be, u32_be, u32_le};

/// How far behind the tags the first frame may begin: some programs leave room there.
const MAX_GAP: usize = 64 * 1024;

/// What the header of a frame says.
struct Frame {
    /// Bytes with the header.
    length: usize,
    samples: u32,
    samples_per_second: u32,
    bits_per_second: u32,
    /// Where a summary of the file stands within the first frame, if there is one.
    summary: usize,
}

/// Whether a file begins as MPEG audio does: with a tag or with a frame that another one follows.
pub(crate) fn begins(head: &[u8]) -> bool {
    tag_length(head).is_some() || is_frame(head, 0)
}

impl Frame {
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let [0xff, kind, rates, mode] = array(bytes, at)? else {
            return None;
        };
        // Eleven bits of ones, and layer III.
        if kind & 0xe6 != 0xe2 {
            return None;
        }
        let is_version_1 = match kind >> 3 & 3 {
            3 => true,
            0 | 2 => false,
            _ => return None,
        };
        let rates_1 = [
            0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0,
        ];
        let rates_2 = [
            0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0,
        ];
        let kilobits = if is_version_1 { rates_1 } else { rates_2 }[usize::from(rates >> 4)];
        let hertz = *[44_100, 48_000, 32_000].get(usize::from(rates >> 2 & 3))?;
        let samples_per_second = match kind >> 3 & 3 {
            3 => hertz,
            2 => hertz / 2,
            _ => hertz / 4,
        };
        if kilobits == 0 {
            return None;
        }
        let samples = if is_version_1 { 1152 } else { 576 };
        let bits_per_second: u32 = kilobits * 1000;
        let padding = u32::from(rates >> 1 & 1);
        let is_mono = mode >> 6 == 3;
        Some(Self {
            length: index(samples / 8 * bits_per_second / samples_per_second + padding),
            samples,
            samples_per_second,
            bits_per_second,
            summary: match (is_version_1, is_mono) {
                (true, false) => 36,
                (true, true) | (false, false) => 21,
                (false, true) => 13,
            },
        })
    }

    fn milliseconds(&self, samples: u64) -> u64 {
        samples.saturating_mul(1000) / u64::from(self.samples_per_second)
    }
}

/// Whether a frame begins at a place, and another one where it ends, unless the bytes end there.
fn is_frame(bytes: &[u8], at: usize) -> bool {
    Frame::at(bytes, at).is_some_and(|frame| {
        let next = at + frame.length;
        bytes.len() < next + 4 || Frame::at(bytes, next).is_some()
    })
}

/// The bytes of a tag that some bytes begin with, which may be more than there are.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [b'I', b'D', b'3', 2..=4, _, flags, a, b, c, d, ..] if (a | b | c | d) < 0x80 => {
            let length = [a, b, c, d]
                .iter()
                .fold(0, |length, byte| length << 7 | usize::from(*byte));
            let footer = if flags & 0x10 == 0 { 0 } else { 10 };
            Some(10 + length + footer)
        }
        [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', ..] => {
            let length = u32_le(bytes, 12)?;
            Some(index(length).saturating_add(32))
        }
        _ => None,
    }
}

/// The bytes of a tag that some bytes end with.
fn tag_length_at_end(bytes: &[u8]) -> Option<usize> {
    let from_end = |length: usize| bytes.len().checked_sub(length).map(|at| &bytes[at..]);
    if from_end(128).is_some_and(|tag| tag.starts_with(b"TAG")) {
        return Some(128);
    }
    if let Some(footer) = from_end(32).filter(|footer| footer.starts_with(b"APETAGEX")) {
        let length = index(u32_le(footer, 12)?);
        let has_header = u32_le(footer, 20)? & 0x8000_0000 != 0;
        let header = if has_header { 32 } else { 0 };
        let length = length.saturating_add(header).max(32);
        return (length <= bytes.len()).then_some(length);
    }
    if let Some(footer) = from_end(15).filter(|footer| footer.ends_with(b"LYRICS200")) {
        let digits = footer[..6].iter().try_fold(0, |number, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            Some(number * 10 + index(digit))
        });
        return digits
            .map(|length| length + 15)
            .filter(|length| *length <= bytes.len());
    }
    if let Some(&[b'3', b'D', b'I', _, _, _, a, b, c, d]) = from_end(10) {
        let length = [a, b, c, d]
            .iter()
            .fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
        return Some(length + 20).filter(|length| *length <= bytes.len());
    }
    None
}

/// The frames of a file, without the tags around them.
fn frames(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    let mut frames = bytes;
    while let Some(length) = tag_length(frames) {
        frames = frames.get(length..).ok_or(Unreadable::Truncated)?;
    }
    while let Some(length) = tag_length_at_end(frames) {
        frames = &frames[..frames.len() - length];
    }
    let first = (0..frames.len().min(MAX_GAP)).find(|at| is_frame(frames, *at));
    let first = first.ok_or(Unreadable::Damaged("there is no sound in it"))?;
    Ok(&frames[first..])
}

pub(crate) fn inspect(bytes: &[u8]) -> Result<Inspected, Unreadable> {
    let frames = frames(bytes)?;
    Ok(Inspected {
        duration_ms: duration(frames),
        ..Inspected::default()
    })
}

/// How long the sound lasts: by the number of frames where the first one tells it, else as if all frames were as
/// long as the first one.
fn duration(frames: &[u8]) -> Option<u64> {
    let first = Frame::at(frames, 0)?;
    if let Some(count) = count(frames, &first).filter(|count| *count > 0) {
        return Some(first.milliseconds(u64::from(count) * u64::from(first.samples)));
    }
    let bits = frames.len() as u64 * 8;
    Some(bits.saturating_mul(1000) / u64::from(first.bits_per_second))
}

/// How many frames the summary in the first one counts.
fn count(frames: &[u8], first: &Frame) -> Option<u32> {
    let summary = frames.get(..first.length)?;
    match array(summary, first.summary) {
        Some(tag) if &tag == b"Xing" || &tag == b"Info" => {
            let has_count = u32_be(summary, first.summary + 4)? & 1 != 0;
            return u32_be(summary, first.summary + 8).filter(|_| has_count);
        }
        _ => {}
    }
    let is_known = array(summary, 36) == Some(*b"VBRI") && u16_be(summary, 40) == Some(1);
    u32_be(summary, 50).filter(|_| is_known)
}

pub(crate) fn without_metadata(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    frames(bytes).map(<[u8]>::to_vec)
}
