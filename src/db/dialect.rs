//! Where the SQL of the two databases differs, and Diesel has no word for it.

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::sql_types::is_nullable::NotNull;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SqlType, Text};
use serde::Serialize;

use super::types::{IdSql, JsonSql, TimestampSql};
use super::{Connection, Id};

/// A query with the `id` of each of the [`ids`] that are bound to its only parameter, as text.
pub fn these(connection: &Connection) -> &'static str {
    match connection {
        Connection::Sqlite(_) => "SELECT unhex(value) AS id FROM json_each($1)",
        Connection::Postgres(_) => {
            "SELECT value::uuid AS id FROM json_array_elements_text($1::json)"
        }
    }
}

/// What [`these`] takes.
pub fn ids(ids: &[Id]) -> String {
    json(&ids.iter().copied().map(hex).collect::<Vec<_>>())
}

/// An id as `unhex` of SQLite and `uuid` of Postgres read it.
pub fn hex(id: Id) -> String {
    id.0.simple().to_string()
}

/// The instant by the database's clock.
pub fn now(connection: &Connection) -> &'static str {
    match connection {
        Connection::Sqlite(_) => "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
        Connection::Postgres(_) => "date_trunc('milliseconds', clock_timestamp())",
    }
}

/// The instant that is so many milliseconds later than now by the database's clock; the parameter takes their number.
pub fn later(connection: &Connection, parameter: &str) -> String {
    match connection {
        Connection::Sqlite(_) => {
            format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ({parameter} / 1000.0) || ' seconds')")
        }
        Connection::Postgres(_) => format!(
            "date_trunc('milliseconds', clock_timestamp() + make_interval(secs => {parameter} / 1000.0))"
        ),
    }
}

/// Strings and numbers, which always are JSON.
pub fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).unwrap_or_default()
}

/// What this transaction writes is done again if it is lost: nobody waits until it is on the disk.
///
/// # Errors
/// When the database fails.
pub fn need_not_last(connection: &mut Connection) -> QueryResult<()> {
    match connection {
        Connection::Sqlite(_) => Ok(()),
        Connection::Postgres(postgres) => {
            postgres.batch_execute("SET LOCAL synchronous_commit = off")
        }
    }
}

/// How values of a column are written on each database.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Number(&'static str),
    Text,
    Json,
    Bytes,
    Id,
    Timestamp,
}

/// The kind of an SQL type.
pub(super) trait Typed {
    const KIND: Kind;
}

macro_rules! typed {
    ($($sql:ty => $kind:expr),*) => { $(impl Typed for $sql { const KIND: Kind = $kind; })* };
}

typed!(
    BigInt => Kind::Number("bigint"), Integer => Kind::Number("integer"), Text => Kind::Text,
    JsonSql => Kind::Json, Binary => Kind::Bytes, IdSql => Kind::Id, TimestampSql => Kind::Timestamp
);

impl<T: Typed + SqlType<IsNull = NotNull>> Typed for Nullable<T> {
    const KIND: Kind = T::KIND;
}

impl Kind {
    /// A column's value as JSON has it.
    pub(super) fn read(self, column: &str, connection: &Connection) -> String {
        match (connection, self) {
            (_, Self::Number(_) | Self::Text) => column.to_owned(),
            (Connection::Sqlite(_), Self::Json | Self::Timestamp) => column.to_owned(),
            (Connection::Sqlite(_), Self::Bytes | Self::Id) => {
                format!("iif({column} IS NULL, NULL, lower(hex({column})))")
            }
            (Connection::Postgres(_), Self::Json) => format!("{column}::text"),
            (Connection::Postgres(_), Self::Bytes) => format!("encode({column}, 'hex')"),
            (Connection::Postgres(_), Self::Id) => format!("replace({column}::text, '-', '')"),
            (Connection::Postgres(_), Self::Timestamp) => {
                format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
            }
        }
    }

    /// The other way round, from the element of an array.
    pub(super) fn write(self, element: &str, connection: &Connection) -> String {
        match (connection, self) {
            (Connection::Sqlite(_), Self::Bytes | Self::Id) => format!("unhex({element})"),
            (Connection::Sqlite(_), _) | (_, Self::Text) => element.to_owned(),
            (Connection::Postgres(_), Self::Number(name)) => format!("({element})::{name}"),
            (Connection::Postgres(_), Self::Json) => format!("({element})::json"),
            (Connection::Postgres(_), Self::Bytes) => format!("decode({element}, 'hex')"),
            (Connection::Postgres(_), Self::Id) => format!("({element})::uuid"),
            (Connection::Postgres(_), Self::Timestamp) => format!("({element})::timestamptz"),
        }
    }
}
