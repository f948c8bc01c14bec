//! What a picture's file says of the picture: who made it, what it shows, who may use it.

pub(super) mod exif;
mod iim;
mod text;
mod xmp;

use super::containers::Structure;
use super::format::Format;
use super::inspect::structure;

/// What a picture's file says of the picture. Each text is without space at its ends and without control characters
/// (captions and terms keep line breaks), and is cut where it is too long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// What is to be seen, for those who do not see it; at most 1,000 characters. None: it does not say.
    pub alt: Option<String>,
    /// The title under which an agency sends it; at most 500 characters; None likewise, as in all fields.
    pub headline: Option<String>,
    /// What it shows, when and where; at most 5,000 characters.
    pub caption: Option<String>,
    /// Who made it, several names with commas between them; at most 500 characters.
    pub by_line: Option<String>,
    /// Whom to name beside or in place of the maker: an agency, say; at most 500 characters.
    pub credit: Option<String>,
    /// Who holds the copyright; at most 1,000 characters.
    pub copyright_notice: Option<String>,
    /// How it may be used, in words; at most 5,000 characters.
    pub usage_terms: Option<String>,
    /// Where its licence, or who sells one, is found: an `http` or `https` address of at most 2,000 characters.
    pub licence_url: Option<String>,
    /// How it came to be: the last part of an address in IPTC's vocabulary
    /// <http://cv.iptc.org/newscodes/digitalsourcetype/>, `trainedAlgorithmicMedia` for example.
    pub digital_source_type: Option<String>,
}

impl Metadata {
    /// Whom to name, as newspapers print it: `Jo Lind/Agency`; one of the two where the other is missing or the
    /// same. None where both are.
    pub fn credit_line(&self) -> Option<String> {
        match (self.by_line.as_deref(), self.credit.as_deref()) {
            (Some(maker), Some(agency)) => Some(joined(maker, agency)),
            (one, other) => one.or(other).map(str::to_owned),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This, and what else says where this says nothing.
    fn or(self, other: Self) -> Self {
        Self {
            alt: self.alt.or(other.alt),
            headline: self.headline.or(other.headline),
            caption: self.caption.or(other.caption),
            by_line: self.by_line.or(other.by_line),
            credit: self.credit.or(other.credit),
            copyright_notice: self.copyright_notice.or(other.copyright_notice),
            usage_terms: self.usage_terms.or(other.usage_terms),
            licence_url: self.licence_url.or(other.licence_url),
            digital_source_type: self.digital_source_type.or(other.digital_source_type),
        }
    }
}

/// Two names with a stroke between them, unless one of them holds the other already: agencies often send
/// `Jo Lind/Agency` for credit.
fn joined(maker: &str, agency: &str) -> String {
    let (small_maker, small_agency) = (maker.to_lowercase(), agency.to_lowercase());
    let holds = |names: &str, name: &str| names.split('/').any(|one| one.trim() == name);
    if small_maker == small_agency || holds(&small_agency, &small_maker) {
        agency.to_owned()
    } else if holds(&small_maker, &small_agency) {
        maker.to_owned()
    } else {
        format!("{maker}/{agency}")
    }
}

/// What a picture's file says of the picture; what cannot be read is absent. Of audio, video and documents nothing
/// is read.
///
/// XMP counts before IPTC's information interchange model (IIM), and that before EXIF: today's programs write XMP
/// and keep the old form beside it, whose fields are short (32 bytes for a name) and often in an encoding that they
/// do not tell. EXIF is filled in by the camera, before anybody edited the picture.
pub fn metadata(bytes: &[u8], format: Format) -> Metadata {
    structure(bytes, format).map_or_else(|_| Metadata::default(), |structure| of(&structure))
}

fn of(structure: &Structure<'_>) -> Metadata {
    let xmp = structure.xmp.map(xmp::read).unwrap_or_default();
    let exif = structure.exif.map(exif::read).unwrap_or_default();
    let found = xmp.metadata.or(iim::read(&structure.photoshop)).or(exif);
    Metadata {
        // A title is the name of a file, more often than not.
        headline: found.headline.or(xmp.title),
        ..found
    }
}
