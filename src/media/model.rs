//! An item of the newsroom's media, as editors see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::actor::ActorRef;
use crate::body::media::{FocalPoint, ImageCrop, MediaKind};
use crate::db::{Id, Timestamp};

/// A file made of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rendition {
    /// Where it is. What is there never changes.
    pub url: String,
    /// Pixels.
    #[schema(minimum = 1)]
    pub width: u16,
    /// Pixels.
    #[schema(minimum = 1)]
    pub height: u16,
    /// Its media type: `image/webp` or `image/jpeg`.
    #[schema(example = "image/webp")]
    pub format: String,
    /// How large it is.
    #[schema(minimum = 0)]
    pub bytes: i64,
}

/// A picture, audio, video or document that the newsroom has uploaded.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "version": 1, "kind": "image", "mime": "image/jpeg",
    "bytes": 482133, "hash": "0b4e2c0f3f9e4d0a8c1b7a6d5e4f30211a2b3c4d5e6f708192a3b4c5d6e7f809", "file_name": "harbour.jpg",
    "url": "/media/3f6c0e8b9a7d45218c1e2f3a4b5c6d7e/1600.jpg",
    "original_url": "/media/3f6c0e8b9a7d45218c1e2f3a4b5c6d7e/original.jpg",
    "width": 1600, "height": 1067, "duration_ms": null, "is_animated": false, "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
    "renditions": [{
        "url": "/media/3f6c0e8b9a7d45218c1e2f3a4b5c6d7e/640.webp", "width": 640, "height": 427, "format": "image/webp", "bytes": 31882
    }],
    "crops": [{
        "ratio": "16x9", "widths": [320, 640, 960, 1280, 1600],
        "url": "/media/3f6c0e8b9a7d45218c1e2f3a4b5c6d7e/{width}-16x9-50-40.webp"
    }],
    "alt": "Cranes over a harbour at dawn", "caption": "The harbour on Tuesday", "credit": "Jo Lind/Agency",
    "copyright_notice": "© 2026 Agency", "usage_terms": null, "licence_url": null, "rights_expire_at": null,
    "digital_source_type": "digitalCapture", "focal_point": {"x": 0.5, "y": 0.4}, "use_count": 2,
    "created_at": "2026-03-01T08:30:00.000Z",
    "created_by": {"kind": "user", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "name": "Alex Editor"},
    "updated_at": "2026-03-01T08:30:00.000Z"
}))]
pub struct MediaItem {
    /// Identifies it for good: what blocks and `lead_image` name as `media_id`.
    pub id: Id,
    /// Counts its changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What it is.
    pub kind: MediaKind,
    /// Its media type, by its content.
    #[schema(example = "image/jpeg")]
    pub mime: String,
    /// How large the file is that is served, without what was taken out of it.
    #[schema(minimum = 0)]
    pub bytes: i64,
    /// A hash (SHA-256, hexadecimal) of the file that is served.
    pub hash: String,
    /// What it was called when it was uploaded.
    #[schema(required = true)]
    pub file_name: Option<String>,
    /// Where readers find it: of a picture the widest rendition, as JPEG. What is there never changes.
    pub url: String,
    /// Where the file is that was uploaded, without what it said of whoever made it and where.
    pub original_url: String,
    /// Pixels of a picture or a video, upright; null where they are not known.
    #[schema(required = true, minimum = 1)]
    pub width: Option<i32>,
    /// Pixels of a picture or a video, upright; null where they are not known.
    #[schema(required = true, minimum = 1)]
    pub height: Option<i32>,
    /// How long it is, in milliseconds; null for pictures and documents, and where that is not known.
    #[schema(required = true, minimum = 0)]
    pub duration_ms: Option<i64>,
    /// Whether the original moves: its renditions show the first frame.
    pub is_animated: bool,
    /// A tiny likeness of a picture: a ThumbHash in Base64.
    #[schema(required = true)]
    pub thumbhash: Option<String>,
    /// The whole picture in several widths, as WebP and as JPEG, the narrowest first. Empty for what is no picture.
    pub renditions: Vec<Rendition>,
    /// Parts of it with a fixed ratio, which are made when they are first asked for.
    pub crops: Vec<ImageCrop>,
    /// What it shows, for those who do not see it.
    #[schema(required = true)]
    pub alt: Option<String>,
    /// What is printed below it.
    #[schema(required = true)]
    pub caption: Option<String>,
    /// Who made it: photographer, agency.
    #[schema(required = true)]
    pub credit: Option<String>,
    /// Whose it is by law: "© 2026 Agency".
    #[schema(required = true)]
    pub copyright_notice: Option<String>,
    /// What may be done with it.
    #[schema(required = true)]
    pub usage_terms: Option<String>,
    /// Where its licence is to be read.
    #[schema(required = true)]
    pub licence_url: Option<String>,
    /// From then on it may not be published any more.
    #[schema(required = true)]
    pub rights_expire_at: Option<Timestamp>,
    /// How it came about: the last part of an address of the IPTC's vocabulary `digitalsourcetype`.
    #[schema(required = true)]
    pub digital_source_type: Option<String>,
    /// What must stay visible when it is cropped; null for the middle.
    #[schema(required = true)]
    pub focal_point: Option<FocalPoint>,
    /// In how many articles it is, working copies included.
    #[schema(minimum = 0)]
    pub use_count: i64,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// Who uploaded it.
    pub created_by: ActorRef,
    /// When what is said of it was last changed.
    pub updated_at: Timestamp,
}

/// An article that shows an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MediaUse {
    /// The article's key.
    pub article_id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Its headline, once there is one.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// Where it stands in the workflow.
    #[schema(example = "published")]
    pub status: String,
    /// Whether the article itself shows it.
    pub in_article: bool,
    /// Whether its working copy does.
    pub in_working_copy: bool,
}

/// The articles that show an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MediaUses {
    /// The newest articles first, at most 100.
    #[schema(max_items = 100)]
    pub data: Vec<MediaUse>,
    /// Whether there are more.
    pub has_more: bool,
}

/// A rendition as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRendition {
    /// The last part of its address.
    pub file: String,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// How large it is.
    pub bytes: i64,
}

/// Which items a list has: all conditions hold at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaFilter {
    /// Of one of these kinds; empty for all.
    pub kinds: Vec<MediaKind>,
    /// With each of these words somewhere in what is said of them, case and accents aside.
    pub words: Vec<String>,
    /// With this in the credit, case and accents aside.
    pub credit: Option<String>,
    /// That no article shows.
    pub unused: bool,
    /// Whose rights have expired, or have not.
    pub rights_expired: Option<bool>,
    /// Whose rights expire before then.
    pub rights_expire_before: Option<Timestamp>,
}
