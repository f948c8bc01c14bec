//! Authors: the people behind the bylines.
//!
//! - [`model`] – types and rules
//! - [`profile`] – where readers find an author
//! - [`store`] – queries
//! - [`public`] – public handlers
//! - [`editorial`] – handlers for editors and tools

pub mod editorial;
pub mod model;
pub mod profile;
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
    editorial::list_any_authors,
}
