//! The parts that a body is made of, and what the OpenAPI document says of them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, Discriminator, ObjectBuilder, OneOfBuilder, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::media::{ImageCrop, ImageRendition, Override};
use crate::db::Id;

/// A paragraph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "paragraph", "html": "Twelve harbour cities have <em>agreed</em>."
}))]
pub struct ParagraphBlock {
    /// Inline HTML.
    pub html: String,
}

/// A heading within the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "heading", "level": 2, "html": "What was agreed"}))]
pub struct HeadingBlock {
    /// 1 to 6; 2 is the first below the headline.
    #[serde(default = "usual_level")]
    #[schema(minimum = 1, maximum = 6, default = 2, required = true)]
    pub level: u8,
    /// Inline HTML.
    pub html: String,
}

/// Somebody's words, set apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "quote", "text": "We will keep the water out.", "attribution": "Ada Roth, mayor",
    "url": "https://cities.example/statement"
}))]
pub struct QuoteBlock {
    /// Inline HTML. Two line breaks part its paragraphs.
    pub text: String,
    /// Who said it: inline HTML.
    #[serde(default)]
    pub attribution: Option<String>,
    /// Where it was said: an `http` or `https` URL, or a path that begins with `/`.
    #[serde(default)]
    pub url: Option<String>,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "image", "url": "https://media.example/harbour.jpg",
    "alt": "A harbour at high tide", "caption": "The harbour on Monday",
    "credit": "Jo Lind/Agency", "width": 1600, "height": 1067
}))]
pub struct ImageBlock {
    /// Where it is: an `http` or `https` URL, or a path that begins with `/`.
    pub url: String,
    /// What it shows, for those who do not see it: plain text.
    #[serde(default)]
    #[schema(required = true)]
    pub alt: String,
    /// What is printed below it: inline HTML.
    #[serde(default)]
    pub caption: Option<String>,
    /// Who made it: inline HTML.
    #[serde(default)]
    pub credit: Option<String>,
    /// Pixels, 1 to 65535.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 65535)]
    pub width: Option<u16>,
    /// Pixels, 1 to 65535.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 65535)]
    pub height: Option<u16>,
    /// Where a click on it leads: any address that a link in the text may have.
    #[serde(default)]
    pub link: Option<String>,
    /// The item of the newsroom's media that it shows: what is said here comes from there, but for `overrides`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub media_id: Option<Id>,
    /// Which of `alt`, `caption` and `credit` are said here and not by the item. When it is sent it decides; without it,
    /// what differs from the item is said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, inline)]
    pub overrides: Option<Vec<Override>>,
    /// The same picture in several widths, as WebP, the narrowest first. Made by the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub srcset: Vec<ImageRendition>,
    /// Parts of it with a fixed ratio, around what matters in it. Made by the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub crops: Vec<ImageCrop>,
    /// A tiny likeness to show while it loads: a ThumbHash in Base64. Made by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        required = false,
        nullable = false,
        example = "1QcSHQRnh493V4dIh4eXh1h4kJUI"
    )]
    pub thumbhash: Option<String>,
    /// How it came about, as the last part of an address of the IPTC's vocabulary `digitalsourcetype`:
    /// `trainedAlgorithmicMedia` is made by a machine. From the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "digitalCapture")]
    pub digital_source_type: Option<String>,
}

/// Several pictures that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "gallery", "caption": "The harbour through the day", "images": [
        {"type": "image", "url": "https://media.example/morning.jpg", "alt": "The harbour in the morning",
         "caption": null, "credit": "Jo Lind/Agency", "width": null, "height": null, "link": null},
        {"type": "image", "url": "https://media.example/night.jpg", "alt": "The harbour at night",
         "caption": null, "credit": "Jo Lind/Agency", "width": null, "height": null, "link": null}
    ]
}))]
pub struct GalleryBlock {
    /// At least one, at most 50.
    #[schema(min_items = 1, max_items = 50)]
    pub images: Vec<GalleryImage>,
    /// What is printed below all of them: inline HTML.
    #[serde(default)]
    pub caption: Option<String>,
}

/// A picture of a gallery: an image block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GalleryImage {
    /// The picture.
    Image(ImageBlock),
}

impl GalleryImage {
    /// The picture.
    pub fn image(&self) -> &ImageBlock {
        let Self::Image(image) = self;
        image
    }

    /// The same, to be changed.
    pub fn image_mut(&mut self) -> &mut ImageBlock {
        let Self::Image(image) = self;
        image
    }
}

impl PartialSchema for GalleryImage {
    fn schema() -> RefOr<Schema> {
        Ref::from_schema_name("ImageBlock").into()
    }
}

impl ToSchema for GalleryImage {
    fn name() -> std::borrow::Cow<'static, str> {
        "ImageBlock".into()
    }
}

/// Something to hear.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "audio", "url": "https://media.example/interview.mp3", "caption": "The interview in full",
    "credit": "Harbour Radio", "mime": "audio/mpeg", "bytes": 4800000, "duration_ms": 300000
}))]
pub struct AudioBlock {
    /// Where it is: an `http` or `https` URL, or a path that begins with `/`.
    pub url: String,
    /// What is printed below it: inline HTML.
    #[serde(default)]
    pub caption: Option<String>,
    /// Who made it: inline HTML.
    #[serde(default)]
    pub credit: Option<String>,
    /// Its media type, of what the newsroom has uploaded.
    #[serde(default)]
    pub mime: Option<String>,
    /// How large it is, of what the newsroom has uploaded.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub bytes: Option<i64>,
    /// How long it is, in milliseconds; null where that is not known.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub duration_ms: Option<i64>,
    /// The item of the newsroom's media that it plays: what is said here comes from there, but for `overrides`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub media_id: Option<Id>,
    /// Which of `caption` and `credit` are said here and not by the item, as of pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, inline)]
    pub overrides: Option<Vec<Override>>,
}

/// Something to watch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "video", "url": "https://media.example/tide.mp4", "poster": "https://media.example/tide.jpg",
    "caption": "The tide comes in", "credit": "Harbour Pictures", "width": 1280, "height": 720,
    "mime": "video/mp4", "bytes": 9600000, "duration_ms": 42000
}))]
pub struct VideoBlock {
    /// Where it is: an `http` or `https` URL, or a path that begins with `/`.
    pub url: String,
    /// The picture that is shown until it plays: an address as that of a picture.
    #[serde(default)]
    pub poster: Option<String>,
    /// What is printed below it: inline HTML.
    #[serde(default)]
    pub caption: Option<String>,
    /// Who made it: inline HTML.
    #[serde(default)]
    pub credit: Option<String>,
    /// Pixels, 1 to 65535.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 65535)]
    pub width: Option<u16>,
    /// Pixels, 1 to 65535.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 65535)]
    pub height: Option<u16>,
    /// Its media type, of what the newsroom has uploaded.
    #[serde(default)]
    pub mime: Option<String>,
    /// How large it is, of what the newsroom has uploaded.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub bytes: Option<i64>,
    /// How long it is, in milliseconds; null where that is not known.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub duration_ms: Option<i64>,
    /// The item of the newsroom's media that it plays: what is said here comes from there, but for `overrides`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub media_id: Option<Id>,
    /// Which of `caption` and `credit` are said here and not by the item, as of pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, inline)]
    pub overrides: Option<Vec<Override>>,
}

/// A list that holds no other list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "list", "ordered": false, "items": ["Bergen", "Gdynia"]}))]
pub struct ListBlock {
    /// Whether its items are numbered, from 1.
    #[serde(default)]
    #[schema(required = true)]
    pub ordered: bool,
    /// Inline HTML each.
    pub items: Vec<String>,
}

/// Something that stands elsewhere, such as a post or a video.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "embed", "url": "https://video.example/watch/42", "provider": "video.example",
    "caption": "The meeting in full"
}))]
pub struct EmbedBlock {
    /// Where it is: an `http` or `https` URL, or a path that begins with `/`.
    pub url: String,
    /// Whose it is, such as `youtube`: plain text.
    #[serde(default)]
    pub provider: Option<String>,
    /// HTML to show in its place: sanitised, so without scripts and frames.
    #[serde(default)]
    pub html: Option<String>,
    /// What is printed below it: inline HTML.
    #[serde(default)]
    pub caption: Option<String>,
}

/// How the cells of a column are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Alignment {
    /// As the language's direction has it.
    Start,
    /// In the middle.
    Center,
    /// Against the end of the line, as numbers often are.
    End,
}

impl Alignment {
    /// By its name in JSON.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "start" => Some(Self::Start),
            "center" => Some(Self::Center),
            "end" => Some(Self::End),
            _ => None,
        }
    }

    /// The alignments of all columns; none where all are usual.
    pub(super) fn said(columns: Vec<Self>) -> Vec<Self> {
        match columns.iter().all(|column| *column == Self::Start) {
            true => Vec::new(),
            false => columns,
        }
    }
}

/// A table in which no cell spans others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "table", "header": ["City", "Metres"], "rows": [["Bergen", "1.2"]],
    "alignments": ["start", "end"], "caption": "Sea level by 2100"
}))]
pub struct TableBlock {
    /// Inline HTML of the head's cells; empty for a table without a head.
    #[serde(default)]
    #[schema(required = true)]
    pub header: Vec<String>,
    /// Inline HTML of the other cells, row by row. All rows are as long as the longest:
    /// short ones are filled up with empty cells.
    pub rows: Vec<Vec<String>>,
    /// How each column is set; empty where nothing is said.
    #[serde(default)]
    #[schema(required = true)]
    pub alignments: Vec<Alignment>,
    /// What the table is about: inline HTML.
    #[serde(default)]
    pub caption: Option<String>,
}

/// Program text, or anything else that keeps its line breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "code", "language": "sql", "text": "SELECT 1;"}))]
pub struct CodeBlock {
    /// Such as `sql`: at most 40 ASCII letters, digits, `+`, `-`, `#`, `_` and `.`.
    #[serde(default)]
    pub language: Option<String>,
    /// Plain text.
    pub text: String,
}

/// What fits no other block, such as a list within a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "type": "html", "html": "<ul><li>Norway<ul><li>Bergen</li></ul></li></ul>"
}))]
pub struct HtmlBlock {
    /// HTML, sanitised: without scripts, styles, frames and forms.
    pub html: String,
}

fn usual_level() -> u8 {
    2
}

macro_rules! blocks {
    ($($variant:ident($of:ident, $name:literal): [$($optional:literal),*]),* $(,)?) => {
        /// One part of an article's text.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Block {
            $(
                #[doc = concat!("`", $name, "`.")]
                $variant($of),
            )*
        }

        $(
            impl From<$of> for Block {
                fn from(block: $of) -> Self {
                    Self::$variant(block)
                }
            }
        )*

        impl Block {
            /// What `type` may say.
            pub(super) const TYPES: &[&str] = &[$($name),*];
        }

        /// The schemas of all types: a type's name, its schema, and the members that may be left
        /// out when it is sent although it always has them when it is read.
        fn types() -> Vec<(&'static str, String, RefOr<Schema>, &'static [&'static str])> {
            vec![$(($name, stringify!($of).to_owned(), $of::schema(), &[$($optional),*])),*]
        }
    };
}

blocks! {
    Paragraph(ParagraphBlock, "paragraph"): [],
    Heading(HeadingBlock, "heading"): ["level"],
    Quote(QuoteBlock, "quote"): [],
    Image(ImageBlock, "image"): ["url", "alt"],
    Gallery(GalleryBlock, "gallery"): ["caption"],
    Audio(AudioBlock, "audio"): ["url"],
    Video(VideoBlock, "video"): ["url"],
    List(ListBlock, "list"): ["ordered"],
    Embed(EmbedBlock, "embed"): [],
    Table(TableBlock, "table"): ["header", "alignments"],
    Code(CodeBlock, "code"): [],
    Html(HtmlBlock, "html"): [],
}

// --- The OpenAPI document -----------------------------------------------------------------------------

/// The schema of a type with a member that tells it from the others, by this name.
pub fn tagged(member: &str, name: &str, schema: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else {
        return schema;
    };
    let tag = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([name]));
    object.properties.insert(member.into(), tag.into());
    object.required.insert(0, member.into());
    object.into()
}

/// One of several types, each by its name and that of its schema, told apart by a member.
pub fn one_of(member: &str, names: impl Iterator<Item = (&'static str, String)>) -> RefOr<Schema> {
    let mut one_of = OneOfBuilder::new();
    let mut mapping = Vec::new();
    for (name, schema) in names {
        let reference = Ref::from_schema_name(&schema);
        mapping.push((name, reference.ref_location.clone()));
        one_of = one_of.item(reference);
    }
    one_of
        .discriminator(Some(Discriminator::with_mapping(member, mapping)))
        .into()
}

fn described(schema: RefOr<Schema>, text: &str) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::OneOf(mut one_of)) => {
            one_of.description = Some(text.to_owned());
            RefOr::T(Schema::OneOf(one_of))
        }
        schema => schema,
    }
}

impl PartialSchema for Block {
    fn schema() -> RefOr<Schema> {
        let names = types().into_iter().map(|(name, schema, ..)| (name, schema));
        described(
            one_of("type", names),
            "One part of an article's text. More types may come: a client that does not know one \
             leaves it out. In inline HTML stand text and the elements `a`, `em`, `strong`, `code`, \
             `sub`, `sup`, `br`, `s`, `del`, `ins`, `mark`, `u`, `q`, `cite`, `small`, `abbr`, \
             `time`, `ruby`, `rt`, `rp`, `bdi`, `bdo` and `span`.",
        )
    }
}

impl ToSchema for Block {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (name, of, schema, _) in types() {
            schemas.push((of, tagged("type", name, schema)));
        }
        schemas.push(("Alignment".into(), Alignment::schema()));
        schemas.push(("ImageRendition".into(), ImageRendition::schema()));
        schemas.push(("ImageCrop".into(), ImageCrop::schema()));
    }
}

/// A block as it is sent: as it is read, with members that may be left out.
#[derive(Debug)]
pub struct BlockInput;

impl BlockInput {
    /// The name of the schema of a type as it is sent: that of the type where both are the same.
    fn of(of: &str, optional: &[&str]) -> String {
        match optional {
            [] => of.to_owned(),
            _ => format!("{of}Input"),
        }
    }
}

impl PartialSchema for BlockInput {
    fn schema() -> RefOr<Schema> {
        let names = types()
            .into_iter()
            .map(|(name, of, _, optional)| (name, Self::of(&of, optional)));
        described(one_of("type", names), "A block as it is sent.")
    }
}

impl ToSchema for BlockInput {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Block::schemas(schemas);
        for (name, of, schema, optional) in types() {
            let RefOr::T(Schema::Object(mut object)) = tagged("type", name, schema) else {
                continue;
            };
            object
                .required
                .retain(|member| !optional.contains(&member.as_str()));
            if let Some(images) = object.properties.get_mut("images") {
                *images = sent_images();
            }
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            if !optional.is_empty() {
                schemas.push((Self::of(&of, optional), object.into()));
            }
        }
    }
}

/// The pictures of a gallery as they are sent.
fn sent_images() -> RefOr<Schema> {
    ArrayBuilder::new()
        .items(Ref::from_schema_name("ImageBlockInput"))
        .min_items(Some(1))
        .max_items(Some(super::MAX_IMAGES))
        .into()
}

/// An array of blocks as they are sent.
#[derive(Debug)]
pub struct BlockInputs;

impl PartialSchema for BlockInputs {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name("BlockInput"))
            .max_items(Some(super::MAX_BLOCKS))
            .examples([json!([
                {"type": "paragraph", "html": "Twelve harbour cities have agreed."}
            ])])
            .into()
    }
}

impl ToSchema for BlockInputs {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("BlockInput".into(), BlockInput::schema()));
        BlockInput::schemas(schemas);
    }
}
