//! The desk: which articles there are, whatever their status, what is due, and who edits what.
//!
//! - [`filter`] – which articles the list has, and in which order
//! - [`list`] – the list of articles: parameters and handler
//! - [`model`] – the desk at a glance, and locks, as editors see them
//! - [`editorial`] – the handler of the desk at a glance
//! - [`locks`] – handlers of advisory locks
//!
//! A lock says who edits an article, and keeps nobody from writing: `If-Match` is what guards a change.

pub mod editorial;
pub mod filter;
pub mod list;
pub mod locks;
pub mod model;

// The list shares its path with creating an article, and so stands with that.
crate::operations! {
    editorial::read_desk,
    locks::read_lock,
    locks::lock_article,
    locks::release_lock,
}
