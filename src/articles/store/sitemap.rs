//! What sitemaps list of articles, through the views: a month of them, and what is news.

use std::time::Duration;

use diesel::prelude::*;
use serde::Deserialize;

use super::public::{Site, several};
use crate::articles::read_model::PublicArticle;
use crate::db::month_counts::Month;
use crate::db::schema::{public_articles, public_news};
use crate::db::{Connection, Id, StoreResult, Timestamp};

/// Rows that are in memory at once.
const AT_ONCE: i64 = 1_000;

/// An article as a sitemap lists it.
#[derive(Debug)]
pub struct ListedPage {
    /// Its name in URLs.
    pub slug: String,
    /// Where readers find it, as it was given.
    pub canonical_url: Option<String>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The address of the picture above it, as it was given.
    pub image: Option<String>,
}

#[derive(Deserialize)]
struct Pictured {
    lead_image: Option<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    url: String,
}

/// The picture above an article, by the members of its summary.
fn image_of(summary: Option<&str>) -> Option<String> {
    let members = format!("{{{}}}", summary?);
    let pictured: Pictured = serde_json::from_str(&members).ok()?;
    Some(pictured.lead_image?.url)
}

type Row = (
    Id,
    String,
    Option<String>,
    Timestamp,
    Timestamp,
    Option<String>,
);

/// Hands over the articles of a month in the order of publication, so many after the first ones.
///
/// # Errors
/// When the database fails.
pub fn each_of_month(
    connection: &mut Connection,
    month: Month,
    skipped: i64,
    most: i64,
    mut each: impl FnMut(ListedPage),
) -> StoreResult<()> {
    use public_articles::{canonical_url, id, published_at, slug, summary_json, table, updated_at};
    let (mut left, mut after, mut skipped) = (most, None::<(Timestamp, Id)>, skipped);
    while left > 0 {
        let limit = left.min(AT_ONCE);
        let start = after.map_or(month.starts_at(), |(at, _)| at);
        let query = table
            .filter(published_at.ge(start))
            .filter(published_at.lt(month.ends_at()))
            .order((published_at, id))
            .select((
                id,
                slug,
                canonical_url,
                updated_at,
                published_at,
                summary_json,
            ))
            .limit(limit);
        let rows: Vec<Row> = match after {
            Some((at, last)) => query
                .filter(published_at.gt(at).or(id.gt(last)))
                .load(connection)?,
            None => query.offset(skipped).load(connection)?,
        };
        skipped = 0;
        let found = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        after = rows.last().map(|row| (row.4, row.0));
        for (_, name, canonical, updated, _, summary) in rows {
            each(ListedPage {
                image: image_of(summary.as_deref()),
                slug: name,
                canonical_url: canonical,
                updated_at: updated,
            });
        }
        if found < limit {
            break;
        }
        left -= found;
    }
    Ok(())
}

/// Whether readers see more than so many articles of a month.
///
/// # Errors
/// When the database fails.
pub fn has_more(connection: &mut Connection, month: Month, than: i64) -> StoreResult<bool> {
    let mut found = false;
    each_of_month(connection, month, than, 1, |_| found = true)?;
    Ok(found)
}

/// Articles of the last 48 hours.
#[derive(Debug)]
pub struct News {
    /// The newest first.
    pub articles: Vec<PublicArticle>,
    /// In how long the first of them is none any more.
    pub leaves_in: Option<Duration>,
}

/// So many of what was published in the last 48 hours, after the first ones.
///
/// # Errors
/// When the database fails.
pub fn news(connection: &mut Connection, skipped: i64, most: i64, site: Site) -> StoreResult<News> {
    use public_news::{id, leaves_in, published_at, table};
    let rows: Vec<(Id, i64)> = table
        .order((published_at.desc(), id.desc()))
        .select((id, leaves_in))
        .offset(skipped)
        .limit(most)
        .load(connection)?;
    let first_to_leave = rows.iter().map(|row| row.1).min();
    let ids: Vec<Id> = rows.into_iter().map(|row| row.0).collect();
    let mut articles = Vec::with_capacity(ids.len());
    for ids in ids.chunks(100) {
        articles.extend(several(connection, ids, site)?);
    }
    Ok(News {
        articles,
        leaves_in: first_to_leave
            .map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0))),
    })
}

/// How many articles were published in the last 48 hours, as far as they are counted, and in how long that changes.
///
/// # Errors
/// When the database fails.
pub fn count_news(connection: &mut Connection, most: i64) -> StoreResult<(i64, Option<Duration>)> {
    use public_news::{id, leaves_in, published_at, table};
    let rows: Vec<i64> = table
        .order((published_at.desc(), id.desc()))
        .select(leaves_in)
        .limit(most)
        .load(connection)?;
    let first = rows.iter().min();
    let leaves = first.map(|left| Duration::from_millis(u64::try_from(*left).unwrap_or(0)));
    Ok((i64::try_from(rows.len()).unwrap_or(most), leaves))
}
