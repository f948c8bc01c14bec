//! Parts of an article that are written and read in the same form.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::body::ReadOnly;
use crate::body::media::{FocalPoint, ImageCrop, ImageRendition, MediaFile, Override};
use crate::body::media_uses::Settling;
use crate::db::Id;
use crate::text::{Line, Prose, WebUrl, no_forbidden_characters};
use crate::validation::{Invalid, Violations, object};

/// Most bytes of `custom`, as compact JSON.
const MAX_CUSTOM_BYTES: usize = 16 * 1024;

/// How wide or high a picture is: 1 to 65,535 pixels, more than formats of pictures for the web can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pixels(u32);

impl Pixels {
    /// As large as a picture may be.
    const MOST: i64 = 65_535;

    /// How many they are.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Deserr<Violations> for Pixels {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let number = <i64 as Deserr<Violations>>::deserialize_from_value(value, location)?;
        let invalid = || {
            let detail = format!("must be from 1 to {}", Self::MOST);
            Violations::at(location, Invalid::new("out_of_range", detail))
        };
        match u32::try_from(number) {
            Ok(pixels) if (1..=Self::MOST).contains(&number) => Ok(Self(pixels)),
            _ => Err(invalid()),
        }
    }
}

impl PartialSchema for Pixels {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(Self::MOST))
            .into()
    }
}

impl ToSchema for Pixels {}

/// The picture above an article: by its address, or an item of the newsroom's media, which says the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields, validate = LeadImage::has_address -> Violations)]
#[schema(example = json!({
    "url": "https://images.example.com/harbour.jpg", "alt": "Cranes over a harbour at dawn",
    "caption": "The harbour on Tuesday", "credit": "Harbour Pictures",
    "width": 1600, "height": 1067, "focal_point": {"x": 0.5, "y": 0.4}
}))]
pub struct LeadImage {
    /// Where the picture is. Needed unless there is a `media_id`, which says it.
    #[deserr(default = WebUrl::as_stored(""))]
    pub url: WebUrl,
    /// What it shows, for those who do not see it. Needed to publish.
    #[deserr(default)]
    #[schema(required = false)]
    pub alt: Option<Line<1000>>,
    /// What is printed below it.
    #[deserr(default)]
    #[schema(required = false)]
    pub caption: Option<Prose<1000>>,
    /// Who made it: photographer, agency. Needed to publish.
    #[deserr(default)]
    #[schema(required = false)]
    pub credit: Option<Line<300>>,
    /// How wide it is, in pixels.
    #[deserr(default)]
    #[schema(required = false)]
    pub width: Option<Pixels>,
    /// How high it is, in pixels.
    #[deserr(default)]
    #[schema(required = false)]
    pub height: Option<Pixels>,
    /// What must stay visible when it is cropped.
    #[deserr(default)]
    #[schema(required = false)]
    pub focal_point: Option<FocalPoint>,
    /// The item of the newsroom's media that it is: what is said here comes from there, but for `overrides`.
    #[deserr(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub media_id: Option<Id>,
    /// Which of `alt`, `caption` and `credit` are said here and not by the item. When it is sent it decides; without it,
    /// what differs from the item is said here.
    #[deserr(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, inline)]
    pub overrides: Option<Vec<Override>>,
    /// The same picture in several widths, as WebP, the narrowest first. Made by the server.
    #[deserr(default, from(ReadOnly) = nothing)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub srcset: Vec<ImageRendition>,
    /// Parts of it with a fixed ratio, around its focal point. Made by the server.
    #[deserr(default, from(ReadOnly) = nothing)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub crops: Vec<ImageCrop>,
    /// A tiny likeness to show while it loads: a ThumbHash in Base64. Made by the server.
    #[deserr(default, from(ReadOnly) = nothing)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        required = false,
        nullable = false,
        example = "1QcSHQRnh493V4dIh4eXh1h4kJUI"
    )]
    pub thumbhash: Option<String>,
    /// How it came about, as the last part of an address of the IPTC's vocabulary `digitalsourcetype`:
    /// `trainedAlgorithmicMedia` is made by a machine. From the item.
    #[deserr(default, from(ReadOnly) = nothing)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "digitalCapture")]
    pub digital_source_type: Option<String>,
}

fn nothing<T: Default>(_: ReadOnly) -> T {
    T::default()
}

impl LeadImage {
    fn has_address(self, location: ValuePointerRef) -> Result<Self, Violations> {
        if self.url.as_str().is_empty() && self.media_id.is_none() {
            let invalid = Invalid::new("required", "or a media_id is required");
            return Err(Violations::at(location.push_key("url"), invalid));
        }
        Ok(self)
    }

    /// Fills in what an item of the media says of itself.
    pub fn fill(&mut self, file: &MediaFile) {
        let mut settling = Settling::new(self.overrides.as_deref());
        let line = |text: &Option<String>| text.as_ref().map(Line::as_stored);
        settling.settle(Override::Alt, &mut self.alt, line(&file.alt));
        let caption = file.caption.as_ref().map(Prose::as_stored);
        settling.settle(Override::Caption, &mut self.caption, caption);
        let credit = file.credit.as_ref().map(Line::as_stored);
        settling.settle(Override::Credit, &mut self.credit, credit);
        self.overrides = Some(settling.finish());
        self.url = WebUrl::as_stored(&file.url);
        let pixels = |side: Option<u16>| side.map(|side| Pixels(side.into()));
        (self.width, self.height) = (pixels(file.width), pixels(file.height));
        self.focal_point = file.focal_point;
        self.srcset.clone_from(&file.srcset);
        self.crops.clone_from(&file.crops);
        self.thumbhash.clone_from(&file.thumbhash);
        self.digital_source_type
            .clone_from(&file.digital_source_type);
    }

    /// Takes away what only an item of the media has.
    pub fn forget_media(&mut self) {
        self.overrides = None;
        self.srcset = Vec::new();
        self.crops = Vec::new();
        self.thumbhash = None;
        self.digital_source_type = None;
    }
}

/// What search engines and social networks show instead of headline and standfirst.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[serde(default)]
pub struct Seo {
    /// Instead of the headline.
    #[deserr(default)]
    #[schema(required = false)]
    pub title: Option<Line<300>>,
    /// Instead of the standfirst.
    #[deserr(default)]
    #[schema(required = false)]
    pub description: Option<Prose<1000>>,
}

/// What kind of journalism an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[deserr(error = Violations, rename_all = lowercase)]
pub enum Genre {
    /// What happened, told by somebody who was there or has asked.
    Report,
    /// What somebody thinks of it.
    Opinion,
    /// What it means, and why it is so.
    Analysis,
    /// What came before it, for those who do not know.
    Background,
    /// A judgement on a book, a film, a product.
    Review,
    /// Told while it happens, in many parts.
    Live,
    /// Paid for by somebody else.
    Sponsored,
}

impl Genre {
    /// Every genre by name.
    pub const ALL: &[(&str, Self)] = &[
        ("report", Self::Report),
        ("opinion", Self::Opinion),
        ("analysis", Self::Analysis),
        ("background", Self::Background),
        ("review", Self::Review),
        ("live", Self::Live),
        ("sponsored", Self::Sponsored),
    ];

    /// The genre's name.
    pub fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, genre)| *genre == self);
        known.map_or("report", |(name, _)| name)
    }
}

impl std::str::FromStr for Genre {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, genre)| *genre).ok_or(())
    }
}

/// What a correction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[deserr(error = Violations, rename_all = lowercase)]
pub enum CorrectionKind {
    /// Something was wrong.
    Correction,
    /// Something could be misunderstood.
    Clarification,
    /// Something was added.
    Update,
}

impl CorrectionKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Clarification => "clarification",
            Self::Update => "update",
        }
    }
}

/// What editors write of a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"kind": "correction", "text": "An earlier version gave the wrong year."}))]
pub struct CorrectionInput {
    /// What it is.
    pub kind: CorrectionKind,
    /// Its words, plain text.
    pub text: Prose<4000>,
}

/// The newsroom's own JSON: an object of bounded size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Custom(pub Map<String, serde_json::Value>);

impl Deserr<Violations> for Custom {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let object = object(value, location)?;
        let bytes = serde_json::to_vec(&object).map_or(usize::MAX, |bytes| bytes.len());
        if bytes > MAX_CUSTOM_BYTES {
            let detail = format!("must have at most {MAX_CUSTOM_BYTES} bytes, has {bytes}");
            return Err(Violations::at(location, Invalid::new("too_large", detail)));
        }
        let value = serde_json::Value::Object(object);
        no_forbidden_characters(&value).map_err(|invalid| Violations::at(location, invalid))?;
        self::object(value.into_value(), location).map(Self)
    }
}

impl PartialSchema for Custom {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Custom {}
