//! Pages of lists by keyset: where a page starts is named by an item, not by a number, so that what
//! is added or taken away meanwhile shifts nothing.

use uuid::Uuid;

use super::Id;

/// Where a page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysetBound<V> {
    /// The value that an item is sorted by.
    pub value: V,
    /// Its key, which tells apart what sorts alike.
    pub id: Id,
    /// Whether the page lies before that item and is read backward, from there.
    pub backward: bool,
    /// Whether the item itself belongs to the page.
    pub inclusive: bool,
}

impl<V> KeysetBound<V> {
    /// The key that those of items with the same value come after, when keys are read upwards, or
    /// before, when they are read downwards.
    pub fn bound(&self, upwards: bool) -> Id {
        let number = self.id.0.as_u128();
        Id(Uuid::from_u128(match (self.inclusive, upwards) {
            (false, _) => number,
            (true, true) => number.saturating_sub(1),
            (true, false) => number.saturating_add(1),
        }))
    }

    /// The same place with the value read as another type.
    ///
    /// # Errors
    /// What `read` returns.
    pub fn try_map<W, E>(self, read: impl FnOnce(V) -> Result<W, E>) -> Result<KeysetBound<W>, E> {
        Ok(KeysetBound {
            value: read(self.value)?,
            id: self.id,
            backward: self.backward,
            inclusive: self.inclusive,
        })
    }
}

/// A boxed query in the order of its keys, which are as old as their rows, from a [`KeysetBound`] on: the oldest first, or the
/// newest with `true`.
#[macro_export]
macro_rules! page_by_id {
    ($query:expr, $id:expr, $start:expr, $newest_first:literal) => {{
        let start: Option<$crate::db::keyset::KeysetBound<String>> = $start;
        match start {
            Some(start) if start.backward != $newest_first => {
                $query.filter($id.lt(start.bound(false))).order($id.desc())
            }
            Some(start) => $query.filter($id.gt(start.bound(true))).order($id.asc()),
            None if $newest_first => $query.order($id.desc()),
            None => $query.order($id.asc()),
        }
    }};
}
