//! Views, which are code: `views.sql` beside the migrations defines them as they are now, and they are
//! made again when that text has changed.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

#[cfg(doc)]
use super::StoreError;
use super::schema::applied_views;
use super::{Connection, StoreResult};

const SQLITE: &str = include_str!("../../migrations/sqlite/views.sql");
const POSTGRES: &str = include_str!("../../migrations/postgres/views.sql");

/// The version of the code that renders articles (`projections::read_model`). Raise it when what readers see of an
/// article gets another shape: all are rendered again then, and until an article is, readers are answered
/// from the tables.
pub const READ_MODEL: i64 = 6;

fn text(connection: &Connection) -> String {
    let text = match connection {
        Connection::Sqlite(_) => SQLITE,
        Connection::Postgres(_) => POSTGRES,
    };
    text.replace("{read_model}", &READ_MODEL.to_string())
}

fn hash(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

/// The names that a text defines, in its order.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("CREATE VIEW ")?.split(' ').next())
}

/// Returns whether the views stand as this program needs them.
///
/// # Errors
/// When the database cannot be asked; the tables must be there.
pub fn are_current(connection: &mut Connection) -> StoreResult<bool> {
    let hash = hash(&text(connection));
    let applied: Option<String> = applied_views::table
        .select(applied_views::hash)
        .first(connection)
        .optional()?;
    Ok(applied == Some(hash))
}

/// Drops the views that stand and makes those of this program. Runs in a transaction.
///
/// # Errors
/// [`StoreError::Unavailable`] when somebody reads from one of them for longer than a lock is waited for.
pub(super) fn apply(connection: &mut Connection) -> StoreResult<()> {
    let text = text(connection);
    let standing: Option<String> = applied_views::table
        .select(applied_views::names)
        .first(connection)
        .optional()?;
    for name in standing.iter().flat_map(|names| names.split(' ').rev()) {
        connection.batch_execute(&format!("DROP VIEW IF EXISTS {name}"))?;
    }
    connection.batch_execute(&text)?;
    diesel::delete(applied_views::table).execute(connection)?;
    diesel::insert_into(applied_views::table)
        .values((
            applied_views::id.eq(1),
            applied_views::names.eq(names(&text).collect::<Vec<_>>().join(" ")),
            applied_views::hash.eq(hash(&text)),
        ))
        .execute(connection)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_views() {
        assert!(names(SQLITE).eq(names(POSTGRES)));
        assert_eq!(names(SQLITE).next(), Some("full_articles"));
    }
}
