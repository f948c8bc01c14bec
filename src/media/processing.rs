//! What is made of a file that was uploaded: takes long, and so runs on threads of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::input::{DigitalSourceType, MediaInput};
use super::model::StoredRendition;
use crate::text::{Line, Prose, WebUrl};
use pictures::{
    Crop, Encoding, Focal, Format, Inspected, Kind, Metadata, Picture, Unreadable, Variant,
    inspect, metadata, sizes, without_metadata,
};

/// A file, ready to be stored.
#[derive(Debug)]
pub struct Processed {
    /// The file that is served.
    pub original: Vec<u8>,
    /// How large it is (bytes).
    pub bytes: i64,
    /// SHA-256 of it, hexadecimal.
    pub hash: String,
    /// Its size and how long it is.
    pub inspected: Inspected,
    /// What it says of itself.
    pub metadata: Metadata,
    /// A ThumbHash in Base64, of a picture.
    pub thumbhash: Option<String>,
    /// The whole picture in its widths.
    pub renditions: Vec<RenditionFile>,
}

/// A rendition and its bytes.
pub type RenditionFile = (StoredRendition, Vec<u8>);

impl Processed {
    /// The files, to be stored: what is left describes them.
    pub fn take_files(&mut self) -> (Vec<RenditionFile>, Vec<u8>) {
        let described = |(rendition, _): &RenditionFile| (rendition.clone(), Vec::new());
        let left = self.renditions.iter().map(described).collect();
        let renditions = std::mem::replace(&mut self.renditions, left);
        (renditions, std::mem::take(&mut self.original))
    }
}

/// Reads a file, takes out what it says of whoever made it and where unless that is `kept`, and makes the renditions of
/// a picture.
///
/// # Errors
/// When it cannot be read.
pub fn process(bytes: Vec<u8>, format: Format, kept: bool) -> Result<Processed, Unreadable> {
    let inspected = inspect(&bytes, format)?;
    let metadata = metadata(&bytes, format);
    let (thumbhash, renditions) = match format.kind() {
        Kind::Image => {
            let picture = Picture::decode(&bytes, format)?;
            (
                Some(STANDARD.encode(picture.thumbhash())),
                whole_renditions(&picture)?,
            )
        }
        Kind::Audio | Kind::Video | Kind::Document => (None, Vec::new()),
    };
    let original = match kept {
        true => bytes,
        false => without_metadata(&bytes, format)?,
    };
    Ok(Processed {
        bytes: i64::try_from(original.len()).unwrap_or(i64::MAX),
        hash: hex(&Sha256::digest(&original)),
        original,
        inspected,
        metadata,
        thumbhash,
        renditions,
    })
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn whole_renditions(picture: &Picture) -> Result<Vec<RenditionFile>, Unreadable> {
    let sizes = sizes(picture.width(), picture.height(), Crop::Whole);
    let variants: Vec<Variant> = sizes
        .into_iter()
        .flat_map(|(width, _)| Encoding::QUICK.map(|encoding| (width, encoding)))
        .filter_map(|(width, encoding)| Variant::new(width, Crop::Whole, Focal::CENTRE, encoding))
        .collect();
    picture
        .render(&variants)
        .into_iter()
        .map(|(variant, made)| {
            let made = made.map_err(|_| Unreadable::Damaged("its pixels cannot be encoded"))?;
            let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
            let rendition = StoredRendition {
                file: variant.to_string(),
                width: side(made.width),
                height: side(made.height),
                bytes: i64::try_from(made.bytes.len()).unwrap_or(i64::MAX),
            };
            Ok((rendition, made.bytes))
        })
        .collect()
}

/// A picture, made into one rendition.
///
/// # Errors
/// When it cannot be read, or the rendition does not exist.
pub fn rendition(bytes: &[u8], format: Format, variant: Variant) -> Result<Vec<u8>, Unreadable> {
    let picture = Picture::decode(bytes, format)?;
    let made = picture.render(&[variant]).pop();
    match made {
        Some((_, Ok(made))) => Ok(made.bytes),
        _ => Err(Unreadable::Damaged("its pixels cannot be encoded")),
    }
}

/// What is said of an item: by whoever uploads it, and where they say nothing, by the file.
pub fn said(input: MediaInput, file: &Metadata) -> MediaInput {
    MediaInput {
        alt: input.alt.or_else(|| read(file.alt.clone(), 1_000)),
        caption: input
            .caption
            .or_else(|| prose(file.caption.as_deref(), 1_000)),
        credit: input.credit.or_else(|| read(file.credit_line(), 300)),
        copyright_notice: input
            .copyright_notice
            .or_else(|| read(file.copyright_notice.clone(), 500)),
        usage_terms: input
            .usage_terms
            .or_else(|| prose(file.usage_terms.as_deref(), 2_000)),
        licence_url: input
            .licence_url
            .or_else(|| file.licence_url.as_ref()?.parse::<WebUrl>().ok()),
        digital_source_type: input.digital_source_type.or_else(|| {
            let name = file.digital_source_type.as_deref()?;
            Some(DigitalSourceType::as_stored(name))
        }),
        ..input
    }
}

/// A text of a file, as far as it can be one of ours.
fn read<const MAX: usize>(text: Option<String>, most: usize) -> Option<Line<MAX>> {
    let text = text?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words.join(" ").chars().take(most).collect();
    text.parse().ok()
}

fn prose<const MAX: usize>(text: Option<&str>, most: usize) -> Option<Prose<MAX>> {
    let text: String = text?.chars().take(most).collect();
    text.parse().ok()
}
