//! A decoded picture.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::colour;
use super::decode::decode;
use super::format::Format;
use super::inspect::{Unreadable, structure};
use super::orientation::Orientation;
use super::raster::Raster;
use super::variants::Rectangle;

/// The longest side of what a placeholder is computed from.
const PLACEHOLDER_SIDE: u32 = 100;

/// A picture in memory, in sRGB; of an animation the first frame. It takes 3 bytes a pixel, 4 with transparency.
#[derive(Debug)]
pub struct Picture {
    /// As stored: it is turned when it is small.
    stored: Raster,
    orientation: Orientation,
}

impl Picture {
    /// Decodes a picture: upright, 8 bits a channel, colours converted to sRGB where the file has a colour profile
    /// that says something else. A broken profile is ignored.
    ///
    /// # Errors
    /// When the file is no picture, is cut short, has too many pixels, or cannot be decoded.
    pub fn decode(bytes: &[u8], format: Format) -> Result<Self, Unreadable> {
        let structure = structure(bytes, format)?;
        let (width, height) = (structure.width, structure.height);
        let decoded = decode(bytes, format, &structure)?;
        Ok(Self {
            stored: colour::to_raster(decoded, width, height),
            orientation: Orientation::of(&structure),
        })
    }

    /// Pixels from left to right.
    pub fn width(&self) -> u32 {
        let (stored, orientation) = (&self.stored, self.orientation);
        orientation.upright(stored.width, stored.height).0
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u32 {
        let (stored, orientation) = (&self.stored, self.orientation);
        orientation.upright(stored.width, stored.height).1
    }

    /// Whether something is seen through it.
    pub fn has_alpha(&self) -> bool {
        self.stored.channels == 4
    }

    /// A placeholder of at most 25 bytes that shows its colours, shape and transparency: a `ThumbHash`.
    pub fn thumbhash(&self) -> Vec<u8> {
        let (width, height) = (self.width(), self.height());
        let longest = width.max(height).max(1);
        let side = |side: u32| match longest {
            ..=PLACEHOLDER_SIDE => side,
            _ => (side * PLACEHOLDER_SIDE / longest).max(1),
        };
        let whole = Rectangle {
            left: 0,
            top: 0,
            width,
            height,
        };
        let small = self.scaled(whole, side(width), side(height), FilterType::Box);
        let (width, height) = (small.width as usize, small.height as usize);
        thumbhash::rgba_to_thumb_hash(width, height, &small.to_rgba())
    }

    /// A part of the picture at a size, upright.
    pub(super) fn part(&self, part: Rectangle, width: u32, height: u32) -> Raster {
        self.scaled(part, width, height, FilterType::Lanczos3)
    }

    fn scaled(&self, part: Rectangle, width: u32, height: u32, filter: FilterType) -> Raster {
        let (stored, orientation) = (&self.stored, self.orientation);
        let part = orientation.stored_part(part, stored.width, stored.height);
        let (width, height) = orientation.upright(width, height);
        orientation.apply(resized(stored, part, width, height, filter))
    }
}

/// A part of a picture at a size.
pub(super) fn resized(
    picture: &Raster,
    part: Rectangle,
    width: u32,
    height: u32,
    filter: FilterType,
) -> Raster {
    let channels = picture.channels;
    let kind = if channels == 4 {
        PixelType::U8x4
    } else {
        PixelType::U8x3
    };
    let mut pixels = vec![0; width as usize * height as usize * channels];
    let source = ImageRef::new(picture.width, picture.height, &picture.pixels, kind)
        .expect("as many bytes as pixels");
    let mut target =
        Image::from_slice_u8(width, height, &mut pixels, kind).expect("as many bytes as pixels");
    let [left, top, columns, rows] = [part.left, part.top, part.width, part.height].map(f64::from);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .crop(left, top, columns, rows)
        // Colours are multiplied with their alpha already.
        .use_alpha(false);
    Resizer::new()
        .resize(&source, &mut target, &options)
        .expect("the part lies within, and both are of the same kind");
    Raster {
        width,
        height,
        channels,
        pixels,
    }
}
