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
