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
//! - [`slug_cache`] – which article a slug names, remembered
//! - [`writer`] – many shares in one transaction
//! - [`store`] – queries
//! - [`public`] – public handlers; what trends is in `articles`, since it returns articles
//! - [`editorial`] – handlers for editors and tools

pub mod bot;
pub mod editorial;
pub mod external;
pub mod journal;
pub mod limits;
pub mod model;
pub mod overview;
pub mod public;
pub mod slug_cache;
pub mod store;
pub mod time;
pub mod visitor;
pub mod visitors;
pub mod writer;

use crate::http::routes::{BodySize, Resource, resource};

/// The resources of this module.
pub fn resources() -> Vec<Resource> {
    vec![
        resource("/v1/articles/{slug}/shares")
            .bodies(BodySize::UpTo(1024))
            .get(public::get_shares)
            .post(public::post_share),
        resource("/v1/shares").get(public::list_shares),
        resource("/v1/editorial/articles/{id}/shares").get(editorial::read_shares),
        resource("/v1/editorial/articles/{id}/shares/{network}")
            .put(editorial::set_external_shares),
        resource("/v1/editorial/shares/external")
            .bodies(BodySize::UpTo(1024 * 1024))
            .post(editorial::set_many_external_shares),
        resource("/v1/editorial/shares/overview").get(editorial::read_share_overview),
    ]
}
