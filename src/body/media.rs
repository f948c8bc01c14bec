//! What blocks show of the newsroom's media: addresses, sizes, and words that an item of it says once for all articles.

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::{Invalid, Violations};

/// The same picture in another width.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "url": "/media/3f6c0e8b9a7d45218c1e2f3a4b5c6d7e/640.webp", "width": 640, "height": 427
}))]
pub struct ImageRendition {
    /// Where it is. What is there never changes.
    pub url: String,
    /// Pixels.
    #[schema(minimum = 1)]
    pub width: u16,
    /// Pixels.
    #[schema(minimum = 1)]
    pub height: u16,
}

/// A part of a picture with a fixed ratio, around its focal point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "ratio": "16x9", "widths": [320, 640, 960],
    "url": "/media/3f6c0e8b9a7d45218c1e2f3a4b5c6d7e/{width}-16x9-50-40.webp"
}))]
pub struct ImageCrop {
    /// Width to height: `16x9`, `4x3` or `1x1`. Later versions may have more.
    pub ratio: String,
    /// Where it is, with `{width}` in place of one of `widths`. With `.jpg` at its end it is a JPEG.
    pub url: String,
    /// The widths that there are, in pixels. The height follows from the ratio, rounded.
    pub widths: Vec<u16>,
}

/// The point of a picture that must stay visible when it is cropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct FocalPoint {
    /// From the left edge (0) to the right one (1).
    #[deserr(try_from(f64) = fraction -> Invalid)]
    #[schema(minimum = 0, maximum = 1, example = 0.5)]
    pub x: f64,
    /// From the top (0) to the bottom (1).
    #[deserr(try_from(f64) = fraction -> Invalid)]
    #[schema(minimum = 0, maximum = 1, example = 0.4)]
    pub y: f64,
}

fn fraction(number: f64) -> Result<f64, Invalid> {
    if (0.0..=1.0).contains(&number) {
        return Ok(number);
    }
    Err(Invalid::new("out_of_range", "must be from 0 to 1"))
}

/// What a use of an item of the media can say in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[deserr(error = Violations, rename_all = lowercase)]
pub enum Override {
    /// What it shows.
    Alt,
    /// What is printed below it.
    Caption,
    /// Who made it.
    Credit,
}

impl Override {
    /// Each by the name of the member.
    pub const ALL: &[(&str, Self)] = &[
        ("alt", Self::Alt),
        ("caption", Self::Caption),
        ("credit", Self::Credit),
    ];
}

/// What kind of thing a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Something to hear.
    Audio,
    /// Something to watch.
    Video,
    /// A document, to be linked to.
    Document,
}

impl MediaKind {
    /// Each by its name.
    pub const ALL: &[(&str, Self)] = &[
        ("image", Self::Image),
        ("audio", Self::Audio),
        ("video", Self::Video),
        ("document", Self::Document),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
        }
    }
}

/// What an item of the newsroom's media gives to those that show it. Its words are plain text.
#[derive(Clone, Debug)]
pub struct MediaFile {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is: of a picture, its widest rendition as JPEG.
    pub url: String,
    /// Its media type.
    pub mime: String,
    /// Bytes of the file that was uploaded.
    pub bytes: i64,
    /// Pixels of what is at `url`.
    pub width: Option<u16>,
    /// Pixels of what is at `url`.
    pub height: Option<u16>,
    /// Milliseconds.
    pub duration_ms: Option<i64>,
    /// What it shows.
    pub alt: Option<String>,
    /// What is printed below it.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// What must stay visible when it is cropped.
    pub focal_point: Option<FocalPoint>,
    /// The same in several widths.
    pub srcset: Vec<ImageRendition>,
    /// Parts of it.
    pub crops: Vec<ImageCrop>,
    /// A ThumbHash in Base64.
    pub thumbhash: Option<String>,
    /// How it came about.
    pub digital_source_type: Option<String>,
}
