//! Versions of rows, for changes that must not overwrite each other.

use std::fmt;
use std::str::FromStr;

use super::{StoreError, StoreResult};

/// A version of a row, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub i64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        let number = text.parse().ok().filter(|_| digits);
        number
            .map(Self)
            .ok_or_else(|| "must be a version, a whole number from 1 on".to_owned())
    }
}

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
