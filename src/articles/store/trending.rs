//! What is shared now.

use super::public::{ListQuery, Site, whole};
use super::selection::{Selection, names_in};
use crate::articles::read_model::{Included, PublicArticle};
use crate::db::changes::CacheTag;
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::shares::model::{Network, Trend};
use crate::shares::store::rollups::{Weighed, weighed};
use crate::shares::time::{Window, paired, weights, whole_shares};

/// Most articles of which is looked up whether they are in the selection.
const MOST: usize = 20_000;
/// Articles of which is looked up at once whether they are in the selection; afterwards more each time.
const AT_ONCE: usize = 200;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct TrendingQuery {
    /// Which articles, and what is shown of them.
    pub list: ListQuery,
    /// How far back.
    pub window: Window,
    /// On one network, or all.
    pub network: Option<Network>,
}

/// What trends, the most first.
#[derive(Debug)]
pub struct Trending {
    /// The articles.
    pub articles: Vec<(PublicArticle, Included, Trend)>,
    /// What decides which they are, but for shares and the clock.
    pub depends_on: Vec<CacheTag>,
}

/// What trends at an instant. The cost is that of reading the rollups of the window's hours and days,
/// however large the archive is and however much was shared.
///
/// # Errors
/// When the database fails.
pub fn trending(
    connection: &mut Connection,
    query: &TrendingQuery,
    now: Timestamp,
    site: Site,
) -> StoreResult<Trending> {
    // What is shown says itself when it changes.
    let depends_on = names_in(&query.list.filter);
    let Some(selection) = Selection::find(connection, &query.list.filter)? else {
        return Ok(Trending {
            articles: Vec::new(),
            depends_on,
        });
    };
    let period = query.window.until(now);
    let weights = paired(
        &weights(period, now, Some(query.window.half_life())),
        &weights(period, now, None),
    );
    let limit = usize::try_from(query.list.limit).unwrap_or(0);
    let mut ranked = weighed(connection, &weights, query.network)?;
    ranked.truncate(MOST);
    let chosen = choose(connection, &selection, &ranked, limit)?;
    let ids: Vec<Id> = chosen.iter().map(|weighed| weighed.article).collect();
    let mut found = whole(connection, &ids, query.list.additions(), site)?;
    let articles = chosen
        .into_iter()
        .filter_map(|weighed| {
            let (shown, added) = found.remove(&weighed.article)?;
            Some((shown, added, trend(weighed)))
        })
        .collect();
    Ok(Trending {
        articles,
        depends_on,
    })
}

/// The first of the ranked articles that are in the selection.
fn choose(
    connection: &mut Connection,
    selection: &Selection,
    mut ranked: &[Weighed],
    limit: usize,
) -> StoreResult<Vec<Weighed>> {
    let mut chosen = Vec::new();
    let mut size = AT_ONCE;
    while chosen.len() < limit && !ranked.is_empty() {
        let (these, rest) = ranked.split_at(size.min(ranked.len()));
        let ids: Vec<Id> = these.iter().map(|weighed| weighed.article).collect();
        let among = selection.among(connection, &ids)?;
        chosen.extend(
            these
                .iter()
                .filter(|weighed| among.contains(&weighed.article)),
        );
        ranked = rest;
        size = (size * 4).min(10_000);
    }
    chosen.truncate(limit);
    Ok(chosen)
}

fn trend(weighed: Weighed) -> Trend {
    Trend {
        // Three digits, so that an answer changes no more than it has to.
        score: (weighed.score as f64 / 1e3).round() / 1e3,
        shares: whole_shares(weighed.other),
    }
}
