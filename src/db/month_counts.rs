//! How many published articles each month has, and when readers last saw any of them change.
//!
//! Rows are only ever added, so that no two changes wait for each other, and summed up now and then
//! ([`sum_up`]). What is counted includes articles that are scheduled, under embargo or just expired: the clock writes
//! nothing.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate};
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::types::{IdSql, TimestampSql};
use super::{Connection, Id, StoreResult, Timestamp};

/// A month of a year, in UTC. Its text form is `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The one that an instant is in.
    pub fn of(instant: Timestamp) -> Self {
        let date = instant.utc();
        Self {
            year: date.year(),
            month: date.month(),
        }
    }

    /// Counted from the year 0.
    pub fn number(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month)
    }

    /// The first instant of it.
    pub fn starts_at(self) -> Timestamp {
        let day = NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default();
        Timestamp::from(DateTime::from_naive_utc_and_offset(day.into(), chrono::Utc))
    }

    /// The first instant of the next one.
    pub fn ends_at(self) -> Timestamp {
        let (year, month) = match self.month {
            12 => (self.year + 1, 1),
            month => (self.year, month + 1),
        };
        // As late as both databases can store.
        Self { year, month }.starts_at().min(Timestamp::LATEST)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = ();

    /// Takes it as it is written, and in no other way.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, month) = text.split_once('-').ok_or(())?;
        let known = Self {
            year: year.parse().map_err(|_| ())?,
            month: month.parse().map_err(|_| ())?,
        };
        let is_one = (1..=12).contains(&known.month) && (1..=9998).contains(&known.year);
        (is_one && known.to_string() == text)
            .then_some(known)
            .ok_or(())
    }
}

/// Notes that a month gains or loses published articles, and when readers see a change of it.
///
/// # Errors
/// When the database fails.
pub fn add(
    connection: &mut Connection,
    month: Month,
    gain: i64,
    seen_at: Option<Timestamp>,
) -> StoreResult<()> {
    diesel::sql_query(
        "INSERT INTO month_counts (id, starts_at, ends_at, articles, changed_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind::<IdSql, _>(Id::generate())
    .bind::<TimestampSql, _>(month.starts_at())
    .bind::<TimestampSql, _>(month.ends_at())
    .bind::<BigInt, _>(gain)
    .bind::<Nullable<TimestampSql>, _>(seen_at)
    .execute(connection)?;
    Ok(())
}

/// Makes one row of all that a month has.
///
/// # Errors
/// When the database fails.
pub fn sum_up(connection: &mut Connection) -> StoreResult<()> {
    // Of what other processes add meanwhile nothing is taken away: in Postgres in one statement.
    match connection {
        Connection::Postgres(postgres) => {
            diesel::sql_query(
                "WITH many AS (SELECT starts_at FROM month_counts GROUP BY starts_at HAVING count(*) > 1), \
                 gone AS (DELETE FROM month_counts WHERE starts_at IN (SELECT starts_at FROM many) RETURNING *) \
                 INSERT INTO month_counts (id, starts_at, ends_at, articles, changed_at) \
                 SELECT gen_random_uuid(), starts_at, ends_at, sum(articles), max(changed_at) \
                 FROM gone GROUP BY starts_at, ends_at",
            )
            .execute(postgres)?;
        }
        // Nobody else writes while this does.
        Connection::Sqlite(sqlite) => {
            let sums: Vec<Row> = diesel::sql_query(
                "SELECT starts_at, sum(articles) AS articles, max(changed_at) AS changed_at \
                 FROM month_counts GROUP BY starts_at HAVING count(*) > 1",
            )
            .load(sqlite)?;
            for sum in sums {
                diesel::sql_query("DELETE FROM month_counts WHERE starts_at = $1")
                    .bind::<TimestampSql, _>(sum.starts_at)
                    .execute(connection)?;
                let month = Month::of(sum.starts_at);
                add(connection, month, sum.articles, sum.changed_at)?;
            }
        }
    }
    Ok(())
}

/// A month in which readers see articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfArticles {
    /// Which one.
    pub month: Month,
    /// How many of its articles are published: as many as readers see, or a few more.
    pub articles: i64,
    /// When readers last saw any of them change; `None` when that is not known.
    pub changed_at: Option<Timestamp>,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = TimestampSql)]
    starts_at: Timestamp,
    #[diesel(sql_type = BigInt)]
    articles: i64,
    #[diesel(sql_type = Nullable<TimestampSql>)]
    changed_at: Option<Timestamp>,
}

/// The months in which readers see an article whose address is below a site, the newest first: a look into an index for
/// each.
///
/// # Errors
/// When the database fails.
pub fn public_months(connection: &mut Connection, site: &str) -> StoreResult<Vec<MonthOfArticles>> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT m.starts_at, m.articles, m.changed_at \
         FROM (SELECT starts_at, ends_at, CAST(sum(articles) AS bigint) AS articles, max(changed_at) AS changed_at \
               FROM month_counts GROUP BY starts_at, ends_at) m \
         WHERE m.articles > 0 \
           AND EXISTS (SELECT 1 FROM public_articles p \
                       WHERE p.published_at >= m.starts_at AND p.published_at < m.ends_at \
                         AND (p.canonical_url IS NULL OR lower(substr(p.canonical_url, 1, $1)) = $2)) \
         ORDER BY m.starts_at DESC",
    )
    .bind::<Integer, _>(i32::try_from(site.chars().count()).unwrap_or(i32::MAX))
    .bind::<Text, _>(site.to_lowercase())
    .load(connection)?;
    let months = rows.into_iter().map(|row| MonthOfArticles {
        month: Month::of(row.starts_at),
        articles: row.articles,
        changed_at: row.changed_at,
    });
    Ok(months.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_in_one_way() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.to_string(), "2026-12");
        assert_eq!(month.starts_at().to_string(), "2026-12-01T00:00:00.000Z");
        assert_eq!(month.ends_at().to_string(), "2027-01-01T00:00:00.000Z");
        assert_eq!(Month::of(month.starts_at()), month);
        assert_eq!(Month::of(Timestamp::LATEST).ends_at(), Timestamp::LATEST);
        for wrong in [
            "2026-13",
            "2026-00",
            "2026-3",
            "+026-03",
            "0000-01",
            "2026-03-01",
            "",
            "-",
        ] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
