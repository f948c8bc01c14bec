//! Which renditions a picture has: their widths, shapes and names.

use std::fmt;
use std::str::FromStr;

use super::format::Format;
use super::inspect::MAX_SIDE;

/// The widths of renditions, in pixels.
pub const WIDTHS: [u32; 5] = [320, 640, 960, 1280, 1920];

const WIDEST: u32 = WIDTHS[WIDTHS.len() - 1];

/// What part of a picture a rendition shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Crop {
    /// All of it, in its own shape.
    Whole,
    /// 16:9, wider than most pictures.
    Wide,
    /// 4:3, lying.
    Standard,
    /// 1:1.
    Square,
}

/// What must be seen of a picture: a point, in whole percent of its width and height, from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Focal {
    x: u8,
    y: u8,
}

/// What a rendition is encoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// Smaller; keeps transparency.
    WebP,
    /// For programs that know nothing newer; white where the picture is transparent.
    Jpeg,
    /// Half of WebP, for ten times the work; keeps transparency.
    #[cfg(feature = "avif")]
    Avif,
}

/// A rendition that a picture may have. Its text form is the name of a file: `640.webp`, `640-16x9-50-40.jpg` with
/// the focal point in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant {
    width: u32,
    crop: Crop,
    focal: Focal,
    encoding: Encoding,
}

/// A text that is not the name of a rendition, or not spelt as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of a rendition, as 640.webp or 640-16x9-50-40.jpg are")]
pub struct NotAVariant;

/// A part of a picture, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rectangle {
    /// Pixels to the left of it.
    pub left: u32,
    /// Pixels above it.
    pub top: u32,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Crop {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Wide, Self::Standard, Self::Square];

    /// Its name in the names of files; None for the whole picture.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Wide => Some("16x9"),
            Self::Standard => Some("4x3"),
            Self::Square => Some("1x1"),
        }
    }

    /// The crop of a name; None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|crop| crop.name() == Some(name))
    }

    /// Width to height; None for the shape of the picture.
    const fn ratio(self) -> Option<(u32, u32)> {
        match self {
            Self::Whole => None,
            Self::Wide => Some((16, 9)),
            Self::Standard => Some((4, 3)),
            Self::Square => Some((1, 1)),
        }
    }

    /// The size of the largest part of that shape.
    fn size_within(self, width: u32, height: u32) -> (u32, u32) {
        match self.ratio() {
            None => (width, height),
            Some((across, down)) if width * down > height * across => {
                (rounded(height, across, down).min(width), height)
            }
            Some((across, down)) => (width, rounded(width, down, across).min(height)),
        }
    }
}

/// A length times a ratio, at least 1.
fn rounded(length: u32, over: u32, under: u32) -> u32 {
    let under = u64::from(under.max(1));
    let exact = u64::from(length) * u64::from(over);
    u32::try_from((exact + under / 2) / under)
        .unwrap_or(u32::MAX)
        .max(1)
}

impl Focal {
    /// The middle.
    pub const CENTRE: Self = Self { x: 50, y: 50 };

    /// The point so many percent from the left and from the top; None beyond 100.
    pub const fn new(x: u8, y: u8) -> Option<Self> {
        if x > 100 || y > 100 {
            return None;
        }
        Some(Self { x, y })
    }

    /// Percent from the left.
    pub const fn x(self) -> u8 {
        self.x
    }

    /// Percent from the top.
    pub const fn y(self) -> u8 {
        self.y
    }
}

impl Default for Focal {
    fn default() -> Self {
        Self::CENTRE
    }
}

impl Encoding {
    /// Those that are made quickly, the smaller one first.
    pub const QUICK: [Self; 2] = [Self::WebP, Self::Jpeg];

    /// All of them.
    pub const ALL: &[Self] = &[
        Self::WebP,
        Self::Jpeg,
        #[cfg(feature = "avif")]
        Self::Avif,
    ];

    /// The media type (RFC 6838) that such a file is served as.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::WebP => Format::WebP.mime(),
            Self::Jpeg => Format::Jpeg.mime(),
            #[cfg(feature = "avif")]
            Self::Avif => "image/avif",
        }
    }

    /// What the name of such a file ends with, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::WebP => Format::WebP.extension(),
            Self::Jpeg => Format::Jpeg.extension(),
            #[cfg(feature = "avif")]
            Self::Avif => "avif",
        }
    }
}

impl Variant {
    /// The rendition of a width from 1 to 1920. None for every other width. Where the whole picture is shown, the
    /// focal point means nothing and becomes the middle.
    pub fn new(width: u32, crop: Crop, focal: Focal, encoding: Encoding) -> Option<Self> {
        let focal = match crop {
            Crop::Whole => Focal::CENTRE,
            _ => focal,
        };
        (1..=WIDEST).contains(&width).then_some(Self {
            width,
            crop,
            focal,
            encoding,
        })
    }

    /// Pixels from left to right.
    pub const fn width(self) -> u32 {
        self.width
    }

    /// What part of the picture it shows.
    pub const fn crop(self) -> Crop {
        self.crop
    }

    /// What it must show; the middle where it shows the whole picture.
    pub const fn focal(self) -> Focal {
        self.focal
    }

    /// What it is encoded as.
    pub const fn encoding(self) -> Encoding {
        self.encoding
    }

    /// Its width and height, of a picture of that size; None if that has no such rendition.
    pub fn size_for(self, width: u32, height: u32) -> Option<(u32, u32)> {
        let mut sizes = sizes(width, height, self.crop).into_iter();
        sizes.find(|size| size.0 == self.width)
    }

    /// Whether a picture of that size has it.
    pub fn exists_for(self, width: u32, height: u32) -> bool {
        self.size_for(width, height).is_some()
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.width)?;
        if let Some(crop) = self.crop.name() {
            write!(f, "-{crop}-{}-{}", self.focal.x, self.focal.y)?;
        }
        write!(f, ".{}", self.encoding.extension())
    }
}

impl FromStr for Variant {
    type Err = NotAVariant;

    fn from_str(name: &str) -> Result<Self, NotAVariant> {
        let variant = parsed(name).ok_or(NotAVariant)?;
        // One name for each: whatever keeps renditions keeps them by it.
        (variant.to_string() == name)
            .then_some(variant)
            .ok_or(NotAVariant)
    }
}

fn parsed(name: &str) -> Option<Variant> {
    let (name, extension) = name.rsplit_once('.')?;
    let mut encodings = Encoding::ALL.iter().copied();
    let encoding = encodings.find(|encoding| encoding.extension() == extension)?;
    let parts: Vec<_> = name.splitn(5, '-').collect();
    let (width, crop, focal) = match parts.as_slice() {
        [width] => (width, Crop::Whole, Focal::CENTRE),
        [width, crop, x, y] => {
            let focal = Focal::new(x.parse().ok()?, y.parse().ok()?)?;
            (width, Crop::from_name(crop)?, focal)
        }
        _ => return None,
    };
    Variant::new(width.parse().ok()?, crop, focal, encoding)
}

/// The widths and heights of the renditions that a picture of that size has of a crop, the smallest first: those of
/// [`WIDTHS`] that it has pixels for, and its own width where that is below the widest. Nothing is enlarged. Empty
/// only for a picture without pixels, or with a side of more than [`MAX_SIDE`].
pub fn sizes(width: u32, height: u32, crop: Crop) -> Vec<(u32, u32)> {
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Vec::new();
    }
    let (own_width, own_height) = crop.size_within(width, height);
    let (across, down) = crop.ratio().unwrap_or((own_width, own_height));
    let scaled = |width: u32| (width, rounded(width, down, across));
    let narrower = WIDTHS.into_iter().filter(|width| *width < own_width);
    let mut sizes: Vec<_> = narrower.map(scaled).collect();
    match own_width {
        ..WIDEST => sizes.push((own_width, own_height)),
        WIDEST => sizes.push(scaled(WIDEST)),
        _ => {}
    }
    sizes
}

/// The largest part of a picture that has the shape of a crop, its middle as near to the focal point as the edges
/// let it be.
pub fn crop_rectangle(width: u32, height: u32, crop: Crop, focal: Focal) -> Rectangle {
    let (width, height) = (width.min(MAX_SIDE), height.min(MAX_SIDE));
    let (across, down) = crop.size_within(width, height);
    let start = |whole: u32, part: u32, percent: u8| {
        let middle = rounded_down(whole, percent);
        middle
            .saturating_sub(part / 2)
            .min(whole.saturating_sub(part))
    };
    Rectangle {
        left: start(width, across, focal.x),
        top: start(height, down, focal.y),
        width: across,
        height: down,
    }
}

fn rounded_down(whole: u32, percent: u8) -> u32 {
    whole * u32::from(percent) / 100
}
