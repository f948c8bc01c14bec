//! What articles show of the media.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::base;
use super::rows::Row;
use crate::auth::model::{Caller, Right};
use crate::body::media::MediaFile;
use crate::db::desk_schema::{media, media_uses};
use crate::db::schema::articles;
use crate::db::types::IdSql;
use crate::db::{Connection, Id, MultiBackend, StoreResult, Timestamp};
use crate::media::model::{MediaUse, MediaUses};
use crate::on_each_database;

/// What `stale` says of items whose articles are to be written again.
pub const STALE: &str = "media";

/// Most articles that are listed.
const MOST: i64 = 100;

/// An item, for those that show it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What it gives to them.
    pub file: MediaFile,
    /// From when on it may not be published any more.
    pub rights_expire_at: Option<Timestamp>,
}

/// Items by their keys; unknown ones are left out.
///
/// # Errors
/// When the database fails.
pub fn by_ids(connection: &mut Connection, ids: &[Id]) -> StoreResult<HashMap<Id, Shown>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = media::table
        .filter(media::id.eq_any(ids.to_vec()))
        .select(Row::as_select())
        .load(connection)?;
    let base = base::url(connection)?;
    rows.into_iter()
        .map(|row| {
            let shown = Shown {
                file: row.file(&base)?,
                rights_expire_at: row.said.rights_expire_at,
            };
            Ok((row.id, shown))
        })
        .collect()
}

/// Items by the names of their files; unknown ones are left out.
///
/// # Errors
/// When the database fails.
pub fn by_names(connection: &mut Connection, names: &[String]) -> StoreResult<HashMap<String, Id>> {
    let found: Vec<(String, Id)> = media::table
        .filter(media::name.eq_any(names.to_vec()))
        .select((media::name, media::id))
        .load(connection)?;
    Ok(found.into_iter().collect())
}

/// Which of an article's two texts shows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The article as it was written.
    Article,
    /// Its working copy.
    WorkingCopy,
}

impl Place {
    fn stored(self) -> i32 {
        match self {
            Self::Article => 0,
            Self::WorkingCopy => 1,
        }
    }
}

/// Writes what an article shows, in place of what it showed before.
///
/// # Errors
/// When the database fails.
pub fn replace(
    connection: &mut Connection,
    article: Id,
    place: Place,
    (before, after): (&[Id], &[Id]),
) -> StoreResult<()> {
    let (was, is): (HashSet<Id>, HashSet<Id>) = (
        before.iter().copied().collect(),
        after.iter().copied().collect(),
    );
    let gone: Vec<Id> = was.difference(&is).copied().collect();
    if !gone.is_empty() {
        diesel::delete(
            media_uses::table
                .filter(media_uses::article_id.eq(article))
                .filter(media_uses::in_copy.eq(place.stored()))
                .filter(media_uses::media_id.eq_any(gone)),
        )
        .execute(connection)?;
    }
    let rows: Vec<_> = is
        .difference(&was)
        .map(|id| {
            (
                media_uses::media_id.eq(*id),
                media_uses::article_id.eq(article),
                media_uses::in_copy.eq(place.stored()),
            )
        })
        .collect();
    if !rows.is_empty() {
        on_each_database!(connection, inner => {
            diesel::insert_into(media_uses::table).values(&rows).on_conflict_do_nothing().execute(inner)?;
        });
    }
    Ok(())
}

/// Forgets what an article's working copy shows.
///
/// # Errors
/// When the database fails.
pub fn forget_working_copy(connection: &mut Connection, article: Id) -> StoreResult<()> {
    diesel::delete(
        media_uses::table
            .filter(media_uses::article_id.eq(article))
            .filter(media_uses::in_copy.eq(Place::WorkingCopy.stored())),
    )
    .execute(connection)?;
    Ok(())
}

/// What an article's working copy shows.
///
/// # Errors
/// When the database fails.
pub fn of_working_copy(connection: &mut Connection, article: Id) -> StoreResult<Vec<Id>> {
    Ok(media_uses::table
        .filter(media_uses::article_id.eq(article))
        .filter(media_uses::in_copy.eq(Place::WorkingCopy.stored()))
        .select(media_uses::media_id)
        .load(connection)?)
}

/// The articles that show an item as they were written, by key, after one.
///
/// # Errors
/// When the database fails.
pub fn articles_after(
    connection: &mut Connection,
    item: Id,
    after: Option<Id>,
    most: i64,
) -> StoreResult<Vec<Id>> {
    let mut query = media_uses::table
        .filter(media_uses::media_id.eq(item))
        .filter(media_uses::in_copy.eq(Place::Article.stored()))
        .into_boxed::<MultiBackend>();
    if let Some(after) = after {
        query = query.filter(media_uses::article_id.gt(after));
    }
    Ok(query
        .order(media_uses::article_id)
        .limit(most)
        .select(media_uses::article_id)
        .load(connection)?)
}

/// Whether a published article shows an item, or its working copy, which may be published by itself.
///
/// # Errors
/// When the database fails.
pub fn is_published(connection: &mut Connection, item: Id) -> StoreResult<bool> {
    let found: Option<Id> = media_uses::table
        .inner_join(articles::table.on(articles::id.eq(media_uses::article_id)))
        .filter(media_uses::media_id.eq(item))
        .filter(articles::status.eq("published"))
        .select(articles::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

#[derive(QueryableByName)]
struct UseRow {
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    headline: Option<String>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    in_article: i64,
    #[diesel(sql_type = BigInt)]
    in_copy: i64,
}

/// The articles that show an item, of those that a caller may read; the newest first.
///
/// # Errors
/// When the database fails.
pub fn known_to(connection: &mut Connection, item: Id, caller: &Caller) -> StoreResult<MediaUses> {
    match caller.may(Right::ArticlesRead) {
        true => list(connection, item, caller.only_own()),
        false => Ok(MediaUses {
            data: Vec::new(),
            has_more: false,
        }),
    }
}

/// The articles that show an item, of those that this user first saved where one is given; the newest first.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection, item: Id, only_own: Option<Id>) -> StoreResult<MediaUses> {
    let mut rows: Vec<UseRow> = diesel::sql_query(
        "SELECT a.id, a.slug, a.headline, a.status, \
                sum(CASE u.in_copy WHEN 0 THEN 1 ELSE 0 END) AS in_article, \
                sum(CASE u.in_copy WHEN 1 THEN 1 ELSE 0 END) AS in_copy \
         FROM media_uses u JOIN articles a ON a.id = u.article_id \
         WHERE u.media_id = $1 AND ($2 IS NULL OR a.created_by = $2) \
         GROUP BY a.id, a.slug, a.headline, a.status ORDER BY a.id DESC LIMIT $3",
    )
    .bind::<IdSql, _>(item)
    .bind::<diesel::sql_types::Nullable<IdSql>, _>(only_own)
    .bind::<BigInt, _>(MOST + 1)
    .load(connection)?;
    let has_more = rows.len() as i64 > MOST;
    rows.truncate(usize::try_from(MOST).unwrap_or(0));
    let data = rows.into_iter().map(|row| MediaUse {
        article_id: row.id,
        slug: row.slug,
        headline: row.headline,
        status: row.status,
        in_article: row.in_article > 0,
        in_working_copy: row.in_copy > 0,
    });
    Ok(MediaUses {
        data: data.collect(),
        has_more,
    })
}
