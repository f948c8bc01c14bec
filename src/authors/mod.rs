//! Authors: the people behind the bylines.
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
        resource("/v1/authors").get(public::list_authors),
        resource("/v1/authors/{slug}").get(public::get_author),
        resource("/v1/editorial/authors")
            .bodies(BodySize::UpTo(64 * 1024))
            .post(editorial::create_author),
        resource("/v1/editorial/authors/{id}")
            .bodies(BodySize::UpTo(64 * 1024))
            .get(editorial::read_author)
            .patch(editorial::edit_author),
        resource("/v1/editorial/authors/{id}/merge").post(editorial::merge_author),
    ]
}
