//! What is known of articles of any status without reading them whole.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::articles::workflow::Status;
use crate::db::schema::{articles, tags};
use crate::db::{Connection, Id, StoreResult, Timestamp, stored};

/// An article in short.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Where it stands in the workflow.
    pub status: Status,
    /// The user who created it; `None` for a tool.
    pub created_by: Option<Id>,
    /// Its headline, once there is one.
    pub headline: Option<String>,
    /// The section that it stands in, and its slug.
    pub section: Option<(Id, String)>,
    /// When it was, or will be, published.
    pub published_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = articles)]
struct Row {
    id: Id,
    status: String,
    created_by: Option<Id>,
    headline: Option<String>,
    published_at: Option<Timestamp>,
    updated_at: Timestamp,
}

/// Articles in short; those that are gone are left out.
///
/// # Errors
/// When the database fails.
pub fn find(connection: &mut Connection, ids: &[Id]) -> StoreResult<HashMap<Id, Outline>> {
    let rows: Vec<(Row, Option<(Id, String)>)> = articles::table
        .left_join(tags::table.on(articles::section_id.eq(tags::id.nullable())))
        .filter(articles::id.eq_any(ids.to_vec()))
        .select((Row::as_select(), (tags::id, tags::slug).nullable()))
        .load(connection)?;
    rows.into_iter()
        .map(|(row, section)| {
            let outline = Outline {
                status: stored(&row.status)?,
                created_by: row.created_by,
                headline: row.headline,
                section,
                published_at: row.published_at,
                updated_at: row.updated_at,
            };
            Ok((row.id, outline))
        })
        .collect()
}
