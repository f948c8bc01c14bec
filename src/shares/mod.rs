//! Shares: the count under the headline.
//!
//! - [`model`] – networks and counts
//! - [`time`] – hours, days and windows, and what shares weigh in them
//! - [`external`] – counts that were observed elsewhere
//! - [`overview`] – what is shared now, for editors
//! - [`visitor`] – telling visitors apart without knowing them
//! - [`visitors`] – those of the window, in memory
//! - [`journal`] – what was counted, as it was written first
//! - [`bot`] – whom not to count
//! - [`limits`] – how much one address may send
//! - [`named`] – which article a slug names, remembered
//! - [`counter`] – many shares in one transaction
//! - [`store`] – queries
//! - [`delivery`] – public handlers; what trends is in the articles' room, since it answers articles
//! - [`editorial`] – handlers for editors and tools

pub mod bot;
pub mod counter;
pub mod delivery;
pub mod editorial;
pub mod external;
pub mod journal;
pub mod limits;
pub mod model;
pub mod named;
pub mod overview;
pub mod store;
pub mod time;
pub mod visitor;
pub mod visitors;

use crate::http::routes::{BodySize, Resource, resource};

/// The resources of this room.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/v1/articles/{slug}/shares")
            .bodies(BodySize::UpTo(1024))
            .get(delivery::get_shares)
            .post(delivery::post_share),
        resource("/v1/shares").get(delivery::list_shares),
        resource("/v1/editorial/articles/{id}/shares").get(editorial::read_shares),
        resource("/v1/editorial/articles/{id}/shares/{network}")
            .put(editorial::set_external_shares),
        resource("/v1/editorial/shares/external")
            .bodies(BodySize::UpTo(1024 * 1024))
            .post(editorial::set_many_external_shares),
        resource("/v1/editorial/shares/overview").get(editorial::read_share_overview),
    ]
}
