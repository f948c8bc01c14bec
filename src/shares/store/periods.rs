//! What was shared when: history of one article, which reads the buckets of its time and nothing older,
//! and of all.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::BucketRow;
use super::rollups::of_all;
use crate::db::schema::{articles, public_articles, share_buckets};
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::shares::model::{Network, ShareInterval};
use crate::shares::overview::MoverArticle;
use crate::shares::time::{Granularity, TimeRange};

/// Shares that were counted here by the hour or day, of one article or of all, with nothing left out.
/// Days whose hours were folded stay whole.
///
/// # Errors
/// When the database fails.
pub fn history(
    connection: &mut Connection,
    article: Id,
    span: Granularity,
    period: TimeRange,
) -> StoreResult<Vec<ShareInterval>> {
    let rows: Vec<BucketRow> = share_buckets::table
        .filter(share_buckets::article_id.eq(article))
        .filter(share_buckets::starts_at.ge(Granularity::Day.containing(period.from)))
        .filter(share_buckets::starts_at.lt(period.to))
        .select(BucketRow::as_select())
        .load(connection)?;
    Ok(curve(rows, span, period))
}

/// The same of all articles together.
///
/// # Errors
/// When the database fails.
pub fn history_of_all(
    connection: &mut Connection,
    span: Granularity,
    period: TimeRange,
) -> StoreResult<Vec<ShareInterval>> {
    Ok(curve(of_all(connection, period)?, span, period))
}

fn curve(rows: Vec<BucketRow>, span: Granularity, period: TimeRange) -> Vec<ShareInterval> {
    type Found = BTreeMap<Timestamp, BTreeMap<&'static str, i64>>;
    let (mut found, mut downsampled) = (Found::new(), Found::new());
    for row in rows {
        let Ok(network) = row.network.parse::<Network>() else {
            continue;
        };
        let of = if span == Granularity::Hour && row.span == Granularity::Day.as_str() {
            &mut downsampled
        } else {
            &mut found
        };
        let interval = of.entry(span.containing(row.starts_at)).or_default();
        *interval.entry(network.as_str()).or_default() += row.shares;
    }
    let mut curve = Vec::new();
    for starts_at in span.touched_by(period) {
        let day = Granularity::Day.containing(starts_at);
        // Hours that were folded come as the day that they are now.
        if let Some(by_network) = downsampled.get_mut(&day).map(std::mem::take)
            && !by_network.is_empty()
        {
            curve.push(ShareInterval::new(day, Granularity::Day, by_network));
        }
        match found.remove(&starts_at) {
            None if downsampled.contains_key(&day) => {}
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
