use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::{Channels, Decoded, pixels, undecodable};
use crate::containers::Structure;
use crate::inspect::{MAX_SIDE, Unreadable};

/// The most scans of a progressive picture: programs write about ten, and each costs a pass over all pixels.
const MOST_SCANS: usize = 40;

pub(super) fn decode(bytes: &[u8], structure: &Structure<'_>) -> Result<Decoded, Unreadable> {
    let (width, height) = (structure.width, structure.height);
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .jpeg_set_max_scans(MOST_SCANS)
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(undecodable)?;
    let found = decoder.dimensions();
    if found != Some((width as usize, height as usize)) {
        return Err(Unreadable::Damaged("its sizes contradict each other"));
    }
    let stored = decoder.input_colorspace();
    // Ink is taken as it is stored: what it looks like is for its colour profile to say.
    let (channels, wanted) = match stored {
        Some(ColorSpace::Luma) => (Channels::Grey, ColorSpace::Luma),
        Some(ColorSpace::YCbCr | ColorSpace::RGB) => (Channels::Rgb, ColorSpace::RGB),
        Some(ink @ (ColorSpace::CMYK | ColorSpace::YCCK)) => (Channels::Cmyk, ink),
        _ => return Err(Unreadable::NotSupported("JPEG with such channels")),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let profile = decoder.icc_profile();
    let mut buffer = vec![0; pixels(width, height) * wanted.num_components()];
    decoder.decode_into(&mut buffer).map_err(undecodable)?;
    if channels == Channels::Cmyk {
        to_ink(
            &mut buffer,
            wanted == ColorSpace::YCCK,
            structure.is_by_adobe,
        );
    }
    Ok(Decoded {
        channels,
        pixels: buffer,
        profile,
    })
}

/// Turns stored channels into ink: cyan, magenta, yellow and black. Adobe's programs store it inverted.
fn to_ink(pixels: &mut [u8], is_ycck: bool, is_inverted: bool) {
    for pixel in pixels.as_chunks_mut::<4>().0 {
        if is_ycck {
            *pixel = from_ycck(pixel.map(i32::from));
        }
        if is_inverted {
            *pixel = pixel.map(|ink| 255 - ink);
        }
    }
}

/// Ink whose first three channels are stored as the luminance and chrominance of their opposites.
fn from_ycck([y, cb, cr, k]: [i32; 4]) -> [u8; 4] {
    let (cb, cr) = (cb - 128, cr - 128);
    // The factors of ITU-T T.871, times 65,536.
    let red = y + ((91_881 * cr + 32_768) >> 16);
    let green = y - ((22_554 * cb + 46_802 * cr + 32_768) >> 16);
    let blue = y + ((116_130 * cb + 32_768) >> 16);
    [255 - red, 255 - green, 255 - blue, k].map(|ink| ink.clamp(0, 255) as u8)
}
