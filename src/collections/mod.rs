//! Collections: articles in an order that an editor gives them, and a rule that fills what is left. Front pages are
//! made of them.
//!
//! - [`model`] – a collection as readers and editors see it
//! - [`input`] – a collection as editors write it
//! - [`store`] – queries, public and editorial ones apart
//! - [`public`] – public handlers
//! - [`editorial`] – handlers for editors and tools

pub mod editorial;
pub mod input;
pub mod model;
pub mod public;
pub mod store;

use crate::http::routes::BodySize;

crate::operations! {
    public::list_collections,
    public::get_collection,
    editorial::list_any_collections,
    editorial::read_collection,
    editorial::put_collection (BodySize::UpTo(256 * 1024)),
    editorial::delete_collection,
}
