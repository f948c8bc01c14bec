//! Articles: what Dateline is for.
//!
//! - [`model`] – an article as readers and editors see it
//! - [`parts`] – what is written and read in the same form
//! - [`input`] – an article as editors write it, and what publishing needs of it
//! - [`workflow`] – statuses and the steps between them
//! - [`store`] – queries, public and editorial ones apart
//! - [`public`] – public handlers
//! - [`discovery`] – related articles and facets
//! - [`trending`] – what is shared now
//! - [`params`] – what public calls take
//! - [`editorial`] – handlers for editors and tools

pub mod discovery;
pub mod editorial;
pub mod input;
pub mod model;
pub mod params;
pub mod parts;
pub mod public;
pub mod read_model;
pub mod store;
pub mod trending;
pub mod workflow;

use crate::http::routes::{BodySize, Resource, resource};

/// The resources of this module.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/v1/articles").get(public::list_articles),
        resource("/v1/trending").get(trending::list_trending),
        resource("/v1/articles/facets").get(discovery::list_facets),
        resource("/v1/articles/{slug}").get(public::get_article),
        resource("/v1/articles/{slug}/related").get(discovery::list_related),
        resource("/v1/editorial/articles")
            .bodies(BodySize::Largest)
            .get(editorial::list_any_articles)
            .post(editorial::create_article),
        resource("/v1/editorial/articles/{id}")
            .bodies(BodySize::Largest)
            .get(editorial::read_article)
            .patch(editorial::edit_article)
            .delete(editorial::trash_article),
        resource("/v1/editorial/articles/{id}/publish").post(editorial::publish_article),
        resource("/v1/editorial/articles/{id}/unpublish").post(editorial::unpublish_article),
        resource("/v1/editorial/articles/{id}/retract")
            .bodies(BodySize::UpTo(64 * 1024))
            .post(editorial::retract_article),
        resource("/v1/editorial/articles/{id}/restore").post(editorial::restore_article),
        resource("/v1/editorial/articles/{id}/corrections")
            .bodies(BodySize::UpTo(64 * 1024))
            .post(editorial::add_correction),
    ]
}
