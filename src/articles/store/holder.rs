//! Which article has what another one wants: for callers who may read it.

use diesel::prelude::*;

use crate::auth::model::{Caller, Right};
use crate::db::schema::articles;
use crate::db::{Connection, Holder, Id, MultiBackend, StoreError, StoreResult};

/// An article, unless the caller may not know of it.
///
/// # Errors
/// When the database fails.
pub(super) fn holder(
    connection: &mut Connection,
    id: Id,
    caller: &Caller,
) -> StoreResult<Option<Holder>> {
    first(connection, caller, |query| {
        query.filter(articles::id.eq(id))
    })
}

/// An error, with the article that has the slug where it is about that.
pub(super) fn with_holder(
    connection: &mut Connection,
    error: StoreError,
    caller: &Caller,
) -> StoreError {
    let StoreError::SlugTaken {
        slug, suggestion, ..
    } = error
    else {
        return error;
    };
    let named = slug.clone();
    match first(connection, caller, |query| {
        query.filter(articles::slug.eq(named))
    }) {
        Ok(existing) => StoreError::SlugTaken {
            slug,
            suggestion,
            existing: existing.map(Box::new),
        },
        Err(error) => error,
    }
}

type Articles = articles::BoxedQuery<'static, MultiBackend>;

fn first(
    connection: &mut Connection,
    caller: &Caller,
    narrowed: impl FnOnce(Articles) -> Articles,
) -> StoreResult<Option<Holder>> {
    if !caller.may(Right::ArticlesRead) {
        return Ok(None);
    }
    let mut query = narrowed(articles::table.into_boxed::<MultiBackend>());
    if let Some(user) = caller.only_own() {
        query = query.filter(articles::created_by.eq(user));
    }
    let found = query
        .select((articles::id, articles::slug, articles::headline))
        .first(connection)
        .optional()?;
    Ok(found.map(|(id, slug, headline)| Holder { id, slug, headline }))
}
