//! Every saved version of an article, whole: who made it, when, by which step, and why.
//!
//! - [`model`] – revisions as editors see them
//! - [`mod@diff`] – what differs between two of them
//! - [`editorial`] – handlers
//!
//! The projection `revisions` writes them in the transaction of each change; the tables are read by
//! [`store::revisions`](super::store::revisions).

pub mod diff;
pub mod editorial;
pub mod model;

use crate::http::routes::BodySize;

crate::operations! {
    editorial::list_revisions,
    editorial::read_revision,
    editorial::diff_revisions,
    editorial::restore_revision (BodySize::UpTo(64 * 1024)),
}
