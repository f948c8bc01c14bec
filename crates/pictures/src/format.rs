//! The formats of files that are taken.

use std::fmt;

/// A format of files that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// JPEG pictures.
    Jpeg,
    /// PNG pictures, animated ones (APNG) included.
    Png,
    /// WebP pictures, animated ones included.
    WebP,
    /// GIF pictures, animated ones included.
    Gif,
    /// MPEG audio, layer III.
    Mp3,
    /// Audio in an MPEG-4 file.
    M4a,
    /// Video in an MPEG-4 file.
    Mp4,
    /// PDF documents.
    Pdf,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A picture, still or animated.
    Image,
    /// Sound alone.
    Audio,
    /// Moving pictures.
    Video,
    /// Pages.
    Document,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
        Self::Mp3,
        Self::M4a,
        Self::Mp4,
        Self::Pdf,
    ];

    /// The media type (RFC 6838) that such a file is served as.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Mp4 => "video/mp4",
            Self::Pdf => "application/pdf",
        }
    }

    /// What the name of such a file ends with, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Mp3 => "mp3",
            Self::M4a => "m4a",
            Self::Mp4 => "mp4",
            Self::Pdf => "pdf",
        }
    }

    /// What such a file is for.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Jpeg | Self::Png | Self::WebP | Self::Gif => Kind::Image,
            Self::Mp3 | Self::M4a => Kind::Audio,
            Self::Mp4 => Kind::Video,
            Self::Pdf => Kind::Document,
        }
    }

    /// The format that a media type without parameters names, in any case; None for every other.
    pub fn from_mime(mime: &str) -> Option<Self> {
        let is_it = |format: &Self| format.mime().eq_ignore_ascii_case(mime);
        Self::ALL.into_iter().find(is_it)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mime())
    }
}

impl Kind {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_media_type() {
        for format in Format::ALL {
            assert_eq!(Format::from_mime(format.mime()), Some(format));
            assert_eq!(
                Format::from_mime(&format.mime().to_uppercase()),
                Some(format)
            );
        }
        assert_eq!(Format::from_mime("image/svg+xml"), None);
    }
}
