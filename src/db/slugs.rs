//! Slugs of all resources: which are free, and which once named something else.
//!
//! A slug that was given up goes on answering 301 until something new takes it.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;

use super::lock::{self, Lock};
use super::resource::Resource;
use super::schema::{articles, authors, public_articles, retired_slugs, slug_redirects, tags};
use super::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::text::Slug;

/// Article slugs whose paths are taken by something else.
const RESERVED: &[&str] = &["facets"];

fn owner(connection: &mut Connection, named: Resource, slug: &Slug) -> StoreResult<Option<Id>> {
    if named == Resource::Article && RESERVED.contains(&slug.as_str()) {
        return Ok(Some(Id(uuid::Uuid::nil())));
    }
    let slug = slug.as_str();
    Ok(match named {
        Resource::Article => return owner_among_articles(connection, slug),
        Resource::Tag => tags::table
            .filter(tags::slug.eq(slug))
            .select(tags::id)
            .first(connection),
        Resource::Author => authors::table
            .filter(authors::slug.eq(slug))
            .select(authors::id)
            .first(connection),
    }
    .optional()?)
}

/// An article in the trash that was never public gives its slug to whoever wants it; one that readers knew keeps
/// it, even when it is deleted.
fn owner_among_articles(connection: &mut Connection, slug: &str) -> StoreResult<Option<Id>> {
    let never_known = articles::status
        .eq("trashed")
        .and(articles::published_at.is_null())
        .and(articles::first_public_at.is_null());
    let owner = articles::table
        .filter(articles::slug.eq(slug))
        .filter(diesel::dsl::not(never_known))
        .select(articles::id)
        .first(connection)
        .optional()?;
    match owner {
        None => retired(connection, slug),
        owner => Ok(owner),
    }
}

/// The article that had a slug, was public, and was deleted.
fn retired(connection: &mut Connection, slug: &str) -> StoreResult<Option<Id>> {
    Ok(retired_slugs::table
        .filter(retired_slugs::slug.eq(slug))
        .select(retired_slugs::article_id)
        .first(connection)
        .optional()?)
}

/// Whether a slug names something, or once did.
fn known(connection: &mut Connection, named: Resource, slug: &Slug) -> StoreResult<bool> {
    Ok(owner(connection, named, slug)?.is_some()
        || !once_named(connection, named, std::slice::from_ref(slug))?.is_empty())
}

/// The nearest slug to a wanted one that names nothing and never did.
///
/// # Errors
/// When the database fails.
pub fn nearest_free(
    connection: &mut Connection,
    named: Resource,
    wanted: &Slug,
) -> StoreResult<Slug> {
    for number in 2..50 {
        let candidate = wanted.numbered(number);
        if !known(connection, named, &candidate)? {
            return Ok(candidate);
        }
    }
    // Fifty alike: no need to find out which number comes next.
    let unique = Id::generate().0.as_fields().3[4..]
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    Ok(wanted.numbered(unique))
}

/// The slug itself when it is free or `itself` has it already.
///
/// # Errors
/// [`StoreError::SlugTaken`] with the nearest free one.
pub fn claim(
    connection: &mut Connection,
    named: Resource,
    wanted: Slug,
    itself: Option<Id>,
) -> StoreResult<Slug> {
    match owner(connection, named, &wanted)? {
        Some(owner) if Some(owner) != itself => Err(taken(connection, named, wanted)?),
        _ => Ok(wanted),
    }
}

/// That a slug is taken, with the nearest one that is free. By whom is for others to say, to callers who may
/// know.
///
/// # Errors
/// When the database fails.
pub fn taken(connection: &mut Connection, named: Resource, slug: Slug) -> StoreResult<StoreError> {
    Ok(StoreError::SlugTaken {
        suggestion: nearest_free(connection, named, &slug)?.into_string(),
        slug: slug.into_string(),
        existing: None,
    })
}

/// Refuses a slug whose path leads to something else, or to what readers knew and is gone. For those who find out by writing whether it is
/// free otherwise.
///
/// # Errors
/// [`StoreError::SlugTaken`].
pub fn refuse_reserved(
    connection: &mut Connection,
    named: Resource,
    slug: &Slug,
) -> StoreResult<()> {
    let is_refused = named == Resource::Article
        && (RESERVED.contains(&slug.as_str()) || retired(connection, slug.as_str())?.is_some());
    match is_refused {
        true => Err(taken(connection, named, slug.clone())?),
        false => Ok(()),
    }
}

/// The wanted slug or, where it is taken, the nearest free one: for slugs made from titles, which
/// nobody asked for by name. A slug that once named something counts as taken.
///
/// # Errors
/// When the database fails.
pub fn claim_nearest(
    connection: &mut Connection,
    named: Resource,
    wanted: Slug,
) -> StoreResult<Slug> {
    // Another transaction may be about to take the same one: they queue.
    lock::exclusive(connection, Lock::Slugs)?;
    if !known(connection, named, &wanted)? {
        return Ok(wanted);
    }
    nearest_free(connection, named, &wanted)
}

/// Notes that `target` gave up `old` and answers to `new` now.
///
/// # Errors
/// When the database fails.
pub fn redirect(
    connection: &mut Connection,
    named: Resource,
    old: &str,
    new: &str,
    target: Id,
) -> StoreResult<()> {
    forget(connection, named, new)?;
    forget(connection, named, old)?;
    give_up(connection, named, old, target)
}

/// Notes that `target` gave up `old`, unless it leads elsewhere: then nobody has seen `target` by it.
///
/// # Errors
/// When the database fails.
pub fn give_up(
    connection: &mut Connection,
    named: Resource,
    old: &str,
    target: Id,
) -> StoreResult<()> {
    let leads_elsewhere = diesel::select(diesel::dsl::exists(
        slug_redirects::table
            .filter(slug_redirects::resource.eq(named.as_str()))
            .filter(slug_redirects::slug.eq(old)),
    ));
    if leads_elsewhere.get_result(connection)? {
        return Ok(());
    }
    diesel::insert_into(slug_redirects::table)
        .values((
            slug_redirects::resource.eq(named.as_str()),
            slug_redirects::slug.eq(old),
            slug_redirects::target_id.eq(target),
            slug_redirects::created_at.eq(Timestamp::now()),
        ))
        .execute(connection)?;
    Ok(())
}

/// A slug that names something now redirects nowhere.
///
/// # Errors
/// When the database fails.
pub fn forget(connection: &mut Connection, named: Resource, slug: &str) -> StoreResult<()> {
    diesel::delete(
        slug_redirects::table
            .filter(slug_redirects::resource.eq(named.as_str()))
            .filter(slug_redirects::slug.eq(slug)),
    )
    .execute(connection)?;
    Ok(())
}

/// What is gone has no slugs that it once had.
///
/// # Errors
/// When the database fails.
pub fn forget_former(connection: &mut Connection, named: Resource, of: Id) -> StoreResult<()> {
    diesel::delete(
        slug_redirects::table
            .filter(slug_redirects::resource.eq(named.as_str()))
            .filter(slug_redirects::target_id.eq(of)),
    )
    .execute(connection)?;
    Ok(())
}

/// Points every redirect to `from` at `to`.
///
/// # Errors
/// When the database fails.
pub fn retarget(connection: &mut Connection, from: Id, to: Id) -> StoreResult<()> {
    diesel::update(slug_redirects::table.filter(slug_redirects::target_id.eq(from)))
        .set(slug_redirects::target_id.eq(to))
        .execute(connection)?;
    Ok(())
}

/// What slugs once named; those that never did are left out.
///
/// # Errors
/// When the database fails.
pub fn once_named(
    connection: &mut Connection,
    named: Resource,
    slugs: &[Slug],
) -> StoreResult<HashMap<Slug, Id>> {
    if slugs.is_empty() {
        return Ok(HashMap::new());
    }
    let texts: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
    let query = slug_redirects::table
        .filter(slug_redirects::resource.eq(named.as_str()))
        .into_boxed::<super::MultiBackend>();
    Ok(crate::among!(query, slug_redirects::slug, texts.as_slice())
        .select((slug_redirects::slug, slug_redirects::target_id))
        .load::<(String, Id)>(connection)?
        .into_iter()
        .filter_map(|(slug, id)| Some((slug.parse().ok()?, id)))
        .collect())
}

/// What one slug once named.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn once_named_by(connection: &mut Connection, named: Resource, slug: &Slug) -> StoreResult<Id> {
    once_named(connection, named, std::slice::from_ref(slug))?
        .remove(slug)
        .ok_or(StoreError::NotFound)
}

/// The key of the public article that a slug names, and how long it is public yet, where an end is set.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn public_article(
    connection: &mut Connection,
    slug: &Slug,
) -> StoreResult<(Id, Option<Duration>)> {
    let (id, milliseconds): (Id, Option<i64>) = public_articles::table
        .filter(public_articles::slug.eq(slug.as_str()))
        .select((public_articles::id, public_articles::expires_in))
        .first(connection)?;
    let left = milliseconds.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)));
    Ok((id, left))
}

/// The keys of public articles by slug, also by the slugs they once had; others are left out.
///
/// # Errors
/// When the database fails.
pub fn public_articles_named(
    connection: &mut Connection,
    wanted: &[Slug],
) -> StoreResult<HashMap<Slug, Id>> {
    let texts: Vec<&str> = wanted.iter().map(Slug::as_str).collect();
    let mut found: HashMap<Slug, Id> = public_articles::table
        .filter(public_articles::slug.eq_any(texts))
        .select((public_articles::slug, public_articles::id))
        .load::<(String, Id)>(connection)?
        .into_iter()
        .filter_map(|(slug, id)| Some((slug.parse().ok()?, id)))
        .collect();
    let others: Vec<Slug> = wanted
        .iter()
        .filter(|slug| !found.contains_key(*slug))
        .cloned()
        .collect();
    let moved = once_named(connection, Resource::Article, &others)?;
    let ids: Vec<Id> = moved.values().copied().collect();
    let public: Vec<Id> = if ids.is_empty() {
        Vec::new()
    } else {
        public_articles::table
            .filter(public_articles::id.eq_any(ids))
            .select(public_articles::id)
            .load(connection)?
    };
    found.extend(moved.into_iter().filter(|(_, id)| public.contains(id)));
    Ok(found)
}

/// The keys of articles of any status by slug, also by the slugs they once had; others are left out.
///
/// # Errors
/// When the database fails.
pub fn articles_named(
    connection: &mut Connection,
    wanted: &[Slug],
) -> StoreResult<HashMap<Slug, Id>> {
    let mut found = once_named(connection, Resource::Article, wanted)?;
    let texts: Vec<&str> = wanted.iter().map(Slug::as_str).collect();
    let now = articles::table
        .filter(articles::slug.eq_any(texts))
        .select((articles::slug, articles::id))
        .load::<(String, Id)>(connection)?;
    let now = now.into_iter();
    found.extend(now.filter_map(|(slug, id)| Some((slug.parse().ok()?, id))));
    Ok(found)
}

/// The key and the present slug of the public article that once had this slug.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn public_article_once_named(
    connection: &mut Connection,
    old: &Slug,
) -> StoreResult<(Id, String)> {
    let id = once_named_by(connection, Resource::Article, old)?;
    Ok(public_articles::table
        .filter(public_articles::id.eq(id))
        .select((public_articles::id, public_articles::slug))
        .first(connection)?)
}
