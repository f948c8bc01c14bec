//! Counts that tools observed elsewhere: of articles, and of addresses that articles had before.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::totals;
use crate::db::schema::{articles, former_urls, share_counts};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp, slugs};
use crate::shares::external::{Counted, ExternalCountsReceipt, ObservedInput};
use crate::shares::model::Network;
use crate::text::{AbsoluteUrl, Slug};

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

/// Counts by what they are of, in the order in which all processes write them, each with its place among
/// those that were sent.
#[derive(Default)]
struct ByTarget<'a> {
    of_articles: BTreeMap<(Id, Network, Timestamp), (usize, Option<i64>)>,
    of_urls: BTreeMap<(&'a AbsoluteUrl, Network, Timestamp), (usize, Option<i64>)>,
    receipt: ExternalCountsReceipt,
}

fn by_target<'a>(connection: &mut Connection, all: &'a [Observation]) -> StoreResult<ByTarget<'a>> {
    let slugs: Vec<Slug> = all
        .iter()
        .filter_map(|observed| observed.of.slug())
        .collect();
    let ids: BTreeSet<Id> = all.iter().filter_map(|observed| observed.of.id()).collect();
    let by_slug = slugs::articles_named(connection, &slugs)?;
    let known: BTreeSet<Id> = articles::table
        .filter(articles::id.eq_any(ids.into_iter().collect::<Vec<Id>>()))
        .select(articles::id)
        .load(connection)?
        .into_iter()
        .collect();
    let mut found = ByTarget::default();
    for (place, observed) in all.iter().enumerate() {
        let (article, url) = match &observed.of {
            Counted::Id(id) => (known.get(id).copied(), None),
            Counted::Slug(slug) => (by_slug.get(slug).copied(), None),
            Counted::Url(url, slug) => {
                let own = slug.as_ref().and_then(|slug| by_slug.get(slug));
                (own.copied(), Some(url))
            }
        };
        match (article, url) {
            (Some(article), _) => {
                let key = (article, observed.network, observed.observed_at);
                found.of_articles.insert(key, (place, observed.external));
            }
            (None, Some(url)) => {
                let key = (url, observed.network, observed.observed_at);
                found.of_urls.insert(key, (place, observed.external));
            }
            (None, None) => found.receipt.unknown.push(place),
        }
    }
    Ok(found)
}

/// Keeps what was observed of many, each unless something newer is kept.
///
/// # Errors
/// When the database fails.
pub fn observe_all(
    connection: &mut Connection,
    all: &[Observation],
) -> StoreResult<ExternalCountsReceipt> {
    let ByTarget {
        of_articles,
        of_urls,
        mut receipt,
    } = by_target(connection, all)?;
    let mut touched: BTreeSet<Id> = BTreeSet::new();
    for ((article, network, observed_at), (place, external)) in of_articles {
        if keep(connection, article, network, external, observed_at)? {
            touched.insert(article);
        } else {
            receipt.outdated.push(place);
        }
    }
    let mut urls: Vec<&str> = Vec::new();
    for ((url, network, observed_at), (place, external)) in of_urls {
        if keep_of_url(connection, url, network, external, observed_at)? {
            urls.push(url.as_str());
        } else {
            receipt.outdated.push(place);
        }
    }
    let recovered: BTreeSet<Id> = former_urls::table
        .filter(former_urls::url.eq_any(urls))
        .select(former_urls::article_id)
        .load(connection)?
        .into_iter()
        .collect();
    for article in &recovered {
        add_up_former(connection, *article)?;
    }
    touched.extend(recovered);
    totals::place(connection, &touched.into_iter().collect::<Vec<Id>>())?;
    receipt.outdated.sort_unstable();
    receipt.kept = all.len() - receipt.outdated.len() - receipt.unknown.len();
    Ok(receipt)
}

fn keep_of_url(
    connection: &mut Connection,
    url: &AbsoluteUrl,
    network: Network,
    external: Option<i64>,
    observed_at: Timestamp,
) -> StoreResult<bool> {
    let kept = diesel::sql_query(
        "INSERT INTO url_share_counts (url, network, external, observed_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (url, network) \
         DO UPDATE SET external = excluded.external, observed_at = excluded.observed_at \
         WHERE url_share_counts.observed_at <= excluded.observed_at",
    )
    .bind::<Text, _>(url.as_str())
    .bind::<Text, _>(network.as_str())
    .bind::<Nullable<BigInt>, _>(external)
    .bind::<TimestampSql, _>(observed_at)
    .execute(connection)?;
    Ok(kept > 0)
}

/// Adds up what was observed of an article's former addresses.
fn add_up_former(connection: &mut Connection, article: Id) -> StoreResult<()> {
    diesel::update(share_counts::table.filter(share_counts::article_id.eq(article)))
        .set((
            share_counts::former_external.eq(None::<i64>),
            share_counts::former_observed_at.eq(None::<Timestamp>),
        ))
        .execute(connection)?;
    diesel::sql_query(
        "INSERT INTO share_counts \
         (article_id, network, first_party, former_external, former_observed_at) \
         SELECT f.article_id, u.network, 0, CAST(sum(u.external) AS bigint), max(u.observed_at) \
         FROM former_urls f JOIN url_share_counts u ON u.url = f.url \
         WHERE f.article_id = $1 AND u.external IS NOT NULL GROUP BY f.article_id, u.network ORDER BY u.network \
         ON CONFLICT (article_id, network) \
         DO UPDATE SET former_external = excluded.former_external, \
                       former_observed_at = excluded.former_observed_at",
    )
    .bind::<IdSql, _>(article)
    .execute(connection)?;
    Ok(())
}

/// The addresses that an article had before, in the order their editors gave.
///
/// # Errors
/// When the database fails.
pub fn former_urls_of(connection: &mut Connection, article: Id) -> StoreResult<Vec<String>> {
    Ok(former_urls::table
        .filter(former_urls::article_id.eq(article))
        .order(former_urls::position)
        .select(former_urls::url)
        .load(connection)?)
}

/// Says which addresses an article had before, in place of what was said: the counts that were
/// observed of them are added to its own. Returns the place of one that is another article's.
///
/// # Errors
/// When the database fails.
pub fn recover(
    connection: &mut Connection,
    article: Id,
    urls: &[AbsoluteUrl],
) -> StoreResult<Option<usize>> {
    let before = former_urls_of(connection, article)?;
    if before.iter().eq(urls.iter().map(AbsoluteUrl::as_str)) {
        return Ok(None);
    }
    diesel::delete(former_urls::table.filter(former_urls::article_id.eq(article)))
        .execute(connection)?;
    let wanted: Vec<&str> = urls.iter().map(AbsoluteUrl::as_str).collect();
    let taken: Vec<String> = former_urls::table
        .filter(former_urls::url.eq_any(&wanted))
        .select(former_urls::url)
        .load(connection)?;
    let is_taken = |url: &&str| taken.iter().any(|taken| taken == url);
    if let Some(place) = wanted.iter().position(is_taken) {
        return Ok(Some(place));
    }
    for (position, url) in (0_i32..).zip(wanted) {
        diesel::insert_into(former_urls::table)
            .values((
                former_urls::url.eq(url),
                former_urls::article_id.eq(article),
                former_urls::position.eq(position),
            ))
            .execute(connection)?;
    }
    add_up_former(connection, article)?;
    totals::place(connection, &[article])?;
    Ok(None)
}
