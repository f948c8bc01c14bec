//! Objects as files below a directory.

#[cfg(test)]
mod tests;
mod walk;

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use rustix::fs::Access;

use self::walk::Walk;
use super::blocking::blocking;
use super::incoming::{self, Incoming, Received};
use super::{ByteRange, Content, Key, Object, ObjectError};

/// Where temporary files are: on the same file system, so that they can be moved to their keys. No key begins with a
/// dot.
const INCOMING: &str = ".incoming";
/// Bytes that are read at once.
const CHUNK: u64 = 128 * 1024;

/// A directory that exists.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    root: Arc<Path>,
}

impl Directory {
    /// Makes it where it is missing, for nobody but this user.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root: PathBuf = std::path::absolute(path)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root.join(INCOMING))?;
        if let Some(parent) = root.parent() {
            // It may be a directory that this user cannot read, in which case the store was not made just now.
            let _ = sync(parent);
        }
        sync(&root)?;
        incoming::sweep(&root.join(INCOMING))?;
        Ok(Self { root: root.into() })
    }

    pub async fn check(&self) -> Result<(), ObjectError> {
        let path = self.root.join(INCOMING);
        blocking(move || {
            let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
            Ok(rustix::fs::access(path, access)?)
        })
        .await
    }

    pub async fn incoming(&self) -> Result<Incoming, ObjectError> {
        Incoming::in_directory(self.root.join(INCOMING)).await
    }

    pub async fn put(&self, key: &Key, content: Content) -> Result<(), ObjectError> {
        let (root, key) = (self.root.clone(), key.clone());
        blocking(move || {
            let file = match content {
                Content::File(file) => file,
                Content::Bytes(bytes) => Received::of_bytes(&root.join(INCOMING), &bytes)?,
            };
            put(&root, &key, file)
        })
        .await
    }

    pub async fn get(
        &self,
        key: &Key,
        range: Option<ByteRange>,
    ) -> Result<Option<Object>, ObjectError> {
        let path = self.path(key);
        let found = blocking(move || Reading::begin(&path, range)).await?;
        let Some((total, reading)) = found else {
            return Ok(None);
        };
        let Some(reading) = reading else {
            return Err(ObjectError::OutOfRange { total });
        };
        Ok(Some(Object {
            total,
            range: reading.begin..reading.end,
            body: Box::pin(reading.chunks()),
        }))
    }

    pub async fn read(&self, key: &Key, most: u64) -> Result<Option<Bytes>, ObjectError> {
        let path = self.path(key);
        let found = blocking(move || {
            let Some((file, bytes)) = open(&path)? else {
                return Ok(None);
            };
            if bytes > most {
                return Ok(Some(Err(ObjectError::TooLarge { bytes, most })));
            }
            Ok(Some(Ok(read_at(&file, 0, bytes)?)))
        });
        found.await?.transpose()
    }

    pub async fn size(&self, key: &Key) -> Result<Option<u64>, ObjectError> {
        let path = self.path(key);
        blocking(move || match fs::metadata(&path) {
            Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    pub async fn delete(&self, key: &Key) -> Result<(), ObjectError> {
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => path.parent().map_or(Ok(()), sync),
            Err(error) if is_missing(&error) => Ok(()),
            // A directory: there is no object of this name.
            Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    pub fn list(
        &self,
        below: Option<&Key>,
    ) -> impl Stream<Item = Result<(Key, u64), ObjectError>> + Send + use<> {
        let walk = Walk::new(self.root.clone(), below);
        let pages = stream::try_unfold(walk, async |mut walk| {
            let (walk, page) = blocking(move || {
                let page = walk.page()?;
                Ok((walk, page))
            })
            .await?;
            let page = (!page.is_empty()).then(|| stream::iter(page.into_iter().map(Ok)));
            Ok::<_, ObjectError>(page.map(|page| (page, walk)))
        });
        futures_util::TryStreamExt::try_flatten(pages)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }
}

/// There is nothing under this name, or what would be a directory above it is a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// A directory's entries are on disk when this returns.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Moves a file to its key: it is there whole and for good, or not at all.
fn put(root: &Path, key: &Key, file: Received) -> io::Result<()> {
    let mut directories = vec![root.to_owned()];
    let mut path = root.to_owned();
    let mut segments = key.segments().peekable();
    while let Some(segment) = segments.next() {
        path.push(segment);
        if segments.peek().is_some() {
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => directories.push(path.clone()),
            }
        }
    }
    file.move_to(&path)?;
    // One that was there already may have been made just now, by a call that has not brought it to disk yet.
    directories
        .iter()
        .rev()
        .try_for_each(|directory| sync(directory))
}

/// A file and its length; `None` when there is none.
fn open(path: &Path) -> io::Result<Option<(File, u64)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

fn read_at(file: &File, begin: u64, count: u64) -> io::Result<Bytes> {
    let count = usize::try_from(count).map_err(io::Error::other)?;
    let mut bytes = vec![0; count];
    file.read_exact_at(&mut bytes, begin)?;
    Ok(bytes.into())
}

/// A file that is read chunk by chunk.
struct Reading {
    file: File,
    begin: u64,
    end: u64,
    /// The bytes from `begin` that were read already: opening and reading a small file is one task.
    first: Bytes,
}

impl Reading {
    /// The length of the file, and what is to be read of it unless that is nothing of what was asked for.
    fn begin(path: &Path, range: Option<ByteRange>) -> io::Result<Option<(u64, Option<Self>)>> {
        let Some((file, total)) = open(path)? else {
            return Ok(None);
        };
        let range = match range {
            None => Some(0..total),
            Some(range) => range.within(total),
        };
        let Some(range) = range else {
            return Ok(Some((total, None)));
        };
        let first = read_at(&file, range.start, CHUNK.min(range.end - range.start))?;
        let reading = Self {
            file,
            begin: range.start,
            end: range.end,
            first,
        };
        Ok(Some((total, Some(reading))))
    }

    fn chunks(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        chunks(Arc::new(self.file), self.begin, self.end, self.first)
    }
}

fn chunks(
    file: Arc<File>,
    begin: u64,
    end: u64,
    first: Bytes,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let state = (file, begin, first);
    stream::try_unfold(state, move |(file, begin, first)| async move {
        if begin >= end {
            return Ok(None);
        }
        let bytes = if first.is_empty() {
            let file = file.clone();
            blocking(move || read_at(&file, begin, CHUNK.min(end - begin))).await?
        } else {
            first
        };
        let next = begin + bytes.len() as u64;
        Ok(Some((bytes, (file, next, Bytes::new()))))
    })
}

/// A file's bytes as a body that is sent.
pub(super) fn send(file: File, len: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    chunks(Arc::new(file), 0, len, Bytes::new())
}
