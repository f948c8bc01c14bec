//! What a file holds, and the file without metadata: one pass over its structure, no pixels decoded.

use super::containers::{Structure, bmff, gif, jpeg, mpeg, png, webp};
use super::format::Format;
use super::orientation::Orientation;

/// The most pixels of a picture: width times height.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The most pixels of a side of a picture: the most that WebP holds, so that each picture has its renditions.
pub const MAX_SIDE: u32 = 16_383;

/// What a file holds, as far as it says so without being decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inspected {
    /// Pixels from left to right, seen upright. None: audio, a document, or a film that does not say.
    pub width: Option<u32>,
    /// Pixels from top to bottom, seen upright; None likewise.
    pub height: Option<u32>,
    /// Whether a picture has more than one frame. False for all that is no picture.
    pub is_animated: bool,
    /// Milliseconds of audio or video; None where it does not say, and for all else.
    pub duration_ms: Option<u64>,
}

/// Why a file cannot be used, though its first bytes say that it is of a format that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It ends before its content does: it was not sent or saved whole.
    #[error("the file ends before its content does")]
    Truncated,
    /// A picture with more than [`MAX_PIXELS`] pixels, or more than [`MAX_SIDE`] on a side.
    #[error(
        "the picture has {width} × {height} pixels; at most 50 megapixels are taken, and at most 16,383 pixels a side"
    )]
    TooManyPixels {
        /// Its width in pixels, as it claims.
        width: u32,
        /// Its height in pixels, as it claims.
        height: u32,
    },
    /// It breaks the rules of its format: what is wrong.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// It is of a sort of its format that is not read: which.
    #[error("{0} is not supported")]
    NotSupported(&'static str),
    /// It is no picture, and has no pixels to decode.
    #[error("it is not a picture")]
    NotAPicture,
}

/// What a file holds.
///
/// A picture that this takes ends where its format says; whether its pixels can be decoded is not known yet.
///
/// # Errors
/// When the file is cut short, breaks the rules of its format, or has too many pixels.
pub fn inspect(bytes: &[u8], format: Format) -> Result<Inspected, Unreadable> {
    match format {
        Format::Mp3 => mpeg::inspect(bytes),
        Format::M4a | Format::Mp4 => bmff::inspect(bytes),
        Format::Pdf => Ok(Inspected::default()),
        _ => {
            let structure = structure(bytes, format)?;
            let orientation = Orientation::of(&structure);
            let (width, height) = orientation.upright(structure.width, structure.height);
            Ok(Inspected {
                width: Some(width),
                height: Some(height),
                is_animated: structure.is_animated,
                duration_ms: None,
            })
        }
    }
}

/// The file without what it says of its making: who, where, when, with what. Pixels, sound and colour profiles stay
/// as they are, byte by byte; of a picture's orientation its tag alone stays. What comes after the end of a picture
/// is cut off. PDF stays as it is.
///
/// Doing it twice is doing it once; the result is never more than 64 bytes longer than the file.
///
/// # Errors
/// When the file is cut short, breaks the rules of its format, or has too many pixels.
pub fn without_metadata(bytes: &[u8], format: Format) -> Result<Vec<u8>, Unreadable> {
    match format {
        Format::Mp3 => mpeg::without_metadata(bytes),
        Format::M4a | Format::Mp4 => bmff::without_metadata(bytes),
        Format::Pdf => Ok(bytes.to_vec()),
        _ => {
            let orientation = Orientation::of(&structure(bytes, format)?);
            match format {
                Format::Jpeg => jpeg::without_metadata(bytes, orientation),
                Format::Png => png::without_metadata(bytes, orientation),
                Format::WebP => webp::without_metadata(bytes, orientation),
                _ => gif::without_metadata(bytes),
            }
        }
    }
}

/// What the parts of a picture's file are, its size checked.
pub(super) fn structure(bytes: &[u8], format: Format) -> Result<Structure<'_>, Unreadable> {
    let structure = match format {
        Format::Jpeg => jpeg::structure(bytes),
        Format::Png => png::structure(bytes),
        Format::WebP => webp::structure(bytes),
        Format::Gif => gif::structure(bytes),
        _ => Err(Unreadable::NotAPicture),
    }?;
    let (width, height) = (structure.width, structure.height);
    if width == 0 || height == 0 {
        return Err(Unreadable::Damaged("it has no pixels"));
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(Unreadable::TooManyPixels { width, height });
    }
    Ok(structure)
}
