//! The articles that were published before and after another one in its section.

use diesel::prelude::*;

use super::public::{Site, several};
use crate::articles::read_model::PublicArticle;
use crate::db::changes::CacheTag;
use crate::db::schema::public_articles;
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::text::Slug;

/// What stands beside an article.
#[derive(Debug)]
pub struct Neighbours {
    /// The one published before it.
    pub previous: Option<PublicArticle>,
    /// The one published after it.
    pub next: Option<PublicArticle>,
    /// What decides which these are; what they show is not in it.
    pub depends_on: Vec<CacheTag>,
}

/// The neighbours of the public article that a slug names: two steps in the index of its section, however large
/// that is. An article without a section has none.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound) when no public article has the slug.
pub fn neighbours(connection: &mut Connection, slug: &Slug, site: Site) -> StoreResult<Neighbours> {
    let (id, published_at, section): (Id, Timestamp, Option<Id>) = public_articles::table
        .filter(public_articles::slug.eq(slug.as_str()))
        .select((
            public_articles::id,
            public_articles::published_at,
            public_articles::section_id,
        ))
        .first(connection)?;
    let mut depends_on = vec![CacheTag::Article(id)];
    let Some(section) = section else {
        return Ok(Neighbours {
            previous: None,
            next: None,
            depends_on,
        });
    };
    depends_on.push(CacheTag::ArticlesOfTag(section));
    let previous = before(connection, section, published_at, id)?;
    let next = after(connection, section, published_at, id)?;
    let ids: Vec<Id> = previous.into_iter().chain(next).collect();
    let mut found = several(connection, &ids, site)?.into_iter().peekable();
    Ok(Neighbours {
        previous: found.next_if(|article| Some(article.id) == previous),
        next: found.next(),
        depends_on,
    })
}

fn before(
    connection: &mut Connection,
    section: Id,
    published_at: Timestamp,
    article: Id,
) -> StoreResult<Option<Id>> {
    use public_articles::{id, published_at as at, section_id, table};
    Ok(table
        .filter(section_id.eq(section))
        .filter(at.le(published_at))
        .filter(at.lt(published_at).or(id.lt(article)))
        .order((at.desc(), id.desc()))
        .select(id)
        .first(connection)
        .optional()?)
}

fn after(
    connection: &mut Connection,
    section: Id,
    published_at: Timestamp,
    article: Id,
) -> StoreResult<Option<Id>> {
    use public_articles::{id, published_at as at, section_id, table};
    Ok(table
        .filter(section_id.eq(section))
        .filter(at.ge(published_at))
        .filter(at.gt(published_at).or(id.gt(article)))
        .order((at.asc(), id.asc()))
        .select(id)
        .first(connection)
        .optional()?)
}
