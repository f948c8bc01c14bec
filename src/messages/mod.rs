//! What happened, as other programs are told: the same message goes to webhooks and to streams.
//!
//! - [`kinds`] – which messages there are, and what of the log each is made of
//! - [`model`] – what a message says
//! - [`read`] – reading them from the log

pub mod kinds;
pub mod model;
pub mod read;
