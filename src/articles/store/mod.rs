//! Articles in the database.
//!
//! - [`public`] – what anyone may see; selects from the view `public_articles` only
//! - [`desk`] – what editors see; selects from the table
//! - [`mod@write`] – creating and changing
//! - `references` – what an article names by slug, when it is written
//! - `relations` – authors, tags and sections of articles

pub mod desk;
pub mod public;
mod references;
mod relations;
pub mod write;
