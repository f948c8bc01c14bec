//! Tags: topics, people, organisations, places, events, series and sections.
//!
//! - [`model`] – types and rules
//! - [`store`] – queries
//! - [`public`] – public handlers
//! - [`editorial`] – handlers for editors and tools

pub mod editorial;
pub mod model;
pub mod public;
pub mod store;

use crate::http::routes::{BodySize, Resource, resource};

/// The resources of this module.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/v1/tags").get(public::list_tags),
        resource("/v1/tags/{slug}").get(public::get_tag),
        resource("/v1/editorial/tags")
            .bodies(BodySize::UpTo(64 * 1024))
            .post(editorial::create_tag),
        resource("/v1/editorial/tags/{id}")
            .bodies(BodySize::UpTo(64 * 1024))
            .get(editorial::read_tag)
            .patch(editorial::edit_tag),
        resource("/v1/editorial/tags/{id}/merge").post(editorial::merge_tag),
    ]
}
