//! The Content API of Ghost, read only: frontends that were written for Ghost show what this newsroom publishes.
//!
//! - [`nql`] – the language of its parameter `filter`
//! - [`filter`] – what of that language is understood of articles, tags and authors
//! - [`params`] – its parameters
//! - [`key`] – the key that clients send
//! - [`error`] – errors in its form
//! - [`mod@resources`] – posts, tags, authors and settings in its form
//! - [`browse`] – reading them
//! - [`public`] – the handlers

pub mod browse;
pub mod error;
pub mod filter;
pub mod key;
pub mod nql;
pub mod params;
pub mod public;
pub mod resources;

crate::operations! {
    public::browse_ghost,
    public::read_ghost,
    public::read_ghost_by_slug,
}
