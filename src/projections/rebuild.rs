//! Making projections anew, batch by batch, while others read and write.
//!
//! `projections` has for each the version of the code that it is of. When that is raised, or somebody asks for
//! it, all rows are gone through in the order of their keys; a process that comes to it goes on where
//! another one has stopped or is.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::db::dialect::need_not_last;
use crate::db::types::IdSql;
use crate::db::{Connection, Id, Resource, StoreResult};
use crate::events::Projection;

/// Rows that one transaction does: an editor who wants one of them waits that long.
const BATCH: i64 = 100;

/// In which order rows are gone through.
const ORDER: [Resource; 3] = [Resource::Article, Resource::Tag, Resource::Author];

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    target: i64,
    #[diesel(sql_type = Text)]
    resource: String,
    #[diesel(sql_type = Nullable<IdSql>)]
    position: Option<Id>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = IdSql)]
    id: Id,
}

/// Does the next batch of a projection that is not of this version; returns how many rows it had, `None` when
/// nothing is left to do. Runs in a transaction; called until it returns `None`.
///
/// # Errors
/// When the database fails.
pub fn step(
    connection: &mut Connection,
    projection: &dyn Projection,
) -> StoreResult<Option<usize>> {
    let version = projection.version();
    let lock = match connection {
        Connection::Sqlite(_) => "",
        Connection::Postgres(_) => " FOR UPDATE",
    };
    let state: Option<State> = diesel::sql_query(format!(
        "SELECT version, target, resource, position FROM projections WHERE name = $1{lock}"
    ))
    .bind::<Text, _>(projection.name())
    .get_result(connection)
    .optional()?;
    // A newer program keeps what it has made.
    if state.as_ref().map_or(0, |state| state.version) >= version {
        return Ok(None);
    }
    let (first, mut position) = state
        .filter(|state| state.target == version)
        .and_then(|state| {
            let place = |resource: &Resource| resource.as_str() == state.resource;
            Some((ORDER.iter().position(place)?, state.position))
        })
        .unwrap_or_default();
    for resource in ORDER.into_iter().skip(first) {
        let ids = next(connection, resource, position.take())?;
        if let Some(last) = ids.last() {
            // What is lost is done again.
            need_not_last(connection)?;
            projection.rebuild(connection, resource, &ids)?;
            save(connection, projection, 0, resource, Some(*last))?;
            return Ok(Some(ids.len()));
        }
    }
    save(connection, projection, version, Resource::Article, None)?;
    Ok(None)
}

fn next(
    connection: &mut Connection,
    resource: Resource,
    after: Option<Id>,
) -> StoreResult<Vec<Id>> {
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT id FROM {} WHERE id > $1 ORDER BY id LIMIT $2",
        resource.table()
    ))
    .bind::<IdSql, _>(after.unwrap_or(Id(uuid::Uuid::nil())))
    .bind::<BigInt, _>(BATCH)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn save(
    connection: &mut Connection,
    projection: &dyn Projection,
    version: i64,
    resource: Resource,
    position: Option<Id>,
) -> StoreResult<()> {
    diesel::sql_query(
        "INSERT INTO projections (name, version, target, resource, position) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO UPDATE SET version = excluded.version, target = excluded.target, \
         resource = excluded.resource, position = excluded.position",
    )
    .bind::<Text, _>(projection.name())
    .bind::<BigInt, _>(version)
    .bind::<BigInt, _>(projection.version())
    .bind::<Text, _>(resource.as_str())
    .bind::<Nullable<IdSql>, _>(position)
    .execute(connection)?;
    Ok(())
}

/// Forgets that a projection is of this version: it is made anew from the beginning.
///
/// # Errors
/// When the database fails.
pub fn begin(connection: &mut Connection, projection: &dyn Projection) -> StoreResult<()> {
    save(connection, projection, 0, Resource::Article, None)
}
