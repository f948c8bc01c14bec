//! The index: written in the transaction of the change that it follows.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::entry::{Document, Entry, words_of_name};
use super::expression::{Dialect, Found, Lookup};
use super::query::{Query, Term};
use super::words::folded;
use crate::db::schema::{authors, merged_names, name_words, search_entries, tags};
use crate::db::types::IdSql;
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::on_each_database;

/// Most articles of one millisecond that keep their order among themselves.
const OF_ONE_MILLISECOND: i64 = 16_384;
/// Most tags, and most authors, whose names a term is looked for in, and most that were merged into
/// these: the first by key, so that both databases take the same. A query of the most words with the
/// most names is within what a `tsquery` holds.
const MOST_NAMES: i64 = 100;
/// Most names that a phrase is compared with.
const MOST_CANDIDATES: i64 = 1_000;

/// Whose names are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOf {
    /// A tag's or a section's.
    Tag,
    /// An author's.
    Author,
}

impl NameOf {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Author => "author",
        }
    }
}

/// The language that a connection understands.
pub fn dialect(connection: &Connection) -> Dialect {
    match connection {
        Connection::Sqlite(_) => Dialect::Fts5,
        Connection::Postgres(_) => Dialect::Tsquery,
    }
}

/// Keeps what an article is found by, in place of what it was found by before.
///
/// # Errors
/// When the database fails.
pub fn put(
    connection: &mut Connection,
    article: Id,
    published_at: Timestamp,
    document: &Document,
) -> StoreResult<()> {
    let first = published_at.utc().timestamp_millis() * OF_ONE_MILLISECOND;
    let of_that_time = first..first + OF_ONE_MILLISECOND;
    let position = match position_of(connection, article)? {
        Some(position) if of_that_time.contains(&position) => {
            forget_words(connection, position)?;
            position
        }
        Some(position) => {
            forget(connection, position)?;
            place(connection, article, of_that_time)?
        }
        None => place(connection, article, of_that_time)?,
    };
    let entry = Entry::new(document);
    let (statement, text) = match dialect(connection) {
        Dialect::Fts5 => (
            "INSERT INTO article_search (rowid, words) VALUES ($1, $2)",
            entry.to_row(),
        ),
        Dialect::Tsquery => (
            "INSERT INTO article_search (position, words) VALUES ($1, $2::tsvector)",
            entry.to_tsvector(),
        ),
    };
    diesel::sql_query(statement)
        .bind::<BigInt, _>(position)
        .bind::<Text, _>(text)
        .execute(connection)?;
    Ok(())
}

/// An article is found no longer.
///
/// # Errors
/// When the database fails.
pub fn remove(connection: &mut Connection, article: Id) -> StoreResult<()> {
    match position_of(connection, article)? {
        Some(position) => forget(connection, position),
        None => Ok(()),
    }
}

fn position_of(connection: &mut Connection, article: Id) -> StoreResult<Option<i64>> {
    Ok(search_entries::table
        .filter(search_entries::article_id.eq(article))
        .select(search_entries::position)
        .first(connection)
        .optional()?)
}

fn forget(connection: &mut Connection, position: i64) -> StoreResult<()> {
    forget_words(connection, position)?;
    diesel::delete(search_entries::table.filter(search_entries::position.eq(position)))
        .execute(connection)?;
    Ok(())
}

fn forget_words(connection: &mut Connection, position: i64) -> StoreResult<()> {
    let statement = match dialect(connection) {
        Dialect::Fts5 => "DELETE FROM article_search WHERE rowid = $1",
        Dialect::Tsquery => "DELETE FROM article_search WHERE position = $1",
    };
    diesel::sql_query(statement)
        .bind::<BigInt, _>(position)
        .execute(connection)?;
    Ok(())
}

/// Takes a free position after all of that millisecond.
fn place(
    connection: &mut Connection,
    article: Id,
    of_that_time: std::ops::Range<i64>,
) -> StoreResult<i64> {
    let last: Option<i64> = search_entries::table
        .filter(search_entries::position.ge(of_that_time.start))
        .filter(search_entries::position.lt(of_that_time.end))
        .select(max(search_entries::position))
        .first(connection)?;
    let mut position = last.map_or(of_that_time.start, |last| last + 1);
    // Taken by someone else meanwhile, or by the millisecond after a very full one.
    while diesel::sql_query(
        "INSERT INTO search_entries (position, article_id) VALUES ($1, $2) \
         ON CONFLICT (position) DO NOTHING",
    )
    .bind::<BigInt, _>(position)
    .bind::<IdSql, _>(article)
    .execute(connection)?
        == 0
    {
        position += 1;
    }
    Ok(position)
}

/// Keeps the words of a name, in place of those before.
///
/// # Errors
/// When the database fails.
pub fn put_name(connection: &mut Connection, of: NameOf, id: Id, name: &str) -> StoreResult<()> {
    forget_name(connection, id)?;
    let rows: Vec<_> = words_of_name(name)
        .into_iter()
        .map(|word| {
            (
                name_words::word.eq(word),
                name_words::kind.eq(of.as_str()),
                name_words::owner_id.eq(id),
            )
        })
        .collect();
    on_each_database!(connection, inner => {
        diesel::insert_into(name_words::table).values(&rows).execute(inner)?;
    });
    Ok(())
}

fn forget_name(connection: &mut Connection, id: Id) -> StoreResult<()> {
    diesel::delete(name_words::table.filter(name_words::owner_id.eq(id))).execute(connection)?;
    Ok(())
}

/// A tag or author goes on under another: articles that are kept with the one are found by the
/// name of the other.
///
/// # Errors
/// When the database fails.
pub fn merge_name(connection: &mut Connection, id: Id, into: Id) -> StoreResult<()> {
    forget_name(connection, id)?;
    diesel::update(merged_names::table.filter(merged_names::into_id.eq(id)))
        .set(merged_names::into_id.eq(into))
        .execute(connection)?;
    diesel::insert_into(merged_names::table)
        .values((merged_names::id.eq(id), merged_names::into_id.eq(into)))
        .execute(connection)?;
    Ok(())
}

/// A query with the names that its terms are found in; `None` when it can find nothing. From each
/// group in `tagged`, what is found has at least one tag, section or author.
///
/// # Errors
/// When the database fails.
pub fn look_up(
    connection: &mut Connection,
    query: &Query,
    tagged: Vec<Vec<Id>>,
) -> StoreResult<Option<Lookup>> {
    if query.wanted.is_empty() {
        return Ok(None);
    }
    let mut found = |terms: &[Term]| -> StoreResult<Vec<Found>> {
        terms
            .iter()
            .map(|term| {
                Ok(Found {
                    term: term.clone(),
                    tags: owners(connection, NameOf::Tag, term)?,
                    authors: owners(connection, NameOf::Author, term)?,
                })
            })
            .collect()
    };
    let (wanted, unwanted) = (found(&query.wanted)?, found(&query.unwanted)?);
    let tagged = tagged
        .into_iter()
        .map(|group| with_merged(connection, group))
        .collect::<StoreResult<_>>()?;
    Ok(Some(Lookup {
        wanted,
        unwanted,
        tagged,
    }))
}

/// Whose names have a term.
fn owners(connection: &mut Connection, of: NameOf, term: &Term) -> StoreResult<Vec<Id>> {
    use name_words::{kind, owner_id, table, word};
    let of_kind = table.filter(kind.eq(of.as_str()));
    let ids: Vec<Id> = match term.words.as_slice() {
        [beginning] if term.prefix => of_kind
            .filter(word.ge(beginning))
            .filter(word.lt(format!("{beginning}\u{10ffff}")))
            .order(owner_id)
            .select(owner_id)
            .distinct()
            .limit(MOST_NAMES)
            .load(connection)?,
        [one] => of_kind
            .filter(word.eq(one))
            .order(owner_id)
            .select(owner_id)
            .limit(MOST_NAMES)
            .load(connection)?,
        phrase => {
            // The longest of those that are whole is likely the rarest.
            let whole = if term.prefix {
                &phrase[..phrase.len() - 1]
            } else {
                phrase
            };
            let Some(longest) = whole.iter().max_by_key(|text| text.len()) else {
                return Ok(Vec::new());
            };
            let candidates: Vec<Id> = of_kind
                .filter(word.eq(longest))
                .order(owner_id)
                .select(owner_id)
                .limit(MOST_CANDIDATES)
                .load(connection)?;
            let names: Vec<(Id, String)> = match of {
                NameOf::Tag => tags::table
                    .filter(tags::id.eq_any(candidates))
                    .order(tags::id)
                    .select((tags::id, tags::name))
                    .load(connection)?,
                NameOf::Author => authors::table
                    .filter(authors::id.eq_any(candidates))
                    .order(authors::id)
                    .select((authors::id, authors::name))
                    .load(connection)?,
            };
            let found = names
                .into_iter()
                .filter(|(_, name)| term.is_in(&folded(name)));
            found.map(|(id, _)| id).take(MOST_NAMES as usize).collect()
        }
    };
    with_merged(connection, ids)
}

/// These and those that were merged into them.
fn with_merged(connection: &mut Connection, mut ids: Vec<Id>) -> StoreResult<Vec<Id>> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let merged: Vec<Id> = merged_names::table
        .filter(merged_names::into_id.eq_any(ids.clone()))
        .order(merged_names::id)
        .select(merged_names::id)
        .limit(MOST_NAMES)
        .load(connection)?;
    ids.extend(merged);
    Ok(ids)
}
