//! Which articles the desk's list has, and in which order.

use std::fmt;

use crate::articles::workflow::Status;
use crate::db::{Id, Timestamp};
use crate::search::headline::HeadlineWords;
use crate::search::query::Query;
use crate::text::{Language, Slug};

/// The order of the desk's list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EditorialSort {
    /// The last changed first.
    #[default]
    LastUpdatedFirst,
    /// The last changed last.
    LastUpdatedLast,
    /// The newest first, by publication; what has no time of publication last.
    NewestFirst,
    /// The oldest first, by publication; what has no time of publication before all.
    OldestFirst,
    /// By headline; what has none first.
    ByHeadline,
    /// By headline, backward; what has none last.
    ByHeadlineBackward,
}

impl EditorialSort {
    /// What `sort=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("-updated_at", Self::LastUpdatedFirst),
        ("updated_at", Self::LastUpdatedLast),
        ("-published_at", Self::NewestFirst),
        ("published_at", Self::OldestFirst),
        ("headline", Self::ByHeadline),
        ("-headline", Self::ByHeadlineBackward),
    ];

    /// Whether what it sorts by grows from one article to the next.
    pub fn is_upwards(self) -> bool {
        matches!(
            self,
            Self::LastUpdatedLast | Self::OldestFirst | Self::ByHeadline
        )
    }
}

crate::closed_set!(
    EditorialSort,
    Self::ALL,
    "The order of articles for editors; `-` means the latest first, or headlines backward."
);

/// What an article is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// When it was changed or published; [`Timestamp::EARLIEST`] for one without a time of publication.
    At(Timestamp),
    /// The folded words of its headline; empty without one.
    Words(String),
}

impl SortValue {
    /// Reads a value of an order, as [`Display`](fmt::Display) writes it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(sort: EditorialSort, text: String) -> Result<Self, String> {
        match sort {
            EditorialSort::ByHeadline | EditorialSort::ByHeadlineBackward => Ok(Self::Words(text)),
            _ => text.parse().map(Self::At),
        }
    }
}

impl fmt::Display for SortValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => instant.fmt(f),
            Self::Words(words) => f.write_str(words),
        }
    }
}

/// A range of time, without its ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Between {
    /// Later than this.
    pub after: Option<Timestamp>,
    /// Earlier than this.
    pub before: Option<Timestamp>,
}

impl Between {
    /// Whether it leaves nothing out.
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

/// What someone typed to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedWords {
    /// As all searches read it.
    pub query: Query,
    /// Its words as parts of words of headlines, where it has no operators.
    pub parts: Option<HeadlineWords>,
}

impl SearchedWords {
    /// Reads what was typed.
    pub fn of(text: &str) -> Self {
        Self {
            query: Query::parse(text),
            parts: HeadlineWords::of(text),
        }
    }
}

/// Which articles the desk's list has: all conditions hold at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditorialFilter {
    /// In one of these statuses; empty for all but the trash.
    pub statuses: Vec<Status>,
    /// First saved by this user.
    pub created_by: Option<Id>,
    /// At least one of these authors.
    pub authors: Vec<Slug>,
    /// In one of these sections.
    pub sections: Vec<Slug>,
    /// At least one of these tags.
    pub tags: Vec<Slug>,
    /// With one of these slugs, now or once.
    pub slugs: Vec<Slug>,
    /// In this language, or a narrower one.
    pub language: Option<Language>,
    /// Last changed then.
    pub updated: Between,
    /// With a time of publication then, whether that has come or not.
    pub published: Between,
    /// Published, and to be seen by readers then and not before.
    pub scheduled: Between,
    /// Whether they have a working copy; `None` for all.
    pub has_working_copy: Option<bool>,
    /// Found by these words.
    pub words: Option<SearchedWords>,
}

impl EditorialFilter {
    /// Whether a page in this order is read from one index, or from one for each status, however large the archive is;
    /// or whether at most a hundred articles are looked at.
    pub fn is_by_index(&self, sort: EditorialSort) -> bool {
        if self.words.is_some() {
            return false;
        }
        if !self.slugs.is_empty() {
            return true;
        }
        let by_update = matches!(
            sort,
            EditorialSort::LastUpdatedFirst | EditorialSort::LastUpdatedLast
        );
        let by_publication = matches!(
            sort,
            EditorialSort::NewestFirst | EditorialSort::OldestFirst
        );
        let names = self.authors.len() + self.sections.len() + self.tags.len();
        names == 0
            && self.language.is_none()
            && self.scheduled.is_any()
            && self.has_working_copy != Some(true)
            && (self.updated.is_any() || by_update)
            && (self.published.is_any() || by_publication)
            && (self.created_by.is_none() || by_update)
    }
}
