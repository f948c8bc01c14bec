//! Telling those who listen what happens: server-sent events (HTML, section 9.2), in the order of the log.
//!
//! - [`broadcast`] – one reader of the log for all who listen at this process
//! - [`listener`] – one who listens: how far they are, and what they missed
//! - [`handlers`] – for readers, and for the desk

pub mod broadcast;
pub mod handlers;
pub mod listener;

crate::operations! {
    handlers::stream_events,
    handlers::stream_editorial_events,
}
