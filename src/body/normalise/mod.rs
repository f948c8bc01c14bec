//! What pages and word processors write in many ways, made into one way before it becomes blocks.
//!
//! What a step takes away although a reader or a search engine
//! could have wanted it is noted as a warning for the editor.
//!
//! - `characters`: what no text may hold; line and paragraph separators
//! - `shortcodes`: captions and embeds as WordPress stores them
//! - `addresses`: relative addresses, and links that lead nowhere
//! - `embeds`, `providers`: posts, videos and charts of other sites
//! - `comments`: what editors said to each other in a word processor
//! - `visible`: what readers do not see; formulas as text
//! - `drawings`: links and pictures in drawings, links in formulas
//! - `pictures`: pictures that scripts load later, and what stands there without scripts
//! - `backgrounds`: pictures that are the background of an element
//! - `figures`: what lays out the pictures, frames and tables of figures
//! - `captions`: captions beside pictures and in attributes
//! - `styles`: emphasis that is written as style sheets
//! - `lists`: lists of word processors, and lists in the wrong place
//! - `maps`: places in pictures that lead somewhere
//! - `breaks`: line breaks that part paragraphs
//! - `anchors`: what links within the text lead to
//! - `empty`: what elements say that hold nothing to see
//! - `wrappers`: inline elements around paragraphs, put inside each; links in links

use url::Url;

use super::tree::Tree;
use crate::validation::Violation;

mod addresses;
mod anchors;
mod backgrounds;
mod breaks;
mod captions;
mod characters;
mod comments;
mod drawings;
mod embeds;
mod empty;
mod figures;
mod lists;
mod maps;
mod pictures;
mod providers;
mod shortcodes;
mod styles;
mod visible;
mod wrappers;

use empty::Place;

pub(super) use addresses::shown;
pub(super) use characters::{clean, is_blank};
pub(super) use providers::called as provider_called;

/// A whole text. Relative addresses are those of `base`, where it is known.
///
/// # Errors
/// `too_deep` or `too_large`, where putting elements elsewhere makes too many.
pub(super) fn document(tree: &mut Tree, base: Option<&Url>) -> Result<(), Violation> {
    characters::remove_forbidden(tree);
    shortcodes::read(tree)?;
    addresses::resolve(tree, base);
    addresses::report_descriptions(tree);
    drawings::links(tree);
    embeds::recognise(tree);
    comments::drop(tree);
    visible::drop_hidden(tree);
    figures::of_tables(tree);
    captions::beside(tree);
    drawings::pictures(tree)?;
    pictures::choose(tree);
    if captions::of_attributes(tree)? {
        // They may hold links.
        addresses::resolve(tree, base);
    }
    embeds::report_unknown(tree);
    styles::to_elements(tree);
    lists::of_word(tree);
    lists::of_quill(tree);
    maps::to_lists(tree);
    lists::mend(tree);
    breaks::part(tree);
    anchors::keep(tree);
    addresses::report(tree);
    empty::report(tree, Place::Text);
    wrappers::part_links(tree, Place::Text)?;
    wrappers::push_down(tree)?;
    // Pictures for readers without scripts stand beside their captions by now, and captions in links do.
    captions::beside(tree);
    figures::without_layout(tree);
    captions::flatten(tree);
    tree.check()
}

/// HTML of one field of a block, which came from an editor's tool or from here.
///
/// # Errors
/// `too_deep` or `too_large`, as of a document.
pub(super) fn field(tree: &mut Tree, is_inline: bool) -> Result<(), Violation> {
    characters::remove_forbidden(tree);
    addresses::report_descriptions(tree);
    drawings::links(tree);
    if !is_inline {
        embeds::recognise(tree);
    }
    visible::drop_hidden(tree);
    drawings::pictures(tree)?;
    pictures::choose(tree);
    if !is_inline {
        captions::of_attributes(tree)?;
    }
    styles::to_elements(tree);
    maps::to_lists(tree);
    lists::mend(tree);
    breaks::separators(tree);
    addresses::report(tree);
    let place = if is_inline { Place::Line } else { Place::Flow };
    empty::report(tree, place);
    wrappers::part_links(tree, place)?;
    if is_inline {
        pictures::report_out_of_place(tree);
    }
    tree.check()
}
