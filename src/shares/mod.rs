//! Shares: the count under the headline.
//!
//! - [`model`] – networks and counts
//! - [`visitor`] – telling visitors apart without knowing them
//! - [`bot`] – whom not to count
//! - [`limits`] – how much one address may send
//! - [`named`] – which article a slug names, remembered
//! - [`counter`] – many shares in one transaction
//! - [`store`] – queries
//! - [`delivery`] – public handlers

pub mod bot;
pub mod counter;
pub mod delivery;
pub mod limits;
pub mod model;
pub mod named;
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
