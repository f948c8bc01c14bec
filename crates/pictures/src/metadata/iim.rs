//! IPTC's information interchange model (IIM), as Photoshop puts it into JPEG.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use super::Metadata;
use super::text::{LONG, SENTENCES, SHORT, line, lines};

/// The image resource that holds it.
const RESOURCE: u16 = 0x0404;

const BY_LINE: u8 = 80;
const HEADLINE: u8 = 105;
const CREDIT: u8 = 110;
const COPYRIGHT_NOTICE: u8 = 116;
const CAPTION: u8 = 120;

/// What image resources of Photoshop say.
pub(super) fn read(resources: &[u8]) -> Metadata {
    let Some(data) = find(resources) else {
        return Metadata::default();
    };
    let sets: Vec<_> = DataSets { rest: data }.collect();
    let encoding = sets
        .iter()
        .find(|set| (set.record, set.number) == (1, 90))
        .map(|set| set.value);
    let first = |number| {
        let mut values = values(&sets, number);
        values.next().map(|value| decoded(value, encoding))
    };
    let makers: Vec<_> = values(&sets, BY_LINE)
        .take(100)
        .map(|maker| decoded(maker, encoding))
        .collect();
    Metadata {
        headline: first(HEADLINE).and_then(|text| line(&text, SHORT)),
        caption: first(CAPTION).and_then(|text| lines(&text, LONG)),
        by_line: line(&makers.join(", "), SHORT),
        credit: first(CREDIT).and_then(|text| line(&text, SHORT)),
        copyright_notice: first(COPYRIGHT_NOTICE).and_then(|text| line(&text, SENTENCES)),
        ..Metadata::default()
    }
}

/// The values of a data set of the second record that are not blank.
fn values<'a>(sets: &[DataSet<'a>], number: u8) -> impl Iterator<Item = &'a [u8]> {
    let of_it = sets
        .iter()
        .filter(move |set| (set.record, set.number) == (2, number));
    of_it
        .map(|set| set.value)
        .filter(|value| !value.trim_ascii().is_empty())
}

/// The data among image resources: each has a mark, a number, a name, a length and content, of even lengths.
fn find(mut resources: &[u8]) -> Option<&[u8]> {
    loop {
        let rest = resources.strip_prefix(b"8BIM")?;
        let (number, rest) = rest.split_first_chunk()?;
        let name = usize::from(*rest.first()?);
        let rest = rest.get((name + 2) & !1..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if u16::from_be_bytes(*number) == RESOURCE {
            return rest.get(..length);
        }
        resources = rest.get(length.checked_add(length % 2)?..)?;
    }
}

struct DataSet<'a> {
    record: u8,
    number: u8,
    value: &'a [u8],
}

struct DataSets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for DataSets<'a> {
    type Item = DataSet<'a>;

    fn next(&mut self) -> Option<DataSet<'a>> {
        let &[0x1c, record, number, high, low, ref rest @ ..] = self.rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (length, rest) = if length & 0x8000 == 0 {
            (length, rest)
        } else {
            long_length(length & 0x7fff, rest)?
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(DataSet {
            record,
            number,
            value,
        })
    }
}

/// A length that needs more than 15 bits, written in as many bytes as said before it.
fn long_length(bytes: usize, rest: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = rest.split_at_checked(bytes)?;
    if bytes > 4 {
        return None;
    }
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some((length, rest))
}

/// A value as text. The encoding is told by an escape sequence of ISO 2022, or is not told.
fn decoded<'a>(value: &'a [u8], encoding: Option<&[u8]>) -> Cow<'a, str> {
    match encoding {
        Some(b"\x1b%G" | b"\x1b%/I" | b"\x1b%/H" | b"\x1b%/G") => String::from_utf8_lossy(value),
        Some(b"\x1b.A" | b"\x1b-A") => WINDOWS_1252.decode_without_bom_handling(value).0,
        _ => guessed(value),
    }
}

/// Bytes as text: UTF-8 if they are, which other encodings of letters beyond ASCII hardly ever are by chance; else
/// the encoding of Western Windows, which Latin-1 is part of.
pub(super) fn guessed(bytes: &[u8]) -> Cow<'_, str> {
    let utf8 = str::from_utf8(bytes).map(Cow::Borrowed);
    utf8.unwrap_or_else(|_| WINDOWS_1252.decode_without_bom_handling(bytes).0)
}
