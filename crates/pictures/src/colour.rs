//! Colours as files have them to sRGB.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

use super::decode::{Channels, Decoded};
use super::raster::{Raster, multiplied};

/// How many pixels are converted at a time.
const AT_A_TIME: usize = 4096;

/// The pixels in sRGB, their colours multiplied with their alpha; without alpha where all are opaque.
///
/// A colour profile that cannot be read, or is not for such pixels, counts as none: then they are taken for sRGB, and
/// ink for what lets through the light of its opposite.
pub(super) fn to_raster(decoded: Decoded, width: u32, height: u32) -> Raster {
    let conversion = decoded
        .profile
        .as_deref()
        .and_then(|profile| Conversion::of(profile, decoded.channels));
    let mut pixels = decoded.pixels;
    let channels = match decoded.channels {
        Channels::Grey => {
            pixels = widened(
                &pixels,
                3,
                |&[grey]: &[u8; 1]| [grey; 3],
                conversion.as_ref(),
            );
            3
        }
        Channels::GreyAlpha => {
            let rgba = |pixel: &[u8; 2]| [pixel[0], pixel[0], pixel[0], pixel[1]];
            pixels = widened(&pixels, 4, rgba, conversion.as_ref());
            4
        }
        Channels::Rgb => {
            convert(&mut pixels, 3, 3, conversion.as_ref());
            3
        }
        Channels::Rgba => {
            convert(&mut pixels, 4, 4, conversion.as_ref());
            4
        }
        Channels::Cmyk => {
            match conversion {
                Some(_) => convert(&mut pixels, 4, 3, conversion.as_ref()),
                None => narrow(&mut pixels, light),
            }
            3
        }
    };
    let channels = if channels == 4 {
        multiply(&mut pixels)
    } else {
        channels
    };
    Raster {
        width,
        height,
        channels,
        pixels,
    }
}

/// From the colours of a profile to sRGB.
struct Conversion {
    transform: Arc<Transform8BitExecutor>,
}

impl Conversion {
    /// None where the profile cannot be used, or says sRGB.
    fn of(profile: &[u8], channels: Channels) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        let (space, from, to) = match channels {
            Channels::Grey => (DataColorSpace::Gray, Layout::Gray, Layout::Rgb),
            Channels::GreyAlpha => (DataColorSpace::Gray, Layout::GrayAlpha, Layout::Rgba),
            Channels::Rgb => (DataColorSpace::Rgb, Layout::Rgb, Layout::Rgb),
            Channels::Rgba => (DataColorSpace::Rgb, Layout::Rgba, Layout::Rgba),
            Channels::Cmyk => (DataColorSpace::Cmyk, Layout::Rgba, Layout::Rgb),
        };
        if profile.color_space != space {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        let transform = profile.create_transform_8bit(from, &srgb, to, options);
        let conversion = Self {
            transform: transform.ok()?,
        };
        (channels == Channels::Cmyk || conversion.changes(channels)).then_some(conversion)
    }

    /// Whether a colour looks different after it. Most profiles are sRGB under one of its many names.
    fn changes(&self, channels: Channels) -> bool {
        let steps = || (0..=255).step_by(15);
        let colours =
            steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| [r, g, b])));
        let (from, count): (Vec<u8>, _) = match channels {
            Channels::Grey => ((0..=255).collect(), 3),
            Channels::GreyAlpha => ((0..=255).flat_map(|grey| [grey, 255]).collect(), 4),
            Channels::Rgb => (colours.flatten().collect(), 3),
            Channels::Rgba | Channels::Cmyk => {
                (colours.flat_map(|[r, g, b]| [r, g, b, 255]).collect(), 4)
            }
        };
        let expected: Vec<u8> = match channels {
            Channels::Grey => from.iter().flat_map(|grey| [*grey; 3]).collect(),
            Channels::GreyAlpha => {
                let greys = from.as_chunks::<2>().0.iter();
                greys
                    .flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha])
                    .collect()
            }
            _ => from.clone(),
        };
        let mut to = vec![0; expected.len() / count * count];
        let is_done = self.transform.transform(&from, &mut to).is_ok();
        is_done
            && to
                .iter()
                .zip(&expected)
                .any(|(to, from)| to.abs_diff(*from) > 1)
    }
}

/// Converts pixels where they are. `to` is at most `from`: the pixels move up.
fn convert(pixels: &mut Vec<u8>, from: usize, to: usize, conversion: Option<&Conversion>) {
    let Some(Conversion { transform }) = conversion else {
        return;
    };
    let mut before = vec![0; AT_A_TIME * from];
    let mut after = vec![0; AT_A_TIME * to];
    let (mut read, mut written) = (0, 0);
    while read < pixels.len() {
        let count = AT_A_TIME.min((pixels.len() - read) / from);
        let (source, target) = (&mut before[..count * from], &mut after[..count * to]);
        source.copy_from_slice(&pixels[read..read + count * from]);
        // Lengths fit; a pixel that could not be converted would be black.
        let _ = transform.transform(source, target);
        pixels[written..written + count * to].copy_from_slice(target);
        (read, written) = (read + count * from, written + count * to);
    }
    pixels.truncate(written);
}

/// Pixels with more channels than before.
fn widened<const FROM: usize, const TO: usize>(
    pixels: &[u8],
    to: usize,
    widen: impl Fn(&[u8; FROM]) -> [u8; TO],
    conversion: Option<&Conversion>,
) -> Vec<u8> {
    let count = pixels.len() / FROM;
    let mut wide = Vec::with_capacity(count * to);
    let Some(Conversion { transform }) = conversion else {
        wide.extend(pixels.as_chunks::<FROM>().0.iter().flat_map(widen));
        return wide;
    };
    wide.resize(count * to, 0);
    let sources = pixels.chunks(AT_A_TIME * FROM);
    for (source, target) in sources.zip(wide.chunks_mut(AT_A_TIME * to)) {
        let _ = transform.transform(source, target);
    }
    wide
}

/// Makes three channels of four, where they are.
fn narrow(pixels: &mut Vec<u8>, narrow: impl Fn([u8; 4]) -> [u8; 3]) {
    let count = pixels.len() / 4;
    for pixel in 0..count {
        let at = pixel * 4;
        let [a, b, c] = narrow([pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]]);
        pixels[pixel * 3..pixel * 3 + 3].copy_from_slice(&[a, b, c]);
    }
    pixels.truncate(count * 3);
}

/// The light that ink lets through.
fn light([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    let through = |ink: u8| {
        let light = u32::from(255 - ink) * u32::from(255 - k);
        ((light + 127) / 255) as u8
    };
    [through(c), through(m), through(y)]
}

/// Multiplies colours with alpha, or takes the alpha away where all pixels are opaque. How many channels are left.
fn multiply(pixels: &mut Vec<u8>) -> usize {
    if pixels
        .as_chunks::<4>()
        .0
        .iter()
        .all(|pixel| pixel[3] == 255)
    {
        narrow(pixels, |[r, g, b, _]| [r, g, b]);
        return 3;
    }
    for pixel in pixels.as_chunks_mut::<4>().0 {
        *pixel = multiplied(*pixel);
    }
    4
}
