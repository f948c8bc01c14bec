//! Share counts in the database.
//!
//! A share is written into the journal first. Hours and counts are brought up to it together, in one
//! transaction: counts are the sums of hours and days, kept so that reading one adds up nothing.
//!
//! - [`counting`] – many shares in one transaction
//! - [`periods`] – what was shared when
//! - [`rollups`] – the shares of each hour and day together: what trends, an overview
//! - [`external`] – counts that were observed elsewhere
//! - [`totals`] – the order of most shared articles
//! - [`downsampling`] – old hours become days

pub mod counting;
pub mod downsampling;
pub mod external;
pub mod periods;
pub mod rollups;
pub mod totals;

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{NetworkCount, Shares};
use crate::db::schema::share_counts;
use crate::db::{Connection, Id, StoreResult, Timestamp};

type Observed = (Option<i64>, Option<Timestamp>);
type CountRow = (Id, String, i64, Option<Timestamp>, Observed, Observed);

macro_rules! count_columns {
    () => {{
        use $crate::db::schema::share_counts::*;
        (
            article_id,
            network,
            first_party,
            counted_at,
            (external, observed_at),
            (former_external, former_observed_at),
        )
    }};
}
use count_columns;

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
        .select(count_columns!())
        .load(connection)?)
}

fn network_count(row: CountRow) -> Option<(Id, NetworkCount)> {
    let count = NetworkCount {
        network: row.1.parse().ok()?,
        first_party: row.2,
        counted_at: row.3,
        external: row.4.0,
        // When a count was given up is not when one was observed.
        observed_at: row.4.0.and(row.4.1),
        former_external: row.5.0,
        former_observed_at: row.5.1,
    };
    Some((row.0, count))
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
