//! Finding items.

use diesel::prelude::*;

use super::rows::{Row, items};
use crate::db::desk_schema::{media, media_uses};
use crate::db::keyset::KeysetBound;
use crate::db::total::{CEILING, Total};
use crate::db::{Connection, MultiBackend, StoreResult, Timestamp};
use crate::media::model::{MediaFilter, MediaItem};
use crate::names;

type Query = media::BoxedQuery<'static, MultiBackend>;

fn filtered(filter: &MediaFilter) -> Query {
    let mut query = media::table.into_boxed::<MultiBackend>();
    if !filter.kinds.is_empty() {
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
        query = query.filter(media::kind.eq_any(kinds));
    }
    for word in &filter.words {
        let [written, joined] = names::containing(word);
        query = query.filter(media::words.like(written).or(media::words.like(joined)));
    }
    if let Some(credit) = &filter.credit {
        let [written, joined] = names::containing(credit);
        query = query.filter(
            media::credit_words
                .like(written)
                .or(media::credit_words.like(joined)),
        );
    }
    if filter.unused {
        let uses = media_uses::table.filter(media_uses::media_id.eq(media::id));
        query = query.filter(diesel::dsl::not(diesel::dsl::exists(uses)));
    }
    let now = Timestamp::now();
    query = match filter.rights_expired {
        Some(true) => query.filter(media::rights_expire_at.le(now)),
        Some(false) => query.filter(
            media::rights_expire_at
                .is_null()
                .or(media::rights_expire_at.gt(now)),
        ),
        None => query,
    };
    if let Some(before) = filter.rights_expire_before {
        query = query.filter(media::rights_expire_at.lt(before));
    }
    query
}

/// Up to `limit` items from a start, the newest first, each with its position.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &MediaFilter,
    start: Option<KeysetBound<Timestamp>>,
    limit: i64,
) -> StoreResult<Vec<(MediaItem, String)>> {
    use media::{created_at, id};
    let query = filtered(filter);
    let upwards = start.as_ref().is_some_and(|start| start.backward);
    let query = match start {
        None => query,
        Some(start) => {
            let (at, last) = (start.value, start.bound(upwards));
            match upwards {
                true => query
                    .filter(created_at.ge(at))
                    .filter(created_at.gt(at).or(id.gt(last))),
                false => query
                    .filter(created_at.le(at))
                    .filter(created_at.lt(at).or(id.lt(last))),
            }
        }
    };
    let query = match upwards {
        true => query.order((created_at.asc(), id.asc())),
        false => query.order((created_at.desc(), id.desc())),
    };
    let rows: Vec<Row> = query
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    let found = items(connection, rows)?;
    Ok(found
        .into_iter()
        .map(|item| {
            let position = item.created_at.to_string();
            (item, position)
        })
        .collect())
}

/// How many items there are, up to a ceiling.
///
/// # Errors
/// When the database fails.
pub fn count(connection: &mut Connection, filter: &MediaFilter) -> StoreResult<Total> {
    let found: Vec<crate::db::Id> = filtered(filter)
        .select(media::id)
        .limit(CEILING + 1)
        .load(connection)?;
    Ok(Total::counted(found.len() as i64))
}
