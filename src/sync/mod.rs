//! Keeping a copy of everything that is public: for apps that work offline, and for sites that are built ahead.
//!
//! - [`model`] – what a page of changes says
//! - [`position`] – how far a client has come
//! - [`changes`] – what comes next
//! - [`public`] – the handler

pub mod changes;
pub mod model;
pub mod position;
pub mod public;

crate::operations! {
    public::sync,
}
