//! Counting that ends: how many there are, or that there are at least so many.

use serde::Serialize;
use utoipa::ToSchema;

/// What is looked at one by one is counted up to this.
pub const CEILING: i64 = 10_000;

/// Of the articles that are not published, as many are counted for each tag or author of a list.
pub const MOST_UNPUBLISHED: i64 = 1_000;

/// What a number of items says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TotalIs {
    /// There are just so many.
    Exact,
    /// There are more: counting ended there.
    AtLeast,
}

/// How many items there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number.
    pub items: i64,
    /// What it says.
    pub is: TotalIs,
}

impl Total {
    /// A number that is known.
    pub fn exact(items: i64) -> Self {
        Self {
            items,
            is: TotalIs::Exact,
        }
    }

    /// A number that was counted up to one more than [`CEILING`].
    pub fn counted(items: i64) -> Self {
        if items > CEILING {
            Self {
                items: CEILING,
                is: TotalIs::AtLeast,
            }
        } else {
            Self::exact(items)
        }
    }

    /// A number of published articles, which is known, and of others, counted up to one more than
    /// [`MOST_UNPUBLISHED`].
    pub fn with_unpublished(published: i64, others: i64) -> Self {
        Self {
            items: published + others.min(MOST_UNPUBLISHED),
            is: match others > MOST_UNPUBLISHED {
                true => TotalIs::AtLeast,
                false => TotalIs::Exact,
            },
        }
    }
}
