//! Files that come in: written to a temporary file first, and hashed on the way.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::ObjectError;
use super::blocking::blocking;

/// What temporary files' names begin with: they may lie in a directory that other programs use too.
const NAME: &str = "dateline-incoming-";
/// A temporary file that was not written for so long was left behind by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);
/// So many bytes are collected before they are written: each write waits for a thread.
const AT_ONCE: usize = 256 * 1024;

/// A temporary file that is being written. It is deleted when this is dropped.
pub struct Incoming {
    /// `None` while a thread writes; so it stays when that was not waited for.
    writing: Option<Writing>,
    /// What was given and is not written yet.
    waiting: Vec<u8>,
    len: u64,
}

/// A temporary file that is complete. It is deleted when this is dropped.
#[derive(Debug)]
pub struct Received {
    file: Temporary,
    handle: File,
    len: u64,
    sha256: [u8; 32],
}

#[derive(Debug)]
struct Writing {
    file: Temporary,
    handle: File,
    hash: Sha256,
}

/// A file that is deleted with its last owner.
#[derive(Debug)]
struct Temporary {
    path: PathBuf,
    /// Whether it was moved away, so that nothing is left to delete.
    is_moved: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_moved {
            // Nobody waits for it: what stays is swept up when the store is opened again.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Incoming")
            .field("writing", &self.writing)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl Incoming {
    /// An empty one in a directory.
    pub(super) async fn in_directory(directory: PathBuf) -> Result<Self, ObjectError> {
        let writing = blocking(move || Writing::begin(&directory)).await?;
        Ok(Self {
            writing: Some(writing),
            waiting: Vec::new(),
            len: 0,
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// As [`ObjectError`] says, [`ObjectError::Full`] above all. After an error, and when this was not waited for,
    /// nothing more can be written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        self.waiting.extend_from_slice(bytes);
        self.len += bytes.len() as u64;
        if self.waiting.len() < AT_ONCE {
            return Ok(());
        }
        let mut writing = self.writing.take().ok_or_else(given_up)?;
        let bytes = std::mem::take(&mut self.waiting);
        let (writing, mut bytes) = blocking(move || {
            writing.write(&bytes)?;
            Ok((writing, bytes))
        })
        .await?;
        bytes.clear();
        self.waiting = bytes;
        self.writing = Some(writing);
        Ok(())
    }

    /// Bytes that were given so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none were given.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes what was not written yet, after which the file can be read. It is not on disk for certain until it is put
    /// into a store.
    ///
    /// # Errors
    /// As for [`Incoming::write`].
    pub async fn finish(self) -> Result<Received, ObjectError> {
        let Self {
            writing,
            waiting,
            len,
        } = self;
        let mut writing = writing.ok_or_else(given_up)?;
        blocking(move || {
            writing.write(&waiting)?;
            Ok(Received {
                sha256: writing.hash.finalize().into(),
                file: writing.file,
                handle: writing.handle,
                len,
            })
        })
        .await
    }
}

/// A write before was broken off.
fn given_up() -> ObjectError {
    ObjectError::Broken(io::Error::other("an earlier write did not come to its end"))
}

impl Writing {
    fn begin(directory: &Path) -> io::Result<Self> {
        let path = directory.join(format!("{NAME}{}", Uuid::now_v7()));
        let handle = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let is_moved = false;
        Ok(Self {
            file: Temporary { path, is_moved },
            handle,
            hash: Sha256::new(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.handle.write_all(bytes)?;
        self.hash.update(bytes);
        Ok(())
    }
}

impl Received {
    /// One with these bytes.
    pub(super) fn of_bytes(directory: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut writing = Writing::begin(directory)?;
        writing.handle.write_all(bytes)?;
        Ok(Self {
            file: writing.file,
            handle: writing.handle,
            len: bytes.len() as u64,
            // Nobody asks for it: the file is moved to its place at once.
            sha256: [0; 32],
        })
    }

    /// Bytes of the file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where it lies, to be read. Nobody may write to it: the hash is that of what was received.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// The SHA-256 of its bytes.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The file, to be read by position.
    pub(super) fn reader(&self) -> io::Result<File> {
        self.handle.try_clone()
    }

    /// Moves it within its file system, after its bytes are on disk for certain.
    pub(super) fn move_to(mut self, path: &Path) -> io::Result<()> {
        self.handle.sync_all()?;
        fs::rename(&self.file.path, path)?;
        self.file.is_moved = true;
        Ok(())
    }
}

/// Deletes temporary files that no process writes any more.
pub(super) fn sweep(directory: &Path) -> io::Result<()> {
    let now = SystemTime::now();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(NAME);
        if is_ours && is_left_behind(&entry, now) {
            // Another process may sweep at the same time; a directory of everybody may not let this one.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn is_left_behind(entry: &fs::DirEntry, now: SystemTime) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| {
        now.duration_since(modified)
            .is_ok_and(|age| age > LEFT_BEHIND)
    })
}
