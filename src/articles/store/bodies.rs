//! Bodies: the blocks, and the HTML made of them when they are written.

use diesel::prelude::*;

use crate::body::{Body, RENDERING};
use crate::db::schema::article_bodies;
use crate::db::{Connection, Id, Json, StoreResult};

/// How many bodies one transaction renders again.
const BATCH: i64 = 500;

/// Writes the body of an article that has none yet.
pub(super) fn insert(connection: &mut Connection, article: Id, body: Body) -> StoreResult<()> {
    let html = body.to_html();
    diesel::insert_into(article_bodies::table)
        .values((
            article_bodies::article_id.eq(article),
            article_bodies::html.eq(html),
            article_bodies::blocks.eq(Json(body)),
            article_bodies::rendering.eq(RENDERING),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes a body in place of the one before.
pub(super) fn replace(connection: &mut Connection, article: Id, body: Body) -> StoreResult<()> {
    let html = body.to_html();
    diesel::update(article_bodies::table.filter(article_bodies::article_id.eq(article)))
        .set((
            article_bodies::html.eq(html),
            article_bodies::blocks.eq(Json(body)),
            article_bodies::rendering.eq(RENDERING),
        ))
        .execute(connection)?;
    Ok(())
}

/// Renders up to a batch of the bodies that older code rendered; answers how many there were.
/// Called until it answers 0, one transaction each.
///
/// # Errors
/// When the database fails.
pub fn render_outdated(connection: &mut Connection) -> StoreResult<usize> {
    let outdated: Vec<(Id, Json<Body>)> = article_bodies::table
        .filter(article_bodies::rendering.lt(RENDERING))
        .select((article_bodies::article_id, article_bodies::blocks))
        .limit(BATCH)
        .load(connection)?;
    let count = outdated.len();
    for (article, body) in outdated {
        replace(connection, article, body.0)?;
    }
    Ok(count)
}
