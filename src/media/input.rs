//! What editors say of an item of the media.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::media::FocalPoint;
use crate::db::Timestamp;
use crate::text::{Line, Prose, WebUrl};
use crate::validation::{Invalid, Violations};

/// The last part of an address of the IPTC's vocabulary `digitalsourcetype`: up to 60 ASCII letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[serde(transparent)]
#[deserr(error = Violations, try_from(String) = Self::read -> Invalid)]
#[schema(value_type = String, pattern = "^[A-Za-z]{1,60}$", example = "trainedAlgorithmicMedia")]
pub struct DigitalSourceType(String);

impl DigitalSourceType {
    /// The vocabulary's address, which may stand before it when it is sent.
    const VOCABULARY: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/";

    fn read(text: String) -> Result<Self, Invalid> {
        let name = text.trim();
        let name = name.strip_prefix(Self::VOCABULARY).unwrap_or(name);
        let is_name =
            (1..=60).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        match is_name {
            true => Ok(Self(name.to_owned())),
            false => Err(Invalid::new(
                "invalid_source_type",
                "must be a name of the IPTC's vocabulary digitalsourcetype, such as digitalCapture",
            )),
        }
    }

    /// One that was stored.
    pub fn as_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is said of an item of the media. A change is a merge patch (RFC 7396): what is left out stays, null removes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "alt": "Cranes over a harbour at dawn", "caption": "The harbour on Tuesday", "credit": "Jo Lind/Agency",
    "focal_point": {"x": 0.5, "y": 0.4}
}))]
pub struct MediaInput {
    /// What it is called for editors.
    #[deserr(default)]
    #[schema(required = false)]
    pub file_name: Option<Line<200>>,
    /// What it shows, for those who do not see it. Needed to publish a picture.
    #[deserr(default)]
    #[schema(required = false)]
    pub alt: Option<Line<1000>>,
    /// What is printed below it.
    #[deserr(default)]
    #[schema(required = false)]
    pub caption: Option<Prose<1000>>,
    /// Who made it: photographer, agency. Needed to publish a picture.
    #[deserr(default)]
    #[schema(required = false)]
    pub credit: Option<Line<300>>,
    /// Whose it is by law: "© 2026 Agency".
    #[deserr(default)]
    #[schema(required = false)]
    pub copyright_notice: Option<Line<500>>,
    /// What may be done with it.
    #[deserr(default)]
    #[schema(required = false)]
    pub usage_terms: Option<Prose<2000>>,
    /// Where its licence is to be read.
    #[deserr(default)]
    #[schema(required = false)]
    pub licence_url: Option<WebUrl>,
    /// From then on it may not be published any more.
    #[deserr(default)]
    #[schema(required = false)]
    pub rights_expire_at: Option<Timestamp>,
    /// How it came about: a name of the IPTC's vocabulary `digitalsourcetype`.
    #[deserr(default)]
    #[schema(required = false)]
    pub digital_source_type: Option<DigitalSourceType>,
    /// What must stay visible when it is cropped, to a hundredth; null for the middle.
    #[deserr(default)]
    #[schema(required = false)]
    pub focal_point: Option<FocalPoint>,
}

/// A point as it is stored and as it stands in addresses: in hundredths of the width and the height.
pub fn in_hundredths(point: FocalPoint) -> (u8, u8) {
    // From 0 to 1, as it was read.
    let hundredths = |part: f64| (part * 100.0).round().clamp(0.0, 100.0) as u8;
    (hundredths(point.x), hundredths(point.y))
}

/// The address of a file on the web, for the server to fetch.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"url": "https://agency.example/pictures/harbour.jpg"}))]
pub struct FetchInput {
    /// Where it is: an `http` or `https` URL of a host that the public can reach.
    #[schema(max_length = 2000)]
    pub url: String,
}
