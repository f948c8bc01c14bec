//! What anyone may see of collections. What slots say of articles that are not public is never read: articles come
//! through the view `public_articles` only.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use diesel::dsl::min;
use diesel::prelude::*;

use super::filling::Filling;
use super::rows;
use crate::articles::read_model::{Included, PublicArticle};
use crate::articles::store::public::{Additions, Site, whole};
use crate::collections::model::{CollectionSummary, Placement};
use crate::db::changes::CacheTag;
use crate::db::keyset::KeysetBound;
use crate::db::schema::{current_slots, slot_changes};
use crate::db::{Connection, Id, StoreError, StoreResult};
use crate::text::Slug;

/// An article where it stands in a collection.
#[derive(Debug)]
pub struct Placed {
    /// The article, under the headline that it has here.
    pub article: PublicArticle,
    /// What was asked for besides.
    pub added: Included,
    /// What stands beside its headline.
    pub label: Option<String>,
    /// How it came there.
    pub placement: Placement,
}

/// A collection with its articles.
#[derive(Debug)]
pub struct Collected {
    /// Which one.
    pub summary: CollectionSummary,
    /// Its public articles, in order.
    pub articles: Vec<Placed>,
    /// What decides which these are; what they show is not in it.
    pub depends_on: Vec<CacheTag>,
    /// In how long the clock shows or hides a slot.
    pub changes_in: Option<Duration>,
}

/// A slot that is to be shown now.
#[derive(Queryable, Selectable)]
#[diesel(table_name = current_slots)]
struct CurrentSlot {
    article_id: Id,
    headline: Option<String>,
    label: Option<String>,
}

/// In how long the clock alone shows or hides a slot of a collection, by the database's clock; cut to
/// milliseconds, never later than it is.
fn next_change(connection: &mut Connection, collection: Id) -> StoreResult<Option<Duration>> {
    let milliseconds: Option<i64> = slot_changes::table
        .filter(slot_changes::collection_id.eq(collection))
        .select(min(slot_changes::milliseconds))
        .first(connection)?;
    Ok(milliseconds.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0))))
}

fn current(connection: &mut Connection, collection: Id) -> StoreResult<Vec<CurrentSlot>> {
    Ok(current_slots::table
        .filter(current_slots::collection_id.eq(collection))
        .order(current_slots::position)
        .select(CurrentSlot::as_select())
        .load(connection)?)
}

type Found = HashMap<Id, (PublicArticle, Included)>;

/// The public articles of slots, in their order.
fn pinned(slots: Vec<CurrentSlot>, mut found: Found) -> StoreResult<Vec<Placed>> {
    let placed = slots.into_iter().filter_map(|slot| {
        let (article, added) = found.remove(&slot.article_id)?;
        let article = match &slot.headline {
            Some(headline) => article.with_headline(headline),
            None => Ok(article),
        };
        Some(article.map(|article| Placed {
            article,
            added,
            label: slot.label,
            placement: Placement::Pinned,
        }))
    });
    placed
        .collect::<serde_json::Result<_>>()
        .map_err(StoreError::unreadable)
}

/// The public articles that a rule took, in their order.
fn filled(ids: &[Id], mut found: Found) -> impl Iterator<Item = Placed> {
    ids.iter().filter_map(move |id| {
        let (article, added) = found.remove(id)?;
        Some(Placed {
            article,
            added,
            label: None,
            placement: Placement::Filled,
        })
    })
}

/// The collection that a slug names, with its public articles and what is added to them.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(
    connection: &mut Connection,
    slug: &Slug,
    additions: Additions<'_>,
    site: Site,
) -> StoreResult<Collected> {
    let row = rows::find(connection, slug)?;
    // Asked before the slots, so that none can appear in between.
    let changes_in = next_change(connection, row.id)?;
    let slots = current(connection, row.id)?;
    let ids: Vec<Id> = slots.iter().map(|slot| slot.article_id).collect();
    let mut depends_on = vec![CacheTag::Collection(row.id)];
    depends_on.extend(ids.iter().copied().map(CacheTag::Article));
    let found = whole(connection, &ids, additions, site)?;
    let mut articles = pinned(slots, found)?;
    if let Some(limit) = row.fill_limit {
        let tags = rows::tags_of(connection, row.id)?;
        let filling = Filling::find(connection, &row, tags)?;
        depends_on.extend(filling.depends_on(connection));
        let wanted = usize::try_from(limit).unwrap_or(0);
        let wanted = wanted.saturating_sub(articles.len());
        let above: HashSet<Id> = articles.iter().map(|placed| placed.article.id).collect();
        let ids = filling.articles(connection, &above, wanted)?;
        let found = whole(connection, &ids, additions, site)?;
        articles.extend(filled(&ids, found));
    }
    Ok(Collected {
        summary: row.summary(),
        articles,
        depends_on,
        changes_in,
    })
}

/// Up to `limit` collections from a start, by slug, each with its position.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<(CollectionSummary, String)>> {
    let rows = rows::page(connection, start, limit)?.into_iter();
    Ok(rows
        .map(|row| {
            let position = row.slug.clone();
            (row.summary(), position)
        })
        .collect())
}
