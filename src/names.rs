//! What tags and authors share: a name with a slug, a list by name, finding one by part of its name, merging
//! one into another, and deleting one.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use unicode_normalization::UnicodeNormalization;

use crate::characters::is_ignorable;
use crate::db::keyset::KeysetBound;
use crate::db::lock::{self, Lock};
use crate::db::total::{CEILING, Total};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::version::Expected;
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, dialect, slugs};
use crate::events::{Change, Event, NameEvent};
use crate::search::reading::Reading;
use crate::search::signs::is_sign;
use crate::search::words::Word;
use crate::text::Slug;
use crate::validation::Violation;

/// A tag or an author, as far as they are alike.
#[derive(Debug, QueryableByName)]
pub struct Named {
    /// What articles refer to.
    #[diesel(sql_type = IdSql)]
    pub id: Id,
    /// Its part of a path.
    #[diesel(sql_type = Text)]
    pub slug: String,
    /// What readers are shown.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What `If-Match` is held against.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// Some of them by key; unknown ones are left out.
///
/// # Errors
/// When the database fails.
pub fn by_ids(
    connection: &mut Connection,
    of: Resource,
    ids: &[Id],
) -> StoreResult<HashMap<Id, Named>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<Named> = diesel::sql_query(format!(
        "SELECT id, slug, name, version FROM {} WHERE id IN ({})",
        of.table(),
        dialect::these(connection)
    ))
    .bind::<Text, _>(dialect::ids(ids))
    .load(connection)?;
    Ok(found.into_iter().map(|named| (named.id, named)).collect())
}

/// The slug that one has now which once had this one.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn new_slug(connection: &mut Connection, of: Resource, old: &Slug) -> StoreResult<String> {
    let id = slugs::once_named_by(connection, of, old)?;
    let found = by_ids(connection, of, &[id])?.remove(&id);
    Ok(found.ok_or(StoreError::NotFound)?.slug)
}

/// The slug of a new one: the one that was asked for, or else the nearest free one to its name.
///
/// # Errors
/// [`StoreError::SlugTaken`].
pub fn claim_slug(
    connection: &mut Connection,
    of: Resource,
    id: Id,
    wanted: Option<Slug>,
    name: &str,
) -> StoreResult<Slug> {
    let slug = match wanted {
        Some(slug) => slugs::claim(connection, of, slug, None)?,
        None => {
            let wanted = Slug::from_title(name, None, &format!("{}-{id}", of.as_str()));
            slugs::claim_nearest(connection, of, wanted)?
        }
    };
    slugs::forget(connection, of, slug.as_str())?;
    Ok(slug)
}

/// The slug that one has after a change: the one that is asked for, to which the old one redirects then.
///
/// # Errors
/// [`StoreError::SlugTaken`].
pub fn change_slug(
    connection: &mut Connection,
    of: Resource,
    id: Id,
    old: &str,
    wanted: Option<Slug>,
) -> StoreResult<String> {
    let slug = match wanted {
        Some(slug) => slugs::claim(connection, of, slug, Some(id))?.into_string(),
        None => old.to_owned(),
    };
    if slug != old {
        slugs::redirect(connection, of, old, &slug, id)?;
    }
    Ok(slug)
}

/// Begins to merge one into the one that a slug names: until this transaction ends no article changes.
/// Returns both.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Invalid`].
pub fn begin_merge(
    connection: &mut Connection,
    of: Resource,
    id: Id,
    expected: &Expected,
    into: &Slug,
) -> StoreResult<(Named, Named)> {
    lock::exclusive(connection, Lock::Merges)?;
    lock::row(connection, of, id)?;
    let merged = by_ids(connection, of, &[id])?.remove(&id);
    let merged = merged.ok_or(StoreError::NotFound)?;
    expected.check(merged.version)?;
    let target: Option<Named> = diesel::sql_query(format!(
        "SELECT id, slug, name, version FROM {} WHERE slug = $1",
        of.table()
    ))
    .bind::<Text, _>(into.as_str())
    .get_result(connection)
    .optional()?;
    match target {
        None => Err(invalid_target(
            "not_found",
            &format!("must be the slug of another {of}"),
        )),
        Some(target) if target.id == id => {
            Err(invalid_target("itself", &format!("must be another {of}")))
        }
        Some(target) => Ok((merged, target)),
    }
}

/// That something cannot be merged into what was named.
pub fn invalid_target(code: &'static str, detail: &str) -> StoreError {
    StoreError::Invalid(Violation::new("/into", code, detail).into())
}

/// Merges one into another: its articles and its slugs, old ones included, go over, and it is gone.
///
/// # Errors
/// When the database fails.
pub fn merge(
    change: &mut Change<'_>,
    of: Resource,
    merged: Named,
    target: &Named,
) -> StoreResult<()> {
    let connection = &mut *change.connection;
    let (table, kind) = (of.table(), of.as_str());
    let links = format!("article_{table}");
    diesel::sql_query(format!(
        "UPDATE {links} SET {kind}_id = $1 WHERE {kind}_id = $2 AND article_id NOT IN \
         (SELECT article_id FROM {links} WHERE {kind}_id = $1)"
    ))
    .bind::<IdSql, _>(target.id)
    .bind::<IdSql, _>(merged.id)
    .execute(connection)?;
    for gone in [
        format!("DELETE FROM {links} WHERE {kind}_id = $1"),
        format!("DELETE FROM {table} WHERE id = $1"),
    ] {
        diesel::sql_query(gone)
            .bind::<IdSql, _>(merged.id)
            .execute(connection)?;
    }
    slugs::retarget(connection, merged.id, target.id)?;
    slugs::redirect(connection, of, &merged.slug, &target.slug, target.id)?;
    diesel::sql_query(format!(
        "UPDATE {table} SET version = version + 1, updated_at = $1 WHERE id = $2"
    ))
    .bind::<TimestampSql, _>(change.now)
    .bind::<IdSql, _>(target.id)
    .execute(connection)?;
    let (absorbed, stays) = (NameEvent::Absorbed(merged.id), target.slug.clone());
    for (event, id, slug) in [
        (NameEvent::Merged(target.id), merged.id, merged.slug),
        (absorbed, target.id, stays),
    ] {
        change.record(Event::Name {
            event,
            of,
            id,
            slug,
        });
    }
    Ok(())
}

/// Begins to delete one: until this transaction ends no article comes to refer to it.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
pub fn begin_delete(
    connection: &mut Connection,
    of: Resource,
    id: Id,
    expected: &Expected,
) -> StoreResult<Named> {
    lock::row(connection, of, id)?;
    let named = by_ids(connection, of, &[id])?.remove(&id);
    let named = named.ok_or(StoreError::NotFound)?;
    expected.check(named.version)?;
    Ok(named)
}

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = BigInt)]
    articles: i64,
}

/// Deletes one that no article refers to, with the slugs that it once had; `beside` articles refer to it in
/// another way than others do.
///
/// # Errors
/// [`StoreError::InUse`].
pub fn delete(change: &mut Change<'_>, of: Resource, named: Named, beside: i64) -> StoreResult<()> {
    let connection = &mut *change.connection;
    let (table, kind) = (of.table(), of.as_str());
    let used: Used = diesel::sql_query(format!(
        "SELECT count(*) AS articles FROM \
         (SELECT 1 FROM article_{table} WHERE {kind}_id = $1 LIMIT {}) used",
        CEILING + 1
    ))
    .bind::<IdSql, _>(named.id)
    .get_result(connection)?;
    let articles = Total::counted(used.articles + beside);
    if articles.items > 0 {
        let slug = named.slug;
        return Err(StoreError::InUse { of, slug, articles });
    }
    slugs::forget_former(connection, of, named.id)?;
    diesel::sql_query(format!("DELETE FROM {table} WHERE id = $1"))
        .bind::<IdSql, _>(named.id)
        .execute(connection)?;
    change.record(Event::Name {
        event: NameEvent::Deleted,
        of,
        id: named.id,
        slug: named.slug,
    });
    Ok(())
}

/// Names that fold to the same words, at most: others that have them are not compared.
pub const MOST_ALIKE: i64 = 1_000;

/// What names are sorted by and looked through: the words of a name, folded as searches fold them, and after
/// tabs the rows in which these have signs, or are joined and spelled out.
pub fn sort_name(name: &str) -> String {
    let reading = Reading::new(name);
    let (written, joined) = (row(reading.written()), row(reading.joined()));
    let plain: String = written.chars().filter(|c| !is_sign(*c)).collect();
    let mut rows = vec![plain, written, joined];
    rows.dedup();
    rows.join("\t")
}

fn row(words: Vec<&Word>) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.folded.as_str()).collect();
    words.join(" ")
}

/// The LIKE patterns of names that contain a text as it is written, or joined. Nothing in folded words means
/// anything to LIKE; of a text without any, nothing is left to find, and only what is as empty matches.
pub fn containing(part: &str) -> [String; 2] {
    let reading = Reading::new(part);
    [reading.written(), reading.joined()].map(|words| match row(words) {
        nothing if nothing.is_empty() => nothing,
        words => format!("%{words}%"),
    })
}

/// A name as it is compared with others: case, width, kinds of space and what is not seen aside.
pub fn compared(name: &str) -> String {
    let seen = name.nfkc().filter(|c| !is_ignorable(*c));
    let folded: String = seen.flat_map(char::to_lowercase).nfkc().collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ").replace('ς', "σ")
}

/// Cuts a page of a list by name from a query of `tags` or `authors`.
#[macro_export]
macro_rules! page_by_name {
    ($table:ident, $query:expr, $start:expr) => {{
        use $table::{id, sort_name};
        let start: Option<$crate::db::keyset::KeysetBound<String>> = $start;
        match start {
            Some(start) if start.backward => {
                let last = start.bound(false);
                $query
                    .filter(sort_name.le(start.value.clone()))
                    .filter(sort_name.lt(start.value).or(id.lt(last)))
                    .order((sort_name.desc(), id.desc()))
            }
            Some(start) => {
                let last = start.bound(true);
                $query
                    .filter(sort_name.ge(start.value.clone()))
                    .filter(sort_name.gt(start.value).or(id.gt(last)))
                    .order((sort_name.asc(), id.asc()))
            }
            None => $query.order((sort_name.asc(), id.asc())),
        }
    }};
}

/// Reads the rows of `tags` or `authors` that can be on a page of a list by the number of articles, those
/// with most first: as many as the page has from an index, and all of which the clock hides articles
/// (`hidden`), few, since what is kept counts these too. [`page_by_count`] cuts the page from them.
#[macro_export]
macro_rules! rows_by_count {
    ($connection:expr, $table:ident, $narrowed:expr, $hidden:expr, $start:expr, $limit:expr) => {{
        use $table::{id, published_articles};
        let fewer: Vec<$crate::db::Id> = $hidden.keys().copied().collect();
        let start: Option<&$crate::db::keyset::KeysetBound<i64>> = $start;
        let mut query = $narrowed();
        if !fewer.is_empty() {
            query = query.filter(id.ne_all(fewer.clone()));
        }
        query = match start {
            Some(start) if start.backward => query
                .filter(published_articles.ge(start.value))
                .filter(
                    published_articles
                        .gt(start.value)
                        .or(id.lt(start.bound(false))),
                )
                .order((published_articles.asc(), id.desc())),
            Some(start) => query
                .filter(published_articles.le(start.value))
                .filter(
                    published_articles
                        .lt(start.value)
                        .or(id.gt(start.bound(true))),
                )
                .order((published_articles.desc(), id.asc())),
            None => query.order((published_articles.desc(), id.asc())),
        };
        let mut rows = query.limit($limit).load($connection)?;
        if !fewer.is_empty() {
            rows.extend($narrowed().filter(id.eq_any(fewer)).load($connection)?);
        }
        rows
    }};
}

/// Of tags or authors in any order, the page that begins there, by how many articles they have, each with its
/// position.
pub fn page_by_count<T>(
    mut items: Vec<T>,
    of: impl Fn(&T) -> (i64, Id),
    start: Option<&KeysetBound<i64>>,
    limit: i64,
) -> Vec<(T, String)> {
    let place = |item: &T| {
        let (count, key) = of(item);
        (Reverse(count), key)
    };
    items.sort_by_key(place);
    if let Some(start) = start {
        let bound = (Reverse(start.value), start.bound(!start.backward));
        if start.backward {
            items.retain(|item| place(item) < bound);
            items.reverse();
        } else {
            items.retain(|item| place(item) > bound);
        }
    }
    items.truncate(usize::try_from(limit).unwrap_or(0));
    let positioned = items.into_iter().map(|item| {
        let position = of(&item).0.to_string();
        (item, position)
    });
    positioned.collect()
}

/// Where a list by the number of articles starts; `None` where the position is no number, which one that was
/// signed for such a list is.
pub fn count_start(start: Option<KeysetBound<String>>) -> Option<KeysetBound<i64>> {
    start.and_then(|start| start.try_map(|value| value.parse()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_any_part_of_them() {
        for (name, part, found) in [
            ("C++", "C++", true),
            ("Climate", "C++", false),
            ("São Tomé", "C++", false),
            ("C++", "c", true),
            ("Climate", "lim", true),
            ("São Tomé", "sao to", true),
            ("Zürich", "zuer", true),
            ("Zürich", "Zurich", true),
            ("Zuerich", "Zürich", true),
            ("E-mail", "email", true),
            ("Email", "e-mail", true),
            ("U.S. politics", "US", true),
            (".NET", "net", true),
            ("Net profit", ".NET", false),
            ("東京", "京", true),
            ("Київ", "київ", true),
            ("Beirut", "北", false),
            ("Hawaiʻi", "hawai’i", true),
            ("٢٠٢٦", "2026", true),
            ("100%", "%", false),
            ("a_b", "_", false),
        ] {
            let name_row = sort_name(name);
            let patterns = containing(part);
            let is_in = |pattern: &String| match pattern.trim_matches('%') {
                "" => name_row.is_empty(),
                text => name_row.contains(text),
            };
            assert_eq!(
                patterns.iter().any(is_in),
                found,
                "{part} in {name}: {name_row}"
            );
        }
    }

    #[test]
    fn names_sort_by_their_letters() {
        let mut names = ["Czech", "C++", "Ärger", "Arm", "C", "Zug"];
        names.sort_by_key(|name| sort_name(name));
        assert_eq!(names, ["Ärger", "Arm", "C", "C++", "Czech", "Zug"]);
    }

    #[test]
    fn names_are_the_same_whatever_their_case_width_and_space() {
        for same in [
            "harbour n",
            "Harbour\u{a0}N",
            "ＨＡＲＢＯＵＲ\u{3000}N",
            "Har\u{ad}bour  N\u{200b}",
        ] {
            assert_eq!(compared(same), "harbour n", "{same:?}");
        }
        for (one, other) in [
            ("Resume", "Résumé"),
            ("C", "C++"),
            ("Côte d'Ivoire", "Cote d'Ivoire"),
        ] {
            assert_ne!(compared(one), compared(other));
        }
        // What is the same has the same words.
        assert_eq!(sort_name("ΟΔΟΣ"), sort_name("οδός"));
        assert_eq!(compared("ΟΔΟΣ"), compared("οδος"));
    }
}
