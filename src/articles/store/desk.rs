//! The desk at a glance: a few queries, none of which looks at more than some thousand rows.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::locks::HeldLock;
use crate::articles::desk::model::{
    ComingChange, Desk, DeskArticle, DueArticle, ExpiredMedia, FailedArticle, FailureReason,
    LockedArticle, StatusCount,
};
use crate::articles::workflow::Status;
use crate::db::desk_schema::held_locks;
use crate::db::schema::full_articles;
use crate::db::total::{CEILING, Total};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, Json, MultiBackend, StoreError, StoreResult, Timestamp, stored};

/// Most entries of each list.
const MOST: usize = 100;
/// How far ahead is looked.
const AHEAD: chrono::Duration = chrono::Duration::hours(24);

/// What the desk shows, of the articles that this user first saved where one is given.
///
/// # Errors
/// When the database fails.
pub fn read(connection: &mut Connection, only_own: Option<Id>) -> StoreResult<Desk> {
    let counts = counts(connection, only_own)?;
    let due = changes(connection, COMING, Timestamp::now().plus(AHEAD), only_own)?;
    let failed = changes(connection, OVERDUE, Timestamp::LATEST, only_own)?;
    let locked = locked(connection, only_own)?;
    let (expired_media, has_more_expired_media) = first(expired_media(connection, only_own)?);
    let (due, has_more_due) = first(due);
    let (failed, has_more_failed) = first(failed);
    let (locked, has_more_locked) = first(locked);
    Ok(Desk {
        counts,
        due: due
            .into_iter()
            .map(due_article)
            .collect::<StoreResult<_>>()?,
        has_more_due,
        failed: failed
            .into_iter()
            .map(failed_article)
            .collect::<StoreResult<_>>()?,
        has_more_failed,
        locked,
        has_more_locked,
        expired_media,
        has_more_expired_media,
    })
}

/// What was read up to one more than there may be, without that one, and whether there was one.
fn first<T>(mut rows: Vec<T>) -> (Vec<T>, bool) {
    let has_more = rows.len() > MOST;
    rows.truncate(MOST);
    (rows, has_more)
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    articles: i64,
}

/// How many articles each status has: each is counted in an index, up to one more than a count says.
fn counts(connection: &mut Connection, only_own: Option<Id>) -> StoreResult<Vec<StatusCount>> {
    // Both take the parameter, so that each is one statement with its own way through the indexes.
    let own = match only_own {
        Some(_) => "created_by = $1",
        None => "$1 IS NULL",
    };
    let of = |(name, _): &(&str, Status)| {
        format!(
            "SELECT '{name}' AS status, (SELECT count(*) FROM \
             (SELECT 1 FROM articles WHERE status = '{name}' AND {own} LIMIT $2) AS counted) AS articles"
        )
    };
    let all: Vec<String> = Status::ALL.iter().map(of).collect();
    let rows: Vec<CountRow> = diesel::sql_query(all.join(" UNION ALL "))
        .bind::<Nullable<IdSql>, _>(only_own)
        .bind::<BigInt, _>(CEILING + 1)
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let total = Total::counted(row.articles);
            Ok(StatusCount {
                status: stored(&row.status)?,
                total: total.items,
                total_is: total.is,
            })
        })
        .collect()
}

#[derive(QueryableByName)]
struct ChangeRow {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = TimestampSql)]
    due_at: Timestamp,
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Nullable<Text>)]
    headline: Option<String>,
}

impl ChangeRow {
    fn article(self) -> DeskArticle {
        DeskArticle {
            id: self.id,
            slug: self.slug,
            headline: self.headline,
        }
    }
}

/// What the clock will do.
const COMING: (&str, &str) = ("coming_changes", "change");
/// What it should have led to.
const OVERDUE: (&str, &str) = ("overdue_changes", "reason");

/// What the clock does, up to an instant, in the order of time.
fn changes(
    connection: &mut Connection,
    (view, what): (&str, &str),
    up_to: Timestamp,
    only_own: Option<Id>,
) -> StoreResult<Vec<ChangeRow>> {
    Ok(diesel::sql_query(format!(
        "SELECT c.{what} AS what, c.due_at, a.id, a.slug, a.headline \
         FROM {view} c CROSS JOIN articles a WHERE a.id = c.article_id AND c.due_at <= $1 \
         AND ($2 IS NULL OR a.created_by = $2) ORDER BY c.due_at, a.id, c.{what} LIMIT $3"
    ))
    .bind::<TimestampSql, _>(up_to)
    .bind::<Nullable<IdSql>, _>(only_own)
    .bind::<BigInt, _>(MOST as i64 + 1)
    .load(connection)?)
}

fn due_article(row: ChangeRow) -> StoreResult<DueArticle> {
    Ok(DueArticle {
        at: row.due_at,
        change: match row.what.as_str() {
            "appears" => ComingChange::Appears,
            "expires" => ComingChange::Expires,
            "working_copy" => ComingChange::WorkingCopy,
            other => return Err(unknown(other)),
        },
        article: row.article(),
    })
}

fn failed_article(row: ChangeRow) -> StoreResult<FailedArticle> {
    Ok(FailedArticle {
        at: row.due_at,
        reason: match row.what.as_str() {
            "not_taken_back" => FailureReason::NotTakenBack,
            "not_announced" => FailureReason::NotAnnounced,
            "working_copy_refused" => FailureReason::WorkingCopyRefused,
            other => return Err(unknown(other)),
        },
        article: row.article(),
    })
}

fn unknown(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what:?} is nothing that the clock does"))
}

#[derive(QueryableByName)]
struct ExpiredRow {
    #[diesel(sql_type = IdSql)]
    media_id: Id,
    #[diesel(sql_type = TimestampSql)]
    rights_expire_at: Timestamp,
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Nullable<Text>)]
    headline: Option<String>,
}

/// Published articles that show what they may not show any more, from the index of what has expired.
fn expired_media(
    connection: &mut Connection,
    only_own: Option<Id>,
) -> StoreResult<Vec<ExpiredMedia>> {
    let rows: Vec<ExpiredRow> = diesel::sql_query(
        "SELECT m.id AS media_id, m.rights_expire_at, a.id, a.slug, a.headline \
         FROM media m JOIN media_uses u ON u.media_id = m.id AND u.in_copy = 0 \
         JOIN articles a ON a.id = u.article_id AND a.status = 'published' \
         WHERE m.rights_expire_at <= $1 AND ($2 IS NULL OR a.created_by = $2) \
         ORDER BY m.rights_expire_at, m.id, a.id LIMIT $3",
    )
    .bind::<TimestampSql, _>(Timestamp::now())
    .bind::<Nullable<IdSql>, _>(only_own)
    .bind::<BigInt, _>(MOST as i64 + 1)
    .load(connection)?;
    let expired = rows.into_iter().map(|row| ExpiredMedia {
        media_id: row.media_id,
        rights_expire_at: row.rights_expire_at,
        article: DeskArticle {
            id: row.id,
            slug: row.slug,
            headline: row.headline,
        },
    });
    Ok(expired.collect())
}

type LockedRow = (Id, String, Option<String>, Option<Json<HeldLock>>);

/// Who edits what.
fn locked(connection: &mut Connection, only_own: Option<Id>) -> StoreResult<Vec<LockedArticle>> {
    let mut query = held_locks::table
        .inner_join(full_articles::table.on(full_articles::id.eq(held_locks::article_id)))
        .into_boxed::<MultiBackend>();
    if let Some(user) = only_own {
        query = query.filter(full_articles::created_by.eq(user));
    }
    let rows: Vec<LockedRow> = query
        .order((held_locks::taken_at, held_locks::article_id))
        .limit(MOST as i64 + 1)
        .select((
            full_articles::id,
            full_articles::slug,
            full_articles::headline,
            full_articles::held_lock,
        ))
        .load(connection)?;
    let locked = rows.into_iter().filter_map(|(id, slug, headline, lock)| {
        let article = DeskArticle { id, slug, headline };
        let lock = lock?.0.into();
        Some(LockedArticle { article, lock })
    });
    Ok(locked.collect())
}
