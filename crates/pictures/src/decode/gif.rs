use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::{Channels, Decoded, pixels, undecodable};
use crate::inspect::{MAX_PIXELS, Unreadable};

const RGBA: usize = 4;

pub(super) fn decode(bytes: &[u8], width: u32, height: u32) -> Result<Decoded, Unreadable> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let most = NonZeroU64::new(MAX_PIXELS * RGBA as u64);
    options.set_memory_limit(most.map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let mut decoder = options.read_info(bytes).map_err(undecodable)?;
    let frame = decoder.next_frame_info().map_err(undecodable)?;
    let frame = frame.ok_or_else(|| undecodable(()))?;
    let [left, top, columns, rows] =
        [frame.left, frame.top, frame.width, frame.height].map(usize::from);
    let mut pixels_of_frame = vec![0; decoder.buffer_size()];
    decoder
        .read_into_buffer(&mut pixels_of_frame)
        .map_err(undecodable)?;
    let (width, height) = (width as usize, height as usize);
    let is_whole = (left, top, columns, rows) == (0, 0, width, height);
    let pixels = if is_whole {
        pixels_of_frame
    } else {
        // What the frame leaves free is transparent, what sticks out is cut off.
        let mut canvas = vec![0; pixels(width as u32, height as u32) * RGBA];
        let shown = columns.min(width.saturating_sub(left)) * RGBA;
        let rows = pixels_of_frame.chunks_exact((columns * RGBA).max(1));
        let lines = canvas.chunks_exact_mut(width * RGBA).skip(top);
        for (line, row) in lines.zip(rows).filter(|_| shown > 0) {
            line[left * RGBA..][..shown].copy_from_slice(&row[..shown]);
        }
        canvas
    };
    Ok(Decoded {
        channels: Channels::Rgba,
        pixels,
        profile: None,
    })
}
