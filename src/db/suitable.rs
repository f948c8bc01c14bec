//! Whether a Postgres server is one that Dateline can work with, looked at as it is opened.

use diesel::sql_types::{Integer, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::connection::{AnyConnection as Connection, DatabaseUrl};
use super::error::{Outage, StoreError, StoreResult};
use super::pool::Database;

/// How often two connections are asked who serves them.
const ROUNDS: usize = 3;

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    commits: String,
    #[diesel(sql_type = Text)]
    messages: String,
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// Refuses a server that would change texts, and a pooler that shares its connections between
/// transactions; warns of what makes less of it than it could be.
///
/// # Errors
/// [`StoreError::Unavailable`] with what to do.
pub fn check(database: &Database) -> StoreResult<()> {
    if let DatabaseUrl::Sqlite(_) = database.url() {
        return Ok(());
    }
    let (mut one, mut other) = (database.connection()?, database.connection()?);
    let mut seen = None;
    for _ in 0..ROUNDS {
        let pids = (pid(&mut one)?, pid(&mut other)?);
        if pids.0 == pids.1 || *seen.get_or_insert(pids) != pids {
            return Err(unsuitable(
                "DATABASE_URL leads to a connection pooler that gives each transaction another session. \
                 Dateline needs sessions of its own: prepared statements, LISTEN and locks belong to one. \
                 Use the server's own address, or the pooler in session mode (PgBouncer: pool_mode = \
                 session)",
            ));
        }
    }
    let server: Server = sql_query(
        "SELECT current_setting('server_encoding') AS encoding, \
                current_setting('synchronous_commit') AS commits, \
                current_setting('lc_messages') AS messages",
    )
    .get_result(&mut *one)?;
    if server.encoding != "UTF8" {
        return Err(unsuitable(&format!(
            "the database's encoding is {}, which cannot hold every text; create it with ENCODING 'UTF8'",
            server.encoding
        )));
    }
    if server.commits == "off" {
        tracing::warn!(
            "synchronous_commit is off: writes that were acknowledged in the last fraction of a second are \
             lost when the database's machine fails"
        );
    }
    if !(["C", "POSIX", ""].contains(&server.messages.as_str())
        || server.messages.starts_with("en")
        || server.messages.starts_with("C."))
    {
        tracing::warn!(
            lc_messages = server.messages,
            "the database's messages are not in English, and this role may not choose: some outages will be \
             answered with 500 rather than 503. ALTER DATABASE … SET lc_messages = 'C', or GRANT SET ON \
             PARAMETER lc_messages to the role"
        );
    }
    Ok(())
}

fn unsuitable(reason: &str) -> StoreError {
    StoreError::unavailable(Outage::Unsuitable, reason)
}

fn pid(connection: &mut Connection) -> StoreResult<i32> {
    let Backend { pid } = sql_query("SELECT pg_backend_pid() AS pid").get_result(connection)?;
    Ok(pid)
}
