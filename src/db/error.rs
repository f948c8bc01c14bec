//! What a store can answer besides a value.

use std::str::FromStr;

use thiserror::Error;

use super::total::Total;
use super::{Id, Resource, Timestamp};
use crate::merge::MergeConflict;
use crate::threads::Panicked;
use crate::validation::Violations;

/// The answer of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// The article that has what another one wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its key.
    pub id: Id,
    /// Its slug.
    pub slug: String,
    /// Its headline; a draft may have none.
    pub headline: Option<String>,
}

/// Who says that they edit an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedBy {
    /// `user` or `token`.
    pub kind: String,
    /// Which one.
    pub id: Id,
    /// What they are called now; `None` where nobody knows any more.
    pub name: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless they go on.
    pub until: Timestamp,
}

/// Why a store did not do what it was asked, in words for a terminal.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no such row, or the caller may not know of it.
    #[error("there is no such entry")]
    NotFound,
    /// The row moved on since it was read; carries its current version.
    #[error("it was changed meanwhile")]
    VersionMismatch {
        /// The version that stands now.
        current: i64,
    },
    /// The version was named by a weak validator, which cannot guard a change; carries the current one.
    #[error("a weak validator cannot guard a change")]
    WeakVersion {
        /// The version that stands now.
        current: i64,
    },
    /// The slug names something else already.
    #[error("the slug {slug} is taken")]
    SlugTaken {
        /// The slug that was asked for.
        slug: String,
        /// The nearest free one.
        suggestion: String,
        /// The article that has it, for a caller who may read that.
        existing: Option<Box<Holder>>,
    },
    /// Another tag of the kind has the name already.
    #[error("the name is taken by {slug}")]
    NameTaken {
        /// The other one's key.
        id: Id,
        /// Its slug.
        slug: String,
        /// Its name, as it is written there.
        name: String,
    },
    /// Something that it says is another article's; with that article, which the caller may read.
    #[error("{}", in_words(.0))]
    Taken(Violations, Box<Holder>),
    /// Articles refer to it, so that it cannot be deleted.
    #[error("articles refer to the {of} {slug}")]
    InUse {
        /// What it is.
        of: Resource,
        /// Its slug.
        slug: String,
        /// How many do, of any status.
        articles: Total,
    },
    /// Articles show the item of the media, so that it cannot be deleted.
    #[error("articles show it")]
    MediaInUse {
        /// How many do, as far as they are counted.
        articles: usize,
        /// Whether there are more.
        has_more: bool,
        /// Slugs of some that the caller may read.
        slugs: Vec<String>,
    },
    /// Collections are filled by it, so that it cannot be deleted.
    #[error("collections are filled by the tag {slug}")]
    FillsCollections {
        /// Its slug.
        slug: String,
        /// Slugs of the collections, a few of them.
        collections: Vec<String>,
    },
    /// Other tags stand below it, so that it cannot be deleted.
    #[error("tags stand below the tag {slug}")]
    HasBelow {
        /// Its slug.
        slug: String,
        /// Slugs of those right below it, a few of them.
        below: Vec<String>,
    },
    /// There is something already, and the change named no version of it.
    #[error("there is one already")]
    VersionRequired,
    /// The change named a version of something that is not there.
    #[error("there is none")]
    NoVersion,
    /// There is one already, and only a new one was wanted.
    #[error("there is one already")]
    Exists {
        /// The version that stands now.
        current: i64,
    },
    /// The step is not allowed from the state the row is in.
    #[error("{detail}")]
    InvalidTransition {
        /// What was tried and why it cannot be.
        detail: String,
        /// The steps that are allowed now.
        allowed: Vec<&'static str>,
    },
    /// The input names something that does not exist or breaks a rule only the database can check.
    #[error("{}", in_words(.0))]
    Invalid(Violations),
    /// The caller may know of the row, but not do this to it in its state; says what is missing.
    #[error("{0}")]
    Forbidden(String),
    /// A working copy cannot be merged with its article as that is now: both have changed the same in different ways, or it
    /// is another version than the one that was to be merged.
    #[error("the article and its working copy changed {} in different ways", pointers(.conflicts))]
    Diverged {
        /// The version that the article has.
        article_version: i64,
        /// What both have changed.
        conflicts: Vec<MergeConflict>,
    },
    /// Somebody else edits the article, as they said.
    #[error("somebody else edits it")]
    Locked(Box<LockedBy>),
    /// Another write came in between, so that this one could not be made; nothing was written.
    #[error("it was changed meanwhile")]
    Conflict,
    /// It took longer than it was given, and was ended; nothing was changed.
    #[error("the database took too long")]
    TooSlow,
    /// Another request was sent with this idempotency key.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The request that was first sent with this idempotency key has not ended.
    #[error("a request with this idempotency key is being answered")]
    KeyInFlight,
    /// The caller has stored as many responses under idempotency keys as a day has.
    #[error("no more idempotency keys today")]
    TooManyKeys,
    /// The response had a secret in it, which is not kept; with where the thing is that has it.
    #[error("the response is shown once only")]
    ShownOnce(Option<String>),
    /// One operation of several that are made together or not at all.
    #[error("operation {index}: {error}")]
    Operation {
        /// Its place among them, from 0.
        index: usize,
        /// Where in the operation its violations point into; `None` where they point elsewhere.
        pointer: Option<&'static str>,
        /// Why it cannot be made.
        error: Box<StoreError>,
    },
    /// The database cannot do it now; nothing was written. The reason is logged, never shown.
    #[error("{1}")]
    Unavailable(Outage, String),
    /// The database did not say whether it committed; the reason is logged.
    #[error("whether it was done is not known: {0}; look before you try again")]
    OutcomeUnknown(String),
    /// What is stored cannot be read: it was written by something else, or the code is mistaken; logged, never
    /// shown.
    #[error("what is stored cannot be read: {0}")]
    Corrupt(String),
    /// The database failed; logged, never shown.
    #[error("the database failed: {0}")]
    Database(diesel::result::Error),
}

fn pointers(conflicts: &[MergeConflict]) -> String {
    let pointers: Vec<&str> = conflicts
        .iter()
        .map(|conflict| conflict.pointer.as_str())
        .collect();
    pointers.join(", ")
}

fn in_words(violations: &Violations) -> String {
    let violations = violations.listed().iter();
    let words = violations.map(|violation| format!("{} {}", violation.pointer, violation.detail));
    words.collect::<Vec<_>>().join("; ")
}

/// A stored text as what it stands for.
///
/// # Errors
/// [`StoreError::Corrupt`] when it stands for nothing.
pub fn stored<T: FromStr>(text: &str) -> StoreResult<T> {
    text.parse().map_err(|_| {
        let wanted = std::any::type_name::<T>();
        StoreError::Corrupt(format!("{text:?} is no {wanted}"))
    })
}

impl From<Panicked> for StoreError {
    /// Logged already.
    fn from(_: Panicked) -> Self {
        Self::Database(diesel::result::Error::RollbackTransaction)
    }
}

/// Why the database cannot do something now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// It cannot be reached, or is gone.
    Unreachable,
    /// It answers; what is needed is in use by others.
    Busy,
    /// Too much waits already.
    QueueFull,
    /// Its disk is full.
    DiskFull,
    /// It may be read only, as a replica or a file without write permission.
    ReadOnly,
    /// It is not the database that this program can work with, or not yet.
    Unsuitable,
}

impl Outage {
    /// How many kinds there are.
    pub const COUNT: usize = Self::Unsuitable as usize + 1;
}

impl StoreError {
    /// The database cannot do it now, with what its operator needs to know.
    pub fn unavailable(outage: Outage, reason: impl Into<String>) -> Self {
        Self::Unavailable(outage, reason.into())
    }

    /// What is stored as JSON cannot be read as what it was written from.
    pub fn unreadable(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }

    /// The machine gives no more threads.
    pub(super) fn no_threads(error: std::io::Error) -> Self {
        let reason = format!("cannot start a thread for the database: {error}");
        Self::unavailable(Outage::Unsuitable, reason)
    }

    /// Why there is no connection, in the words of the library that should have made one.
    pub(super) fn not_opened(reason: String) -> Self {
        let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        let outage = if says(NO_MORE) {
            Outage::Busy
        } else if says(NOT_THIS_ONE) {
            Outage::Unsuitable
        } else {
            Outage::Unreachable
        };
        Self::Unavailable(outage, reason)
    }

    /// What a message of the database's says that came in another library's error.
    pub fn from_message(message: &str) -> Self {
        told_by(message).map_or_else(
            || Self::unavailable(Outage::Unsuitable, message),
            |told| told.error(message),
        )
    }

    /// What its operator needs to know.
    pub fn reason(&self) -> String {
        match self {
            Self::Unavailable(_, reason) | Self::OutcomeUnknown(reason) | Self::Corrupt(reason) => {
                reason.clone()
            }
            Self::Database(error) => error.to_string(),
            other => format!("{other:?}"),
        }
    }

    /// Whether it is the caller's: trying again changes nothing, and what else is written stands.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::Conflict
                | Self::TooSlow
                | Self::Unavailable(..)
                | Self::OutcomeUnknown(_)
                | Self::Corrupt(_)
                | Self::Database(_)
        )
    }

    /// Whether it is that the database cannot be reached.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unavailable(Outage::Unreachable, _))
    }
}

/// Errors that both databases tell by their words alone, in English: Diesel has no kind for them. On
/// Postgres each connection asks for English ones.
const WORDS: &[(&[&str], Told)] = &[
    // Another transaction waits for this one: both databases end one of them.
    (&["deadlock"], Told::Conflict),
    (
        &["interrupted", "statement timeout", "user request"],
        Told::TooSlow,
    ),
    (
        &["database is locked", "lock timeout"],
        Told::Unavailable(Outage::Busy),
    ),
    (
        &["disk is full", "No space left on device", "disk full"],
        Told::Unavailable(Outage::DiskFull),
    ),
    (
        &["readonly database", "during recovery", "read-only"],
        Told::Unavailable(Outage::ReadOnly),
    ),
    (
        &["disk I/O error", "unable to open database file"],
        Told::Unavailable(Outage::Unreachable),
    ),
];

/// A server of Postgres's, or a pooler, has no connection to spare.
const NO_MORE: &[&str] = &[
    "too many clients",
    "too many connections",
    "remaining connection slots",
    "no more connections allowed",
];

/// It answers, and will not let this program in until somebody changes something.
const NOT_THIS_ONE: &[&str] = &[
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "\" does not exist",
    "is not permitted to log in",
    "permission denied for database",
];

#[derive(Clone, Copy)]
enum Told {
    Conflict,
    TooSlow,
    Unavailable(Outage),
}

impl Told {
    fn error(self, message: &str) -> StoreError {
        match self {
            Self::Conflict => StoreError::Conflict,
            Self::TooSlow => StoreError::TooSlow,
            Self::Unavailable(outage) => StoreError::unavailable(outage, message),
        }
    }
}

fn told_by(message: &str) -> Option<Told> {
    let (_, told) = WORDS
        .iter()
        .find(|(words, _)| words.iter().any(|words| message.contains(words)))?;
    Some(*told)
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        let Error::DatabaseError(kind, details) = &error else {
            return match error {
                Error::NotFound => Self::NotFound,
                // What went wrong first is what has to be told.
                Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
                error => Self::Database(error),
            };
        };
        let message = details.message();
        let told = match kind {
            Kind::ClosedConnection | Kind::UnableToSendCommand => {
                Some(Told::Unavailable(Outage::Unreachable))
            }
            Kind::ReadOnlyTransaction => Some(Told::Unavailable(Outage::ReadOnly)),
            // What was checked in this transaction was changed by another before the commit.
            Kind::UniqueViolation | Kind::ForeignKeyViolation | Kind::SerializationFailure => {
                Some(Told::Conflict)
            }
            _ => told_by(message),
        };
        match told {
            Some(told) => told.error(message),
            None => Self::Database(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind, Error};

    use super::*;

    fn told(kind: DatabaseErrorKind, message: &str) -> StoreError {
        Error::DatabaseError(kind, Box::new(message.to_owned())).into()
    }

    #[test]
    fn what_a_database_says_is_told_apart() {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UniqueViolation, Unknown};
        for (kind, message, outage) in [
            (ClosedConnection, "Verbindung beendet", Outage::Unreachable),
            (ReadOnlyTransaction, "nur lesen", Outage::ReadOnly),
            (
                Unknown,
                "attempt to write a readonly database",
                Outage::ReadOnly,
            ),
            (
                Unknown,
                "cannot execute NOTIFY during recovery",
                Outage::ReadOnly,
            ),
            (Unknown, "database or disk is full", Outage::DiskFull),
            (
                Unknown,
                "could not extend file \"base/5/16\": No space left on device",
                Outage::DiskFull,
            ),
            (
                Unknown,
                "canceling statement due to lock timeout",
                Outage::Busy,
            ),
            (Unknown, "database is locked", Outage::Busy),
            (Unknown, "disk I/O error", Outage::Unreachable),
        ] {
            let error = told(kind, message);
            assert!(
                matches!(error, StoreError::Unavailable(as_told, _) if as_told == outage),
                "{message}: {error:?}"
            );
        }
        assert!(matches!(
            told(Unknown, "deadlock detected"),
            StoreError::Conflict
        ));
        assert!(matches!(
            told(UniqueViolation, "doppelt"),
            StoreError::Conflict
        ));
        for message in [
            "interrupted",
            "canceling statement due to statement timeout",
            "canceling statement due to user request",
        ] {
            assert!(
                matches!(told(Unknown, message), StoreError::TooSlow),
                "{message}"
            );
        }
        assert!(matches!(
            told(Unknown, "syntax error"),
            StoreError::Database(_)
        ));
    }

    #[test]
    fn why_a_connection_is_refused_is_told_apart() {
        for (reason, outage) in [
            ("FATAL:  sorry, too many clients already", Outage::Busy),
            (
                "FATAL:  password authentication failed for user \"desk\"",
                Outage::Unsuitable,
            ),
            (
                "FATAL:  database \"news\" does not exist",
                Outage::Unsuitable,
            ),
            (
                "FATAL:  the database system is starting up",
                Outage::Unreachable,
            ),
            ("connection refused", Outage::Unreachable),
        ] {
            assert!(
                matches!(StoreError::not_opened(reason.into()), StoreError::Unavailable(told, _) if told == outage),
                "{reason}"
            );
        }
    }

    #[test]
    fn of_a_commit_that_failed_twice_the_first_reason_is_told() {
        let failed = Error::RollbackErrorOnCommit {
            rollback_error: Box::new(Error::BrokenTransactionManager),
            commit_error: Box::new(Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection,
                Box::new("gone".to_owned()),
            )),
        };
        assert!(StoreError::from(failed).is_unreachable());
    }
}
