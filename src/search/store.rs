//! The index: written in the transaction of the change that it follows.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::entry::{Document, Entry, words_of_name};
use super::expression::{Dialect, ResolvedQuery, ResolvedTerm};
use super::query::{Query, Term};
use super::reading::Reading;
use crate::db::schema::{authors, merged_names, name_words, tags};
use crate::db::statement::statement;
use crate::db::types::IdSql;
use crate::db::{Connection, Id, Resource, StoreResult, Timestamp};
use crate::on_each_database;

/// Most articles of one millisecond that keep their order among themselves.
const OF_ONE_MILLISECOND: i64 = 16_384;
/// Most tags, and most authors, whose names a term is looked for in, and most that were merged into
/// these: the first by key, so that both databases take the same. A query of the most words with the
/// most names is within what a `tsquery` holds.
const MOST_NAMES: i64 = 100;
/// Most names that a phrase is compared with.
const MOST_CANDIDATES: i64 = 1_000;

/// The language that a connection understands.
pub fn dialect(connection: &Connection) -> Dialect {
    match connection {
        Connection::Sqlite(_) => Dialect::Fts5,
        Connection::Postgres(_) => Dialect::Tsquery,
    }
}

/// What an index has of articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Those that are published, in the order of publication: what readers search.
    Published,
    /// Those that are neither published nor in the trash, in the order of creation: what only editors search.
    Drafts,
}

impl Index {
    /// The table of words.
    fn words(self) -> &'static str {
        match self {
            Self::Published => "article_search",
            Self::Drafts => "draft_search",
        }
    }

    /// The table that says which article stands where.
    fn entries(self) -> &'static str {
        match self {
            Self::Published => "search_entries",
            Self::Drafts => "draft_entries",
        }
    }
}

/// The column of the positions of words.
fn position(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Fts5 => "rowid",
        Dialect::Tsquery => "position",
    }
}

/// The words of a document as a database takes them.
fn written(dialect: Dialect, document: &Document) -> (&'static str, String) {
    match dialect {
        Dialect::Fts5 => ("", Entry::new(document).to_row()),
        Dialect::Tsquery => ("::tsvector", Entry::new(document).to_tsvector()),
    }
}

/// Keeps what an article is found by, in place of what it was found by before. `at` is when it was published, or
/// created: what the index is in the order of.
///
/// # Errors
/// When the database fails.
pub fn put(
    connection: &mut Connection,
    index: Index,
    article: Id,
    at: Timestamp,
    document: &Document,
) -> StoreResult<()> {
    let of_that_time = positions_of(at);
    let dialect = dialect(connection);
    let (cast, text) = written(dialect, document);
    let updated = diesel::sql_query(format!(
        "UPDATE {} SET words = $1{cast} WHERE {} = (SELECT position FROM {} \
         WHERE article_id = $2 AND position >= $3 AND position < $4)",
        index.words(),
        position(dialect),
        index.entries(),
    ))
    .bind::<Text, _>(text)
    .bind::<IdSql, _>(article)
    .bind::<BigInt, _>(of_that_time.start)
    .bind::<BigInt, _>(of_that_time.end)
    .execute(connection)?;
    if updated > 0 {
        return Ok(());
    }
    // It has another place in the order, or none.
    remove(connection, index, article)?;
    add(connection, index, article, at, document)
}

/// Keeps what an article is found by that was not found before.
///
/// # Errors
/// When the database fails.
pub fn add(
    connection: &mut Connection,
    index: Index,
    article: Id,
    at: Timestamp,
    document: &Document,
) -> StoreResult<()> {
    let place = place(connection, index, article, positions_of(at))?;
    let dialect = dialect(connection);
    let (cast, text) = written(dialect, document);
    statement(format!(
        "INSERT INTO {} ({}, words) VALUES (",
        index.words(),
        position(dialect),
    ))
    .bind::<BigInt, _>(place, ", ")
    .bind::<Text, _>(text, format!("{cast})"))
    .execute(connection)?;
    Ok(())
}

/// The positions of the articles of one millisecond.
fn positions_of(at: Timestamp) -> std::ops::Range<i64> {
    let first = at.utc().timestamp_millis() * OF_ONE_MILLISECOND;
    first..first + OF_ONE_MILLISECOND
}

#[derive(QueryableByName)]
struct Placed {
    #[diesel(sql_type = BigInt)]
    position: i64,
}

/// An article is found no longer.
///
/// # Errors
/// When the database fails.
pub fn remove(connection: &mut Connection, index: Index, article: Id) -> StoreResult<()> {
    let placed: Option<Placed> = diesel::sql_query(format!(
        "DELETE FROM {} WHERE article_id = $1 RETURNING position",
        index.entries()
    ))
    .bind::<IdSql, _>(article)
    .get_result(connection)
    .optional()?;
    let Some(placed) = placed else {
        return Ok(());
    };
    let position = position(dialect(connection));
    diesel::sql_query(format!(
        "DELETE FROM {} WHERE {position} = $1",
        index.words()
    ))
    .bind::<BigInt, _>(placed.position)
    .execute(connection)?;
    Ok(())
}

/// Takes a free position after all of that millisecond.
fn place(
    connection: &mut Connection,
    index: Index,
    article: Id,
    of_that_time: std::ops::Range<i64>,
) -> StoreResult<i64> {
    let entries = index.entries();
    // The next one may be taken by someone else meanwhile, or by the millisecond after a very full one.
    for further in 0.. {
        let placed: Option<Placed> = statement(format!(
            "INSERT INTO {entries} (position, article_id) \
             SELECT coalesce((SELECT max(position) + 1 FROM {entries} WHERE position >= "
        ))
        .bind::<BigInt, _>(of_that_time.start, " AND position < ")
        .bind::<BigInt, _>(of_that_time.end, "), ")
        .bind::<BigInt, _>(of_that_time.start, ") + ")
        .bind::<BigInt, _>(further, ", ")
        .bind::<IdSql, _>(
            article,
            " WHERE true ON CONFLICT (position) DO NOTHING RETURNING position",
        )
        .get_result(connection)
        .optional()?;
        if let Some(Placed { position }) = placed {
            return Ok(position);
        }
    }
    unreachable!("there are more positions than articles")
}

#[derive(QueryableByName)]
struct Matching {
    #[diesel(sql_type = IdSql)]
    article_id: Id,
}

/// The articles of an index that a query finds, the newest first, up to `most`.
///
/// # Errors
/// When the database fails.
pub fn newest(
    connection: &mut Connection,
    index: Index,
    query: &ResolvedQuery,
    most: i64,
) -> StoreResult<Vec<Id>> {
    let dialect = dialect(connection);
    let (words, entries, position) = (index.words(), index.entries(), position(dialect));
    let is_found = match dialect {
        Dialect::Fts5 => format!("s.{words} MATCH $1"),
        Dialect::Tsquery => "s.words @@ $1::tsquery".to_owned(),
    };
    // Named first, and held to that: the words lead to the entries, not the other way round.
    let rows: Vec<Matching> = diesel::sql_query(format!(
        "SELECT e.article_id FROM {words} s CROSS JOIN {entries} e \
         WHERE {is_found} AND e.position = s.{position} ORDER BY s.{position} DESC LIMIT $2"
    ))
    .bind::<Text, _>(query.all(dialect))
    .bind::<BigInt, _>(most)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.article_id).collect())
}

/// Keeps the words of a name, in place of those before.
///
/// # Errors
/// When the database fails.
pub fn put_name(connection: &mut Connection, of: Resource, id: Id, name: &str) -> StoreResult<()> {
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

/// A tag or author is gone, and with it those that were merged into it: no article is kept with them.
///
/// # Errors
/// When the database fails.
pub fn remove_name(connection: &mut Connection, id: Id) -> StoreResult<()> {
    forget_name(connection, id)?;
    diesel::delete(merged_names::table.filter(merged_names::into_id.eq(id))).execute(connection)?;
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
) -> StoreResult<Option<ResolvedQuery>> {
    if query.wanted.is_empty() {
        return Ok(None);
    }
    let mut found = |terms: &[Term]| -> StoreResult<Vec<ResolvedTerm>> {
        terms
            .iter()
            .map(|term| {
                Ok(ResolvedTerm {
                    term: term.clone(),
                    tags: owners(connection, Resource::Tag, term)?,
                    authors: owners(connection, Resource::Author, term)?,
                })
            })
            .collect()
    };
    let (wanted, unwanted) = (found(&query.wanted)?, found(&query.unwanted)?);
    let tagged = tagged
        .into_iter()
        .map(|group| with_merged(connection, group))
        .collect::<StoreResult<_>>()?;
    Ok(Some(ResolvedQuery {
        wanted,
        unwanted,
        tagged,
    }))
}

/// Whose names have a term: each form of it, the first by key.
fn owners(connection: &mut Connection, of: Resource, term: &Term) -> StoreResult<Vec<Id>> {
    let mut ids = Vec::new();
    for form in &term.forms {
        ids.extend(owners_of(connection, of, term, form)?);
    }
    ids.sort();
    ids.dedup();
    ids.truncate(MOST_NAMES as usize);
    with_merged(connection, ids)
}

fn owners_of(
    connection: &mut Connection,
    of: Resource,
    term: &Term,
    form: &[String],
) -> StoreResult<Vec<Id>> {
    use name_words::{kind, owner_id, table, word};
    let of_kind = table.filter(kind.eq(of.as_str()));
    Ok(match form {
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
        phrase => owners_of_phrase(connection, of, term, phrase)?,
    })
}

fn owners_of_phrase(
    connection: &mut Connection,
    of: Resource,
    term: &Term,
    phrase: &[String],
) -> StoreResult<Vec<Id>> {
    use name_words::{kind, owner_id, table, word};
    // The longest of those that are whole is likely the rarest.
    let whole = &phrase[..phrase.len() - usize::from(term.prefix)];
    let Some(longest) = whole.iter().max_by_key(|text| text.len()) else {
        return Ok(Vec::new());
    };
    let candidates: Vec<Id> = table
        .filter(kind.eq(of.as_str()))
        .filter(word.eq(longest))
        .order(owner_id)
        .select(owner_id)
        .limit(MOST_CANDIDATES)
        .load(connection)?;
    let names: Vec<(Id, String)> = match of {
        // The names of articles are in the index itself.
        Resource::Article => Vec::new(),
        Resource::Tag => tags::table
            .filter(tags::id.eq_any(candidates))
            .order(tags::id)
            .select((tags::id, tags::name))
            .load(connection)?,
        Resource::Author => authors::table
            .filter(authors::id.eq_any(candidates))
            .order(authors::id)
            .select((authors::id, authors::name))
            .load(connection)?,
    };
    let found = names
        .into_iter()
        .filter(|(_, name)| term.is_in(&Reading::new(name)));
    Ok(found.map(|(id, _)| id).take(MOST_NAMES as usize).collect())
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
