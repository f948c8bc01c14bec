//! Pixels in memory.

/// A picture of 8 bits a channel, row by row from the top: red, green and blue (sRGB), and where there are four
/// channels, alpha, with which the colours are multiplied already.
#[derive(Debug, Clone)]
pub(super) struct Raster {
    pub width: u32,
    pub height: u32,
    /// 3 or 4.
    pub channels: usize,
    /// As many bytes as width × height × channels.
    pub pixels: Vec<u8>,
}

impl Raster {
    /// Red, green, blue and alpha of each pixel, the colours not multiplied.
    pub(super) fn to_rgba(&self) -> Vec<u8> {
        let pixels = self.pixels.as_slice();
        if self.channels == 3 {
            let opaque = pixels.as_chunks::<3>().0.iter();
            return opaque.flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
        }
        let pixels = pixels.as_chunks::<4>().0.iter();
        pixels.flat_map(|pixel| divided(*pixel)).collect()
    }

    /// Red, green and blue of each pixel before white.
    pub(super) fn on_white(&self) -> std::borrow::Cow<'_, [u8]> {
        if self.channels == 3 {
            return self.pixels.as_slice().into();
        }
        let pixels = self.pixels.as_chunks::<4>().0.iter();
        let before_white = |&[r, g, b, a]: &[u8; 4]| {
            let white = 255 - a;
            [r, g, b].map(|colour| colour.saturating_add(white))
        };
        pixels.flat_map(before_white).collect::<Vec<u8>>().into()
    }
}

/// A pixel whose colours are multiplied with its alpha.
pub(super) fn multiplied([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    let times_alpha = |colour: u8| ((u32::from(colour) * u32::from(a) + 127) / 255) as u8;
    [times_alpha(r), times_alpha(g), times_alpha(b), a]
}

fn divided([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    if a == 0 || a == 255 {
        return [r, g, b, a];
    }
    let alpha = u32::from(a);
    let by_alpha = |colour: u8| ((u32::from(colour) * 255 + alpha / 2) / alpha).min(255) as u8;
    [by_alpha(r), by_alpha(g), by_alpha(b), a]
}
