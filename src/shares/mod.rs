//! Shares: the count under the headline.
//!
//! - [`model`] – networks and counts
//! - [`visitor`] – telling visitors apart without knowing them
//! - [`store`] – queries
//! - [`delivery`] – public handlers

pub mod delivery;
pub mod model;
pub mod store;
pub mod visitor;

use crate::http::routes::{Resource, resource};

/// The resources of this room.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/v1/articles/{slug}/shares")
            .get(delivery::get_shares)
            .post(delivery::post_share),
        resource("/v1/shares").get(delivery::list_shares),
    ]
}
