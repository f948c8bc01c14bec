//! Changes to a published article that readers do not see before they are published: written, read, merged with what
//! happens to the article meanwhile, published at once or at a time, discarded.
//!
//! - [`model`] – a working copy as editors see it, and what is said when it is published
//! - [`patch`] – a change of one
//! - [`editorial`] – handlers
//!
//! The merge is [`crate::merge`]; the rows are in [`store::working_copies`](super::store::working_copies).

pub mod editorial;
pub mod model;
pub mod patch;

use crate::http::routes::BodySize;

crate::operations! {
    editorial::read_working_copy,
    editorial::edit_working_copy (BodySize::Largest),
    editorial::discard_working_copy,
    editorial::publish_working_copy (BodySize::UpTo(64 * 1024)),
    editorial::unschedule_working_copy,
}
