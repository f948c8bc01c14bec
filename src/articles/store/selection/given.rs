//! Lists of articles that are named, in the order in which they are: an editor's picks.

use std::collections::HashMap;

use super::{Selection, SortKey, Window};
use crate::articles::model::ArticleFilter;
use crate::db::{Connection, Id, StoreResult, slugs};
use crate::text::Slug;

/// The public article that each slug names, or once named.
pub(super) fn named(connection: &mut Connection, slugs: &[Slug]) -> StoreResult<Vec<Option<Id>>> {
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    let found = slugs::public_articles_named(connection, slugs)?;
    Ok(slugs.iter().map(|slug| found.get(slug).copied()).collect())
}

/// The articles that a list leaves out.
pub(super) fn left_out(
    connection: &mut Connection,
    filter: &ArticleFilter,
) -> StoreResult<Vec<Id>> {
    let mut left_out = filter.exclude_ids.clone();
    left_out.extend(named(connection, &filter.exclude)?.into_iter().flatten());
    left_out.sort_unstable();
    left_out.dedup();
    Ok(left_out)
}

impl Selection {
    /// Where each article that is named stands: in the order of slugs, or else in that of ids. One that is
    /// named twice stands where it is named first. What is not public keeps its place free, so that places
    /// stay the same from page to page.
    fn places(&self) -> HashMap<Id, i64> {
        let ids = self.filter.ids.iter().copied().map(Some);
        let given: Vec<Option<Id>> = match self.named.is_empty() {
            true => ids.collect(),
            false => self.named.clone(),
        };
        let mut places = HashMap::with_capacity(given.len());
        for (place, id) in (0..).zip(given) {
            if let Some(id) = id {
                places.entry(id).or_insert(place);
            }
        }
        places
    }
}

/// A page of the articles in the order in which they are named. There are at most a hundred: all that the
/// other conditions leave are found, and cut.
pub(super) fn page(
    connection: &mut Connection,
    selection: &Selection,
    window: Window,
) -> StoreResult<Vec<(Id, SortKey)>> {
    let places = selection.places();
    let ids: Vec<Id> = places.keys().copied().collect();
    let found = selection.among(connection, &ids)?;
    let mut page: Vec<(Id, i64)> = places
        .into_iter()
        .filter(|(id, _)| found.contains(id))
        .collect();
    page.sort_unstable_by_key(|(_, place)| *place);
    if let Some((place, start)) = window.place() {
        let inclusive = |other: i64| start.inclusive && other == place;
        if start.backward {
            page.reverse();
            page.retain(|(_, other)| *other < place || inclusive(*other));
        } else {
            page.retain(|(_, other)| *other > place || inclusive(*other));
        }
    }
    page.truncate(usize::try_from(window.limit).unwrap_or(0));
    let keyed = page.into_iter();
    Ok(keyed
        .map(|(id, place)| (id, SortKey::Given(place)))
        .collect())
}
