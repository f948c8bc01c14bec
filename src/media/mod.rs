//! Pictures, audio, video and documents that the newsroom has uploaded.
//!
//! - [`model`], [`input`] – an item as editors see it, and what they say of it
//! - [`addresses`] – where its files are
//! - [`upload`] – files as they are sent, or fetched
//! - [`processing`] – what is made of a file
//! - [`files`] – how files are stored and read, and renditions that are made when they are asked for
//! - [`store`] – items in the database
//! - [`verify`] – whether the files and the database agree
//! - [`public`], [`editorial`] – handlers

pub mod addresses;
pub mod editorial;
pub mod files;
pub mod input;
pub mod model;
pub mod processing;
pub mod public;
pub mod store;
pub mod upload;
pub mod verify;

use crate::http::routes::BodySize;

crate::operations! {
    public::get_media_file,
    editorial::list_media,
    editorial::upload_media (BodySize::File),
    editorial::fetch_media,
    editorial::read_media,
    editorial::describe_media,
    editorial::delete_media,
    editorial::list_media_uses,
}
