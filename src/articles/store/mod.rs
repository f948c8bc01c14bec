//! Articles in the database.
//!
//! - [`public`] – what anyone may see; selects from the view `public_articles` only
//! - [`editorial`] – what editors see; selects from the table
//! - [`desk_list`] – the desk's list; [`mod@desk`] – the desk at a glance; [`locks`] – who edits what
//! - [`mod@write`] – creating and editing
//! - [`transitions`] – the workflow
//! - [`mod@batch`] – operations of a batch
//! - `load` – loading an article for a change
//! - [`mod@related`] – articles that belong to another one
//! - [`mod@neighbours`] – the previous and the next article of a section
//! - [`read_models`] – what readers see, rendered from the tables
//! - `holder` – which article has what another one wants
//! - `mentions` – finding what is named by slug or name, and creating what is not there
//! - [`references`] – what an article names by slug, when it is written
//! - [`selection`] – which public articles a list has, in which order
//! - [`mod@trending`] – what is shared now
//! - [`revisions`] – every saved version; `restoring` – bringing one back
//! - `rows` – the columns that editors write, and the rows of views in which an article comes with what it
//!   refers to
//! - [`working_copies`] – changes to published articles that readers do not see yet
//! - [`previews`] – preview links, and what they show
//! - [`bodies`] – blocks and the HTML made of them
//! - [`corrections`] – corrections as editors write them
//! - [`public_corrections`] – corrections and retractions as readers see them
//! - [`retractions`] – what readers are told of retracted articles
//! - [`expiry`] – taking back articles whose time is over
//! - [`trash`] – deleting for good
//! - [`sitemap`] – what sitemaps list
//! - `slots` – the slots of collections that an article stands in

pub mod batch;
pub mod bodies;
pub mod corrections;
pub mod desk;
pub mod desk_list;
pub mod editorial;
pub mod expiry;
mod holder;
mod load;
pub mod locks;
pub mod media_uses;
mod mentions;
pub mod neighbours;
pub mod outlines;
pub mod previews;
pub mod public;
pub mod public_corrections;
pub mod read_models;
pub mod references;
pub mod related;
pub mod restoring;
pub mod retractions;
pub mod revisions;
pub mod rows;
pub mod selection;
pub mod sitemap;
mod slots;
pub mod transitions;
pub mod trash;
pub mod trending;
pub mod working_copies;
pub mod write;
