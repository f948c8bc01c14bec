//! Media files: what they are, what they say of themselves, the original without metadata, and renditions.
//!
//! Everything here is pure: bytes in, values out. A file is told by its content, never by its name; work and memory
//! are bounded by its size and by [`MAX_PIXELS`], whatever it claims.

mod colour;
mod containers;
mod decode;
mod format;
mod inspect;
mod metadata;
mod orientation;
mod picture;
mod raster;
mod reading;
mod render;
mod sniff;
mod variants;

#[cfg(test)]
mod tests;

pub use format::{Format, Kind};
pub use inspect::{Inspected, MAX_PIXELS, MAX_SIDE, Unreadable, inspect, without_metadata};
pub use metadata::{Metadata, metadata};
pub use picture::Picture;
pub use render::{Encoded, NotRendered};
pub use sniff::{SNIFFED_BYTES, Unsupported, sniff};
pub use variants::{
    Crop, Encoding, Focal, NotAVariant, Rectangle, Variant, WIDTHS, crop_rectangle, sizes,
};
