//! Authors in the database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Author, AuthorFilter, AuthorInput, AuthorSort};
use super::profile::{EmailAddress, SocialLinks};
use crate::db::article_counts::hidden;
use crate::db::keyset::KeysetBound;
use crate::db::lock;
use crate::db::schema::{article_authors, authors};
use crate::db::slugs;
use crate::db::total::{CEILING, Total};
use crate::db::version::Expected;
use crate::db::{
    Connection, Id, Json, MultiBackend, Resource, StoreError, StoreResult, Timestamp, stored,
};
use crate::events::{Change, Event, NameEvent};
use crate::merge_patch::MergePatch;
use crate::names::{self, MOST_ALIKE, containing, sort_name};
use crate::text::{AbsoluteUrl, Line, Prose, Slug, WebUrl};
use crate::{page_by_name, rows_by_count};

pub mod usage;

#[derive(Queryable)]
struct AuthorRow {
    id: Id,
    slug: String,
    name: String,
    sort_name: String,
    role: Option<String>,
    bio: Option<String>,
    avatar_url: Option<String>,
    version: i64,
    _created_at: Timestamp,
    updated_at: Timestamp,
    published_articles: i64,
    website: Option<String>,
    social: Json<SocialLinks>,
    contact_email: Option<String>,
}

impl AuthorRow {
    /// Of the published articles, some are hidden.
    fn into_author(self, hidden: &HashMap<Id, i64>) -> Author {
        Author {
            article_count: self.published_articles - hidden.get(&self.id).copied().unwrap_or(0),
            id: self.id,
            slug: self.slug,
            name: self.name,
            role: self.role,
            bio: self.bio,
            avatar_url: self.avatar_url,
            website: self.website,
            social: self.social.0.0,
            contact_email: self.contact_email,
            updated_at: self.updated_at,
        }
    }

    fn input(&self) -> StoreResult<AuthorInput> {
        Ok(AuthorInput {
            name: Line::as_stored(&self.name),
            slug: Some(stored(&self.slug)?),
            role: self.role.as_ref().map(Line::as_stored),
            bio: self.bio.as_ref().map(Prose::as_stored),
            avatar_url: self.avatar_url.as_ref().map(WebUrl::as_stored),
            website: self.website.as_ref().map(AbsoluteUrl::as_stored),
            social: self.social.0.clone(),
            contact_email: self.contact_email.as_deref().map(EmailAddress::as_stored),
        })
    }
}

fn filtered(filter: &AuthorFilter) -> authors::BoxedQuery<'static, MultiBackend> {
    let mut query = authors::table.into_boxed::<MultiBackend>();
    if filter.unused {
        query = query
            .filter(authors::published_articles.eq(0))
            .filter(diesel::dsl::not(diesel::dsl::exists(
                article_authors::table.filter(article_authors::author_id.eq(authors::id)),
            )));
    }
    match filter.name_contains.as_deref().map(containing) {
        Some([written, joined]) => query.filter(
            authors::sort_name
                .like(written)
                .or(authors::sort_name.like(joined)),
        ),
        None => query,
    }
}

/// An author with the value that their list is sorted by.
pub type Positioned = (Author, String);

/// Up to `limit` authors from a start, each with its own position.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &AuthorFilter,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Positioned>> {
    match filter.sort {
        AuthorSort::Name => list_by_name(connection, filter, start, limit),
        AuthorSort::ArticleCount => by_count(connection, &|| filtered(filter), start, limit),
    }
}

/// Those with the most articles first.
fn by_count<'a>(
    connection: &mut Connection,
    narrowed: &dyn Fn() -> authors::BoxedQuery<'a, MultiBackend>,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Positioned>> {
    let (hidden, start) = (hidden(connection)?, names::count_start(start));
    let rows: Vec<AuthorRow> =
        rows_by_count!(connection, authors, narrowed, hidden, start.as_ref(), limit);
    let authors = rows.into_iter().map(|row| row.into_author(&hidden));
    let place = |author: &Author| (author.article_count, author.id);
    Ok(names::page_by_count(
        authors.collect(),
        place,
        start.as_ref(),
        limit,
    ))
}

fn list_by_name(
    connection: &mut Connection,
    filter: &AuthorFilter,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Positioned>> {
    let query = page_by_name!(authors, filtered(filter), start);
    let rows: Vec<AuthorRow> = query.limit(limit).load(connection)?;
    let hidden = hidden(connection)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let position = row.sort_name.clone();
            (row.into_author(&hidden), position)
        })
        .collect())
}

/// How many authors a list has.
///
/// # Errors
/// When the database fails.
pub fn count(connection: &mut Connection, filter: &AuthorFilter) -> StoreResult<Total> {
    let counted: Vec<Id> = filtered(filter)
        .select(authors::id)
        .limit(CEILING + 1)
        .load(connection)?;
    Ok(Total::counted(counted.len() as i64))
}

/// The authors who have most public articles, each with how many.
///
/// # Errors
/// When the database fails.
pub fn most_published(connection: &mut Connection, limit: i64) -> StoreResult<Vec<(Id, i64)>> {
    Ok(by_count(
        connection,
        &|| filtered(&AuthorFilter::default()),
        None,
        limit,
    )?
    .into_iter()
    .map(|(author, _)| (author.id, author.article_count))
    .filter(|(_, count)| *count > 0)
    .collect())
}

/// How many public articles an author has.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn count_of(connection: &mut Connection, id: Id) -> StoreResult<i64> {
    Ok(find(connection, id)?.0.article_count)
}

fn with_count(connection: &mut Connection, row: AuthorRow) -> StoreResult<Author> {
    Ok(row.into_author(&hidden(connection)?))
}

/// The author that a slug names.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find_by_slug(connection: &mut Connection, slug: &Slug) -> StoreResult<Author> {
    let row = authors::table
        .filter(authors::slug.eq(slug.as_str()))
        .first(connection)?;
    with_count(connection, row)
}

fn find_row(connection: &mut Connection, id: Id) -> StoreResult<AuthorRow> {
    Ok(authors::table
        .filter(authors::id.eq(id))
        .first(connection)?)
}

/// An author by key, with their version.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<(Author, i64)> {
    let row = find_row(connection, id)?;
    let version = row.version;
    Ok((with_count(connection, row)?, version))
}

/// Keys of authors by slug, also by the slugs they once had; unknown ones are left out.
///
/// # Errors
/// When the database fails.
pub fn by_slugs(connection: &mut Connection, wanted: &[Slug]) -> StoreResult<HashMap<Slug, Id>> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let texts: Vec<&str> = wanted.iter().map(Slug::as_str).collect();
    let query = authors::table.into_boxed::<MultiBackend>();
    let mut found: HashMap<Slug, Id> = crate::among!(query, authors::slug, texts.as_slice())
        .select((authors::slug, authors::id))
        .load::<(String, Id)>(connection)?
        .into_iter()
        .filter_map(|(slug, id)| Some((slug.parse().ok()?, id)))
        .collect();
    let others: Vec<Slug> = wanted
        .iter()
        .filter(|slug| !found.contains_key(*slug))
        .cloned()
        .collect();
    found.extend(slugs::once_named(connection, Resource::Author, &others)?);
    Ok(found)
}

/// Authors with their names that have the words of one of these; which of the names are the same is for
/// [`compared`](crate::names::compared) to say.
///
/// # Errors
/// When the database fails.
pub fn called(connection: &mut Connection, names: &[String]) -> StoreResult<Vec<(String, Id)>> {
    let words: Vec<String> = names.iter().map(|name| sort_name(name)).collect();
    Ok(authors::table
        .filter(authors::sort_name.eq_any(words))
        .order(authors::id)
        .select((authors::name, authors::id))
        .limit(MOST_ALIKE)
        .load(connection)?)
}

/// Adds an author; returns the key.
///
/// # Errors
/// [`StoreError::SlugTaken`].
pub fn create(change: &mut Change<'_>, input: AuthorInput) -> StoreResult<Id> {
    let connection = &mut *change.connection;
    let id = Id::generate();
    let slug = names::claim_slug(
        connection,
        Resource::Author,
        id,
        input.slug,
        input.name.as_str(),
    )?;
    let now = change.now;
    diesel::insert_into(authors::table)
        .values((
            authors::id.eq(id),
            authors::slug.eq(slug.as_str()),
            authors::name.eq(input.name.as_str()),
            authors::sort_name.eq(sort_name(input.name.as_str())),
            authors::role.eq(input.role.as_ref().map(|text| text.as_str())),
            authors::bio.eq(input.bio.as_ref().map(|text| text.as_str())),
            authors::avatar_url.eq(input.avatar_url.as_ref().map(|text| text.as_str())),
            authors::website.eq(input.website.as_ref().map(|text| text.as_str())),
            authors::social.eq(Json(input.social)),
            authors::contact_email.eq(input.contact_email.as_ref().map(|text| text.as_str())),
            authors::version.eq(1),
            authors::created_at.eq(now),
            authors::updated_at.eq(now),
        ))
        .execute(connection)?;
    change.record(Event::Name {
        event: NameEvent::Created(input.name.into_string()),
        of: Resource::Author,
        id,
        slug: slug.into_string(),
    });
    Ok(id)
}

/// Changes an author; what is as it was stays untouched.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::SlugTaken`],
/// [`StoreError::Invalid`].
pub fn edit(
    change: &mut Change<'_>,
    id: Id,
    expected: &Expected,
    patch: MergePatch,
) -> StoreResult<()> {
    let connection = &mut *change.connection;
    lock::row(connection, Resource::Author, id)?;
    let row = find_row(connection, id)?;
    expected.check(row.version)?;
    let before = row.input()?;
    let mut input: AuthorInput = patch.apply(&before).map_err(StoreError::Invalid)?;
    input.slug = input.slug.or_else(|| before.slug.clone());
    if input == before {
        return Ok(());
    }
    let slug = names::change_slug(connection, Resource::Author, id, &row.slug, input.slug)?;
    let changed = diesel::update(
        authors::table
            .filter(authors::id.eq(id))
            .filter(authors::version.eq(row.version)),
    )
    .set((
        authors::slug.eq(&slug),
        authors::name.eq(input.name.as_str()),
        authors::sort_name.eq(sort_name(input.name.as_str())),
        authors::role.eq(input.role.as_ref().map(|text| text.as_str())),
        authors::bio.eq(input.bio.as_ref().map(|text| text.as_str())),
        authors::avatar_url.eq(input.avatar_url.as_ref().map(|text| text.as_str())),
        authors::website.eq(input.website.as_ref().map(|text| text.as_str())),
        authors::social.eq(Json(input.social)),
        authors::contact_email.eq(input.contact_email.as_ref().map(|text| text.as_str())),
        authors::version.eq(row.version + 1),
        authors::updated_at.eq(change.now),
    ))
    .execute(connection)?;
    if changed == 0 {
        return Err(StoreError::VersionMismatch {
            current: row.version + 1,
        });
    }
    let name = input.name.into_string();
    change.record(Event::Name {
        event: NameEvent::Edited((name != row.name).then_some(name)),
        of: Resource::Author,
        id,
        slug,
    });
    Ok(())
}

/// Merges an author into another: the articles and the slugs, old ones included, go over. Returns
/// the key of the one who stays.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Invalid`].
pub fn merge(change: &mut Change<'_>, id: Id, expected: &Expected, into: &Slug) -> StoreResult<Id> {
    let connection = &mut *change.connection;
    let (merged, target) = names::begin_merge(connection, Resource::Author, id, expected, into)?;
    names::merge(change, Resource::Author, merged, &target)?;
    Ok(target.id)
}

/// Deletes an author of no article.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InUse`].
pub fn delete(change: &mut Change<'_>, id: Id, expected: &Expected) -> StoreResult<()> {
    let author = names::begin_delete(change.connection, Resource::Author, id, expected)?;
    names::delete(change, Resource::Author, author, 0)
}
