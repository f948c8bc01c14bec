//! What a store can answer besides a value.

use crate::validation::Violations;

/// The answer of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why a store did not do what it was asked.
#[derive(Debug)]
pub enum StoreError {
    /// There is no such row, or the caller may not know of it.
    NotFound,
    /// The row moved on since it was read; carries its current version.
    Stale {
        /// The version that stands now.
        current: i64,
    },
    /// The slug names something else already.
    SlugTaken {
        /// The slug that was asked for.
        slug: String,
        /// The nearest free one.
        suggestion: String,
    },
    /// The step is not allowed from the state the row is in.
    WrongState {
        /// What was tried and why it cannot be.
        detail: String,
        /// The steps that are allowed now.
        allowed: Vec<&'static str>,
    },
    /// The input names something that does not exist or breaks a rule only the database can check.
    Invalid(Violations),
    /// The caller may know of the row, but not do this to it in its state; says what is missing.
    Forbidden(String),
    /// Another write came in between, so that this one could not be made; nothing was written.
    Conflict,
    /// It took longer than it was given, and was ended; nothing was changed.
    TooSlow,
    /// No connection was free in time, or the database cannot be reached.
    Unavailable(String),
    /// The database failed; logged, never shown.
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                ref details,
            ) => Self::Unavailable(details.message().to_owned()),
            // What was checked in this transaction was changed by another before the commit.
            Error::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::SerializationFailure,
                _,
            ) => Self::Conflict,
            Error::DatabaseError(_, ref details) if details.message().contains("deadlock") => {
                Self::Conflict
            }
            // What ends a statement, and a busy file, are told by their words alone.
            Error::DatabaseError(_, ref details)
                if ["interrupted", "statement timeout", "user request"]
                    .iter()
                    .any(|text| details.message().contains(text)) =>
            {
                Self::TooSlow
            }
            Error::DatabaseError(_, ref details)
                if ["database is locked", "lock timeout"]
                    .iter()
                    .any(|text| details.message().contains(text)) =>
            {
                Self::Unavailable(details.message().to_owned())
            }
            error => Self::Database(error),
        }
    }
}
