//! The shares of each hour and day in one row for each network: what trends and the overview read these
//! few rows, however many articles were shared.
//!
//! A row has the number of all shares and, of the articles that were shared most, each with its own. An
//! hour keeps 1,000 articles and a day 5,000: an article that is never among them does not trend.
//! Rows follow the buckets within seconds ([`recent`], [`keep`]), since counting a share writes none of them.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::BucketRow;
use crate::db::lock::{self, Lock};
use crate::db::schema::{share_buckets, share_journal_applied, share_rollups};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::shares::model::Network;
use crate::shares::time::{Granularity, TimeRange, Weight};

/// Most articles of one hour.
const MOST_OF_HOUR: i64 = 1_000;
/// Most articles of one day.
const MOST_OF_DAY: i64 = 5_000;
/// Stands for all networks together.
const ALL_NETWORKS: &str = "";
/// Bytes of one article.
const ENTRY: usize = 24;
/// Hours that are made anew when a server starts: one that was killed may have left the last of them.
const LATEST: i64 = 3;

fn most_of(span: Granularity) -> i64 {
    match span {
        Granularity::Hour => MOST_OF_HOUR,
        Granularity::Day => MOST_OF_DAY,
    }
}

fn encode(articles: &[(Id, i64)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(articles.len() * ENTRY);
    for (article, shares) in articles {
        bytes.extend_from_slice(article.0.as_bytes());
        bytes.extend_from_slice(&shares.to_be_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> impl Iterator<Item = (Id, i64)> {
    let (entries, _) = bytes.as_chunks::<ENTRY>();
    entries.iter().filter_map(|entry| {
        let (id, shares) = entry.split_at(16);
        let id = uuid::Uuid::from_slice(id).ok()?;
        Some((Id(id), i64::from_be_bytes(shares.try_into().ok()?)))
    })
}

#[derive(QueryableByName)]
struct Top {
    #[diesel(sql_type = Text)]
    network: String,
    #[diesel(sql_type = IdSql)]
    article_id: Id,
    #[diesel(sql_type = BigInt)]
    shares: i64,
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    network: String,
    #[diesel(sql_type = BigInt)]
    shares: i64,
}

/// The rows of one hour or day.
#[derive(Debug, Clone)]
pub struct Rollup {
    span: Granularity,
    starts_at: Timestamp,
    /// By network, [`ALL_NETWORKS`] included: all shares, and the articles shared most.
    rows: Vec<(String, i64, Vec<u8>)>,
}

impl Rollup {
    /// Makes it from its buckets.
    fn of(
        connection: &mut Connection,
        span: Granularity,
        starts_at: Timestamp,
    ) -> StoreResult<Self> {
        let sums: Vec<Sum> = diesel::sql_query(
            "SELECT network, CAST(sum(shares) AS bigint) AS shares FROM share_buckets \
             WHERE span = $1 AND starts_at = $2 GROUP BY network",
        )
        .bind::<Text, _>(span.as_str())
        .bind::<TimestampSql, _>(starts_at)
        .load(connection)?;
        let tops: Vec<Top> = diesel::sql_query(
            "SELECT network, article_id, shares FROM (\
                 SELECT network, article_id, shares, row_number() OVER \
                        (PARTITION BY network ORDER BY shares DESC, article_id DESC) AS place \
                 FROM share_buckets WHERE span = $1 AND starts_at = $2) AS ranked \
             WHERE place <= $3 \
             UNION ALL SELECT * FROM (\
                 SELECT '' AS network, article_id, CAST(sum(shares) AS bigint) AS shares \
                 FROM share_buckets WHERE span = $1 AND starts_at = $2 \
                 GROUP BY article_id ORDER BY 3 DESC, 2 DESC LIMIT $3) AS of_all",
        )
        .bind::<Text, _>(span.as_str())
        .bind::<TimestampSql, _>(starts_at)
        .bind::<BigInt, _>(most_of(span))
        .load(connection)?;
        let mut articles: HashMap<String, Vec<(Id, i64)>> = HashMap::new();
        for top in tops {
            let of_network = articles.entry(top.network).or_default();
            of_network.push((top.article_id, top.shares));
        }
        let all = sums.iter().map(|sum| sum.shares).sum();
        let all = std::iter::once((ALL_NETWORKS.to_owned(), all));
        let sums = sums.into_iter().map(|sum| (sum.network, sum.shares));
        let rows = all.chain(sums).map(|(network, shares)| {
            let mut articles = articles.remove(&network).unwrap_or_default();
            articles.sort_by_key(|(article, shares)| std::cmp::Reverse((*shares, *article)));
            (network, shares, encode(&articles))
        });
        Ok(Self {
            span,
            starts_at,
            rows: rows.collect(),
        })
    }

    /// Keeps it in place of what was kept, unless that has as many: counts only grow.
    fn keep(&self, connection: &mut Connection) -> StoreResult<()> {
        let kept: Option<i64> = share_rollups::table
            .filter(share_rollups::span.eq(self.span.as_str()))
            .filter(share_rollups::starts_at.eq(self.starts_at))
            .filter(share_rollups::network.eq(ALL_NETWORKS))
            .select(share_rollups::shares)
            .first(connection)
            .optional()?;
        let has = self.rows.first().map_or(0, |(_, shares, _)| *shares);
        if kept.is_some_and(|kept| kept >= has) {
            return Ok(());
        }
        remove(connection, self.span, self.starts_at)?;
        for (network, shares, articles) in &self.rows {
            diesel::sql_query(
                "INSERT INTO share_rollups (span, starts_at, network, shares, articles) \
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind::<Text, _>(self.span.as_str())
            .bind::<TimestampSql, _>(self.starts_at)
            .bind::<Text, _>(network)
            .bind::<BigInt, _>(shares)
            .bind::<Binary, _>(articles)
            .execute(connection)?;
        }
        Ok(())
    }
}

fn remove(connection: &mut Connection, span: Granularity, starts_at: Timestamp) -> StoreResult<()> {
    diesel::delete(
        share_rollups::table
            .filter(share_rollups::span.eq(span.as_str()))
            .filter(share_rollups::starts_at.eq(starts_at)),
    )
    .execute(connection)?;
    Ok(())
}

/// An hour became part of a day: in the transaction in which it did.
///
/// # Errors
/// When the database fails.
pub(super) fn downsampled(connection: &mut Connection, hour: Timestamp) -> StoreResult<()> {
    lock::exclusive(connection, Lock::Rollups)?;
    remove(connection, Granularity::Hour, hour)?;
    let day = Granularity::Day.containing(hour);
    let next = next(connection, Granularity::Hour, day)?;
    if next.is_some_and(|next| next < day.plus(Granularity::Day.length())) {
        // With its last hour, which follows at once: not two dozen times.
        return Ok(());
    }
    Rollup::of(connection, Granularity::Day, day)?.keep(connection)
}

/// How many batches of shares the buckets have: while this stays, no rollup is outdated.
///
/// # Errors
/// When the database fails.
pub fn batches(connection: &mut Connection) -> StoreResult<i64> {
    Ok(share_journal_applied::table
        .select(share_journal_applied::batch)
        .first(connection)?)
}

/// The rollups of all hours since one, as their buckets are now. Made by reading alone: of a busy hour it
/// takes a while, and nobody's shares wait for it.
///
/// # Errors
/// When the database fails.
pub fn recent(connection: &mut Connection, since: Timestamp) -> StoreResult<Vec<Rollup>> {
    let mut rollups = Vec::new();
    let mut from = Granularity::Hour.containing(since);
    while let Some(hour) = next(connection, Granularity::Hour, from)? {
        rollups.push(Rollup::of(connection, Granularity::Hour, hour)?);
        from = hour.plus(Granularity::Hour.length());
    }
    Ok(rollups)
}

/// Keeps rollups that were made a moment ago.
///
/// # Errors
/// When the database fails.
pub fn keep(connection: &mut Connection, rollups: &[Rollup]) -> StoreResult<()> {
    lock::exclusive(connection, Lock::Rollups)?;
    rollups
        .iter()
        .try_for_each(|rollup| rollup.keep(connection))
}

/// The first hour or day that has shares, from an instant on.
fn next(
    connection: &mut Connection,
    span: Granularity,
    from: Timestamp,
) -> StoreResult<Option<Timestamp>> {
    Ok(share_buckets::table
        .filter(share_buckets::span.eq(span.as_str()))
        .filter(share_buckets::starts_at.ge(from))
        .select(share_buckets::starts_at)
        .order(share_buckets::starts_at)
        .first(connection)
        .optional()?)
}

/// Makes the rollup of one hour or day that has none, or of one of the latest hours of a position;
/// returns where to go on. Called with [`Timestamp::EARLIEST`] first, and until it returns `None`, one
/// transaction each.
///
/// # Errors
/// When the database fails.
pub fn build_missing(
    connection: &mut Connection,
    (span, from): (Granularity, Timestamp),
) -> StoreResult<Option<(Granularity, Timestamp)>> {
    let Some(starts_at) = next(connection, span, from)? else {
        return Ok((span == Granularity::Hour).then_some((Granularity::Day, Timestamp::EARLIEST)));
    };
    let is_latest = Granularity::Hour.length() * (LATEST as i32);
    let is_latest = starts_at.plus(is_latest) > latest_hour(connection)?;
    let is_there = share_rollups::table
        .filter(share_rollups::span.eq(span.as_str()))
        .filter(share_rollups::starts_at.eq(starts_at))
        .select(share_rollups::shares)
        .first::<i64>(connection)
        .optional()?
        .is_some();
    if !is_there || (span == Granularity::Hour && is_latest) {
        lock::exclusive(connection, Lock::Rollups)?;
        Rollup::of(connection, span, starts_at)?.keep(connection)?;
    }
    Ok(Some((span, starts_at.plus(span.length()))))
}

fn latest_hour(connection: &mut Connection) -> StoreResult<Timestamp> {
    Ok(share_buckets::table
        .filter(share_buckets::span.eq(Granularity::Hour.as_str()))
        .select(share_buckets::starts_at)
        .order(share_buckets::starts_at.desc())
        .first(connection)
        .optional()?
        .unwrap_or(Timestamp::EARLIEST))
}

/// An article with the shares that weights give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    /// The article, whether it is public or not.
    pub article: Id,
    /// The sum of the weights of its shares.
    pub score: i64,
    /// The sum of other weights of the same shares.
    pub other: i64,
}

/// What the hours and days that have a weight weigh, from the first to the last of each kind.
struct Weights(HashMap<(&'static str, Timestamp), (i64, i64)>);

impl Weights {
    fn new(weights: &[(Weight, i64)]) -> Self {
        let weights = weights.iter();
        Self(
            weights
                .map(|(weight, other)| {
                    let of = (weight.span.as_str(), weight.starts_at);
                    (of, (weight.weight, *other))
                })
                .collect(),
        )
    }

    fn period(&self, span: Granularity) -> Option<(Timestamp, Timestamp)> {
        let of_span = self.0.keys().filter(|(of, _)| *of == span.as_str());
        let (first, last) = (
            of_span.clone().map(|(_, at)| *at).min()?,
            of_span.map(|(_, at)| *at).max()?,
        );
        Some((first, last))
    }
}

/// The articles whose shares have a weight, on one network or all, the heaviest first, of equal ones the
/// newest: by weights, and what other weights of the same hours and days make of them.
///
/// # Errors
/// When the database fails.
pub fn weighed(
    connection: &mut Connection,
    weights: &[(Weight, i64)],
    network: Option<Network>,
) -> StoreResult<Vec<Weighed>> {
    let weights = Weights::new(weights);
    let mut sums: HashMap<Id, (i64, i64)> = HashMap::new();
    for span in [Granularity::Hour, Granularity::Day] {
        let Some((first, last)) = weights.period(span) else {
            continue;
        };
        let rows: Vec<(Timestamp, Vec<u8>)> = share_rollups::table
            .filter(share_rollups::span.eq(span.as_str()))
            .filter(share_rollups::starts_at.between(first, last))
            .filter(share_rollups::network.eq(network.map_or(ALL_NETWORKS, Network::as_str)))
            .select((share_rollups::starts_at, share_rollups::articles))
            .load(connection)?;
        for (starts_at, articles) in rows {
            let Some((weight, other)) = weights.0.get(&(span.as_str(), starts_at)) else {
                continue;
            };
            for (article, shares) in decode(&articles) {
                let sum = sums.entry(article).or_default();
                sum.0 += shares * weight;
                sum.1 += shares * other;
            }
        }
    }
    let mut weighed: Vec<Weighed> = sums
        .into_iter()
        .map(|(article, (score, other))| Weighed {
            article,
            score,
            other,
        })
        .collect();
    weighed.sort_unstable_by_key(|weighed| std::cmp::Reverse((weighed.score, weighed.article)));
    Ok(weighed)
}

/// The sums of two weights by network, the heaviest first.
///
/// # Errors
/// When the database fails.
pub fn weighed_networks(
    connection: &mut Connection,
    weights: &[(Weight, i64)],
) -> StoreResult<Vec<(Network, i64, i64)>> {
    let weights = Weights::new(weights);
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for span in [Granularity::Hour, Granularity::Day] {
        let Some((first, last)) = weights.period(span) else {
            continue;
        };
        for (starts_at, network, shares) in of_networks(connection, span, first, last)? {
            if let Some((weight, other)) = weights.0.get(&(span.as_str(), starts_at)) {
                let sum = sums.entry(network).or_default();
                sum.0 += shares * weight;
                sum.1 += shares * other;
            }
        }
    }
    let mut sums: Vec<(String, (i64, i64))> = sums.into_iter().collect();
    sums.sort_by(|one, other| other.1.0.cmp(&one.1.0).then(one.0.cmp(&other.0)));
    Ok(sums
        .into_iter()
        .filter_map(|(network, (score, other))| Some((network.parse().ok()?, score, other)))
        .collect())
}

fn of_networks(
    connection: &mut Connection,
    span: Granularity,
    first: Timestamp,
    last: Timestamp,
) -> StoreResult<Vec<(Timestamp, String, i64)>> {
    Ok(share_rollups::table
        .filter(share_rollups::span.eq(span.as_str()))
        .filter(share_rollups::starts_at.between(first, last))
        .filter(share_rollups::network.ne(ALL_NETWORKS))
        .select((
            share_rollups::starts_at,
            share_rollups::network,
            share_rollups::shares,
        ))
        .load(connection)?)
}

/// The shares of all articles together in each hour and day of a period.
///
/// # Errors
/// When the database fails.
pub(super) fn of_all(
    connection: &mut Connection,
    period: TimeRange,
) -> StoreResult<Vec<BucketRow>> {
    let (first, last) = (Granularity::Day.containing(period.from), period.to);
    let mut all = Vec::new();
    for span in [Granularity::Hour, Granularity::Day] {
        let rows = of_networks(connection, span, first, last)?;
        let rows = rows.into_iter().filter(|(at, ..)| *at < last);
        all.extend(rows.map(|(starts_at, network, shares)| BucketRow {
            starts_at,
            span: span.as_str().to_owned(),
            network,
            shares,
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_kept_as_bytes() {
        let articles = [(Id::generate(), i64::MAX), (Id::generate(), 1)];
        let bytes = encode(&articles);
        assert_eq!(bytes.len(), 2 * ENTRY);
        assert_eq!(decode(&bytes).collect::<Vec<_>>(), articles);
    }
}
