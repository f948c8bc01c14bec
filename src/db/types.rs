//! Column types that both databases store, each in the way that suits it:
//!
//! | Rust | SQLite | Postgres |
//! |---|---|---|
//! | [`Id`] | `BLOB`, 16 bytes | `uuid` |
//! | [`Timestamp`] | `TEXT`, RFC 3339 with milliseconds and `Z`: sorts as time does | `timestamptz` |
//! | [`Json`] | `TEXT` | `json`, which keeps the order of keys, so both databases answer alike |

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound, TimeDelta, Utc};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use diesel::backend::Backend as DieselBackend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SqlType};
use diesel::sqlite::{Sqlite, SqliteValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Write;
use utoipa::ToSchema;
use uuid::Uuid;

use super::connection::MultiBackend;
use crate::validation::{Invalid, Violations};

/// SQL type of [`Id`].
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 2950, array_oid = 2951),
    sqlite_type(name = "Binary")
)]
pub struct IdSql;

/// SQL type of [`Timestamp`].
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 1184, array_oid = 1185),
    sqlite_type(name = "Text")
)]
pub struct TimestampSql;

/// SQL type of [`Json`].
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 114, array_oid = 199), sqlite_type(name = "Text"))]
pub struct JsonSql;

/// The key of a row: a UUIDv7 (RFC 9562), so that keys sort by the time they were made.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
    ToSchema,
)]
#[diesel(sql_type = IdSql)]
#[serde(transparent)]
#[schema(value_type = String, format = Uuid, example = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11")]
pub struct Id(pub Uuid);

impl Id {
    /// A new key, later than all made before on this machine.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

impl Deserr<Violations> for Id {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|_| Violations::at(location, Invalid::new("invalid_id", "must be a UUID")))
    }
}

/// An instant in UTC with millisecond precision, written as RFC 3339 with `Z`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, ToSchema,
)]
#[diesel(sql_type = TimestampSql)]
#[schema(value_type = String, format = DateTime, example = "2026-03-01T08:30:00.000Z")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Before all that both databases can store.
    pub const EARLIEST: Self = Self(DateTime::from_timestamp_millis(-62_135_596_800_000).unwrap());

    /// The last that both databases store.
    pub const LATEST: Self = Self(DateTime::from_timestamp_millis(253_402_300_799_999).unwrap());

    /// The beginning of 1970.
    pub const UNIX_EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The current instant.
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// This instant moved by `duration` (which may be negative).
    pub fn plus(self, duration: chrono::Duration) -> Self {
        Self(self.0 + duration)
    }

    /// The last whole minute, hour or day (UTC) that had begun at this instant.
    pub fn cut_to(self, whole: TimeDelta) -> Self {
        let seconds = self.0.timestamp();
        let start = seconds - seconds.rem_euclid(whole.num_seconds());
        Self(DateTime::from_timestamp(start, 0).unwrap_or(self.0))
    }

    /// The day that it is in, in UTC: days since the year 1.
    pub fn day(self) -> i32 {
        self.0.num_days_from_ce()
    }

    /// The instant as chrono has it.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    /// Cuts what is finer than a millisecond.
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.trunc_subsecs(3))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = String;

    /// Takes any RFC 3339 date and time with an offset, in the years 1 to 9999, which both
    /// databases can store and which sort as text.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = DateTime::parse_from_rfc3339(text)
            .map_err(|_| "must be an RFC 3339 date and time such as 2026-03-01T08:30:00Z")?
            .with_timezone(&Utc);
        // A leap second (":60"), which not every database knows, is the first of the next minute.
        let instant = DateTime::from_timestamp_millis(instant.timestamp_millis())
            .ok_or("must lie in the years 1 to 9999")?;
        if !(1..=9999).contains(&instant.year()) {
            return Err("must lie in the years 1 to 9999".into());
        }
        Ok(Self::from(instant))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Deserr<Violations> for Timestamp {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        <String as Deserr<Violations>>::deserialize_from_value(value, location)?
            .parse()
            .map_err(|reason: String| {
                Violations::at(location, Invalid::new("invalid_timestamp", reason))
            })
    }
}

/// A value stored as JSON text.
#[derive(Debug, Clone, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonSql)]
pub struct Json<T: fmt::Debug>(pub T);

/// JSON text as it is stored, to be passed on unread.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow)]
pub struct RawJson(pub String);

impl FromSql<JsonSql, Pg> for RawJson {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(String::from_utf8(value.as_bytes().to_vec())?))
    }
}

impl FromSql<JsonSql, Sqlite> for RawJson {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(value.read_text().to_owned()))
    }
}

impl FromSql<JsonSql, MultiBackend> for RawJson {
    fn from_sql(bytes: <MultiBackend as DieselBackend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, JsonSql>()
    }
}

macro_rules! through_multi_backend {
    ($sql:ident, [$($generics:tt)*], $rust:ty) => {
        impl<$($generics)*> FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(
                bytes: <MultiBackend as DieselBackend>::RawValue<'_>,
            ) -> deserialize::Result<Self> {
                bytes.from_sql::<$rust, $sql>()
            }
        }

        impl<$($generics)*> ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(
                &'b self,
                out: &mut Output<'b, '_, MultiBackend>,
            ) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }
    };
}

macro_rules! known_to_multi_backend {
    ($($sql:ident),*) => {
        $(impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        })*
    };
}

known_to_multi_backend!(IdSql, TimestampSql, JsonSql);
through_multi_backend!(IdSql, [], Id);
through_multi_backend!(TimestampSql, [], Timestamp);
through_multi_backend!(
    JsonSql,
    [T: fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static],
    Json<T>
);

impl FromSql<IdSql, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl FromSql<IdSql, Sqlite> for Id {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}

impl ToSql<IdSql, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<IdSql, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(&self.0.as_bytes()[..]);
        Ok(IsNull::No)
    }
}

/// Microseconds from the Unix epoch to 2000-01-01, from which Postgres counts its binary timestamps.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl FromSql<TimestampSql, Pg> for Timestamp {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(value.as_bytes().try_into()?);
        let instant = micros
            .checked_add(POSTGRES_EPOCH_MICROS)
            .and_then(DateTime::from_timestamp_micros)
            .ok_or("timestamp out of range")?;
        Ok(Self::from(instant))
    }
}

impl FromSql<TimestampSql, Sqlite> for Timestamp {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(value.read_text().parse()?)
    }
}

impl ToSql<TimestampSql, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = self.0.timestamp_micros() - POSTGRES_EPOCH_MICROS;
        out.write_all(&micros.to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<TimestampSql, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_string());
        Ok(IsNull::No)
    }
}

impl<T: fmt::Debug + DeserializeOwned> FromSql<JsonSql, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

impl<T: fmt::Debug + DeserializeOwned> FromSql<JsonSql, Sqlite> for Json<T> {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(value.read_text())?))
    }
}

impl<T: fmt::Debug + Serialize> ToSql<JsonSql, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: fmt::Debug + Serialize> ToSql<JsonSql, Sqlite> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_utc_milliseconds_and_sort_as_text() {
        let early: Timestamp = "2026-03-01T09:30:00.0009+01:00".parse().unwrap();
        let late: Timestamp = "2026-03-01T08:30:00.001Z".parse().unwrap();
        assert_eq!(early.to_string(), "2026-03-01T08:30:00.000Z");
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn a_leap_second_is_the_next_minute() {
        let leap: Timestamp = "2016-12-31T23:59:60.5Z".parse().unwrap();
        assert_eq!(leap.to_string(), "2017-01-01T00:00:00.500Z");
    }

    #[test]
    fn years_that_a_database_cannot_store_are_refused() {
        for text in ["0000-01-01T00:00:00Z", "not a time", "2026-02-30T00:00:00Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
