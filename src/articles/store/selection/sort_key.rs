//! Pages of lists, and where articles stand in them.

use std::fmt;
use std::str::FromStr;

use crate::articles::model::ArticleSort;
use crate::db::Timestamp;
use crate::db::keyset::KeysetBound;
use crate::search::entry::Rank;

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Their order.
    pub sort: ArticleSort,
    /// Where it starts.
    pub start: Option<KeysetBound<SortKey>>,
    /// Most articles.
    pub limit: i64,
}

/// Where an article stands in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// By time.
    At(Timestamp),
    /// By the number of shares.
    Shares(i64),
    /// By the place at which it was named, from 0.
    Given(i64),
    /// In a search: by rank, where it is sorted by that, and then in the order of the index.
    Found(Option<Rank>, i64),
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => instant.fmt(f),
            Self::Shares(shares) => shares.fmt(f),
            Self::Given(place) => write!(f, "#{place}"),
            Self::Found(rank, position) => {
                let rank = rank.map_or(0, |rank| rank as usize + 1);
                write!(f, "{rank}@{position}")
            }
        }
    }
}

impl FromStr for SortKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| String::from("is not a place in a list");
        if let Some(place) = text.strip_prefix('#') {
            return place.parse().map(Self::Given).map_err(wrong);
        }
        let Some((rank, position)) = text.split_once('@') else {
            return match text.parse() {
                Ok(shares) => Ok(Self::Shares(shares)),
                Err(_) => text.parse().map(Self::At),
            };
        };
        let rank: usize = rank.parse().map_err(wrong)?;
        Ok(Self::Found(
            rank.checked_sub(1)
                .and_then(|at| Rank::ALL.get(at))
                .copied(),
            position.parse().map_err(wrong)?,
        ))
    }
}

impl Window {
    /// Where it starts in a list by time.
    pub(super) fn instant(&self) -> Option<KeysetBound<Timestamp>> {
        let at = |place| match place {
            SortKey::At(instant) => Ok(instant),
            _ => Err(()),
        };
        self.start.and_then(|start| start.try_map(at).ok())
    }

    /// Where it starts in a list by shares.
    pub(super) fn shares(&self) -> Option<KeysetBound<i64>> {
        let shares = |place| match place {
            SortKey::Shares(shares) => Ok(shares),
            _ => Err(()),
        };
        self.start.and_then(|start| start.try_map(shares).ok())
    }

    /// Where it starts in a list in the order that was given.
    pub(super) fn place(&self) -> Option<(i64, KeysetBound<SortKey>)> {
        match self.start {
            Some(start) => match start.value {
                SortKey::Given(place) => Some((place, start)),
                _ => None,
            },
            None => None,
        }
    }
}
