//! Counts that tools observed elsewhere: of articles, and of addresses that articles have or had.
//!
//! An article has one count for each network, by whichever spelling of its address it is reported: those of one
//! call are added up, and what the next call says takes their place. Former addresses have
//! [one each](super::pages).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::pages::{self, Found};
use super::totals;
use crate::db::lock::{self, Lock};
use crate::db::schema::articles;
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp, slugs};
use crate::shares::external::{Counted, ExternalCountsReceipt, ObservedInput};
use crate::shares::model::Network;
use crate::shares::page::Sites;
use crate::validation::{Violation, Violations};

/// A count that was observed elsewhere.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Of what.
    pub of: Counted,
    /// The network.
    pub network: Network,
    /// How often; `None` where that is not known any more.
    pub external: Option<i64>,
    /// When.
    pub observed_at: Timestamp,
}

/// Whether there is an article, for a caller who may only know of a user's own.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn known(connection: &mut Connection, article: Id, only_own: Option<Id>) -> StoreResult<()> {
    let created_by: Option<Id> = articles::table
        .filter(articles::id.eq(article))
        .select(articles::created_by)
        .first(connection)?;
    if only_own.is_some() && only_own != created_by {
        return Err(StoreError::NotFound);
    }
    Ok(())
}

/// Keeps what was observed of one article on one network, unless something newer is kept.
///
/// # Errors
/// When the database fails.
pub fn observe(
    connection: &mut Connection,
    article: Id,
    network: Network,
    input: &ObservedInput,
) -> StoreResult<()> {
    // What is not known any more without saying since when is not known from now on.
    let observed_at = input.observed_at.map_or_else(Timestamp::now, |at| at.0);
    let external = input.external.map(|count| count.0);
    keep(connection, article, network, external, observed_at)?;
    totals::place(connection, &[article])
}

/// Returns whether it was kept: nothing newer is.
fn keep(
    connection: &mut Connection,
    article: Id,
    network: Network,
    external: Option<i64>,
    observed_at: Timestamp,
) -> StoreResult<bool> {
    let kept = diesel::sql_query(
        "INSERT INTO share_counts (article_id, network, first_party, external, observed_at) \
         VALUES ($1, $2, 0, $3, $4) ON CONFLICT (article_id, network) \
         DO UPDATE SET external = excluded.external, observed_at = excluded.observed_at \
         WHERE share_counts.observed_at IS NULL OR share_counts.observed_at <= excluded.observed_at",
    )
    .bind::<IdSql, _>(article)
    .bind::<Text, _>(network.as_str())
    .bind::<Nullable<BigInt>, _>(external)
    .bind::<TimestampSql, _>(observed_at)
    .execute(connection)?;
    Ok(kept > 0)
}

/// What a count is kept for: an article's present address, or one that is its former or nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target<'a> {
    Article(Id),
    Url(&'a str, Option<Id>),
}

/// Where a count belongs, and under which spelling of its target it was reported; `None` for the one that
/// readers are given.
type Named<'a> = (Target<'a>, Option<&'a str>);

/// Where each count belongs, by its place among those that were sent; `None` for those of no article.
fn targets<'a>(
    connection: &mut Connection,
    sites: &Sites,
    all: &'a [Observation],
) -> StoreResult<Vec<Option<Named<'a>>>> {
    let (mut ids, mut slugs, mut urls) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for observed in all {
        match &observed.of {
            Counted::Id(id) => drop(ids.insert(*id)),
            Counted::Slug(slug) => slugs.push(slug.clone()),
            Counted::Url(url) => drop(urls.insert(url)),
        }
    }
    let by_slug = slugs::articles_named(connection, &slugs)?;
    let known: BTreeSet<Id> = articles::table
        .filter(articles::id.eq_any(ids.into_iter().collect::<Vec<Id>>()))
        .select(articles::id)
        .load(connection)?
        .into_iter()
        .collect();
    let by_url = pages::articles_at(connection, sites, urls)?;
    let target = |observed: &'a Observation| match &observed.of {
        Counted::Id(id) => Some((Target::Article(*known.get(id)?), None)),
        Counted::Slug(slug) => Some((Target::Article(*by_slug.get(slug)?), None)),
        Counted::Url(url) => {
            let url = url.as_str();
            Some(match by_url.get(url) {
                Some(Found::Present(article)) => (Target::Article(*article), None),
                Some(Found::OtherSpelling(article)) => (Target::Article(*article), Some(url)),
                Some(Found::Former(article)) => (Target::Url(url, Some(*article)), None),
                None => (Target::Url(url, None), None),
            })
        }
    };
    Ok(all.iter().map(target).collect())
}

/// What one call says of a target and network at the newest instant.
struct Newest<'a> {
    observed_at: Timestamp,
    /// Each spelling's count, with the place that said it first.
    by_spelling: BTreeMap<Option<&'a str>, (usize, Option<i64>)>,
    /// All places that said it.
    places: Vec<usize>,
    /// Those that contradict the first of their spelling.
    wrong: Vec<Violation>,
}

impl<'a> Newest<'a> {
    fn at(observed_at: Timestamp) -> Self {
        Self {
            observed_at,
            by_spelling: BTreeMap::new(),
            places: Vec::new(),
            wrong: Vec::new(),
        }
    }

    fn add(&mut self, spelling: Option<&'a str>, place: usize, external: Option<i64>) {
        self.places.push(place);
        let said = (place, external);
        let (first, said) = *self.by_spelling.entry(spelling).or_insert(said);
        if said != external {
            self.wrong.push(contradiction(first, place));
        }
    }

    /// The sum over all spellings; `None` where none of them is known any more.
    fn external(&self) -> Option<i64> {
        let counts = self.by_spelling.values().filter_map(|(_, count)| *count);
        counts.reduce(|sum, count| sum + count)
    }
}

/// What is to be kept, in the order in which all processes write it.
type ToKeep<'a> = BTreeMap<(Target<'a>, Network), Newest<'a>>;

/// Of each target and network what the newest counts say, and what became of the others.
///
/// # Errors
/// `contradiction`, where two of the same spelling and instant differ.
fn newest<'a>(
    all: &[Observation],
    named: &[Option<Named<'a>>],
) -> Result<(ToKeep<'a>, ExternalCountsReceipt), Violations> {
    let mut to_keep = ToKeep::new();
    let mut receipt = ExternalCountsReceipt::default();
    for (place, (observed, named)) in all.iter().zip(named).enumerate() {
        let Some((target, spelling)) = *named else {
            receipt.unknown.push(place);
            continue;
        };
        if let Target::Url(_, None) = target {
            receipt.unknown.push(place);
        }
        let key = (target, observed.network);
        let group = to_keep
            .entry(key)
            .or_insert_with(|| Newest::at(observed.observed_at));
        if observed.observed_at < group.observed_at {
            receipt.outdated.push(place);
            continue;
        }
        if observed.observed_at > group.observed_at {
            let older = std::mem::replace(group, Newest::at(observed.observed_at));
            receipt.outdated.extend(older.places);
        }
        group.add(spelling, place, observed.external);
    }
    let wrong = to_keep.values().flat_map(|newest| newest.wrong.clone());
    wrong.collect::<Violations>().into_result()?;
    Ok((to_keep, receipt))
}

fn contradiction(one: usize, other: usize) -> Violation {
    let detail = format!(
        "says something else of the same address, network and observed_at than /counts/{one}"
    );
    Violation::new(format!("/counts/{other}"), "contradiction", detail)
}

/// Keeps what was observed of many, each unless something newer is kept.
///
/// # Errors
/// [`StoreError::Invalid`] when two contradict each other.
pub fn observe_all(
    connection: &mut Connection,
    sites: &Sites,
    all: &[Observation],
) -> StoreResult<ExternalCountsReceipt> {
    lock::shared(connection, Lock::FormerUrls)?;
    let named = targets(connection, sites, all)?;
    let (to_keep, mut receipt) = newest(all, &named).map_err(StoreError::Invalid)?;
    let mut with_urls = pages::release(connection, &urls_of(all, &named))?;
    let mut touched: BTreeSet<Id> = BTreeSet::new();
    for ((target, network), newest) in to_keep {
        let (external, observed_at) = (newest.external(), newest.observed_at);
        let is_kept = match target {
            Target::Article(article) => {
                touched.insert(article);
                keep(connection, article, network, external, observed_at)?
            }
            Target::Url(url, article) => {
                with_urls.extend(article);
                pages::keep(connection, url, article, network, external, observed_at)?
            }
        };
        if !is_kept {
            receipt.outdated.extend(newest.places);
        }
    }
    for article in &with_urls {
        pages::add_up(connection, *article)?;
    }
    touched.extend(with_urls);
    totals::place(connection, &touched.into_iter().collect::<Vec<Id>>())?;
    Ok(counted(receipt, all.len()))
}

/// The URLs that counts were reported by, each with the article that its former address it is.
fn urls_of<'a>(
    all: &'a [Observation],
    named: &[Option<Named<'_>>],
) -> BTreeMap<&'a str, Option<Id>> {
    let urls = all.iter().zip(named).filter_map(|(observed, named)| {
        let Counted::Url(url) = &observed.of else {
            return None;
        };
        match named {
            Some((Target::Url(_, article), _)) => Some((url.as_str(), *article)),
            _ => Some((url.as_str(), None)),
        }
    });
    urls.collect()
}

/// With the number of those that are part of counts now: a place may be of no article and outdated as well.
fn counted(mut receipt: ExternalCountsReceipt, all: usize) -> ExternalCountsReceipt {
    let unknown: BTreeSet<usize> = receipt.unknown.iter().copied().collect();
    receipt.outdated.retain(|place| !unknown.contains(place));
    receipt.outdated.sort_unstable();
    receipt.kept = all - receipt.outdated.len() - receipt.unknown.len();
    receipt
}
