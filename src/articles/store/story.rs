//! What readers and editors see alike, from the views: an article and what it refers to in one row.

use crate::articles::model::{Correction, Story};
use crate::articles::parts::{Custom, LeadImage, Seo};
use crate::authors::model::AuthorRef;
use crate::body::reading_minutes;
use crate::db::{Json, Timestamp};
use crate::tags::model::{SectionRef, TagRef};
use serde_json::value::RawValue;

/// The columns that become a [`Story`].
pub type StoryRow = (
    Option<String>,
    Option<String>,
    String,
    Option<String>,
    Option<Json<LeadImage>>,
    Timestamp,
    i32,
    Json<Vec<AuthorRef>>,
    Json<Vec<TagRef>>,
    Option<Json<SectionRef>>,
);

/// The columns of a view that become a [`Story`].
macro_rules! story_columns {
    ($view:ident) => {
        (
            $view::standfirst,
            $view::dateline,
            $view::language,
            $view::byline,
            $view::lead_image,
            $view::updated_at,
            $view::word_count,
            $view::authors,
            $view::tags,
            $view::section,
        )
    };
}
pub(super) use story_columns;

/// The columns that summaries leave out.
pub type DetailRow = (
    Json<Box<RawValue>>,
    String,
    Json<Vec<Correction>>,
    Json<Seo>,
    Json<Custom>,
);

/// The columns of a view that summaries leave out.
macro_rules! detail_columns {
    ($view:ident) => {
        (
            $view::body,
            $view::body_html,
            $view::corrections,
            $view::seo,
            $view::custom,
        )
    };
}
pub(super) use detail_columns;

/// The story in a row.
pub fn story(row: StoryRow) -> Story {
    let (
        standfirst,
        dateline,
        language,
        byline,
        lead_image,
        updated_at,
        words,
        authors,
        tags,
        section,
    ) = row;
    let word_count = u32::try_from(words).unwrap_or(0);
    Story {
        standfirst,
        dateline,
        language,
        byline: Story::byline(byline, &authors.0),
        authors: authors.0,
        section: section.map(|section| section.0),
        tags: tags.0,
        lead_image: lead_image.map(|image| image.0),
        updated_at,
        word_count,
        reading_minutes: reading_minutes(word_count),
    }
}
