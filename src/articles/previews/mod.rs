//! Links by which somebody without a token reads one article that is not public, or not so yet: at one revision, or its
//! newest text.
//!
//! - [`model`] – links as editors see them, and what a preview says besides the article
//! - [`token`] – what a link is signed with
//! - [`editorial`] – making, listing and revoking them
//! - [`public`] – reading by one
//!
//! The rows, and articles rendered for whoever has a link, are in
//! [`store::previews`](super::store::previews).

pub mod editorial;
pub mod model;
pub mod public;
pub mod token;

use crate::http::routes::BodySize;

crate::operations! {
    editorial::list_preview_links,
    editorial::create_preview_link (BodySize::UpTo(64 * 1024)),
    editorial::revoke_preview_link,
    public::get_preview,
}
