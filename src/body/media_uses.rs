//! Uses of items of the newsroom's media in blocks: finding them, filling them in, leaving them out.

use super::block::{AudioBlock, Block, GalleryImage, ImageBlock, VideoBlock};
use super::media::{MediaFile, MediaKind, Override};
use super::write::escape;
use crate::db::Id;
use crate::validation::{Violation, Violations};

/// Which words of a use are its own, and which an item of the media says.
pub struct Settling<'a> {
    said: Option<&'a [Override]>,
    own: Vec<Override>,
}

impl<'a> Settling<'a> {
    /// Of a use that says which are its own, or does not say it.
    pub fn new(said: Option<&'a [Override]>) -> Self {
        Self {
            said,
            own: Vec::new(),
        }
    }

    /// Leaves a word that is the use's own, and puts the item's in place of others.
    pub fn settle<T: PartialEq>(&mut self, which: Override, here: &mut Option<T>, item: Option<T>) {
        let is_own = match self.said {
            Some(said) => said.contains(&which),
            None => here.is_some() && *here != item,
        };
        match is_own {
            true => self.own.push(which),
            false => *here = item,
        }
    }

    /// Those that are its own.
    pub fn finish(self) -> Vec<Override> {
        self.own
    }
}

impl ImageBlock {
    fn fill(&mut self, file: &MediaFile) {
        let mut settling = Settling::new(self.overrides.as_deref());
        let mut alt = Some(std::mem::take(&mut self.alt)).filter(|alt| !alt.is_empty());
        settling.settle(Override::Alt, &mut alt, file.alt.clone());
        settle_words(&mut settling, (&mut self.caption, &mut self.credit), file);
        self.overrides = Some(settling.finish());
        self.alt = alt.unwrap_or_default();
        self.url = file.url.clone();
        (self.width, self.height) = (file.width, file.height);
        self.srcset.clone_from(&file.srcset);
        self.crops.clone_from(&file.crops);
        self.thumbhash.clone_from(&file.thumbhash);
        self.digital_source_type
            .clone_from(&file.digital_source_type);
    }

    /// Takes away what only an item of the media has.
    fn empty(&mut self) {
        self.overrides = None;
        self.srcset = Vec::new();
        self.crops = Vec::new();
        self.thumbhash = None;
        self.digital_source_type = None;
    }
}

fn settle_words(
    settling: &mut Settling<'_>,
    (caption, credit): (&mut Option<String>, &mut Option<String>),
    file: &MediaFile,
) {
    // In blocks they are inline HTML.
    let html = |text: &Option<String>| text.as_deref().map(escape);
    settling.settle(Override::Caption, caption, html(&file.caption));
    settling.settle(Override::Credit, credit, html(&file.credit));
}

impl AudioBlock {
    fn fill(&mut self, file: &MediaFile) {
        let mut settling = Settling::new(self.overrides.as_deref());
        settle_words(&mut settling, (&mut self.caption, &mut self.credit), file);
        self.overrides = Some(settling.finish());
        self.url = file.url.clone();
        self.mime = Some(file.mime.clone());
        self.bytes = Some(file.bytes);
        self.duration_ms = file.duration_ms;
    }
}

impl VideoBlock {
    fn fill(&mut self, file: &MediaFile) {
        let mut settling = Settling::new(self.overrides.as_deref());
        settle_words(&mut settling, (&mut self.caption, &mut self.credit), file);
        self.overrides = Some(settling.finish());
        self.url = file.url.clone();
        self.mime = Some(file.mime.clone());
        self.bytes = Some(file.bytes);
        self.duration_ms = file.duration_ms;
        (self.width, self.height) = (file.width, file.height);
    }
}

/// A place in a body that shows, or may show, an item of the media.
enum Shown<'a> {
    Image(&'a mut ImageBlock),
    Audio(&'a mut AudioBlock),
    Video(&'a mut VideoBlock),
}

impl Shown<'_> {
    fn media_id(&self) -> Option<Id> {
        match self {
            Self::Image(image) => image.media_id,
            Self::Audio(audio) => audio.media_id,
            Self::Video(video) => video.media_id,
        }
    }

    fn url(&self) -> &str {
        match self {
            Self::Image(image) => &image.url,
            Self::Audio(audio) => &audio.url,
            Self::Video(video) => &video.url,
        }
    }

    fn set_media_id(&mut self, id: Id) {
        match self {
            Self::Image(image) => image.media_id = Some(id),
            Self::Audio(audio) => audio.media_id = Some(id),
            Self::Video(video) => video.media_id = Some(id),
        }
    }

    fn kind(&self) -> MediaKind {
        match self {
            Self::Image(_) => MediaKind::Image,
            Self::Audio(_) => MediaKind::Audio,
            Self::Video(_) => MediaKind::Video,
        }
    }

    fn fill(&mut self, file: &MediaFile) {
        match self {
            Self::Image(image) => image.fill(file),
            Self::Audio(audio) => audio.fill(file),
            Self::Video(video) => video.fill(file),
        }
    }

    fn empty(&mut self) {
        match self {
            Self::Image(image) => image.empty(),
            Self::Audio(audio) => audio.overrides = None,
            Self::Video(video) => video.overrides = None,
        }
    }
}

fn shown(blocks: &mut [Block]) -> Vec<(String, Shown<'_>)> {
    let all = blocks.iter_mut().enumerate();
    all.flat_map(|(index, block)| {
        let here = format!("/{index}");
        match block {
            Block::Image(image) => vec![(here, Shown::Image(image))],
            Block::Audio(audio) => vec![(here, Shown::Audio(audio))],
            Block::Video(video) => vec![(here, Shown::Video(video))],
            Block::Gallery(gallery) => {
                let images = gallery.images.iter_mut().map(GalleryImage::image_mut);
                let images = images.enumerate();
                images
                    .map(|(image, shown)| (format!("{here}/images/{image}"), Shown::Image(shown)))
                    .collect()
            }
            _ => Vec::new(),
        }
    })
    .collect()
}

/// The items of the media that blocks show, in their order, each with a pointer to what shows it.
pub(super) fn places(blocks: &[Block]) -> Vec<(String, Id)> {
    let of = |(index, block): (usize, &Block)| {
        let here = format!("/{index}");
        match block {
            Block::Image(image) => vec![(here, image.media_id)],
            Block::Audio(audio) => vec![(here, audio.media_id)],
            Block::Video(video) => vec![(here, video.media_id)],
            Block::Gallery(gallery) => {
                let images = gallery.images.iter().map(GalleryImage::image).enumerate();
                let places =
                    images.map(|(image, shown)| (format!("{here}/images/{image}"), shown.media_id));
                places.collect()
            }
            _ => Vec::new(),
        }
    };
    let all = blocks.iter().enumerate().flat_map(of);
    all.filter_map(|(pointer, id)| Some((pointer, id?)))
        .collect()
}

/// The name of the files of an item of the media whose address this may be: whoever writes HTML or Markdown has no other.
pub fn name_in(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    let (folder, _) = path.rsplit_once('/')?;
    folder.rsplit('/').next().filter(|name| is_name(name))
}

/// Whether a text has the form of the name of an item's files: 32 hexadecimal digits.
pub fn is_name(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 32 && text.bytes().all(is_digit)
}

/// The names of items that blocks show by address alone.
pub(super) fn names(blocks: &mut [Block]) -> Vec<String> {
    let by_address = shown(blocks).into_iter();
    let by_address = by_address.filter(|(_, shown)| shown.media_id().is_none());
    let names = by_address.filter_map(|(_, shown)| name_in(shown.url()).map(str::to_owned));
    names.collect()
}

/// Makes uses of items of what shows them by address alone.
pub(super) fn adopt(blocks: &mut [Block], find: impl Fn(&str) -> Option<Id>) {
    for (_, mut shown) in shown(blocks) {
        if shown.media_id().is_none()
            && let Some(id) = name_in(shown.url()).and_then(&find)
        {
            shown.set_media_id(id);
        }
    }
}

/// Leaves out what shows items that are gone; returns where that was.
pub(super) fn leave_out(blocks: &mut Vec<Block>, is_gone: impl Fn(Id) -> bool) -> Vec<String> {
    let places = places(blocks).into_iter();
    let gone: Vec<String> = places
        .filter(|(_, id)| is_gone(*id))
        .map(|(pointer, _)| pointer)
        .collect();
    let shows_gone = |id: Option<Id>| id.is_some_and(&is_gone);
    for block in &mut *blocks {
        if let Block::Gallery(gallery) = block {
            gallery
                .images
                .retain(|image| !shows_gone(image.image().media_id));
        }
    }
    blocks.retain(|block| match block {
        Block::Image(image) => !shows_gone(image.media_id),
        Block::Audio(audio) => !shows_gone(audio.media_id),
        Block::Video(video) => !shows_gone(video.media_id),
        Block::Gallery(gallery) => !gallery.images.is_empty(),
        _ => true,
    });
    gone
}

/// Fills in what items of the media say; pointers of violations begin at the body.
pub(super) fn fill<'f>(
    blocks: &mut [Block],
    find: impl Fn(Id) -> Option<&'f MediaFile>,
) -> Violations {
    let mut wrong = Violations::default();
    for (pointer, mut shown) in shown(blocks) {
        let Some(id) = shown.media_id() else {
            shown.empty();
            continue;
        };
        match checked(find(id), shown.kind()) {
            Ok(file) => shown.fill(file),
            Err(invalid) => wrong.push(Violation::new(
                format!("{pointer}/media_id"),
                invalid.0,
                invalid.1,
            )),
        }
    }
    wrong
}

/// A file that was found, and is of a kind; otherwise the code and the words of a violation.
///
/// # Errors
/// `not_found`, `wrong_kind`.
pub fn checked(
    found: Option<&MediaFile>,
    kind: MediaKind,
) -> Result<&MediaFile, (&'static str, String)> {
    match found {
        None => Err(("not_found", "is not the id of any item of the media".into())),
        Some(file) if file.kind != kind => Err((
            "wrong_kind",
            format!(
                "must be of kind {}, is of kind {}",
                kind.as_str(),
                file.kind.as_str()
            ),
        )),
        Some(file) => Ok(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(credit: &str) -> MediaFile {
        MediaFile {
            kind: MediaKind::Image,
            url: "/media/a/640.jpg".into(),
            mime: "image/jpeg".into(),
            bytes: 10,
            width: Some(640),
            height: Some(480),
            duration_ms: None,
            alt: Some("A harbour".into()),
            caption: Some("Ships & cranes".into()),
            credit: Some(credit.into()),
            focal_point: None,
            srcset: Vec::new(),
            crops: Vec::new(),
            thumbhash: None,
            digital_source_type: None,
        }
    }

    fn filled(image: ImageBlock, file: &MediaFile) -> ImageBlock {
        let mut blocks = [Block::Image(ImageBlock {
            media_id: Some(Id::generate()),
            ..image
        })];
        assert!(fill(&mut blocks, |_| Some(file)).is_empty());
        match blocks {
            [Block::Image(image)] => image,
            _ => unreachable!("it was an image"),
        }
    }

    #[test]
    fn what_is_not_said_here_the_item_says_and_goes_on_saying() {
        let image = filled(ImageBlock::default(), &file("Agency A"));
        assert_eq!(image.alt, "A harbour");
        assert_eq!(image.caption.as_deref(), Some("Ships &amp; cranes"));
        assert_eq!(image.overrides, Some(Vec::new()));
        let again = filled(image, &file("Agency B"));
        assert_eq!(again.credit.as_deref(), Some("Agency B"));
    }

    #[test]
    fn what_differs_from_the_item_is_said_here_and_stays() {
        let own = ImageBlock {
            caption: Some("At noon".into()),
            ..ImageBlock::default()
        };
        let image = filled(own, &file("Agency A"));
        assert_eq!(image.overrides, Some(vec![Override::Caption]));
        let again = filled(image, &file("Agency B"));
        assert_eq!(again.caption.as_deref(), Some("At noon"));
        assert_eq!(again.credit.as_deref(), Some("Agency B"));
    }

    #[test]
    fn nothing_can_be_said_in_place_of_the_items_words() {
        let own = ImageBlock {
            overrides: Some(vec![Override::Caption]),
            ..ImageBlock::default()
        };
        assert_eq!(filled(own, &file("Agency")).caption, None);
    }

    #[test]
    fn a_sound_is_no_picture() {
        let mut blocks = [Block::Audio(AudioBlock {
            media_id: Some(Id::generate()),
            ..AudioBlock::default()
        })];
        let wrong = fill(&mut blocks, |_| None);
        assert_eq!(wrong.listed()[0].code, "not_found");
        let file = file("Agency");
        let wrong = fill(&mut blocks, |_| Some(&file));
        assert_eq!(wrong.listed()[0].pointer, "/0/media_id");
        assert_eq!(wrong.listed()[0].code, "wrong_kind");
    }
}
