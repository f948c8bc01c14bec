//! Lists of the most shared articles, and which of some articles a list has.
//!
//! Of a small selection all are looked at and put in order; of a large one the order of all articles
//! is read until the page is full. So what a page costs has a bound, for rare tags and common ones.

use std::cmp::Reverse;
use std::collections::HashSet;

use diesel::prelude::*;

use super::{Selection, SortKey, Window, ranked};
use crate::db::schema::{
    article_authors, article_tags, public_articles, public_articles_by_shares, share_totals,
};
use crate::db::{Connection, Id, MultiBackend, StoreResult};

/// Most articles of a selection that are put in order.
const FEW: usize = 5_000;

/// A page of the most shared articles.
pub(super) fn page(
    connection: &mut Connection,
    selection: &Selection,
    window: Window,
) -> StoreResult<Vec<(Id, SortKey)>> {
    let found = match few(connection, selection)? {
        Some(few) => cut(connection, few, window)?,
        None => walk(connection, selection, window)?,
    };
    let places = found
        .into_iter()
        .map(|(id, shares)| (id, SortKey::Shares(shares)));
    Ok(places.collect())
}

/// All of a selection, unless they are many.
fn few(connection: &mut Connection, selection: &Selection) -> StoreResult<Option<Vec<Id>>> {
    if selection.filter.leaves_nearly_all() {
        return Ok(None);
    }
    let ids = selection.newest(connection, FEW as i64 + 1)?;
    Ok((ids.len() <= FEW).then_some(ids))
}

/// Puts articles in order and cuts a page from them.
fn cut(connection: &mut Connection, ids: Vec<Id>, window: Window) -> StoreResult<Vec<(Id, i64)>> {
    let mut all: Vec<(Id, i64)> = share_totals::table
        .filter(share_totals::article_id.eq_any(ids))
        .select((share_totals::article_id, share_totals::total))
        .load(connection)?;
    all.sort_unstable_by_key(|(id, total)| Reverse((*total, *id)));
    if let Some(start) = window.shares() {
        let bound = (start.value, start.bound(start.backward));
        if start.backward {
            all.reverse();
            all.retain(|(id, total)| (*total, *id) > bound);
        } else {
            all.retain(|(id, total)| (*total, *id) < bound);
        }
    }
    all.truncate(usize::try_from(window.limit).unwrap_or(0));
    Ok(all)
}

/// Reads the order of all articles.
fn walk(
    connection: &mut Connection,
    selection: &Selection,
    window: Window,
) -> StoreResult<Vec<(Id, i64)>> {
    use public_articles_by_shares::{id, table, total};
    let query = table.into_boxed::<MultiBackend>();
    let mut query = narrowed!(public_articles_by_shares, query, selection);
    let start = window.shares();
    let upwards = start.is_some_and(|start| start.backward);
    if let Some(start) = start {
        let (at, last) = (start.value, start.bound(upwards));
        query = if upwards {
            query
                .filter(total.ge(at))
                .filter(total.gt(at).or(id.gt(last)))
        } else {
            query
                .filter(total.le(at))
                .filter(total.lt(at).or(id.lt(last)))
        };
    }
    query = if upwards {
        query.order((total.asc(), id.asc()))
    } else {
        query.order((total.desc(), id.desc()))
    };
    Ok(query
        .limit(window.limit)
        .select((id, total))
        .load(connection)?)
}

impl Selection {
    /// Which of these articles are public and belong to it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn among(&self, connection: &mut Connection, ids: &[Id]) -> StoreResult<HashSet<Id>> {
        let query = public_articles::table
            .filter(public_articles::id.eq_any(ids.to_vec()))
            .select(public_articles::id)
            .into_boxed::<MultiBackend>();
        let found: Vec<Id> = narrowed!(public_articles, query, self).load(connection)?;
        Ok(found.into_iter().collect())
    }
}
