//! The order of most shared articles: sums of counts, brought up to date every few seconds, so that
//! counting a share writes no index.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::lock::{self, Lock};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp, dialect};

/// The sum of an article's counts, of a row of `share_totals`.
const SUM: &str = "(SELECT CAST(coalesce(sum(c.first_party + coalesce(c.external, 0) \
                    + coalesce(c.former_external, 0)), 0) AS bigint) \
                    FROM share_counts c WHERE c.article_id = share_totals.article_id)";

/// Gives an article a place, unless it has one.
///
/// # Errors
/// When the database fails.
pub fn open(connection: &mut Connection, article: Id) -> StoreResult<()> {
    diesel::sql_query(
        "INSERT INTO share_totals (article_id, total) VALUES ($1, 0) ON CONFLICT (article_id) DO NOTHING",
    )
    .bind::<IdSql, _>(article)
    .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Shared {
    #[diesel(sql_type = IdSql)]
    article_id: Id,
}

/// Of the articles that were shared here since an hour that is kept, those whose place is not that of
/// their counts.
///
/// # Errors
/// When the database fails.
pub fn outdated(connection: &mut Connection, since: Timestamp) -> StoreResult<Vec<Id>> {
    let shared: Vec<Shared> = diesel::sql_query(format!(
        "SELECT article_id FROM share_totals WHERE total <> {SUM} AND article_id IN \
         (SELECT article_id FROM share_buckets WHERE span = 'hour' AND starts_at >= $1)"
    ))
    .bind::<TimestampSql, _>(since)
    .load(connection)?;
    Ok(shared.into_iter().map(|shared| shared.article_id).collect())
}

/// Gives articles the places of their counts.
///
/// # Errors
/// When the database fails.
pub fn place(connection: &mut Connection, articles: &[Id]) -> StoreResult<()> {
    // Two that write the same rows in different orders would wait for each other.
    lock::exclusive(connection, Lock::Totals)?;
    let these = dialect::these(connection);
    diesel::sql_query(format!(
        "UPDATE share_totals SET total = {SUM} WHERE article_id IN ({these})"
    ))
    .bind::<Text, _>(dialect::ids(articles))
    .execute(connection)?;
    Ok(())
}
