//! What was shared when: history, what trends, an overview. Each reads the buckets of its time and
//! nothing older.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::json;
use crate::db::schema::{articles, public_articles, share_buckets};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::shares::model::{Network, ShareInterval};
use crate::shares::overview::MoverArticle;
use crate::shares::time::{Period, Span, Weight};

type BucketRow = (Timestamp, String, String, i64);

/// Shares that were counted here by the hour or day, of one article or of all, with nothing left out.
/// Days whose hours were folded stay whole.
///
/// # Errors
/// When the database fails.
pub fn history(
    connection: &mut Connection,
    article: Id,
    span: Span,
    period: Period,
) -> StoreResult<Vec<ShareInterval>> {
    let rows: Vec<BucketRow> = share_buckets::table
        .filter(share_buckets::article_id.eq(article))
        .filter(share_buckets::starts_at.ge(Span::Day.containing(period.from)))
        .filter(share_buckets::starts_at.lt(period.to))
        .select((
            share_buckets::starts_at,
            share_buckets::span,
            share_buckets::network,
            share_buckets::shares,
        ))
        .load(connection)?;
    Ok(curve(rows, span, period))
}

/// The same of all articles together.
///
/// # Errors
/// When the database fails.
pub fn history_of_all(
    connection: &mut Connection,
    span: Span,
    period: Period,
) -> StoreResult<Vec<ShareInterval>> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = TimestampSql)]
        starts_at: Timestamp,
        #[diesel(sql_type = Text)]
        span: String,
        #[diesel(sql_type = Text)]
        network: String,
        #[diesel(sql_type = BigInt)]
        shares: i64,
    }
    let rows: Vec<Sum> = diesel::sql_query(
        "SELECT starts_at, span, network, CAST(sum(shares) AS bigint) AS shares FROM share_buckets \
         WHERE span IN ('hour', 'day') AND starts_at >= $1 AND starts_at < $2 \
         GROUP BY span, starts_at, network",
    )
    .bind::<TimestampSql, _>(Span::Day.containing(period.from))
    .bind::<TimestampSql, _>(period.to)
    .load(connection)?;
    let rows = rows
        .into_iter()
        .map(|sum| (sum.starts_at, sum.span, sum.network, sum.shares));
    Ok(curve(rows.collect(), span, period))
}

fn curve(rows: Vec<BucketRow>, span: Span, period: Period) -> Vec<ShareInterval> {
    type Found = BTreeMap<Timestamp, BTreeMap<&'static str, i64>>;
    let (mut found, mut folded) = (Found::new(), Found::new());
    for (starts_at, kept, network, shares) in rows {
        let Ok(network) = network.parse::<Network>() else {
            continue;
        };
        let of = if span == Span::Hour && kept == Span::Day.as_str() {
            &mut folded
        } else {
            &mut found
        };
        let interval = of.entry(span.containing(starts_at)).or_default();
        *interval.entry(network.as_str()).or_default() += shares;
    }
    let mut curve = Vec::new();
    for starts_at in span.touched_by(period) {
        let day = Span::Day.containing(starts_at);
        // Hours that were folded come as the day that they are now.
        if let Some(by_network) = folded.get_mut(&day).map(std::mem::take)
            && !by_network.is_empty()
        {
            curve.push(ShareInterval::new(day, Span::Day, by_network));
        }
        match found.remove(&starts_at) {
            None if folded.contains_key(&day) => {}
            by_network => {
                curve.push(ShareInterval::new(
                    starts_at,
                    span,
                    by_network.unwrap_or_default(),
                ));
            }
        }
    }
    curve
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

/// All articles whose shares have a weight, on one network or all, the heaviest first, of equal ones
/// the newest: by weights, and what other weights of the same hours and days make of them. With
/// `most`, the first so many.
///
/// # Errors
/// When the database fails.
pub fn weighed(
    connection: &mut Connection,
    weights: &[(Weight, i64)],
    network: Option<Network>,
    most: Option<usize>,
) -> StoreResult<Vec<Weighed>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = IdSql)]
        article_id: Id,
        #[diesel(sql_type = BigInt)]
        score: i64,
        #[diesel(sql_type = BigInt)]
        other: i64,
    }
    let rows: Vec<Row> = sums(
        connection,
        weights,
        network,
        "b.article_id",
        &match most {
            Some(most) => format!("ORDER BY score DESC, article_id DESC LIMIT {most}"),
            None => "ORDER BY score DESC, article_id DESC".into(),
        },
    )?;
    Ok(rows
        .into_iter()
        .map(|row| Weighed {
            article: row.article_id,
            score: row.score,
            other: row.other,
        })
        .collect())
}

/// The sums of two weights by network.
///
/// # Errors
/// When the database fails.
pub fn weighed_networks(
    connection: &mut Connection,
    weights: &[(Weight, i64)],
) -> StoreResult<Vec<(Network, i64, i64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        network: String,
        #[diesel(sql_type = BigInt)]
        score: i64,
        #[diesel(sql_type = BigInt)]
        other: i64,
    }
    let rows: Vec<Row> = sums(
        connection,
        weights,
        None,
        "b.network",
        "ORDER BY score DESC, network",
    )?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.network.parse().ok()?, row.score, row.other)))
        .collect())
}

/// Sums of shares by their weights. The hours and days that have one are looked up one by one, in the
/// order in which buckets are stored.
fn sums<R: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static>(
    connection: &mut Connection,
    weights: &[(Weight, i64)],
    network: Option<Network>,
    by: &str,
    order: &str,
) -> StoreResult<Vec<R>> {
    let network = network.map(Network::as_str);
    let select = |from: &str| {
        format!(
            "SELECT {by}, CAST(sum(b.shares * w.weight) AS bigint) AS score, \
                    CAST(sum(b.shares * w.other) AS bigint) AS other \
             FROM {from} WHERE $2 IS NULL OR b.network = $2 GROUP BY {by} {order}"
        )
    };
    Ok(match connection {
        Connection::Sqlite(sqlite) => {
            let weights: Vec<(&str, String, i64, i64)> = weights
                .iter()
                .map(|(weight, other)| {
                    let starts_at = weight.starts_at.to_string();
                    (weight.span.as_str(), starts_at, weight.weight, *other)
                })
                .collect();
            let from = "(SELECT value ->> 0 AS span, value ->> 1 AS starts_at, value ->> 2 AS weight, \
                        value ->> 3 AS other FROM json_each($1)) w \
                        CROSS JOIN share_buckets b ON b.span = w.span AND b.starts_at = w.starts_at";
            diesel::sql_query(select(from))
                .bind::<Text, _>(json(&weights))
                .bind::<Nullable<Text>, _>(network)
                .load(sqlite)?
        }
        Connection::Postgres(postgres) => {
            let spans: Vec<&str> = weights.iter().map(|(w, _)| w.span.as_str()).collect();
            let starts: Vec<Timestamp> = weights.iter().map(|(w, _)| w.starts_at).collect();
            let first: Vec<i64> = weights.iter().map(|(w, _)| w.weight).collect();
            let other: Vec<i64> = weights.iter().map(|(_, other)| *other).collect();
            // `OFFSET 0`: otherwise all buckets might be read to find those of a few hundred hours.
            let from = "unnest($1, $3, $4, $5) AS w (span, starts_at, weight, other) \
                        CROSS JOIN LATERAL (SELECT * FROM share_buckets s WHERE s.span = w.span \
                        AND s.starts_at = w.starts_at OFFSET 0) b";
            diesel::sql_query(select(from))
                .bind::<Array<Text>, _>(spans)
                .bind::<Nullable<Text>, _>(network)
                .bind::<Array<TimestampSql>, _>(starts)
                .bind::<Array<BigInt>, _>(first)
                .bind::<Array<BigInt>, _>(other)
                .load(postgres)?
        }
    })
}

/// What is said of articles in an overview; those that are not public are left out.
///
/// # Errors
/// When the database fails.
pub fn movers(connection: &mut Connection, ids: &[Id]) -> StoreResult<Vec<MoverArticle>> {
    let rows: Vec<(Id, String, Option<String>)> = public_articles::table
        .inner_join(articles::table.on(articles::id.eq(public_articles::id)))
        .filter(public_articles::id.eq_any(ids.to_vec()))
        .select((
            public_articles::id,
            public_articles::slug,
            articles::headline,
        ))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(id, slug, headline)| MoverArticle {
            id,
            slug,
            headline: headline.unwrap_or_default(),
        })
        .collect())
}
