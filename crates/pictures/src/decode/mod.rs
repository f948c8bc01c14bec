//! Files to pixels.

mod gif;
mod jpeg;
mod png;
mod webp;

use crate::containers::Structure;
use crate::format::Format;
use crate::inspect::Unreadable;

/// What the channels of decoded pixels are, 8 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
    /// Ink: 255 is all of it.
    Cmyk,
}

/// Pixels as a file has them.
#[derive(Debug)]
pub(super) struct Decoded {
    pub channels: Channels,
    pub pixels: Vec<u8>,
    /// An ICC profile.
    pub profile: Option<Vec<u8>>,
}

/// The pixels of a picture whose structure is known, of an animation those of its first frame.
pub(super) fn decode(
    bytes: &[u8],
    format: Format,
    structure: &Structure<'_>,
) -> Result<Decoded, Unreadable> {
    let (width, height) = (structure.width, structure.height);
    match format {
        Format::Jpeg => jpeg::decode(bytes, structure),
        Format::Png => png::decode(bytes, width, height),
        Format::WebP => webp::decode(bytes, width, height),
        Format::Gif => gif::decode(bytes, width, height),
        _ => Err(Unreadable::NotAPicture),
    }
}

/// Why pixels cannot be used that a decoder refused.
fn undecodable<E>(_: E) -> Unreadable {
    Unreadable::Damaged("its pixels cannot be decoded")
}

/// The number of pixels. Sizes are checked before: it fits.
fn pixels(width: u32, height: u32) -> usize {
    width as usize * height as usize
}
