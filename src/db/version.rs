//! Versions of rows, for changes that must not overwrite each other.

use super::{StoreError, StoreResult};

/// The versions that a change may be made to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever stands.
    Any,
    /// One of these; none at all when empty.
    OneOf(Vec<i64>),
    /// None: what was named are weak validators, which never match here (RFC 9110, section 13.1.1).
    Weak,
}

impl Expected {
    /// Holds the expectation against the version that stands.
    ///
    /// # Errors
    /// [`StoreError::VersionMismatch`] when it is another, [`StoreError::WeakVersion`] when none can match.
    pub fn check(&self, current: i64) -> StoreResult<()> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&current) => Ok(()),
            Self::Weak => Err(StoreError::WeakVersion { current }),
            Self::OneOf(_) => Err(StoreError::VersionMismatch { current }),
        }
    }
}

/// What a change that may create something was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// The versions that it may replace; `None` when it names none.
    pub expected: Option<Expected>,
    /// Whether there must be nothing yet.
    pub is_new: bool,
}

impl Precondition {
    /// Holds it against the version that stands; `None` when there is nothing (RFC 9110, section 13.2.2).
    ///
    /// # Errors
    /// [`StoreError::NoVersion`], [`StoreError::VersionRequired`], [`StoreError::Exists`], and those of
    /// [`Expected::check`].
    pub fn check(&self, current: Option<i64>) -> StoreResult<()> {
        match (&self.expected, current) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(StoreError::NoVersion),
            (Some(expected), Some(current)) => {
                expected.check(current)?;
                self.only_new(current)
            }
            (None, Some(current)) => {
                self.only_new(current)?;
                Err(StoreError::VersionRequired)
            }
        }
    }

    fn only_new(&self, current: i64) -> StoreResult<()> {
        match self.is_new {
            true => Err(StoreError::Exists { current }),
            false => Ok(()),
        }
    }
}
