//! Shares: the count under the headline.
//!
//! - [`model`] – networks and counts
//! - [`time`] – hours, days and windows, and what shares weigh in them
//! - [`external`] – counts that were observed elsewhere
//! - [`page`] – which page a URL is of, however it is spelled
//! - [`overview`] – what is shared now, for editors
//! - [`visitor`] – telling visitors apart without knowing them
//! - [`visitors`] – those of the window, in memory
//! - [`journal`] – what was counted, as it was written first
//! - [`bot`] – whom not to count
//! - [`body`] – what a share is sent as
//! - [`limits`] – how much one address may send
//! - [`slug_cache`] – which article a slug names, remembered
//! - [`writer`] – many shares in one transaction
//! - [`store`] – queries
//! - [`public`] – public handlers; what trends is in `articles`, since it returns articles
//! - [`editorial`] – handlers for editors and tools

pub mod body;
pub mod bot;
pub mod editorial;
pub mod external;
pub mod journal;
pub mod limits;
pub mod model;
pub mod overview;
pub mod page;
pub mod public;
pub mod slug_cache;
pub mod store;
pub mod time;
pub mod visitor;
pub mod visitors;
pub mod writer;

use crate::http::routes::BodySize;

crate::operations! {
    public::get_shares,
    public::post_share (BodySize::UpTo(1024)),
    public::list_shares,
    editorial::read_shares,
    editorial::set_external_shares,
    editorial::set_many_external_shares (BodySize::UpTo(1024 * 1024)),
    editorial::read_share_overview,
}
