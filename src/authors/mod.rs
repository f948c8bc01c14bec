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

use crate::http::routes::BodySize;

crate::operations! {
    public::list_authors,
    public::get_author,
    editorial::create_author (BodySize::UpTo(64 * 1024)),
    editorial::read_author,
    editorial::edit_author (BodySize::UpTo(64 * 1024)),
    editorial::merge_author,
    editorial::delete_author,
}
