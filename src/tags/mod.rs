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

use crate::http::routes::BodySize;

crate::operations! {
    public::list_tags,
    public::get_tag,
    editorial::create_tag (BodySize::UpTo(64 * 1024)),
    editorial::read_tag,
    editorial::edit_tag (BodySize::UpTo(64 * 1024)),
    editorial::merge_tag,
    editorial::delete_tag,
    editorial::list_any_tags,
}
