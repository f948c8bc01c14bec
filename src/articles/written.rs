//! An article as it was written: what a revision has of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::input::ArticleInput;
use super::parts::{Custom, Genre, LeadImage, Seo};
use crate::body::{Block, Body};
use crate::db::Id;

/// All that editors write of an article but its body, as it was at one version.
///
/// It is stored as JSON: a member that comes later needs a default of its own, so that what was stored before can be
/// read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WrittenFields {
    /// The short label above the headline.
    #[schema(required = true)]
    pub kicker: Option<String>,
    /// What kind of journalism it is; null where nobody has said it.
    #[serde(default)]
    #[schema(required = true)]
    pub genre: Option<Genre>,
    /// The headline.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// Its name in URLs at the time.
    pub slug: String,
    /// One or two sentences below the headline.
    #[schema(required = true)]
    pub standfirst: Option<String>,
    /// Where it was written.
    #[schema(required = true)]
    pub dateline: Option<String>,
    /// Language tag.
    pub language: String,
    /// The byline that was given; null where it is composed from the authors.
    #[schema(required = true)]
    pub byline: Option<String>,
    /// Slugs that its authors had, in the order of the byline.
    pub authors: Vec<String>,
    /// The slug that its section had.
    #[schema(required = true)]
    pub section: Option<String>,
    /// Slugs that its tags had.
    pub tags: Vec<String>,
    /// The slug that the tag had which was chosen to stand for it; null where none was.
    #[schema(required = true)]
    pub primary_tag: Option<String>,
    /// The picture above it.
    #[schema(required = true)]
    pub lead_image: Option<LeadImage>,
    /// Where readers find it, when not at the site's address and the slug.
    #[schema(required = true)]
    pub canonical_url: Option<String>,
    /// Addresses that it had elsewhere or before.
    pub former_urls: Vec<String>,
    /// What search engines show.
    pub seo: Seo,
    /// The newsroom's own JSON.
    pub custom: Custom,
}

impl WrittenFields {
    /// What an input says, its body aside.
    pub fn of(input: &ArticleInput) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            kicker: text(input.kicker.as_ref().map(|text| text.as_str())),
            genre: input.genre,
            headline: text(input.headline.as_ref().map(|text| text.as_str())),
            slug: text(input.slug.as_ref().map(|slug| slug.as_str())).unwrap_or_default(),
            standfirst: text(input.standfirst.as_ref().map(|text| text.as_str())),
            dateline: text(input.dateline.as_ref().map(|text| text.as_str())),
            language: input.language.clone().into_string(),
            byline: text(input.byline.as_ref().map(|text| text.as_str())),
            authors: input.authors.0.iter().map(ToString::to_string).collect(),
            section: text(input.section.as_ref().map(|slug| slug.as_str())),
            tags: input.tags.0.iter().map(ToString::to_string).collect(),
            primary_tag: text(input.primary_tag.as_ref().map(|slug| slug.as_str())),
            lead_image: input.lead_image.clone(),
            canonical_url: input.canonical_url.clone().map(|url| url.into_string()),
            former_urls: input
                .former_urls
                .0
                .iter()
                .map(ToString::to_string)
                .collect(),
            seo: input.seo.clone(),
            custom: input.custom.clone(),
        }
    }

    /// Each by its name, in the order of the document.
    pub fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }
}

/// An article as it was written at one version.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WrittenArticle {
    /// All but the body.
    #[serde(flatten)]
    pub fields: WrittenFields,
    /// The text as blocks.
    #[schema(value_type = Vec<Block>)]
    pub body: Body,
}

/// Which tags and authors an article named, whatever they are called by now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedIds {
    /// The keys of its authors, in order.
    pub authors: Vec<Id>,
    /// The key of its section.
    pub section: Option<Id>,
    /// The keys of its tags, in order.
    pub tags: Vec<Id>,
    /// The key of the tag that was chosen to stand for it.
    pub primary: Option<Id>,
}

/// What a revision stores, its body aside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// What was written.
    pub written: WrittenFields,
    /// What it named.
    pub named: NamedIds,
}

/// What there is to be written again of an article that was: all but its addresses, which are no part of what
/// it says.
pub fn members_to_restore(fields: &WrittenFields) -> Map<String, Value> {
    let mut members = fields.members();
    for address in ["slug", "former_urls"] {
        members.shift_remove(address);
    }
    members
}
