//! How a picture must be turned to be seen upright.

use super::containers::Structure;
use super::metadata::exif;
use super::raster::Raster;
use super::variants::Rectangle;

/// What a camera noted of how it was held: the value of the EXIF tag, 1 to 8. 1 is upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orientation(u8);

impl Orientation {
    pub(super) const UPRIGHT: Self = Self(1);

    /// What a file says; upright if it says nothing, or nonsense.
    pub(super) fn of(structure: &Structure<'_>) -> Self {
        let noted = structure.exif.and_then(exif::orientation);
        noted.map_or(Self::UPRIGHT, Self)
    }

    /// Whether width and height change places.
    const fn swaps_sides(self) -> bool {
        self.0 > 4
    }

    /// The size of a stored picture once it is upright.
    pub(super) const fn upright(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where a pixel of the upright picture is stored, in a picture stored with that size.
    const fn stored(self, x: u32, y: u32, width: u32, height: u32) -> (u32, u32) {
        let (right, bottom) = (width - 1, height - 1);
        match self.0 {
            2 => (right - x, y),
            3 => (right - x, bottom - y),
            4 => (x, bottom - y),
            5 => (y, x),
            6 => (y, bottom - x),
            7 => (right - y, bottom - x),
            8 => (right - y, x),
            _ => (x, y),
        }
    }

    /// Where a part of the upright picture is stored, in a picture stored with that size.
    pub(super) fn stored_part(self, part: Rectangle, width: u32, height: u32) -> Rectangle {
        let (right, bottom) = (part.left + part.width - 1, part.top + part.height - 1);
        let (x1, y1) = self.stored(part.left, part.top, width, height);
        let (x2, y2) = self.stored(right, bottom, width, height);
        Rectangle {
            left: x1.min(x2),
            top: y1.min(y2),
            width: x1.abs_diff(x2) + 1,
            height: y1.abs_diff(y2) + 1,
        }
    }

    /// The picture, turned upright.
    pub(super) fn apply(self, stored: Raster) -> Raster {
        if self == Self::UPRIGHT {
            return stored;
        }
        let (width, height) = self.upright(stored.width, stored.height);
        let channels = stored.channels;
        let mut pixels = Vec::with_capacity(stored.pixels.len());
        for y in 0..height {
            for x in 0..width {
                let (x, y) = self.stored(x, y, stored.width, stored.height);
                let at = (y as usize * stored.width as usize + x as usize) * channels;
                pixels.extend_from_slice(&stored.pixels[at..at + channels]);
            }
        }
        Raster {
            width,
            height,
            channels,
            pixels,
        }
    }

    /// EXIF that says this and nothing else; None if the picture is stored upright.
    pub(super) fn as_exif(self) -> Option<[u8; 26]> {
        let mut exif = *b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
        exif[19] = self.0;
        (self != Self::UPRIGHT).then_some(exif)
    }
}
