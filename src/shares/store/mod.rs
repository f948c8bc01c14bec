//! Share counts in the database.
//!
//! A share is written into the journal first. Hours and counts are brought up to it together, in one
//! transaction: counts are the sums of hours and days, kept so that reading one adds up nothing.
//!
//! - [`counting`] – many shares in one transaction
//! - [`periods`] – what was shared when
//! - [`rollups`] – the shares of each hour and day together: what trends, an overview
//! - [`external`] – counts that were observed elsewhere
//! - [`pages`] – which article a URL is of, and what was observed of URLs
//! - [`totals`] – the order of most shared articles
//! - [`downsampling`] – old hours become days

pub mod counting;
pub mod downsampling;
pub mod external;
pub mod pages;
pub mod periods;
pub mod rollups;
pub mod totals;

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{NetworkCount, Shares};
use crate::db::schema::{share_buckets, share_counts};
use crate::db::{Connection, Id, StoreResult, Timestamp};

/// Shares of one network in one hour or day.
#[derive(Queryable, Selectable)]
#[diesel(table_name = share_buckets)]
struct BucketRow {
    starts_at: Timestamp,
    span: String,
    network: String,
    shares: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = share_counts)]
struct CountRow {
    article_id: Id,
    network: String,
    first_party: i64,
    counted_at: Option<Timestamp>,
    external: Option<i64>,
    observed_at: Option<Timestamp>,
    former_external: Option<i64>,
    former_observed_at: Option<Timestamp>,
}

/// The counts of articles by network; those that nothing is known of are left out.
///
/// # Errors
/// When the database fails.
pub fn by_network(
    connection: &mut Connection,
    articles: &[Id],
) -> StoreResult<Vec<(Id, NetworkCount)>> {
    let rows = rows(connection, articles)?;
    Ok(rows.into_iter().filter_map(network_count).collect())
}

fn rows(connection: &mut Connection, articles: &[Id]) -> StoreResult<Vec<CountRow>> {
    Ok(share_counts::table
        .filter(share_counts::article_id.eq_any(articles.to_vec()))
        .select(CountRow::as_select())
        .load(connection)?)
}

fn network_count(row: CountRow) -> Option<(Id, NetworkCount)> {
    let count = NetworkCount {
        network: row.network.parse().ok()?,
        first_party: row.first_party,
        counted_at: row.counted_at,
        external: row.external,
        // When a count was given up is not when one was observed.
        observed_at: row.external.and(row.observed_at),
        former_external: row.former_external,
        former_observed_at: row.former_observed_at,
    };
    Some((row.article_id, count))
}

fn sums(rows: impl IntoIterator<Item = CountRow>) -> HashMap<Id, Shares> {
    let mut counts: HashMap<Id, Shares> = HashMap::new();
    for (article, count) in rows.into_iter().filter_map(network_count) {
        counts.entry(article).or_default().add(&count);
    }
    counts
}

/// The counts of articles; those that nothing is known of are left out.
///
/// # Errors
/// When the database fails.
pub fn of_articles(
    connection: &mut Connection,
    articles: &[Id],
) -> StoreResult<HashMap<Id, Shares>> {
    Ok(sums(rows(connection, articles)?))
}

/// The counts of one article.
///
/// # Errors
/// When the database fails.
pub fn of_article(connection: &mut Connection, article: Id) -> StoreResult<Shares> {
    Ok(of_articles(connection, &[article])?
        .remove(&article)
        .unwrap_or_default())
}
