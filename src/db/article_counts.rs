//! How many published articles tags, sections and authors have: kept with them by each change, so that
//! no read counts them.
//!
//! What is kept counts articles that are scheduled, under embargo or just expired as well, since the clock writes
//! nothing; a read takes away those few ([`hidden`]).

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use super::lock;
use super::resource::Resource;
use super::schema::hidden_article_counts;
use super::types::IdSql;
use super::{Connection, Id, StoreResult, dialect};

/// Of tags, sections and authors that have published articles which are not public yet, how many.
///
/// # Errors
/// When the database fails.
pub fn hidden(connection: &mut Connection) -> StoreResult<HashMap<Id, i64>> {
    use hidden_article_counts::{articles, owner_id, table};
    let counts: Vec<(Id, i64)> = table.select((owner_id, articles)).load(connection)?;
    Ok(counts.into_iter().collect())
}

/// How many published articles owners gain or lose, in the order of their keys: two changes that wrote the
/// same rows in different orders would wait for each other.
pub type Gains = BTreeMap<Id, i64>;

/// What an article that has gone from some owners to others is to each of them.
pub fn gains(before: impl IntoIterator<Item = Id>, after: impl IntoIterator<Item = Id>) -> Gains {
    let mut gains = Gains::new();
    for id in before {
        *gains.entry(id).or_default() -= 1;
    }
    for id in after {
        *gains.entry(id).or_default() += 1;
    }
    gains.retain(|_, gain| *gain != 0);
    gains
}

/// Adds what tags, sections and authors gain. On Postgres their rows are held until the transaction ends.
///
/// # Errors
/// When the database fails.
pub fn add(connection: &mut Connection, tags: Gains, authors: Gains) -> StoreResult<()> {
    if tags.is_empty() && authors.is_empty() {
        return Ok(());
    }
    match connection {
        Connection::Sqlite(sqlite) => {
            for (table, gains) in [("tags", tags), ("authors", authors)] {
                if gains.is_empty() {
                    continue;
                }
                let rows: Vec<(String, i64)> = gains
                    .into_iter()
                    .map(|(id, gain)| (dialect::hex(id), gain))
                    .collect();
                diesel::sql_query(format!(
                    "UPDATE {table} SET published_articles = published_articles + g.gain \
                     FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS gain FROM json_each(?1)) g \
                     WHERE {table}.id = g.id"
                ))
                .bind::<Text, _>(dialect::json(&rows))
                .execute(sqlite)?;
            }
        }
        Connection::Postgres(postgres) => {
            let ((tags, of_tags), (authors, of_authors)) = (unzipped(tags), unzipped(authors));
            diesel::sql_query(
                "WITH held_tags AS (SELECT id FROM tags WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE), \
                 held_authors AS (SELECT id FROM authors WHERE id = ANY($3) ORDER BY id FOR NO KEY UPDATE), \
                 of_tags AS (UPDATE tags SET published_articles = published_articles + g.gain \
                             FROM held_tags JOIN unnest($1, $2) AS g (id, gain) USING (id) \
                             WHERE tags.id = g.id RETURNING 1) \
                 UPDATE authors SET published_articles = published_articles + g.gain \
                 FROM held_authors JOIN unnest($3, $4) AS g (id, gain) USING (id) WHERE authors.id = g.id",
            )
            .bind::<Array<IdSql>, _>(&tags)
            .bind::<Array<BigInt>, _>(&of_tags)
            .bind::<Array<IdSql>, _>(&authors)
            .bind::<Array<BigInt>, _>(&of_authors)
            .execute(postgres)?;
        }
    }
    Ok(())
}

fn unzipped(gains: Gains) -> (Vec<Id>, Vec<i64>) {
    gains.into_iter().unzip()
}

/// Counts anew what one of them has, after a merge.
///
/// # Errors
/// When the database fails.
pub fn recount(connection: &mut Connection, owner: Resource, id: Id) -> StoreResult<()> {
    let counted = match owner {
        // Articles have none.
        Resource::Article => return Ok(()),
        Resource::Tag => {
            "(SELECT count(*) FROM article_tags x WHERE x.tag_id = tags.id \
              AND x.published_at IS NOT NULL) \
             + (SELECT count(*) FROM articles a WHERE a.section_id = tags.id \
                AND a.status = 'published')"
        }
        Resource::Author => {
            "(SELECT count(*) FROM article_authors x WHERE x.author_id = authors.id \
              AND x.published_at IS NOT NULL)"
        }
    };
    let table = owner.table();
    // Whoever has added to the number has written what is counted, and is waited for; whoever has
    // not will add to what is counted here.
    lock::row_without_key(connection, owner, id)?;
    diesel::sql_query(format!(
        "UPDATE {table} SET published_articles = {counted} WHERE id = $1"
    ))
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    Ok(())
}
