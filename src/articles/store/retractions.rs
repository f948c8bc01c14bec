//! What readers are told of retracted articles: only of those that they knew.

use diesel::prelude::*;

use super::load::Loaded;
#[cfg(doc)]
use crate::db::StoreError;
use crate::db::resource::Resource;
use crate::db::schema::retractions;
use crate::db::{Connection, Id, StoreResult, Timestamp, slugs};
use crate::events::Change;
use crate::text::{Prose, Slug};

/// What readers may see of a retraction.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = retractions)]
pub struct Retraction {
    /// The article that was retracted. It may be gone.
    pub article_id: Id,
    /// The slug that it had then.
    pub slug: String,
    /// What editors tell readers, plain text; null when they gave no notice.
    pub notice: Option<String>,
    /// When the article was published.
    pub published_at: Timestamp,
    /// When it was retracted.
    pub retracted_at: Timestamp,
}

/// Tells readers of a retraction from the commit on.
pub(super) fn insert(
    change: &mut Change<'_>,
    article: &Loaded,
    published_at: Timestamp,
    notice: Option<Prose<4000>>,
) -> StoreResult<()> {
    diesel::insert_into(retractions::table)
        .values((
            retractions::article_id.eq(article.id),
            retractions::slug.eq(&article.row.content.slug),
            retractions::notice.eq(notice.map(Prose::into_string)),
            retractions::published_at.eq(published_at),
            retractions::retracted_at.eq(change.now),
        ))
        .execute(change.connection)?;
    Ok(())
}

/// The retraction of the article that a slug named when it was retracted, or once before.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, slug: &Slug) -> StoreResult<Retraction> {
    let by_slug: Option<Retraction> = retractions::table
        .filter(retractions::slug.eq(slug.as_str()))
        .select(Retraction::as_select())
        .first(connection)
        .optional()?;
    if let Some(retraction) = by_slug {
        return Ok(retraction);
    }
    let id = slugs::once_named_by(connection, Resource::Article, slug)?;
    Ok(retractions::table
        .filter(retractions::article_id.eq(id))
        .select(Retraction::as_select())
        .first(connection)?)
}
