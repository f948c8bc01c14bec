//! What readers are told of mistakes: corrections of public articles, and retractions of articles that they knew.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Deserialize;

use super::public::{Site, several};
use super::retractions::Retraction;
use crate::articles::corrections::{CorrectedArticle, NoticeKind, PublicCorrection, RETRACTED};
use crate::db::changes::{CacheTag, CacheTagKey};
use crate::db::keyset::KeysetBound;
use crate::db::schema::{public_corrections, retractions};
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp, stored};

/// Which of them are wanted.
#[derive(Debug, Clone, Default)]
pub struct CorrectionFilter {
    /// Of these kinds; empty for all.
    pub kinds: Vec<NoticeKind>,
    /// Published after this.
    pub published_after: Option<Timestamp>,
}

impl CorrectionFilter {
    fn wants(&self, kind: NoticeKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// A page of them, each with its sort value, and the cache tags of what it shows.
pub type CorrectionPage = (Vec<(PublicCorrection, String)>, Vec<CacheTagKey>);

#[derive(Queryable, Selectable)]
#[diesel(table_name = public_corrections)]
struct Row {
    id: Id,
    kind: String,
    text: String,
    published_at: Timestamp,
    article_id: Id,
}

/// What a page is made of, of either kind.
enum Found {
    Correction(Row),
    Retraction(Retraction),
}

impl Found {
    fn place(&self) -> (Timestamp, Id) {
        match self {
            Self::Correction(row) => (row.published_at, row.id),
            Self::Retraction(retraction) => (retraction.retracted_at, retraction.article_id),
        }
    }
}

/// Up to `limit` of them from a start, the newest first (backward: last).
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &CorrectionFilter,
    start: Option<KeysetBound<Timestamp>>,
    limit: i64,
    site: Site,
) -> StoreResult<CorrectionPage> {
    // Each from an index, in the same order: put together, the page is among the first of either.
    let mut found: Vec<Found> = corrections(connection, filter, start, limit)?
        .into_iter()
        .map(Found::Correction)
        .collect();
    if filter.wants(NoticeKind::Retraction) {
        let retracted = retracted(connection, filter, start, limit)?;
        found.extend(retracted.into_iter().map(Found::Retraction));
    }
    found.sort_by_key(Found::place);
    if !start.is_some_and(|start| start.backward) {
        found.reverse();
    }
    found.truncate(usize::try_from(limit).unwrap_or(0));
    shown(connection, found, site)
}

/// Adds what narrows a list and orders it: a time, and a key that tells apart what has the same.
macro_rules! keyset {
    ($query:expr, $table:ident, $time:ident, $id:ident, $filter:expr, $start:expr) => {{
        let mut query = $query;
        if let Some(instant) = $filter.published_after {
            query = query.filter($table::$time.gt(instant));
        }
        match $start {
            Some(start) if start.backward => query
                .filter($table::$time.ge(start.value))
                .filter(
                    $table::$time
                        .gt(start.value)
                        .or($table::$id.gt(start.bound(true))),
                )
                .order(($table::$time.asc(), $table::$id.asc())),
            Some(start) => query
                .filter($table::$time.le(start.value))
                .filter(
                    $table::$time
                        .lt(start.value)
                        .or($table::$id.lt(start.bound(false))),
                )
                .order(($table::$time.desc(), $table::$id.desc())),
            None => query.order(($table::$time.desc(), $table::$id.desc())),
        }
    }};
}

fn corrections(
    connection: &mut Connection,
    filter: &CorrectionFilter,
    start: Option<KeysetBound<Timestamp>>,
    limit: i64,
) -> StoreResult<Vec<Row>> {
    let wanted = filter.kinds.iter();
    let wanted = wanted.filter(|kind| **kind != NoticeKind::Retraction);
    let kinds: Vec<&str> = wanted.map(|kind| kind.as_str()).collect();
    if kinds.is_empty() && !filter.kinds.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = public_corrections::table.into_boxed::<MultiBackend>();
    if !kinds.is_empty() {
        query = query.filter(public_corrections::kind.eq_any(kinds));
    }
    let query = keyset!(query, public_corrections, published_at, id, filter, start);
    Ok(query
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?)
}

fn retracted(
    connection: &mut Connection,
    filter: &CorrectionFilter,
    start: Option<KeysetBound<Timestamp>>,
    limit: i64,
) -> StoreResult<Vec<Retraction>> {
    let query = retractions::table.into_boxed::<MultiBackend>();
    let query = keyset!(query, retractions, retracted_at, article_id, filter, start);
    Ok(query
        .limit(limit)
        .select(Retraction::as_select())
        .load(connection)?)
}

/// A page as readers see it. An article that has just ceased to be public is left out.
fn shown(
    connection: &mut Connection,
    found: Vec<Found>,
    site: Site,
) -> StoreResult<CorrectionPage> {
    let mut ids: Vec<Id> = Vec::new();
    for one in &found {
        if let Found::Correction(row) = one
            && !ids.contains(&row.article_id)
        {
            ids.push(row.article_id);
        }
    }
    let mut depends_on = vec![CacheTag::Corrections.into()];
    let mut articles = HashMap::new();
    for article in several(connection, &ids, site)? {
        depends_on.extend(article.depends_on());
        let headline = headline(&article.summary().map_err(StoreError::unreadable)?)?;
        let shown = CorrectedArticle {
            id: article.id,
            slug: article.slug,
            canonical_url: article.canonical_url,
            headline: Some(headline),
        };
        articles.insert(shown.id, shown);
    }
    let mut page = Vec::with_capacity(found.len());
    for one in found {
        let value = one.place().0.to_string();
        let shown = match one {
            Found::Retraction(retraction) => Some(retraction.into()),
            Found::Correction(row) => match articles.get(&row.article_id) {
                Some(article) => Some(correction(row, article.clone())?),
                None => None,
            },
        };
        page.extend(shown.map(|shown| (shown, value)));
    }
    Ok((page, depends_on))
}

fn headline(summary: &[u8]) -> StoreResult<String> {
    #[derive(Deserialize)]
    struct Headline {
        headline: String,
    }
    let summary: Headline = serde_json::from_slice(summary).map_err(StoreError::unreadable)?;
    Ok(summary.headline)
}

fn correction(row: Row, article: CorrectedArticle) -> StoreResult<PublicCorrection> {
    Ok(PublicCorrection {
        id: row.id,
        kind: stored(&row.kind)?,
        text: row.text,
        published_at: row.published_at,
        article,
    })
}

impl From<Retraction> for PublicCorrection {
    fn from(retraction: Retraction) -> Self {
        Self {
            id: retraction.article_id,
            kind: NoticeKind::Retraction,
            text: retraction.notice.unwrap_or_else(|| RETRACTED.to_owned()),
            published_at: retraction.retracted_at,
            article: CorrectedArticle {
                id: retraction.article_id,
                slug: retraction.slug,
                canonical_url: None,
                headline: None,
            },
        }
    }
}
