//! Tags: topics, people, organisations, places, events, series and sections.
//!
//! - [`model`] – types and rules
//! - [`store`] – queries
//! - [`delivery`] – public handlers
//! - [`editorial`] – handlers for editors and tools

pub mod delivery;
pub mod editorial;
pub mod model;
pub mod store;

use crate::http::routes::{BodySize, Resource, resource};

/// The resources of this room.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/v1/tags").get(delivery::list_tags),
        resource("/v1/tags/{slug}").get(delivery::get_tag),
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
