//! The formats of files: where their parts begin and end. Nothing here decodes pixels or sound.

pub(super) mod bmff;
pub(super) mod gif;
pub(super) mod jpeg;
pub(super) mod mpeg;
pub(super) mod png;
pub(super) mod webp;

/// The parts of a picture's file that matter here.
#[derive(Debug, Default)]
pub(super) struct Structure<'a> {
    /// Pixels from left to right, as stored.
    pub width: u32,
    /// Pixels from top to bottom, as stored.
    pub height: u32,
    /// Whether there is more than one frame.
    pub is_animated: bool,
    /// EXIF: a TIFF file.
    pub exif: Option<&'a [u8]>,
    /// XMP: an XML document, as it stands in the file.
    pub xmp: Option<Packet<'a>>,
    /// Whether Adobe's note on the channels is among the segments of a JPEG.
    pub is_by_adobe: bool,
    /// Image resources of Photoshop, which IPTC's information interchange model is one of.
    pub photoshop: Vec<u8>,
}

/// A document within a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Packet<'a> {
    /// As it is.
    Plain(&'a [u8]),
    /// Compressed with zlib.
    Deflated(&'a [u8]),
}

/// The start of EXIF in JPEG, and by mistake in WebP.
pub(super) const EXIF_START: &[u8] = b"Exif\0\0";
