use std::io::Cursor;

use image_webp::WebPDecoder;

use super::{Channels, Decoded, pixels, undecodable};
use crate::inspect::Unreadable;

/// The most bytes of a colour profile.
const MOST_BYTES: usize = 8 << 20;

pub(super) fn decode(bytes: &[u8], width: u32, height: u32) -> Result<Decoded, Unreadable> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(undecodable)?;
    if decoder.dimensions() != (width, height) {
        return Err(Unreadable::Damaged("its sizes contradict each other"));
    }
    decoder.set_memory_limit(MOST_BYTES);
    let profile = decoder.icc_profile().ok().flatten();
    let (channels, count) = if decoder.has_alpha() {
        (Channels::Rgba, 4)
    } else {
        (Channels::Rgb, 3)
    };
    let mut buffer = vec![0; pixels(width, height) * count];
    decoder.read_image(&mut buffer).map_err(undecodable)?;
    Ok(Decoded {
        channels,
        pixels: buffer,
        profile,
    })
}
