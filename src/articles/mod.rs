//! Articles: what Dateline is for.
//!
//! - [`model`] – an article as readers and editors see it
//! - [`batch`] – many articles in one call
//! - [`byline`] – bylines composed in the article's language
//! - [`card`] – an article as a teaser shows it
//! - [`formats`] – articles in the vocabularies of others
//! - [`fields`] – which fields `fields=` can choose
//! - [`parts`] – what is written and read in the same form
//! - [`input`] – an article as editors write it, and what publishing needs of it
//! - [`new_article`] – an article as it is created, published at once or not
//! - [`patch`] – a change of an article
//! - [`telling`] – what readers are told of a change
//! - [`mentions`] – tags and authors by slug or name
//! - [`workflow`] – statuses and the steps between them
//! - [`written`] – an article as it was written
//! - [`revisions`] – every saved version
//! - [`working_copy`] – changes to a published article that readers do not see yet
//! - [`previews`] – links by which somebody without a token reads one article
//! - [`store`] – queries, public and editorial ones apart
//! - [`public`] – public handlers
//! - [`discovery`] – related articles and facets
//! - [`neighbours`] – the previous and the next article of a section
//! - [`structured`] – an article as JSON-LD
//! - [`trending`] – what is shared now
//! - [`params`] – what public calls take
//! - [`editorial`] – handlers for editors and tools
//! - [`desk`] – the list of articles of any status, what is due, and who edits what
//! - [`corrections`] – corrections and retractions as readers are told of them, and changing them
//! - [`trash`] – deleting for good

pub mod batch;
pub mod byline;
pub mod card;
pub mod corrections;
pub mod desk;
pub mod discovery;
pub mod editorial;
pub mod fields;
pub mod formats;
pub mod input;
pub mod mentions;
pub mod model;
pub mod neighbours;
pub mod new_article;
pub mod params;
pub mod parts;
pub mod patch;
pub mod previews;
pub mod public;
pub mod read_model;
pub mod revisions;
pub mod store;
pub mod structured;
pub mod telling;
pub mod trash;
pub mod trending;
pub mod workflow;
pub mod working_copy;
pub mod written;

use self::batch::editorial as many;
use self::desk::list;
use crate::http::routes::BodySize;

crate::operations! {
    public::list_articles,
    trending::list_trending,
    discovery::list_facets,
    public::get_article,
    discovery::list_related,
    neighbours::get_neighbours,
    structured::get_article_jsonld,
    list::list_any_articles,
    editorial::create_article (BodySize::Largest),
    many::write_articles (BodySize::OfMany(4)),
    editorial::read_article,
    editorial::edit_article (BodySize::Largest),
    editorial::trash_article,
    editorial::publish_article,
    editorial::unpublish_article,
    editorial::retract_article (BodySize::UpTo(64 * 1024)),
    editorial::restore_article,
    editorial::add_correction (BodySize::UpTo(64 * 1024)),
    corrections::list_corrections,
    corrections::edit_correction (BodySize::UpTo(64 * 1024)),
    corrections::withdraw_correction (BodySize::UpTo(64 * 1024)),
    trash::empty_trash,
    trash::delete_article,
}
