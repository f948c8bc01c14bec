//! What some articles have: found first, and counted then, so that what is counted has a bound.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::articles::model::FacetBy;
use crate::db::types::IdSql;
use crate::db::{Connection, Id, MultiBackend, StoreResult, dialect};

/// Runs a query whose `{articles}` stands for rows with the `id` of each of these articles.
fn load<R: QueryableByName<MultiBackend> + 'static>(
    connection: &mut Connection,
    articles: &[Id],
    limit: i64,
    query: impl FnOnce(&str) -> String,
) -> StoreResult<Vec<R>> {
    let these = format!("({})", dialect::these(connection));
    Ok(diesel::sql_query(query(&these))
        .bind::<Text, _>(dialect::ids(articles))
        .bind::<BigInt, _>(limit)
        .load(connection)?)
}

/// How many of these articles have each tag, author or section.
pub(super) fn owners(
    connection: &mut Connection,
    articles: &[Id],
    by: FacetBy,
    limit: i64,
) -> StoreResult<Vec<(Id, i64)>> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = IdSql)]
        id: Id,
        #[diesel(sql_type = BigInt)]
        articles: i64,
    }
    let (owner, table, article) = match by {
        FacetBy::Author => ("x.author_id", "article_authors", "article_id"),
        FacetBy::Section => ("x.section_id", "public_articles", "id"),
        FacetBy::Tag | FacetBy::Day => ("x.tag_id", "article_tags", "article_id"),
    };
    let counted: Vec<Counted> = load(connection, articles, limit, |these| {
        format!(
            "SELECT {owner} AS id, count(*) AS articles FROM {these} AS a \
             CROSS JOIN {table} x WHERE x.{article} = a.id AND {owner} IS NOT NULL \
             GROUP BY {owner} ORDER BY count(*) DESC, {owner} LIMIT $2"
        )
    })?;
    Ok(counted
        .into_iter()
        .map(|row| (row.id, row.articles))
        .collect())
}

/// How many of these articles were published on each day, in UTC.
pub(super) fn days(
    connection: &mut Connection,
    articles: &[Id],
    limit: i64,
) -> StoreResult<Vec<(String, i64)>> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = Text)]
        day: String,
        #[diesel(sql_type = BigInt)]
        articles: i64,
    }
    let counted: Vec<Counted> = load(connection, articles, limit, |these| {
        format!(
            "SELECT x.published_on AS day, count(*) AS articles FROM {these} AS a \
             CROSS JOIN public_articles x WHERE x.id = a.id \
             GROUP BY x.published_on ORDER BY x.published_on DESC LIMIT $2"
        )
    })?;
    Ok(counted
        .into_iter()
        .map(|row| (row.day, row.articles))
        .collect())
}
