//! Share counts in the database.
//!
//! The buckets are what is counted; a total is written with them, in the same transaction, so that
//! reading one adds up nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DurationRound, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Text};

use super::model::{Network, Shares};
use super::visitor::{Visitor, VisitorHash, WINDOW};
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
    let rows: Vec<(Id, String, i64, Option<Timestamp>)> = share_counts::table
        .filter(share_counts::article_id.eq_any(articles.to_vec()))
        .select((
            share_counts::article_id,
            share_counts::network,
            share_counts::first_party,
            share_counts::counted_at,
        ))
        .load(connection)?;
    let mut counts: HashMap<Id, Shares> = HashMap::new();
    for (article, network, count, counted_at) in rows {
        if let Ok(network) = network.parse() {
            let shares = counts.entry(article).or_default();
            shares.add(network, count, counted_at);
        }
    }
    Ok(counts)
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

/// A share that a reader reported.
#[derive(Debug, Clone)]
pub struct Share {
    /// What was shared.
    pub article: Id,
    /// Where.
    pub network: Network,
    /// By whom.
    pub visitor: Visitor,
}

/// Counts shares, each unless its visitor shared that article there within the window. Answers for
/// each whether it was counted, and the counts of all their articles afterwards.
///
/// # Errors
/// When the database fails.
pub fn count(
    connection: &mut Connection,
    shares: &[Share],
    now: Timestamp,
) -> StoreResult<(Vec<bool>, HashMap<Id, Shares>)> {
    let fresh = remember(connection, shares, now)?;
    let mut first: HashSet<VisitorHash> = HashSet::with_capacity(shares.len());
    let counted: Vec<bool> = shares
        .iter()
        .map(|share| fresh.contains(&share.visitor.today) && first.insert(share.visitor.today))
        .collect();
    let mut increments = Increments::new();
    for (share, _) in shares.iter().zip(&counted).filter(|(_, counted)| **counted) {
        *increments
            .entry((share.article, share.network))
            .or_default() += 1;
    }
    add(connection, &increments, now)?;
    let articles: BTreeSet<Id> = shares.iter().map(|share| share.article).collect();
    let articles: Vec<Id> = articles.into_iter().collect();
    Ok((counted, of_articles(connection, &articles)?))
}

/// Notes visitors, and answers those whose window had not begun.
fn remember(
    connection: &mut Connection,
    shares: &[Share],
    now: Timestamp,
) -> StoreResult<HashSet<VisitorHash>> {
    let window_start = now.plus(-WINDOW);
    let yesterday: Vec<&[u8]> = shares
        .iter()
        .filter_map(|share| share.visitor.yesterday.as_ref().map(|hash| &hash[..]))
        .collect();
    let counted_yesterday: HashSet<Vec<u8>> = if yesterday.is_empty() {
        HashSet::new()
    } else {
        share_visitors::table
            .filter(share_visitors::visitor.eq_any(yesterday))
            .filter(share_visitors::counted_at.gt(window_start))
            .select(share_visitors::visitor)
            .load(connection)?
            .into_iter()
            .collect()
    };
    // In order, so that of two processes with the same visitors one waits for the other.
    let asked: BTreeSet<&VisitorHash> = shares
        .iter()
        .filter(|share| {
            let yesterday = share.visitor.yesterday.as_ref();
            !yesterday.is_some_and(|hash| counted_yesterday.contains(&hash[..]))
        })
        .map(|share| &share.visitor.today)
        .collect();
    if asked.is_empty() {
        return Ok(HashSet::new());
    }

    #[derive(QueryableByName)]
    struct Noted {
        #[diesel(sql_type = Binary)]
        visitor: Vec<u8>,
    }
    // SQLite numbers `$3` by where it stands, `?2` by its name.
    let note = |from: &str| {
        format!(
            "INSERT INTO share_visitors (visitor, counted_at) SELECT {from} \
             ON CONFLICT (visitor) DO UPDATE SET counted_at = excluded.counted_at \
             WHERE share_visitors.counted_at <= $3 RETURNING visitor"
        )
    };
    let noted: Vec<Noted> = match connection {
        Connection::Sqlite(sqlite) => {
            let asked: Vec<String> = asked.into_iter().map(hex).collect();
            diesel::sql_query(note("unhex(value), ?2 FROM json_each(?1) WHERE true"))
                .bind::<Text, _>(json(&asked))
                .bind::<TimestampSql, _>(now)
                .bind::<TimestampSql, _>(window_start)
                .load(sqlite)?
        }
        Connection::Postgres(postgres) => {
            let asked: Vec<&[u8]> = asked.into_iter().map(|hash| &hash[..]).collect();
            diesel::sql_query(note("hash, $2 FROM unnest($1) AS a (hash)"))
                .bind::<Array<Binary>, _>(asked)
                .bind::<TimestampSql, _>(now)
                .bind::<TimestampSql, _>(window_start)
                .load(postgres)?
        }
    };
    Ok(noted
        .into_iter()
        .filter_map(|noted| noted.visitor.try_into().ok())
        .collect())
}

/// Shares by article and network, in the order in which all processes write them.
pub type Increments = BTreeMap<(Id, Network), i64>;

/// Adds shares that came at an instant, to their buckets and to the totals.
///
/// # Errors
/// When the database fails.
pub fn add(connection: &mut Connection, increments: &Increments, at: Timestamp) -> StoreResult<()> {
    if increments.is_empty() {
        return Ok(());
    }
    let hour = at
        .utc()
        .duration_trunc(TimeDelta::hours(1))
        .map_or(at, Timestamp::from);
    let to_bucket = |from: &str| {
        format!(
            "INSERT INTO share_buckets (article_id, network, shares, starts_at, span) \
             SELECT {from} \
             ON CONFLICT (article_id, network, starts_at, span) \
             DO UPDATE SET shares = share_buckets.shares + excluded.shares"
        )
    };
    let to_total = |from: &str| {
        format!(
            "INSERT INTO share_counts (article_id, network, first_party, counted_at) \
             SELECT {from} \
             ON CONFLICT (article_id, network) \
             DO UPDATE SET first_party = share_counts.first_party + excluded.first_party, \
                           counted_at = excluded.counted_at"
        )
    };
    match connection {
        Connection::Sqlite(sqlite) => {
            let rows: Vec<(String, &str, i64)> = increments
                .iter()
                .map(|((article, network), shares)| {
                    (hex(article.0.as_bytes()), network.as_str(), *shares)
                })
                .collect();
            let rows = json(&rows);
            let columns = "unhex(value ->> 0), value ->> 1, value ->> 2";
            for (sql, at) in [
                (
                    to_bucket(&format!(
                        "{columns}, ?2, 'hour' FROM json_each(?1) WHERE true"
                    )),
                    hour,
                ),
                (
                    to_total(&format!("{columns}, ?2 FROM json_each(?1) WHERE true")),
                    at,
                ),
            ] {
                diesel::sql_query(sql)
                    .bind::<Text, _>(&rows)
                    .bind::<TimestampSql, _>(at)
                    .execute(sqlite)?;
            }
        }
        Connection::Postgres(postgres) => {
            let articles: Vec<Id> = increments.keys().map(|(article, _)| *article).collect();
            let networks: Vec<&str> = increments
                .keys()
                .map(|(_, network)| network.as_str())
                .collect();
            let shares: Vec<i64> = increments.values().copied().collect();
            let rows = "FROM unnest($1, $2, $3) AS a (article, network, shares)";
            for (sql, at) in [
                (to_bucket(&format!("a.*, $4, 'hour' {rows}")), hour),
                (to_total(&format!("a.*, $4 {rows}")), at),
            ] {
                diesel::sql_query(sql)
                    .bind::<Array<IdSql>, _>(&articles)
                    .bind::<Array<Text>, _>(&networks)
                    .bind::<Array<BigInt>, _>(&shares)
                    .bind::<TimestampSql, _>(at)
                    .execute(postgres)?;
            }
        }
    }
    Ok(())
}

fn hex(bytes: &[u8; 16]) -> String {
    uuid::Uuid::from_bytes(*bytes).simple().to_string()
}

/// Strings and numbers, which always are JSON.
fn json(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).unwrap_or_default()
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
