//! Why an object could not be stored or read.

use std::io;

use thiserror::Error;

/// Why the store did not do what it was asked to. The sentences are for logs and tell no secret.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// It is not there or too busy: the same may work later.
    #[error("the file storage is not available: {0}")]
    Unavailable(String),
    /// It has no room, or no room for a file of this size.
    #[error("the file storage is full: {0}")]
    Full(String),
    /// It does not let the service do this: an operator has to change a setting or a permission.
    #[error("the file storage refuses access: {0}")]
    Refused(String),
    /// It failed in a way that is not expected to pass.
    #[error("the file storage failed: {0}")]
    Broken(#[source] io::Error),
    /// The object has none of the bytes that were asked for.
    #[error("the object has {total} bytes, and none of those that were asked for")]
    OutOfRange {
        /// All bytes of the object.
        total: u64,
    },
    /// The object is larger than the caller wants to hold in memory.
    #[error("the object has {bytes} bytes, more than {most}")]
    TooLarge {
        /// All bytes of the object.
        bytes: u64,
        /// The most that were asked for.
        most: u64,
    },
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{
            FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full(error.to_string()),
            PermissionDenied | ReadOnlyFilesystem => Self::Refused(error.to_string()),
            _ => Self::Broken(error),
        }
    }
}

impl From<ObjectError> for io::Error {
    /// For streams, whose errors are those of I/O.
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Broken(error) => error,
            other => Self::other(other),
        }
    }
}

/// What the store answered is not what it should be.
pub(super) fn malformed(reason: impl Into<String>) -> ObjectError {
    let reason: String = reason.into();
    ObjectError::Broken(io::Error::new(io::ErrorKind::InvalidData, reason))
}

/// What an error says with what caused it, in one line.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
