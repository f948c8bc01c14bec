//! Share counts in the database.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::model::{Network, Shares};
use super::visitor::{Visitor, WINDOW};
use crate::db::schema::{share_counts, share_visitors};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp};

/// The counts of articles; those never shared are left out.
///
/// # Errors
/// When the database fails.
pub fn of_articles(
    connection: &mut Connection,
    articles: &[Id],
) -> StoreResult<HashMap<Id, Shares>> {
    let rows: Vec<(Id, String, i64)> = share_counts::table
        .filter(share_counts::article_id.eq_any(articles.to_vec()))
        .select((
            share_counts::article_id,
            share_counts::network,
            share_counts::first_party,
        ))
        .load(connection)?;
    let mut counts: HashMap<Id, Vec<(Network, i64)>> = HashMap::new();
    for (article, network, count) in rows {
        if let Ok(network) = network.parse() {
            counts.entry(article).or_default().push((network, count));
        }
    }
    Ok(counts
        .into_iter()
        .map(|(article, counts)| (article, Shares::new(counts)))
        .collect())
}

/// The counts of one article.
///
/// # Errors
/// When the database fails.
pub fn of_article(connection: &mut Connection, article: Id) -> StoreResult<Shares> {
    Ok(of_articles(connection, &[article])?
        .remove(&article)
        .unwrap_or_else(Shares::none))
}

/// Counts a share, unless the visitor shared the article there within the window. Answers whether
/// it was counted.
///
/// # Errors
/// When the database fails.
pub fn count(
    connection: &mut Connection,
    article: Id,
    network: Network,
    visitor: &Visitor,
    now: Timestamp,
) -> StoreResult<bool> {
    let window_start = now.plus(-WINDOW);
    let counted_yesterday = share_visitors::table
        .filter(share_visitors::visitor.eq(&visitor.yesterday))
        .filter(share_visitors::counted_at.gt(window_start))
        .select(share_visitors::counted_at)
        .first::<Timestamp>(connection)
        .optional()?
        .is_some();
    if counted_yesterday {
        return Ok(false);
    }
    // One statement decides, so that two simultaneous shares count once.
    let fresh = diesel::sql_query(
        "INSERT INTO share_visitors (visitor, counted_at) VALUES ($1, $2) \
         ON CONFLICT (visitor) DO UPDATE SET counted_at = excluded.counted_at \
         WHERE share_visitors.counted_at <= $3",
    )
    .bind::<Binary, _>(&visitor.today)
    .bind::<TimestampSql, _>(now)
    .bind::<TimestampSql, _>(window_start)
    .execute(connection)?
        == 1;
    if fresh {
        add(connection, article, network, 1)?;
    }
    Ok(fresh)
}

/// Adds to a count.
///
/// # Errors
/// When the database fails.
pub fn add(
    connection: &mut Connection,
    article: Id,
    network: Network,
    shares: i64,
) -> StoreResult<()> {
    diesel::sql_query(
        "INSERT INTO share_counts (article_id, network, first_party) VALUES ($1, $2, $3) \
         ON CONFLICT (article_id, network) \
         DO UPDATE SET first_party = share_counts.first_party + excluded.first_party",
    )
    .bind::<IdSql, _>(article)
    .bind::<Text, _>(network.as_str())
    .bind::<BigInt, _>(shares)
    .execute(connection)?;
    Ok(())
}

/// Deletes the hashes of visitors whose window is over.
///
/// # Errors
/// When the database fails.
pub fn forget_visitors(connection: &mut Connection) -> StoreResult<usize> {
    let window_start = Timestamp::now().plus(-WINDOW);
    Ok(
        diesel::delete(share_visitors::table.filter(share_visitors::counted_at.le(window_start)))
            .execute(connection)?,
    )
}
