use std::io::Cursor;

use png::{ColorType, Decoder, Transformations};

use super::{Channels, Decoded, pixels, undecodable};
use crate::inspect::Unreadable;

pub(super) fn decode(bytes: &[u8], width: u32, height: u32) -> Result<Decoded, Unreadable> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(undecodable)?;
    if reader.info().size() != (width, height) {
        return Err(Unreadable::Damaged("its sizes contradict each other"));
    }
    let (channels, count) = match reader.output_color_type().0 {
        ColorType::Grayscale => (Channels::Grey, 1),
        ColorType::GrayscaleAlpha => (Channels::GreyAlpha, 2),
        ColorType::Rgba => (Channels::Rgba, 4),
        ColorType::Rgb => (Channels::Rgb, 3),
        ColorType::Indexed => return Err(undecodable(())),
    };
    let profile = reader.info().icc_profile.as_ref();
    let profile = profile.map(|profile| profile.to_vec());
    let mut buffer = vec![0; pixels(width, height) * count];
    if reader.output_buffer_size() != Some(buffer.len()) {
        return Err(undecodable(()));
    }
    reader.next_frame(&mut buffer).map_err(undecodable)?;
    Ok(Decoded {
        channels,
        pixels: buffer,
        profile,
    })
}
