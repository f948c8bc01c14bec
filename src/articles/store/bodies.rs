//! Bodies: the blocks, and the HTML made of them when they are written.

use diesel::prelude::*;

use super::rows::stored_minutes;
use crate::body::Body;
use crate::db::schema::{article_bodies, articles};
use crate::db::{Connection, Id, Json, StoreResult};

/// Writes the body of an article that has none yet.
pub(super) fn insert(connection: &mut Connection, article: Id, body: Body) -> StoreResult<()> {
    let html = body.to_html();
    diesel::insert_into(article_bodies::table)
        .values((
            article_bodies::article_id.eq(article),
            article_bodies::html.eq(html),
            article_bodies::blocks.eq(Json(body)),
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
        ))
        .execute(connection)?;
    Ok(())
}

/// Makes all that is made of bodies anew: their HTML, and how long they take to read; what was rendered of their
/// articles does not count any more.
///
/// # Errors
/// When the database fails.
pub fn render(connection: &mut Connection, ids: &[Id]) -> StoreResult<()> {
    let bodies: Vec<(Id, Json<Body>)> = article_bodies::table
        .filter(article_bodies::article_id.eq_any(ids.to_vec()))
        .select((article_bodies::article_id, article_bodies::blocks))
        .load(connection)?;
    for (article, body) in bodies {
        diesel::update(article_bodies::table.filter(article_bodies::article_id.eq(article)))
            .set(article_bodies::html.eq(body.0.to_html()))
            .execute(connection)?;
        diesel::update(articles::table.filter(articles::id.eq(article)))
            .set((
                articles::reading_minutes.eq(stored_minutes(&body.0.to_text())),
                articles::rendered_by.eq(None::<i64>),
            ))
            .execute(connection)?;
    }
    Ok(())
}
