//! An article as a teaser shows it: a fixed, small part of what lists have.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Include;
use super::parts::LeadImage;
use crate::db::{Id, Timestamp};
use crate::http::fields::Selection;
use crate::http::page::List;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::shares::model::{Shares, Trend};
use crate::shares::time::Window;
use crate::tags::model::SectionRef;

/// How much of articles a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Summaries, and what `include=` adds.
    #[default]
    Summary,
    /// [`ArticleCard`]s.
    Card,
}

crate::closed_set!(View, View::ALL, "How much of articles a list shows.");

impl View {
    /// What `view=` takes.
    const ALL: &[(&str, Self)] = &[("card", Self::Card)];

    /// Reads `view=`.
    ///
    /// # Errors
    /// `invalid-parameter`, also when fields are chosen besides, or something is added that a card has not.
    pub fn read(
        params: &mut Params,
        fields: Option<&Selection>,
        include: &[Include],
    ) -> Result<Self, Problem> {
        let view = params.choice("view", Self::ALL)?.unwrap_or_default();
        if view == Self::Summary {
            return Ok(view);
        }
        if fields.is_some() {
            return Err(Problem::parameter(
                "view",
                "cannot be card together with fields: a card has always the same ones",
            ));
        }
        if include.iter().any(|include| *include != Include::Shares) {
            return Err(Problem::parameter(
                "include",
                "can add only shares to what view=card shows",
            ));
        }
        Ok(view)
    }
}

/// What a teaser needs of an article, with `view=card`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ArticleCard {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Where readers find it: as it was given, or the site's address and the slug; null when
    /// neither is known.
    #[schema(required = true)]
    pub canonical_url: Option<String>,
    /// The language of its texts, a BCP 47 tag.
    #[schema(example = "en")]
    pub language: String,
    /// A short label above the headline: "Analysis", "Letter from the coast".
    #[schema(required = true)]
    pub kicker: Option<String>,
    /// The headline.
    pub headline: String,
    /// Plain text below the headline: the standfirst, or without one the beginning of the body, as one line of
    /// at most 200 characters that ends after a word; `…` says that it goes on. Empty when the body has no
    /// words.
    #[schema(max_length = 200)]
    pub excerpt: String,
    /// The part of the paper.
    #[schema(required = true)]
    pub section: Option<SectionRef>,
    /// The picture above it.
    #[schema(required = true)]
    pub lead_image: Option<LeadImage>,
    /// As it was given, or composed from the authors in the article's language; empty when there are neither.
    #[schema(example = "By Alex Writer and Sam Reporter")]
    pub byline: String,
    /// When it was or counts as published.
    pub published_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Minutes that reading the body takes.
    #[schema(minimum = 0)]
    pub reading_minutes: u32,
    /// With `include=shares`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shares: Option<Shares>,
}

/// A page of cards.
pub type ArticleCardPage = List<ArticleCard>;

/// Related articles with `view=card`, the nearest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedCards {
    /// The articles.
    pub data: Vec<ArticleCard>,
}

/// An article that is shared now, with `view=card`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrendingCard {
    /// The article, as teasers show it.
    #[serde(flatten)]
    pub article: ArticleCard,
    /// How much it trends.
    pub trend: Trend,
}

/// What is shared now with `view=card`, the most first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrendingCards {
    /// How far back it looks.
    pub window: Window,
    /// The minute to which shares are weighed.
    pub as_of: Timestamp,
    /// The articles. Equally trending ones come the newest first.
    pub data: Vec<TrendingCard>,
}
