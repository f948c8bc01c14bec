//! Pictures of an article with absolute addresses.

use crate::articles::parts::LeadImage;
use crate::body::media::{FocalPoint, ImageCrop};
use crate::body::{Block, ImageBlock, html_text};
use crate::publication::Publication;

/// A picture.
#[derive(Debug, Clone)]
pub struct PublishedPicture {
    /// Where it is.
    pub url: String,
    /// Pixels from left to right.
    pub width: Option<u32>,
    /// Pixels from top to bottom.
    pub height: Option<u32>,
    /// What it shows, for those who do not see it.
    pub alt: Option<String>,
    /// What is printed below it, as plain text.
    pub caption: Option<String>,
    /// Who made it, as plain text.
    pub credit: Option<String>,
    /// What must stay visible.
    pub focal_point: Option<FocalPoint>,
    /// How it came about, in the words of the IPTC's vocabulary `digitalsourcetype`.
    pub digital_source_type: Option<String>,
    /// Parts of it in other shapes, the widest of each.
    pub crops: Vec<Crop>,
}

/// A part of a picture in another shape.
#[derive(Debug, Clone)]
pub struct Crop {
    /// Where it is, as JPEG.
    pub url: String,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

fn crop(one: &ImageCrop, publication: &Publication) -> Option<Crop> {
    let width = u32::from(*one.widths.last()?);
    let (across, down) = one.ratio.split_once('x')?;
    let (across, down): (u32, u32) = (across.parse().ok()?, down.parse().ok()?);
    let url = one.url.replace("{width}", &width.to_string());
    let url = url
        .strip_suffix(".webp")
        .map(|name| format!("{name}.jpg"))
        .unwrap_or(url);
    Some(Crop {
        url: publication.absolute(&url)?,
        width,
        height: (width * down + across / 2).checked_div(across)?,
    })
}

fn crops(crops: &[ImageCrop], publication: &Publication) -> Vec<Crop> {
    crops
        .iter()
        .filter_map(|one| crop(one, publication))
        .collect()
}

impl PublishedPicture {
    /// The picture above an article; `None` when its address is none on the web.
    pub fn of_lead(image: &LeadImage, publication: &Publication) -> Option<Self> {
        Some(Self {
            url: publication.absolute(image.url.as_str())?,
            width: image.width.map(|pixels| pixels.get()),
            height: image.height.map(|pixels| pixels.get()),
            alt: image.alt.as_ref().map(|text| text.as_str().to_owned()),
            caption: image.caption.as_ref().map(|text| text.as_str().to_owned()),
            credit: image.credit.as_ref().map(|text| text.as_str().to_owned()),
            focal_point: image.focal_point,
            digital_source_type: image.digital_source_type.clone(),
            crops: crops(&image.crops, publication),
        })
    }

    fn of_block(image: &ImageBlock, publication: &Publication) -> Option<Self> {
        let plain = |html: &Option<String>| html.as_deref().map(html_text);
        Some(Self {
            url: publication.absolute(&image.url)?,
            width: image.width.map(u32::from),
            height: image.height.map(u32::from),
            alt: Some(image.alt.clone()),
            caption: plain(&image.caption),
            credit: plain(&image.credit),
            focal_point: None,
            digital_source_type: image.digital_source_type.clone(),
            crops: Vec::new(),
        })
    }

    /// The pictures of a body, in its order.
    pub fn of_body(blocks: &[Block], publication: &Publication) -> Vec<Self> {
        let images = blocks.iter().flat_map(|block| match block {
            Block::Image(image) => vec![image],
            Block::Gallery(gallery) => gallery.images.iter().map(|one| one.image()).collect(),
            _ => Vec::new(),
        });
        images
            .filter_map(|image| Self::of_block(image, publication))
            .collect()
    }
}
