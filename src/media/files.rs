//! The files of items: how they are stored and read, and the renditions that are made when they are first asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::addresses::Addresses;
use super::processing::{self, Processed, RenditionFile};
use super::store::{self, Source};
use crate::db::{Database, StoreError};
use crate::objects::{Key, Object, ObjectError, ObjectStore, Received};
use crate::outbound;
use crate::threads::Threads;
use pictures::{Format, Unreadable, Variant};

/// Memory for renditions that are asked for often (bytes).
const CACHED: u64 = 32 * 1024 * 1024;
/// About how many they are.
const CACHED_ITEMS: usize = 1_000;
/// The largest rendition: more than one of the widest can have.
const LARGEST_RENDITION: u64 = 16 * 1024 * 1024;
/// Uploads that are received at once.
const UPLOADS: usize = 16;
/// How long a crop that is asked for waits for those before it.
const WAIT: Duration = Duration::from_secs(20);
/// With so many cores two pictures are worked on at a time, and otherwise one. Not more: a picture of the most pixels takes
/// up to 600 MB, whoever sends it.
const MANY_CORES: usize = 4;
/// How long storing the files of one item may take, besides what their bytes take.
const STORING: Duration = Duration::from_secs(40);
/// As slow as a store may be (bytes a second).
const SLOWEST_STORE: u64 = 8 * 1024 * 1024;
/// How long whoever deletes an item waits for its files to be deleted.
const DELETING: Duration = Duration::from_secs(5);
/// Files of one item that are stored at once.
const STORED_AT_ONCE: usize = 4;
/// Crops that wait to be made at once.
const WAITING: usize = 64;

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Bytes> for ByBytes {
    fn weight(&self, _: &String, file: &Bytes) -> u64 {
        // Also of an empty one.
        file.len() as u64 + 64
    }
}

/// How files are taken in.
#[derive(Debug, Clone, Copy)]
pub struct MediaSettings {
    /// Most bytes of one.
    pub most_bytes: u64,
    /// Whether what a file says of whoever made it and where stays in it.
    pub keeps_metadata: bool,
}

/// The files of one server. Cheap to clone.
#[derive(Clone)]
pub struct MediaFiles {
    objects: Option<ObjectStore>,
    threads: Arc<Threads>,
    renditions: Arc<Cache<String, Bytes, ByBytes>>,
    uploads: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// How files are taken in.
    pub settings: MediaSettings,
    /// For pictures that the server is to fetch.
    pub outbound: outbound::Client,
}

/// Why a file is not there, or not now.
#[derive(Debug, Error)]
pub enum FileError {
    /// It does not exist.
    #[error("there is no such file")]
    NotFound,
    /// The picture is cropped around another point by now: the last part of the address of what it is now.
    #[error("it is {0} now")]
    Moved(String),
    /// Where files are kept.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The original cannot be read any more.
    #[error("the original cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    /// Too many others are being made.
    #[error("too many renditions are being made")]
    Busy,
}

/// The key of a file.
///
/// # Errors
/// [`FileError::NotFound`] for what names none.
fn key(name: &str, file: &str) -> Result<Key, FileError> {
    format!("{name}/{file}")
        .parse()
        .map_err(|_| FileError::NotFound)
}

/// A file of an item: the original, or a rendition of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// What was uploaded.
    Original(Format),
    /// A rendition.
    Rendition(Variant),
}

impl File {
    /// By the last part of its address; `None` for what is none.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(extension) = name.strip_prefix("original.") {
            let known = Format::ALL.into_iter();
            let mut known = known.filter(|format| format.extension() == extension);
            return known.next().map(Self::Original);
        }
        name.parse().ok().map(Self::Rendition)
    }

    /// The media type that it is served as.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Original(format) => format.mime(),
            Self::Rendition(variant) => variant.encoding().mime(),
        }
    }
}

/// How long storing a file of so many bytes, with what is made of it, may take.
pub fn storing_time(bytes: u64) -> Duration {
    STORING + Duration::from_secs(bytes / SLOWEST_STORE)
}

/// A new name for an item's files: 128 random bits.
pub fn new_name() -> String {
    processing::hex(&crate::keys::random_bytes()[..16])
}

impl MediaFiles {
    /// Files in a store, if there is one: without it everything but files is served. Pictures are worked on by one or two
    /// threads, with less right to the processor than those that answer readers.
    ///
    /// # Errors
    /// When the machine gives no more threads.
    pub fn new(
        objects: Option<ObjectStore>,
        settings: MediaSettings,
        outbound: outbound::Client,
    ) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let count = if cores < MANY_CORES { 1 } else { 2 };
        let threads = Threads::start("media", count)?;
        for _ in 0..count {
            threads.begin(yield_to_readers);
        }
        Ok(Self {
            objects,
            threads,
            renditions: Arc::new(Cache::with_weighter(CACHED_ITEMS, CACHED, ByBytes)),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            turns: Arc::new(Semaphore::new(count as usize)),
            settings,
            outbound,
        })
    }

    /// Where they are kept.
    ///
    /// # Errors
    /// When there is no place for them.
    pub fn objects(&self) -> Result<&ObjectStore, ObjectError> {
        let reason = "there is no directory for files; set --media-store";
        let objects = self.objects.as_ref();
        objects.ok_or_else(|| ObjectError::Unavailable(reason.into()))
    }

    /// Room for one upload more; `None` when too many are being received.
    pub fn room(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.uploads).try_acquire_owned().ok()
    }

    /// Reads a file that was received and makes its renditions, when the files before it are done.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn process(
        &self,
        received: Arc<Received>,
        format: Format,
    ) -> Result<Result<Processed, Unreadable>, ObjectError> {
        let kept = self.settings.keeps_metadata;
        let job = move || {
            let bytes = std::fs::read(received.path()).map_err(ObjectError::Broken)?;
            Ok(processing::process(bytes, format, kept))
        };
        let done = self.threads.run(job).await;
        done.unwrap_or(Ok(Err(Unreadable::Damaged("reading it failed"))))
    }

    /// Stores the files of an item, durably: the original last.
    ///
    /// # Errors
    /// When they cannot be stored; what was stored is deleted again.
    pub async fn put(
        &self,
        name: &str,
        format: Format,
        renditions: Vec<RenditionFile>,
        original: Vec<u8>,
    ) -> Result<(), FileError> {
        let bytes = original.len() as u64;
        let storing = put_all(self.objects()?, name, format, renditions, original);
        let time = storing_time(bytes);
        let stored = tokio::time::timeout(time, storing).await;
        let stored = stored.unwrap_or_else(|_| {
            let reason = format!("storing took more than {time:?}");
            Err(ObjectError::Unavailable(reason).into())
        });
        if stored.is_err() {
            self.delete(name).await;
        }
        stored
    }

    /// Deletes all files of an item, as far as the store is there: `dateline media verify` names what is left. Where that
    /// takes long it goes on after this has returned.
    pub async fn delete(&self, name: &str) {
        let (files, name) = (self.clone(), name.to_owned());
        let deleting = actix_web::rt::spawn(async move { files.delete_all(&name).await });
        let _ = tokio::time::timeout(DELETING, deleting).await;
    }

    async fn delete_all(&self, name: &str) {
        let Ok(below) = name.parse::<Key>() else {
            return;
        };
        let Ok(objects) = self.objects() else {
            return;
        };
        let mut files = objects.list(Some(&below));
        while let Some(found) = files.next().await {
            let deleted = match found {
                Ok((key, _)) => {
                    self.renditions.remove(key.as_str());
                    objects.delete(&key).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = deleted {
                tracing::warn!(%error, name, "files of a deleted item of the media are left");
                return;
            }
        }
    }

    /// A rendition, whole: from memory, from the store, or made now. Of simultaneous requests for one, one does the work.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn rendition(
        &self,
        database: &Database,
        name: &str,
        variant: Variant,
    ) -> Result<Bytes, FileError> {
        let path = format!("{name}/{variant}");
        let find = async {
            let key = key(name, &variant.to_string())?;
            match self.objects()?.read(&key, LARGEST_RENDITION).await? {
                Some(bytes) => Ok(bytes),
                None => self.make(database, name, (key, variant)).await,
            }
        };
        self.renditions.get_or_insert_async(&path, find).await
    }

    /// A rendition that is in memory.
    pub fn cached(&self, name: &str, file: &str) -> Option<Bytes> {
        self.renditions.get(&format!("{name}/{file}"))
    }

    async fn make(
        &self,
        database: &Database,
        name: &str,
        (key, variant): (Key, Variant),
    ) -> Result<Bytes, FileError> {
        let source = source_of(database, name).await?;
        checked(source, variant)?;
        let _room = self.waiting.try_acquire().map_err(|_| FileError::Busy)?;
        // Originals are large: only those that are worked on are in memory.
        let turn = tokio::time::timeout(WAIT, self.turns.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or(FileError::Busy)?;
        let original = super::files::key(name, &Addresses::original_file(source.format))?;
        let original = self.objects()?.read(&original, self.settings.most_bytes);
        let original = original.await?;
        let original = original.ok_or(FileError::NotFound)?;
        let job = move || processing::rendition(&original, source.format, variant);
        let made = match tokio::time::timeout(WAIT, self.threads.run(job)).await {
            Ok(Ok(made)) => Bytes::from(made?),
            Ok(Err(_)) => return Err(Unreadable::Damaged("reading it failed").into()),
            Err(_) => return Err(FileError::Busy),
        };
        let mime = variant.encoding().mime();
        self.objects()?.put(&key, made.clone(), mime).await?;
        // Whoever deleted the item meanwhile has not seen this file.
        if let Err(gone) = source_of(database, name).await {
            self.objects()?.delete(&key).await?;
            return Err(gone);
        }
        Ok(made)
    }

    /// Whether an original is there.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn has_original(&self, name: &str, format: Format) -> Result<bool, FileError> {
        let key = key(name, &Addresses::original_file(format))?;
        Ok(self.objects()?.size(&key).await?.is_some())
    }

    /// A file of the store, or a part of it.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn original(
        &self,
        name: &str,
        format: Format,
        range: Option<crate::objects::ByteRange>,
    ) -> Result<Object, FileError> {
        let key = key(name, &Addresses::original_file(format))?;
        let found = self.objects()?.get(&key, range).await?;
        found.ok_or(FileError::NotFound)
    }
}

/// Stores the files of an item in a store, durably: the original last.
///
/// # Errors
/// When they cannot be stored; some may have been.
pub async fn put_all(
    objects: &ObjectStore,
    name: &str,
    format: Format,
    renditions: Vec<RenditionFile>,
    original: Vec<u8>,
) -> Result<(), FileError> {
    let puts = renditions.into_iter().map(async |(rendition, bytes)| {
        let mime = File::named(&rendition.file).map_or(format.mime(), File::mime);
        objects
            .put(&key(name, &rendition.file)?, bytes, mime)
            .await?;
        Ok::<_, FileError>(())
    });
    let puts = futures_util::stream::iter(puts).buffered(STORED_AT_ONCE);
    puts.try_collect::<()>().await?;
    let file = Addresses::original_file(format);
    objects
        .put(&key(name, &file)?, original, format.mime())
        .await?;
    Ok(())
}

async fn source_of(database: &Database, name: &str) -> Result<Source, FileError> {
    let named = name.to_owned();
    let found = database.read(move |connection| store::source(connection, &named));
    match found.await {
        Err(StoreError::NotFound) => Err(FileError::NotFound),
        found => Ok(found?),
    }
}

/// That a rendition can be made of an item: in its widths, and around its focal point as that is now.
fn checked(source: Source, variant: Variant) -> Result<(), FileError> {
    let Some((width, height)) = source.size else {
        return Err(FileError::NotFound);
    };
    if !variant.exists_for(width, height) {
        return Err(FileError::NotFound);
    }
    let now = Variant::new(
        variant.width(),
        variant.crop(),
        source.focal,
        variant.encoding(),
    );
    match now {
        Some(now) if now == variant => Ok(()),
        Some(now) => Err(FileError::Moved(now.to_string())),
        None => Err(FileError::NotFound),
    }
}

/// How much less right to the processor than others such a thread has: enough for readers, and not so much that nothing is
/// made on a busy machine.
const NICENESS: i32 = 5;

/// A thread that makes renditions lets readers go first.
fn yield_to_readers() {
    let thread = rustix::thread::gettid();
    // On Linux this is of the one thread. Without the right to it, it competes as all do.
    let _ = rustix::process::setpriority_process(Some(thread), NICENESS);
    // So that each of the threads takes one of these.
    std::thread::sleep(Duration::from_millis(5));
}

/// Where files are kept when nothing is said: beside a database that is a file, or below the working directory.
pub fn usual_directory(database: Option<&std::path::Path>) -> PathBuf {
    match database {
        Some(file) => {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            file.with_file_name(format!("{stem}-media"))
        }
        None => PathBuf::from("dateline-media"),
    }
}
