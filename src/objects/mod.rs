//! Where files are kept: objects under keys, in a directory or in a bucket of S3. An object is immutable: what is put
//! under a key a second time is the same again.
//!
//! - [`location`] – where a store is, as a setting names it; [`credentials`] – who the service is there
//! - [`key`], [`range`] – what names an object and a part of one
//! - [`incoming`] – files that come in
//! - `directory`, `s3` – the two kinds of stores; [`error`] – what both say when they fail
//! - `signature` – how S3 knows who asks

pub mod credentials;
pub mod error;
pub mod incoming;
pub mod key;
pub mod location;
pub mod range;

mod blocking;
mod directory;
mod s3;
mod signature;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use thiserror::Error;

pub use self::credentials::Credentials;
pub use self::error::ObjectError;
pub use self::incoming::{Incoming, Received};
pub use self::key::{Key, KeyError};
pub use self::location::{Bucket, Location, LocationError};
pub use self::range::ByteRange;

use self::directory::Directory;
use self::s3::S3;

/// Bytes that come one chunk after the other, of at most 128 KiB. After an error nothing more comes.
pub type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Keys in ascending order of their bytes, each with the length of its object in bytes.
pub type Listing = Pin<Box<dyn Stream<Item = Result<(Key, u64), ObjectError>> + Send>>;

/// A store of immutable objects. Clones are of the same store.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    store: Store,
}

#[derive(Debug, Clone)]
enum Store {
    Directory(Directory),
    S3(S3),
}

/// Why a store cannot be used at all.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory is missing and cannot be made, or cannot be written.
    #[error("the directory {} cannot be used: {source}", path.display())]
    Directory {
        /// The directory that was given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A bucket was given, and nothing to sign requests with.
    #[error("a bucket needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")]
    NoCredentials,
    /// A bucket of AWS was given, and not its region.
    #[error("a bucket of AWS needs a region: the parameter region or AWS_REGION")]
    NoRegion,
    /// The bucket cannot be a part of the server's name.
    #[error("the bucket and the endpoint do not make an address: {0}")]
    Address(#[from] url::ParseError),
    /// TLS cannot be used on this machine.
    #[error("TLS cannot be used: {0}")]
    Tls(String),
}

/// What is put under a key.
#[derive(Debug)]
pub enum Content {
    /// A file that came in.
    File(Received),
    /// Bytes in memory.
    Bytes(Bytes),
}

impl From<Received> for Content {
    fn from(file: Received) -> Self {
        Self::File(file)
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// An object, or a part of one, that is being read.
pub struct Object {
    /// Bytes of the whole object.
    pub total: u64,
    /// Which of them the body has: from the first to before the end.
    pub range: Range<u64>,
    /// The bytes: all of the range, or an error.
    pub body: Chunks,
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Object")
            .field("total", &self.total)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl ObjectStore {
    /// Makes the directory of a store where it is missing, and deletes what killed processes left in it. Waits for the
    /// disk. Nothing is asked of S3 yet.
    ///
    /// # Errors
    /// When the store can never work as it is set.
    pub fn open(location: &Location, credentials: Option<Credentials>) -> Result<Self, OpenError> {
        let store = match location {
            Location::Directory(path) => {
                let opened = Directory::open(path);
                let failed = |source| OpenError::Directory {
                    path: path.clone(),
                    source,
                };
                Store::Directory(opened.map_err(failed)?)
            }
            Location::S3(bucket) => {
                let credentials = credentials.ok_or(OpenError::NoCredentials)?;
                Store::S3(S3::open(bucket, credentials)?)
            }
        };
        Ok(Self { store })
    }

    /// The same store, with files on their way to S3 in this directory and not in the system's directory for temporary
    /// files. A store in a directory has its own place for them.
    #[must_use]
    pub fn receiving_below(mut self, directory: PathBuf) -> Self {
        if let Store::S3(s3) = &mut self.store {
            s3.receive_below(directory);
        }
        self
    }

    /// Whether the store can be used now: asks once and does not wait long.
    ///
    /// # Errors
    /// As [`ObjectError`] says.
    pub async fn check(&self) -> Result<(), ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.check().await,
            Store::S3(s3) => s3.check().await,
        }
    }

    /// A temporary file to receive an object of unknown length in.
    ///
    /// # Errors
    /// As [`ObjectError`] says.
    pub async fn incoming(&self) -> Result<Incoming, ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.incoming().await,
            Store::S3(s3) => s3.incoming().await,
        }
    }

    /// Stores an object. It is there whole and for good when this returns, and not at all before. A directory does not
    /// keep the type.
    ///
    /// # Errors
    /// As [`ObjectError`] says.
    pub async fn put(
        &self,
        key: &Key,
        content: impl Into<Content>,
        content_type: &str,
    ) -> Result<(), ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.put(key, content.into()).await,
            Store::S3(s3) => s3.put(key, content.into(), content_type).await,
        }
    }

    /// An object or a part of it; `None` when there is no object.
    ///
    /// # Errors
    /// As [`ObjectError`] says, with [`ObjectError::OutOfRange`] when the object has nothing of the range.
    pub async fn get(
        &self,
        key: &Key,
        range: Option<ByteRange>,
    ) -> Result<Option<Object>, ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.get(key, range).await,
            Store::S3(s3) => s3.get(key, range).await,
        }
    }

    /// A whole object of at most so many bytes; `None` when there is none.
    ///
    /// # Errors
    /// As [`ObjectError`] says, with [`ObjectError::TooLarge`] when it is larger.
    pub async fn read(&self, key: &Key, most: u64) -> Result<Option<Bytes>, ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.read(key, most).await,
            Store::S3(s3) => s3.read(key, most).await,
        }
    }

    /// The length of an object in bytes; `None` when there is none.
    ///
    /// # Errors
    /// As [`ObjectError`] says.
    pub async fn size(&self, key: &Key) -> Result<Option<u64>, ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.size(key).await,
            Store::S3(s3) => s3.size(key).await,
        }
    }

    /// Deletes an object, if there is one. Who reads it already may read on.
    ///
    /// # Errors
    /// As [`ObjectError`] says.
    pub async fn delete(&self, key: &Key) -> Result<(), ObjectError> {
        match &self.store {
            Store::Directory(directory) => directory.delete(key).await,
            Store::S3(s3) => s3.delete(key).await,
        }
    }

    /// The objects whose keys begin with this one and a slash, or all. They are read as they are asked for, a page at a
    /// time. What else lies in the directory or the bucket is passed over.
    pub fn list(&self, below: Option<&Key>) -> Listing {
        match &self.store {
            Store::Directory(directory) => Box::pin(directory.list(below)),
            Store::S3(s3) => Box::pin(s3.list(below)),
        }
    }
}
