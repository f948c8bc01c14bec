//! The shape of a list.

use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{CursorKey, Position};
use super::params::CanonicalQuery;
use crate::db::Id;
use crate::problem::Problem;

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page {
    /// Pass it as `cursor` to read on; null on the last page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The most items a page of this request can have.
    #[schema(minimum = 1, maximum = 100, example = 20)]
    pub limit: i64,
    /// With `count=true`: how many items the whole list has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    #[schema(nullable = false)]
    pub total: Option<i64>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T> {
    /// The items, in order.
    pub data: Vec<T>,
    /// Where this page stands.
    pub page: Page,
}

/// Reading a list page by page: opens the cursor that came, seals the one that goes.
pub struct Seek<'a> {
    key: &'a CursorKey,
    list: String,
    position: Option<Position>,
    limit: i64,
}

impl<'a> Seek<'a> {
    /// A page of `limit` items of `list`, which names the list, its order and its filters.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub fn new(
        key: &'a CursorKey,
        list: String,
        cursor: Option<&str>,
        limit: i64,
    ) -> Result<Self, Problem> {
        let position = cursor.map(|cursor| key.open(&list, cursor)).transpose()?;
        Ok(Self {
            key,
            list,
            position,
            limit,
        })
    }

    /// After which sort value and id the page begins.
    pub fn after(&self) -> Option<(String, Id)> {
        self.position
            .as_ref()
            .map(|position| (position.value.clone(), position.id))
    }

    /// How many items to ask the store for: one more than the page has, to see whether another
    /// page follows.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The page made of what the store found, each item with its sort value.
    pub fn page<T>(
        &self,
        mut found: Vec<(T, String)>,
        total: Option<i64>,
        id: impl Fn(&T) -> Id,
    ) -> List<T> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|(item, value)| {
            let position = Position {
                value: value.clone(),
                id: id(item),
            };
            self.key.seal(&self.list, &position)
        });
        List {
            data: found.into_iter().map(|(item, _)| item).collect(),
            page: Page {
                next_cursor,
                limit: self.limit,
                total,
            },
        }
    }
}

/// The `Link: <…>; rel="next"` header (RFC 8288) of a page: its own path and query with the next
/// cursor.
pub fn next_link(path: &str, query: &CanonicalQuery, page: &Page) -> Option<String> {
    let cursor = page.next_cursor.as_deref()?;
    let next = query.with("cursor", cursor).after(path);
    Some(format!("<{next}>; rel=\"next\""))
}
