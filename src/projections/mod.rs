//! What is derived from articles, tags and authors: each follows their events in the transaction of the
//! change that records them. Stores know none of them.
//!
//! - `media_uses` – what articles show of the media
//! - `publication_order` – the lists and the numbers of articles of tags and authors
//! - `months` – how many articles the months have
//! - `share_totals` – the order of the most shared
//! - `search_index` – what readers find articles by
//! - `draft_index` – what editors find those by that are not published
//! - `read_model` – what readers see, as JSON
//! - `revisions` – every saved version of articles
//! - `webhook_sections` – the sections that webhooks are told of
//! - `cache_tags` – which cached responses are out of date
//! - [`rebuild`] – making them anew

mod cache_tags;
mod draft_index;
mod media_uses;
mod months;
mod publication_order;
pub mod read_model;
pub mod rebuild;
mod revisions;
mod search_index;
mod share_totals;
mod webhook_sections;

use crate::events::Projection;

/// All of them, in the order in which they follow a change.
pub const ALL: &[&dyn Projection] = &[
    &media_uses::MediaUses,
    &publication_order::PublicationOrder,
    &months::Months,
    &share_totals::ShareTotals,
    &search_index::SearchIndex,
    &draft_index::DraftIndex,
    &read_model::ReadModel,
    &revisions::Revisions,
    &webhook_sections::WebhookSections,
    &cache_tags::CacheTags,
];

/// Those that keep something, which can be [rebuilt](rebuild).
pub fn kept() -> impl Iterator<Item = &'static dyn Projection> {
    ALL.iter()
        .copied()
        .filter(|projection| projection.version() > 0)
}
