//! Copying all that a newsroom has from one database to another, of either kind.
//!
//! Each row travels as a JSON array with one text or number for each column, the same from both databases: what
//! arrived is read back, and its number of rows and the sum of their hashes are compared, before it is committed.
//! Times are to the millisecond, as the service writes them.

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::deserialize::QueryableByName;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::Value;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::desk_schema::*;
use super::dialect::{Kind, Typed};
use super::identity_schema::*;
use super::lock::{self, Lock};
use super::schema::*;
use super::transaction::in_transaction;
use super::{Connection, StoreError, StoreResult, migrations};

/// Most rows in one statement, and how many bytes it may have before it is sent.
const BATCH: (usize, usize) = (500, 4 << 20);

/// A copy was not made; the target is as it was.
#[derive(Debug, Error)]
pub enum CopyError {
    /// One of the two has not the tables of this version.
    #[error("the {0} database has not this version's tables; run `dateline migrate` on it first")]
    NotMigrated(&'static str),
    /// Somebody has used the target.
    #[error(
        "the target is not empty: {table} has {rows} rows. Copy into a database on which no server has run yet"
    )]
    NotEmpty {
        /// One of its tables.
        table: &'static str,
        /// How many rows that has.
        rows: i64,
    },
    /// What arrived is not what was sent.
    #[error("{0} differs between the two databases after copying")]
    Differs(&'static str),
    /// One of the two failed.
    #[error("the {0} database: {1}")]
    Failed(&'static str, StoreError),
    /// One of the two failed while rows went from one to the other.
    #[error("copying {0}: {1}")]
    Table(&'static str, StoreError),
}

/// Names the database that failed.
fn of<E: Into<StoreError>>(name: &'static str) -> impl Fn(E) -> CopyError {
    move |error| CopyError::Failed(name, error.into())
}

/// The columns of a table, with their names.
trait Columns {
    fn columns() -> Vec<(&'static str, Kind)>;
}

macro_rules! columns {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Column<SqlType: Typed>, $($rest: Column<SqlType: Typed>),*> Columns
            for ($first, $($rest,)*)
        {
            fn columns() -> Vec<(&'static str, Kind)> {
                vec![
                    ($first::NAME, <$first::SqlType as Typed>::KIND),
                    $(($rest::NAME, <$rest::SqlType as Typed>::KIND)),*
                ]
            }
        }
        columns!($($rest)*);
    };
    () => {};
}

columns!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z A1 B1 C1 D1 E1 F1 G1 H1 I1 J1);

/// A table that is copied.
pub struct Copied {
    /// Its name.
    pub name: &'static str,
    columns: Vec<(&'static str, Kind)>,
}

/// Columns that the read model fills in again.
const MADE_ANEW: &[&str] = &[
    "summary_json",
    "details_json",
    "made_of",
    "rendered_changed_at",
    "rendered_version",
    "rendered_by",
];

fn copied<T: Table<AllColumns: Columns>>(name: &'static str) -> Copied {
    let mut columns = T::AllColumns::columns();
    columns.retain(|(name, _)| !MADE_ANEW.contains(name));
    Copied { name, columns }
}

macro_rules! copied {
    ($($table:ident)*) => { vec![$(copied::<$table::table>(stringify!($table))),*] };
}

/// The tables that are copied, those first that others refer to.
pub fn tables() -> Vec<Copied> {
    copied!(
        users secrets refresh_tokens api_tokens tags authors articles article_bodies article_tags
        article_authors corrections slug_redirects events appearances merged_names share_buckets
        share_counts former_urls url_share_counts share_totals share_journal share_journal_applied
        share_rollups collections collection_tags collection_slots tag_ancestors password_links
        idempotency_keys idempotency_usage retractions retired_slugs revision_bodies revisions
        article_locks working_copies preview_links
        identities provider_sign_ins media media_uses media_base month_counts webhooks webhook_deliveries
        webhook_attempts
    )
}

/// The tables that are not: what is made anew from the others, and what a database says of itself.
pub const LEFT_OUT: &[&str] = &[
    "applied_views",
    "article_search",
    "draft_entries",
    "draft_search",
    "event_sequence",
    "followers",
    "name_words",
    "primary_timelines",
    "projections",
    "search_entries",
    "stale",
];

/// Has one row from the beginning.
const BEGUN: &str = "share_journal_applied";

/// What a target may have of the former contents of its tables. What is made from them is of no version until
/// it has been rebuilt.
const CLEARED: &[&str] = &[
    BEGUN,
    "projections",
    "stale",
    "article_search",
    "search_entries",
    "draft_search",
    "draft_entries",
    "name_words",
];

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// How many rows there were, and the sum of their hashes: the same in whatever order they come.
#[derive(Default, PartialEq)]
struct Sum {
    rows: usize,
    hashes: u64,
}

impl Sum {
    /// A row, whatever spaces and escapes its database writes JSON with.
    fn add(&mut self, row: &str) -> StoreResult<()> {
        let values: Vec<Value> = serde_json::from_str(row)
            .map_err(|error| StoreError::Corrupt(format!("a row that is no JSON: {error}")))?;
        let row = Value::from(values).to_string();
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(xxh3_64(row.as_bytes()));
        Ok(())
    }
}

/// Refuses a source or a target that rows cannot be copied between. Changes neither; the target may have no
/// tables yet.
///
/// # Errors
/// [`CopyError::NotMigrated`], [`CopyError::NotEmpty`].
pub fn check(source: &mut Connection, target: &mut Connection) -> Result<(), CopyError> {
    if !migrations::is_current(source).map_err(of("source"))? {
        return Err(CopyError::NotMigrated("source"));
    }
    if migrations::is_new(target).map_err(of("target"))? {
        return Ok(());
    }
    if !migrations::is_current(target).map_err(of("target"))? {
        return Err(CopyError::NotMigrated("target"));
    }
    refuse_used(target)
}

fn refuse_used(target: &mut Connection) -> Result<(), CopyError> {
    for table in tables() {
        let rows = table.count(target).map_err(of("target"))?;
        if rows > i64::from(table.name == BEGUN) {
            let table = table.name;
            return Err(CopyError::NotEmpty { table, rows });
        }
    }
    Ok(())
}

/// Copies everything in one transaction, as it is in the source at one moment; `report` is told the name of each
/// table and how many rows of it are done, again and again. The target's projections are to be rebuilt afterwards.
///
/// # Errors
/// As [`CopyError`] says; nothing was copied then.
pub fn copy(
    source: &mut Connection,
    target: &mut Connection,
    report: &mut impl FnMut(&str, usize),
) -> Result<(), CopyError> {
    begin_reading(source).map_err(of("source"))?;
    // What was wrong besides the databases.
    let mut refused = None;
    let outcome = in_transaction(target, |target| {
        let copied = copy_all(source, target, report);
        copied.map_err(|error| match error {
            CopyError::Failed("target", error) => error,
            other => {
                refused = Some(other);
                // Rolls back; nobody sees it.
                StoreError::Conflict
            }
        })
    });
    // It has only read: whether this works makes no difference.
    let _ = source.batch_execute("ROLLBACK");
    match refused {
        Some(refused) => Err(refused),
        None => outcome.map_err(of("target")),
    }
}

fn copy_all(
    source: &mut Connection,
    target: &mut Connection,
    report: &mut impl FnMut(&str, usize),
) -> Result<(), CopyError> {
    // A server that starts on the target meanwhile waits, and finds the keys that are copied.
    lock::exclusive(target, Lock::Keys).map_err(of("target"))?;
    refuse_used(target)?;
    for table in CLEARED {
        let cleared = target.batch_execute(&format!("DELETE FROM {table}"));
        cleared.map_err(of("target"))?;
    }
    for table in tables() {
        let failed = |error| CopyError::Table(table.name, error);
        let sent = table.copy(source, target, report).map_err(failed)?;
        if sent != table.sum(target).map_err(failed)? {
            return Err(CopyError::Differs(table.name));
        }
    }
    go_on_numbering(target).map_err(of("target"))
}

/// Begins a transaction that sees the database as it is now, and goes on seeing that, however long nothing is
/// asked of it.
fn begin_reading(connection: &mut Connection) -> QueryResult<()> {
    connection.batch_execute(match connection {
        Connection::Sqlite(_) => "BEGIN",
        Connection::Postgres(_) => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL tcp_user_timeout = 0"
        }
    })
}

/// SQLite does so by itself. The log's chain goes on from where it was.
fn go_on_numbering(target: &mut Connection) -> StoreResult<()> {
    if let Connection::Postgres(postgres) = target {
        postgres.batch_execute(
            "UPDATE event_sequence SET last = (SELECT coalesce(max(sequence), 0) FROM events); \
             UPDATE event_sequence SET previous_hash = events.previous_hash, hash = events.hash FROM events \
             WHERE events.sequence = (SELECT max(sequence) FROM events WHERE events.hash IS NOT NULL)",
        )?;
    }
    Ok(())
}

impl Copied {
    fn count(&self, connection: &mut Connection) -> QueryResult<i64> {
        let counted: Rows =
            diesel::sql_query(format!("SELECT count(*) AS rows FROM {}", self.name))
                .get_result(connection)?;
        Ok(counted.rows)
    }

    /// Gives every row to `each`, one after the other, however many there are.
    fn read(
        &self,
        connection: &mut Connection,
        mut each: impl FnMut(String) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let values: Vec<_> = self
            .columns
            .iter()
            .map(|(column, kind)| kind.read(column, connection))
            .collect();
        let array = match connection {
            Connection::Sqlite(_) => "json_array",
            Connection::Postgres(_) => "json_build_array",
        };
        let query = diesel::sql_query(format!(
            "SELECT CAST({array}({}) AS text) AS \"row\" FROM {}",
            values.join(", "),
            self.name
        ));
        match connection {
            Connection::Sqlite(sqlite) => query
                .load_iter::<Row, DefaultLoadingMode>(sqlite)?
                .try_for_each(|row| each(row?.row)),
            Connection::Postgres(postgres) => query
                .load_iter::<Row, PgRowByRowLoadingMode>(postgres)?
                .try_for_each(|row| each(row?.row)),
        }
    }

    fn copy(
        &self,
        source: &mut Connection,
        target: &mut Connection,
        report: &mut impl FnMut(&str, usize),
    ) -> StoreResult<Sum> {
        let (mut sum, mut batch, mut size) = (Sum::default(), Vec::new(), 0);
        self.read(source, |row| {
            sum.add(&row)?;
            size += row.len();
            batch.push(row);
            if batch.len() == BATCH.0 || size >= BATCH.1 {
                self.write(target, &std::mem::take(&mut batch))?;
                size = 0;
                report(self.name, sum.rows);
            }
            Ok(())
        })?;
        self.write(target, &batch)?;
        report(self.name, sum.rows);
        Ok(sum)
    }

    fn write(&self, target: &mut Connection, batch: &[String]) -> StoreResult<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let (names, values): (Vec<_>, Vec<_>) = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, (name, kind))| (*name, kind.write(&format!("value ->> {index}"), target)))
            .unzip();
        let rows = match target {
            Connection::Sqlite(_) => "json_each($1)",
            Connection::Postgres(_) => "json_array_elements($1::json) AS rows (value)",
        };
        diesel::sql_query(format!(
            "INSERT INTO {} ({}) SELECT {} FROM {rows}",
            self.name,
            names.join(", "),
            values.join(", ")
        ))
        .bind::<Text, _>(format!("[{}]", batch.join(",")))
        .execute(target)?;
        Ok(())
    }

    fn sum(&self, connection: &mut Connection) -> StoreResult<Sum> {
        let mut sum = Sum::default();
        self.read(connection, |row| sum.add(&row))?;
        Ok(sum)
    }
}
