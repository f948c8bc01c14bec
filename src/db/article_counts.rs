//! How many published articles tags, sections and authors have: kept with them by each change, so that
//! no read counts them.
//!
//! What is kept counts articles that are scheduled or under embargo as well, since the clock writes
//! nothing; a read takes away those few ([`hidden`]).

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use super::schema::hidden_article_counts;
use super::types::IdSql;
use super::{Connection, Id, StoreResult};

/// Whose articles are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A tag, or a section.
    Tag,
    /// An author.
    Author,
}

impl Owner {
    fn table(self) -> &'static str {
        match self {
            Self::Tag => "tags",
            Self::Author => "authors",
        }
    }
}

/// Of tags, sections and authors that have published articles which are not public yet, how many.
///
/// # Errors
/// When the database fails.
pub fn hidden(connection: &mut Connection) -> StoreResult<HashMap<Id, i64>> {
    use hidden_article_counts::{articles, owner_id, table};
    let counts: Vec<(Id, i64)> = table.select((owner_id, articles)).load(connection)?;
    Ok(counts.into_iter().collect())
}

/// An article has gone from those that had it to those that have it now.
///
/// # Errors
/// When the database fails.
pub fn moved(
    connection: &mut Connection,
    owner: Owner,
    before: impl IntoIterator<Item = Id>,
    after: impl IntoIterator<Item = Id>,
) -> StoreResult<()> {
    // In the order of their keys: two changes that wrote the same rows in different orders would wait
    // for each other.
    let mut changes: BTreeMap<Id, i64> = BTreeMap::new();
    for id in before {
        *changes.entry(id).or_default() -= 1;
    }
    for id in after {
        *changes.entry(id).or_default() += 1;
    }
    changes.retain(|_, change| *change != 0);
    if changes.is_empty() {
        return Ok(());
    }
    let table = owner.table();
    match connection {
        Connection::Sqlite(sqlite) => {
            let rows: Vec<(String, i64)> = changes
                .into_iter()
                .map(|(id, change)| (id.0.simple().to_string(), change))
                .collect();
            let rows = serde_json::to_string(&rows).unwrap_or_default();
            diesel::sql_query(format!(
                "UPDATE {table} SET published_articles = published_articles + c.change \
                 FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS change FROM json_each(?1)) c \
                 WHERE {table}.id = c.id"
            ))
            .bind::<Text, _>(rows)
            .execute(sqlite)?;
        }
        Connection::Postgres(postgres) => {
            let (ids, changes): (Vec<Id>, Vec<i64>) = changes.into_iter().unzip();
            diesel::sql_query(format!(
                "SELECT 1 FROM {table} WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
            ))
            .bind::<Array<IdSql>, _>(&ids)
            .execute(postgres)?;
            diesel::sql_query(format!(
                "UPDATE {table} SET published_articles = published_articles + c.change \
                 FROM unnest($1, $2) AS c (id, change) WHERE {table}.id = c.id"
            ))
            .bind::<Array<IdSql>, _>(&ids)
            .bind::<Array<BigInt>, _>(&changes)
            .execute(postgres)?;
        }
    }
    Ok(())
}

/// Counts anew what one of them has, after a merge.
///
/// # Errors
/// When the database fails.
pub fn recount(connection: &mut Connection, owner: Owner, id: Id) -> StoreResult<()> {
    let counted = match owner {
        Owner::Tag => {
            "(SELECT count(*) FROM article_tags x WHERE x.tag_id = tags.id \
              AND x.published_at IS NOT NULL) \
             + (SELECT count(*) FROM articles a WHERE a.section_id = tags.id \
                AND a.status = 'published')"
        }
        Owner::Author => {
            "(SELECT count(*) FROM article_authors x WHERE x.author_id = authors.id \
              AND x.published_at IS NOT NULL)"
        }
    };
    let table = owner.table();
    if let Connection::Postgres(postgres) = connection {
        // Whoever has added to the number has written what is counted, and is waited for; whoever has
        // not will add to what is counted here.
        diesel::sql_query(format!(
            "SELECT 1 FROM {table} WHERE id = $1 FOR NO KEY UPDATE"
        ))
        .bind::<IdSql, _>(id)
        .execute(postgres)?;
    }
    diesel::sql_query(format!(
        "UPDATE {table} SET published_articles = {counted} WHERE id = $1"
    ))
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    Ok(())
}
