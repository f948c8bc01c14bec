//! What refers to authors.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::authors::model::{Author, AuthorUsage, EditorialAuthor};
use crate::db::total::{MOST_UNPUBLISHED, Total};
use crate::db::types::IdSql;
use crate::db::{Connection, Id, StoreResult, dialect};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    published: i64,
    #[diesel(sql_type = BigInt)]
    unpublished: i64,
}

/// Authors as the desk sees them, in the same order, whatever else stands beside each; one that is gone meanwhile is
/// left out.
///
/// # Errors
/// When the database fails.
pub fn with_usage<T>(
    connection: &mut Connection,
    authors: Vec<(Author, T)>,
) -> StoreResult<Vec<(EditorialAuthor, T)>> {
    if authors.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = authors.iter().map(|(author, _)| author.id).collect();
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT w.id, w.version, w.published_articles AS published, \
         (SELECT count(*) FROM (SELECT 1 FROM article_authors x WHERE x.author_id = w.id AND x.published_at IS NULL \
                                LIMIT {}) AS written) AS unpublished \
         FROM authors w WHERE w.id IN ({})",
        MOST_UNPUBLISHED + 1,
        dialect::these(connection)
    ))
    .bind::<Text, _>(dialect::ids(&ids))
    .load(connection)?;
    let mut found: HashMap<Id, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(authors
        .into_iter()
        .filter_map(|(author, beside)| {
            let row = found.remove(&author.id)?;
            let articles = Total::with_unpublished(row.published, row.unpublished);
            let usage = AuthorUsage {
                articles: articles.items,
                articles_are: articles.is,
                published: row.published,
            };
            let version = row.version;
            let author = EditorialAuthor {
                author,
                version,
                usage,
            };
            Some((author, beside))
        })
        .collect())
}
