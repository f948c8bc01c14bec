//! Items of the newsroom's media in the database.
//!
//! - `rows` – what is kept of one, and what editors and articles make of it
//! - [`mod@write`] – adding, describing and deleting items
//! - [`list`] – finding them
//! - [`uses`] – what articles show of them
//! - [`base`] – below which address readers find the files

pub mod base;
pub mod list;
mod rows;
pub mod uses;
pub mod write;

pub use rows::{Source, find, names_after, source, uploaded};
