//! Counting: many shares in one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Text};

use super::{CountRow, sums};
use crate::db::dialect::{hex, json};
use crate::db::schema::{share_counts, share_journal, share_journal_applied};
use crate::db::statement::statement;
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, Outage, StoreError, StoreResult, Timestamp};
use crate::shares::journal::{Batch, Entry, Increments, Journal, decode, encode};
use crate::shares::model::{Network, ShareReceipt};
use crate::shares::visitor::{Crowd, Visitor, VisitorHash, WINDOW, crowd};
use crate::{first_for_update, on_each_database};

/// A share that a reader reported.
#[derive(Debug, Clone)]
pub struct Share {
    /// What was shared.
    pub article: Id,
    /// The network.
    pub network: Network,
    /// By whom.
    pub visitor: Visitor,
}

/// Writes shares into the journal, each unless its visitor shared that article there within the
/// window. Returns what came of each: it is so once this has been committed. When anything fails, the
/// journal in memory is to be thrown away.
///
/// # Errors
/// When the database fails.
pub fn count(
    connection: &mut Connection,
    journal: &mut Journal,
    shares: &[Share],
    now: Timestamp,
) -> StoreResult<Vec<ShareReceipt>> {
    let counted = loop {
        let Some(last) = journal.last() else {
            catch_up(connection, journal, now)?;
            continue;
        };
        know(connection, journal, shares)?;
        let (counted, entries) = new_ones(journal, shares, now);
        if entries.is_empty() {
            break counted;
        }
        let batch = Batch {
            number: last + 1,
            counted_at: now,
            entries,
        };
        if append(connection, &batch)? {
            journal.learn(batch);
            break counted;
        }
        journal.was_beaten();
        catch_up(connection, journal, now)?;
    };
    Ok(shares
        .iter()
        .zip(counted)
        .map(|(share, counted)| journal.receipt(share.article, counted))
        .collect())
}

/// Of each share whether it is to be counted, and what that makes in the journal.
fn new_ones(journal: &Journal, shares: &[Share], now: Timestamp) -> (Vec<bool>, Vec<Entry>) {
    let mut new: HashSet<VisitorHash> = HashSet::with_capacity(shares.len());
    let mut crowds: HashMap<Crowd, usize> = HashMap::new();
    let counted: Vec<bool> = shares
        .iter()
        .map(|share| {
            let Visitor { today, yesterday } = share.visitor;
            let crowd = crowd(today);
            let besides = crowd.and_then(|crowd| crowds.get(&crowd)).copied();
            let is_new = !journal.visitors.know(&share.visitor, now)
                && !yesterday.is_some_and(|hash| new.contains(&hash))
                && !new.contains(&today)
                && journal
                    .visitors
                    .have_room_for(&share.visitor, besides.unwrap_or_default());
            if is_new {
                new.extend([Some(today), yesterday].into_iter().flatten());
                if let Some(crowd) = crowd {
                    *crowds.entry(crowd).or_default() += 1;
                }
            }
            is_new
        })
        .collect();
    let counted_ones = shares.iter().zip(&counted).filter(|(_, counted)| **counted);
    let entries = counted_ones.map(|(share, _)| Entry {
        visitor: share.visitor.today,
        article: share.article,
        network: share.network,
    });
    let entries = entries.collect();
    (counted, entries)
}

/// Adds the batch after the last; not when somebody else has, or when that was so long ago that it was
/// forgotten. While somebody is about to, this waits.
fn append(connection: &mut Connection, batch: &Batch) -> StoreResult<bool> {
    let insert = statement("INSERT INTO share_journal (batch, counted_at, shares) SELECT ")
        .bind::<BigInt, _>(batch.number, ", ")
        .bind::<TimestampSql, _>(batch.counted_at, ", ")
        .bind::<Binary, _>(
            encode(&batch.entries),
            " FROM share_journal_applied a WHERE a.batch < ",
        )
        .bind::<BigInt, _>(batch.number, " ON CONFLICT (batch) DO NOTHING");
    let added = on_each_database!(connection, inner => insert.execute(inner)?);
    Ok(added == 1)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = share_journal)]
struct BatchRow {
    batch: i64,
    counted_at: Timestamp,
    shares: Vec<u8>,
}

/// Reads the batches that this process has not read.
fn catch_up(connection: &mut Connection, journal: &mut Journal, now: Timestamp) -> StoreResult<()> {
    // What counts do not have is read however old it is.
    let is_needed = share_journal::counted_at
        .gt(now.plus(-WINDOW))
        .or(share_journal::batch.gt(share_journal_applied::batch));
    let last = journal.last().unwrap_or_default();
    let query = share_journal_applied::table
        .left_join(share_journal::table.on(share_journal::batch.gt(last).and(is_needed)))
        .order(share_journal::batch)
        .select((
            share_journal_applied::batch,
            share_journal::all_columns.nullable(),
        ));
    let rows: Vec<(i64, Option<BatchRow>)> =
        on_each_database!(connection, inner => query.load(inner)?);
    if rows.is_empty() {
        let reason = "share_journal_applied has lost its row";
        return Err(StoreError::unavailable(Outage::Unsuitable, reason));
    }
    for (applied, unread) in rows {
        journal.learn_applied(applied);
        journal.have_read(applied);
        if let Some(row) = unread {
            journal.learn(Batch {
                number: row.batch,
                counted_at: row.counted_at,
                entries: decode(&row.shares),
            });
        }
    }
    Ok(())
}

/// Reads the counts of articles that are not known.
fn know(connection: &mut Connection, journal: &mut Journal, shares: &[Share]) -> StoreResult<()> {
    let articles: BTreeSet<Id> = shares.iter().map(|share| share.article).collect();
    loop {
        let unknown = journal.unknown(articles.iter().copied());
        if unknown.is_empty() {
            return Ok(());
        }
        // In one statement, so that it is known which batches they have.
        let query = share_journal_applied::table
            .left_join(share_counts::table.on(share_counts::article_id.eq_any(unknown.clone())))
            .select((
                share_journal_applied::batch,
                Option::<CountRow>::as_select(),
            ));
        let rows: Vec<(i64, Option<CountRow>)> = query.load(connection)?;
        if let Some((applied, _)) = rows.first() {
            journal.learn_applied(*applied);
        }
        let mut read = sums(rows.into_iter().filter_map(|(_, row)| row));
        for article in unknown {
            journal.know(article, read.remove(&article).unwrap_or_default());
        }
    }
}

fn applied(connection: &mut Connection) -> StoreResult<i64> {
    // One process at a time.
    let query = share_journal_applied::table.select(share_journal_applied::batch);
    Ok(first_for_update!(connection, query)?)
}

/// Whether counts lack something that was counted before an instant: its process has ended.
///
/// # Errors
/// When the database fails.
pub fn is_behind(connection: &mut Connection, before: Timestamp) -> StoreResult<bool> {
    let oldest: Option<Timestamp> = share_journal_applied::table
        .inner_join(share_journal::table.on(share_journal::batch.gt(share_journal_applied::batch)))
        .select(share_journal::counted_at)
        .order(share_journal::batch)
        .first(connection)
        .optional()?;
    Ok(oldest.is_some_and(|oldest| oldest < before))
}

/// Brings hours and counts up to the journal, in a transaction. Returns the last batch that they have.
///
/// # Errors
/// When the database fails.
pub fn apply(connection: &mut Connection) -> StoreResult<i64> {
    let applied = applied(connection)?;
    let rows: Vec<BatchRow> = share_journal::table
        .filter(share_journal::batch.gt(applied))
        .order(share_journal::batch)
        .select(BatchRow::as_select())
        .load(connection)?;
    let Some(last) = rows.last().map(|row| row.batch) else {
        return Ok(applied);
    };
    let mut increments = Increments::default();
    for row in rows {
        for entry in decode(&row.shares) {
            increments.add(entry.article, entry.network, 1, row.counted_at);
        }
    }
    add(connection, &increments)?;
    diesel::update(share_journal_applied::table)
        .set(share_journal_applied::batch.eq(last))
        .execute(connection)?;
    Ok(last)
}

/// Adds shares to their hours and to the counts.
///
/// # Errors
/// When the database fails.
pub fn add(connection: &mut Connection, increments: &Increments) -> StoreResult<()> {
    if increments.is_empty() {
        return Ok(());
    }
    match connection {
        Connection::Sqlite(sqlite) => add_on_sqlite(sqlite, increments),
        Connection::Postgres(postgres) => add_on_postgres(postgres, increments),
    }
}

fn add_on_sqlite(sqlite: &mut SqliteConnection, increments: &Increments) -> StoreResult<()> {
    let row = |(article, network): (Id, Network), shares: i64, at: Timestamp| {
        (hex(article), network.as_str(), shares, at.to_string())
    };
    let hours: Vec<_> = increments
        .by_hour()
        .map(|(of, shares, hour)| row(of, shares, hour))
        .collect();
    statement(
        "INSERT INTO share_buckets (article_id, network, shares, starts_at, span) \
         SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, 'hour' FROM json_each(",
    )
    .bind::<Text, _>(
        json(&hours),
        ") WHERE EXISTS (SELECT 1 FROM articles WHERE id = unhex(value ->> 0)) \
         ON CONFLICT (span, starts_at, article_id, network) \
         DO UPDATE SET shares = share_buckets.shares + excluded.shares",
    )
    .execute(sqlite)?;
    let counts: Vec<_> = increments
        .by_article()
        .map(|(of, shares, at)| row(of, shares, at))
        .collect();
    statement(
        "INSERT INTO share_counts (article_id, network, first_party, counted_at) \
         SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3 FROM json_each(",
    )
    .bind::<Text, _>(
        json(&counts),
        ") WHERE EXISTS (SELECT 1 FROM articles WHERE id = unhex(value ->> 0)) \
         ON CONFLICT (article_id, network) \
         DO UPDATE SET first_party = share_counts.first_party + excluded.first_party, \
                       counted_at = max(coalesce(share_counts.counted_at, ''), excluded.counted_at)",
    )
    .execute(sqlite)?;
    Ok(())
}

fn add_on_postgres(postgres: &mut PgConnection, increments: &Increments) -> StoreResult<()> {
    let (articles, networks, shares, hours) = columns(increments.by_hour());
    statement(
        "INSERT INTO share_buckets (article_id, network, shares, starts_at, span) \
         SELECT a.id, a.network, a.shares, a.at, 'hour' FROM unnest(",
    )
    .bind::<Array<IdSql>, _>(articles, ", ")
    .bind::<Array<Text>, _>(networks, ", ")
    .bind::<Array<BigInt>, _>(shares, ", ")
    .bind::<Array<TimestampSql>, _>(
        hours,
        ") AS a (id, network, shares, at) JOIN articles USING (id) \
         ON CONFLICT (span, starts_at, article_id, network) \
         DO UPDATE SET shares = share_buckets.shares + excluded.shares",
    )
    .execute(postgres)?;
    let (articles, networks, shares, instants) = columns(increments.by_article());
    statement(
        "INSERT INTO share_counts (article_id, network, first_party, counted_at) \
         SELECT a.id, a.network, a.shares, a.at FROM unnest(",
    )
    .bind::<Array<IdSql>, _>(articles, ", ")
    .bind::<Array<Text>, _>(networks, ", ")
    .bind::<Array<BigInt>, _>(shares, ", ")
    .bind::<Array<TimestampSql>, _>(
        instants,
        ") AS a (id, network, shares, at) JOIN articles USING (id) \
         ON CONFLICT (article_id, network) \
         DO UPDATE SET first_party = share_counts.first_party + excluded.first_party, \
                       counted_at = greatest(share_counts.counted_at, excluded.counted_at)",
    )
    .execute(postgres)?;
    Ok(())
}

type Columns = (Vec<Id>, Vec<&'static str>, Vec<i64>, Vec<Timestamp>);

fn columns(rows: impl Iterator<Item = ((Id, Network), i64, Timestamp)>) -> Columns {
    let mut columns = Columns::default();
    for ((article, network), shares, at) in rows {
        columns.0.push(article);
        columns.1.push(network.as_str());
        columns.2.push(shares);
        columns.3.push(at);
    }
    columns
}

/// Deletes what is in the journal of visitors whose window is over.
///
/// # Errors
/// When the database fails.
pub fn forget_visitors(connection: &mut Connection, now: Timestamp) -> StoreResult<usize> {
    let first: Option<i64> = share_journal::table
        .filter(share_journal::counted_at.gt(now.plus(-WINDOW)))
        .select(share_journal::batch)
        .order(share_journal::batch)
        .first(connection)
        .optional()?;
    let applied = applied(connection)?;
    let end = first.unwrap_or(i64::MAX).min(applied + 1);
    let outlived = share_journal::table.filter(share_journal::batch.lt(end));
    Ok(diesel::delete(outlived).execute(connection)?)
}
