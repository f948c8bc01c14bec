//! Telling other services what readers see has changed: CDNs, hubs of feeds, search engines. It follows the event log, so that
//! the clock's changes are told as well, none is lost when the server ends, and no editor waits for it.
//!
//! - [`touched`] – what a part of the log has changed for readers
//! - [`service`] – whom to tell, and how
//! - [`follower`] – following the log: position, turns of processes, trying again
//! - [`store`] – how far each service was told
//! - [`key_file`] – the key by which search engines know that it is us

pub mod follower;
pub mod key_file;
pub mod service;
pub mod store;
pub mod touched;

crate::operations! {
    key_file::get_indexnow_key,
}
