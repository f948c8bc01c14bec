//! Feeds: the list of articles for feed readers, aggregators and apps, as RSS 2.0, Atom 1.0 and JSON Feed 1.1.
//!
//! - [`params`] – what the operations take
//! - [`feed`] – a page of the list as a feed, whatever it is written as
//! - `rss`, `atom`, [`json_feed`] – writing it
//! - [`public`] – handlers

mod atom;
pub mod feed;
pub mod json_feed;
pub mod params;
pub mod public;
mod rss;

crate::operations! {
    public::get_rss_feed,
    public::get_atom_feed,
    public::get_json_feed,
}
