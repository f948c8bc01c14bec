//! Blocks of pictures, audio and video as JSON from outside → blocks: by an address, or by an item of the newsroom's
//! media, which says the rest.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::block::{AudioBlock, Block, GalleryBlock, GalleryImage, ImageBlock, VideoBlock};
use super::bounds::MAX_IMAGES;
use super::media::Override;
use super::validate::{Address, Inline, Line, Link, Pixels, line, optional};
use crate::db::Id;
use crate::validation::{Violation, Violations};

/// What the server says of an item, whatever is sent of it: clients send back what they have read.
#[derive(Debug)]
pub struct ReadOnly;

impl Deserr<Violations> for ReadOnly {
    fn deserialize_from_value<V: IntoValue>(
        _: Value<V>,
        _: ValuePointerRef,
    ) -> Result<Self, Violations> {
        Ok(Self)
    }
}

/// `type` of a picture in a gallery, where it is said.
#[derive(Deserr)]
#[deserr(error = Violations, rename_all = lowercase)]
enum ImageType {
    Image,
}

#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
pub(super) struct Image {
    #[deserr(default, rename = "type")]
    _kind: Option<ImageType>,
    #[deserr(default)]
    url: Option<Address>,
    #[deserr(default)]
    media_id: Option<Id>,
    #[deserr(default)]
    overrides: Option<Vec<Override>>,
    #[deserr(default)]
    alt: Option<Line>,
    #[deserr(default)]
    caption: Option<Inline>,
    #[deserr(default)]
    credit: Option<Inline>,
    #[deserr(default)]
    width: Option<Pixels>,
    #[deserr(default)]
    height: Option<Pixels>,
    #[deserr(default)]
    link: Option<Link>,
    #[deserr(default, rename = "srcset")]
    _srcset: Option<ReadOnly>,
    #[deserr(default, rename = "crops")]
    _crops: Option<ReadOnly>,
    #[deserr(default, rename = "thumbhash")]
    _thumbhash: Option<ReadOnly>,
    #[deserr(default, rename = "digital_source_type")]
    _digital_source_type: Option<ReadOnly>,
}

/// An address, unless an item of the media has it.
fn address(url: Option<Address>, media: Option<Id>) -> Result<String, Violations> {
    match (url, media) {
        (_, Some(_)) => Ok(String::new()),
        (Some(url), None) => Ok(url.0),
        (None, None) => Err(Violation::new("/url", "required", "or a media_id is required").into()),
    }
}

fn words(html: Option<Inline>, place: &str, removed: &mut Violations) -> Option<String> {
    optional(html.map(|html| html.0), place, removed)
}

impl Image {
    pub(super) fn read(self, removed: &mut Violations) -> Result<ImageBlock, Violations> {
        Ok(ImageBlock {
            url: address(self.url, self.media_id)?,
            alt: line(self.alt).unwrap_or_default(),
            caption: words(self.caption, "/caption", removed),
            credit: words(self.credit, "/credit", removed),
            width: self.width.map(|width| width.0),
            height: self.height.map(|height| height.0),
            link: self.link.and_then(|link| link.0),
            overrides: self.overrides.filter(|_| self.media_id.is_some()),
            media_id: self.media_id,
            ..ImageBlock::default()
        })
    }
}

#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
pub(super) struct Gallery {
    images: Vec<Image>,
    #[deserr(default)]
    caption: Option<Inline>,
}

impl Gallery {
    pub(super) fn read(self, removed: &mut Violations) -> Result<Block, Violations> {
        if self.images.is_empty() || self.images.len() > MAX_IMAGES {
            let detail = format!("must be 1 to {MAX_IMAGES}, are {}", self.images.len());
            return Err(Violation::new("/images", "out_of_range", detail).into());
        }
        let (mut images, mut wrong) = (Vec::new(), Violations::default());
        for (index, image) in self.images.into_iter().enumerate() {
            let (here, mut warnings) = (format!("/images/{index}"), Violations::default());
            match image.read(&mut warnings) {
                Ok(image) => images.push(GalleryImage::Image(image)),
                Err(more) => wrong.append(more.under(&here)),
            }
            removed.append(warnings.under(&here));
        }
        wrong.into_result()?;
        let caption = words(self.caption, "/caption", removed);
        Ok(GalleryBlock { images, caption }.into())
    }
}

#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
pub(super) struct Audio {
    #[deserr(default)]
    url: Option<Address>,
    #[deserr(default)]
    media_id: Option<Id>,
    #[deserr(default)]
    overrides: Option<Vec<Override>>,
    #[deserr(default)]
    caption: Option<Inline>,
    #[deserr(default)]
    credit: Option<Inline>,
    #[deserr(default, rename = "mime")]
    _mime: Option<ReadOnly>,
    #[deserr(default, rename = "bytes")]
    _bytes: Option<ReadOnly>,
    #[deserr(default, rename = "duration_ms")]
    _duration_ms: Option<ReadOnly>,
}

impl Audio {
    pub(super) fn read(self, removed: &mut Violations) -> Result<Block, Violations> {
        Ok(AudioBlock {
            url: address(self.url, self.media_id)?,
            caption: words(self.caption, "/caption", removed),
            credit: words(self.credit, "/credit", removed),
            overrides: self.overrides.filter(|_| self.media_id.is_some()),
            media_id: self.media_id,
            ..AudioBlock::default()
        }
        .into())
    }
}

#[derive(Deserr)]
#[deserr(error = Violations, deny_unknown_fields)]
pub(super) struct Video {
    #[deserr(default)]
    url: Option<Address>,
    #[deserr(default)]
    media_id: Option<Id>,
    #[deserr(default)]
    overrides: Option<Vec<Override>>,
    #[deserr(default)]
    poster: Option<Address>,
    #[deserr(default)]
    caption: Option<Inline>,
    #[deserr(default)]
    credit: Option<Inline>,
    #[deserr(default)]
    width: Option<Pixels>,
    #[deserr(default)]
    height: Option<Pixels>,
    #[deserr(default, rename = "mime")]
    _mime: Option<ReadOnly>,
    #[deserr(default, rename = "bytes")]
    _bytes: Option<ReadOnly>,
    #[deserr(default, rename = "duration_ms")]
    _duration_ms: Option<ReadOnly>,
}

impl Video {
    pub(super) fn read(self, removed: &mut Violations) -> Result<Block, Violations> {
        Ok(VideoBlock {
            url: address(self.url, self.media_id)?,
            poster: self.poster.map(|poster| poster.0),
            caption: words(self.caption, "/caption", removed),
            credit: words(self.credit, "/credit", removed),
            width: self.width.map(|width| width.0),
            height: self.height.map(|height| height.0),
            overrides: self.overrides.filter(|_| self.media_id.is_some()),
            media_id: self.media_id,
            ..VideoBlock::default()
        }
        .into())
    }
}
