//! Renditions of a picture.

use std::collections::BTreeMap;
use std::rc::Rc;

use fast_image_resize::FilterType;
use jpeg_encoder::{ColorType, Encoder};
use webp::WebPConfig;

use super::picture::{Picture, resized};
use super::raster::Raster;
use super::variants::{Crop, Encoding, Focal, Rectangle, Variant, crop_rectangle, sizes};

/// How good JPEG renditions are, of 100.
const JPEG_QUALITY: u8 = 80;

/// How good WebP renditions are, of 100.
const WEBP_QUALITY: f32 = 80.0;

/// How much time goes into making WebP smaller: 0 to 6.
const WEBP_METHOD: i32 = 4;

/// The same of pictures wider than so many pixels, which would take half of the time that all renditions take: files are 4 %
/// larger then.
const WEBP_METHOD_OF_WIDE: (u32, i32) = (1280, 2);

/// How good AVIF renditions are, of 100: looks as WebP does.
#[cfg(feature = "avif")]
const AVIF_QUALITY: f32 = 65.0;

/// How little time goes into making AVIF smaller: 1 to 10. At 8 it takes three times as long, for a tenth less.
#[cfg(feature = "avif")]
const AVIF_SPEED: u8 = 10;

/// A rendition: a file without metadata, in sRGB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Why a rendition was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRendered {
    /// The picture has no rendition of that width: it is too small, or the width is none of [`super::WIDTHS`].
    #[error("the picture has no rendition of that width")]
    NotThere,
    /// The encoder failed, for want of memory most probably: what it says.
    #[error("cannot encode: {0}")]
    Encoder(String),
}

impl Picture {
    /// Renditions of the picture, in the order asked for. The bytes of each do not depend on what else is asked for.
    ///
    /// JPEG has white where the picture is transparent.
    pub fn render(&self, variants: &[Variant]) -> Vec<(Variant, Result<Encoded, NotRendered>)> {
        let mut places: BTreeMap<(Crop, Focal), Vec<usize>> = BTreeMap::new();
        for (place, variant) in variants.iter().enumerate() {
            let cut = (variant.crop(), variant.focal());
            places.entry(cut).or_default().push(place);
        }
        let mut rendered: Vec<_> = variants
            .iter()
            .map(|variant| (*variant, Err(NotRendered::NotThere)))
            .collect();
        // One crop at a time: the next one needs nothing of it.
        for ((crop, focal), places) in places {
            let mut cut = Cut::of(self, crop, focal);
            for place in places {
                let (variant, result) = &mut rendered[place];
                if let Some(picture) = cut.at(variant.width()) {
                    *result = encode(&picture, variant.encoding());
                }
            }
        }
        rendered
    }
}

/// A part of a picture at the sizes that were needed so far.
struct Cut<'a> {
    picture: &'a Picture,
    part: Rectangle,
    sizes: Vec<(u32, u32)>,
    made: BTreeMap<u32, Rc<Raster>>,
}

impl<'a> Cut<'a> {
    fn of(picture: &'a Picture, crop: Crop, focal: Focal) -> Self {
        let (width, height) = (picture.width(), picture.height());
        Self {
            picture,
            part: crop_rectangle(width, height, crop, focal),
            sizes: sizes(width, height, crop),
            made: BTreeMap::new(),
        }
    }

    /// The part at a width that it has.
    fn at(&mut self, width: u32) -> Option<Rc<Raster>> {
        if let Some(made) = self.made.get(&width) {
            return Some(Rc::clone(made));
        }
        let &(_, height) = self.sizes.iter().find(|size| size.0 == width)?;
        let made = match self.source(width).and_then(|source| self.at(source)) {
            Some(source) => {
                let whole = Rectangle {
                    left: 0,
                    top: 0,
                    width: source.width,
                    height: source.height,
                };
                resized(&source, whole, width, height, FilterType::Lanczos3)
            }
            None => self.picture.part(self.part, width, height),
        };
        let made = Rc::new(made);
        self.made.insert(width, Rc::clone(&made));
        Some(made)
    }

    /// The width to scale down from: the smallest one that is at least twice as wide, so that little is lost, or the
    /// largest one. None for that: it is made from the picture itself.
    fn source(&self, width: u32) -> Option<u32> {
        let mut wider = self
            .sizes
            .iter()
            .map(|size| size.0)
            .filter(|wider| *wider > width);
        let largest = wider.clone().next_back();
        wider.find(|wider| *wider >= width * 2).or(largest)
    }
}

fn encode(picture: &Raster, encoding: Encoding) -> Result<Encoded, NotRendered> {
    let bytes = match encoding {
        Encoding::Jpeg => jpeg(picture),
        Encoding::WebP => webp(picture),
        #[cfg(feature = "avif")]
        Encoding::Avif => avif(picture),
    }?;
    Ok(Encoded {
        bytes,
        width: picture.width,
        height: picture.height,
    })
}

fn jpeg(picture: &Raster) -> Result<Vec<u8>, NotRendered> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, JPEG_QUALITY);
    encoder.set_progressive(true);
    let failed = |error: &dyn std::fmt::Display| NotRendered::Encoder(error.to_string());
    let side = |side: u32| u16::try_from(side).map_err(|error| failed(&error));
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    encoder
        .encode(&picture.on_white(), width, height, ColorType::Rgb)
        .map_err(|error| failed(&error))?;
    Ok(bytes)
}

fn webp(picture: &Raster) -> Result<Vec<u8>, NotRendered> {
    let failed = |what: &str| NotRendered::Encoder(what.to_owned());
    let mut config = WebPConfig::new().map_err(|()| failed("another version of libwebp"))?;
    config.quality = WEBP_QUALITY;
    let (width, height) = (picture.width, picture.height);
    config.method = match WEBP_METHOD_OF_WIDE {
        (wide, method) if width > wide => method,
        _ => WEBP_METHOD,
    };
    let encoded = if picture.channels == 4 {
        let pixels = picture.to_rgba();
        webp::Encoder::from_rgba(&pixels, width, height).encode_advanced(&config)
    } else {
        webp::Encoder::from_rgb(&picture.pixels, width, height).encode_advanced(&config)
    };
    let encoded = encoded.map_err(|error| failed(&format!("{error:?}")))?;
    Ok(encoded.to_vec())
}

/// On the thread that asks, and no other: how many pictures are worked on at once is the caller's to say.
#[cfg(feature = "avif")]
fn avif(picture: &Raster) -> Result<Vec<u8>, NotRendered> {
    use rgb::FromSlice;

    let encoder = ravif::Encoder::new()
        .with_quality(AVIF_QUALITY)
        .with_alpha_quality(AVIF_QUALITY)
        .with_speed(AVIF_SPEED)
        .with_num_threads(Some(1));
    let (width, height) = (picture.width as usize, picture.height as usize);
    let encoded = if picture.channels == 4 {
        let pixels = picture.to_rgba();
        encoder.encode_rgba(ravif::Img::new(pixels.as_rgba(), width, height))
    } else {
        encoder.encode_rgb(ravif::Img::new(picture.pixels.as_rgb(), width, height))
    };
    let encoded = encoded.map_err(|error| NotRendered::Encoder(error.to_string()))?;
    Ok(encoded.avif_file)
}
