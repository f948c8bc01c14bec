//! Parts of an article that are written and read in the same form.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{Line, Prose, WebUrl, no_forbidden_characters};
use crate::validation::{Invalid, Violations, object};

/// Most bytes of `custom`, as compact JSON.
const MAX_CUSTOM_BYTES: usize = 16 * 1024;

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

/// How wide or high a picture is: 1 to 65,535 pixels, more than formats of pictures for the web can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pixels(u32);

impl Pixels {
    /// As large as a picture may be.
    const MOST: i64 = 65_535;
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

/// The picture above an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://images.example.com/harbour.jpg", "alt": "Cranes over a harbour at dawn",
    "caption": "The harbour on Tuesday", "credit": "Harbour Pictures",
    "width": 1600, "height": 1067, "focal_point": {"x": 0.5, "y": 0.4}
}))]
pub struct LeadImage {
    /// Where the picture is.
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
