//! Collections in the database.
//!
//! - [`public`] – what anyone may see: articles through the view `public_articles` only
//! - [`editorial`] – what editors see
//! - [`mod@write`] – creating, replacing and deleting
//! - `filling` – the articles that a rule takes
//! - `rows` – what is kept of a collection

pub mod editorial;
mod filling;
pub mod public;
mod rows;
pub mod write;
