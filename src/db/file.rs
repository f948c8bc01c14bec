//! The file of a SQLite database: making it, and noticing that it is not there any more.

use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::error::{Outage, StoreError, StoreResult};

fn unusable(reason: String) -> StoreError {
    StoreError::unavailable(Outage::Unsuitable, reason)
}

/// Creates the file of a new database, unless there is one, so that nobody else on this machine reads it: it
/// holds hashes of passwords and tokens, and drafts. The files that SQLite puts beside it get the same
/// mode.
///
/// # Errors
/// [`StoreError::Unavailable`] with the reason.
pub fn create(path: &Path) -> StoreResult<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder
        && !folder.is_dir()
    {
        return Err(unusable(format!(
            "cannot create {}: there is no directory {}",
            path.display(),
            folder.display()
        )));
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(unusable(format!(
            "cannot create {}: {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Refuses a file that is not there: SQLite would make an empty one, and a server with a wrong path would
/// look like a newsroom that has lost everything.
///
/// # Errors
/// [`StoreError::Unavailable`] with what to do.
pub fn refuse_missing(path: &Path) -> StoreResult<()> {
    if path.exists() {
        return Ok(());
    }
    Err(unusable(format!(
        "there is no database at {}. `dateline migrate` makes a new one, and so does `dateline serve \
         --create`; if there should be one, look at DATABASE_URL and the working directory",
        path.display()
    )))
}

/// Refuses what SQLite would make worse: a log that does not belong to the file, and a file that is damaged.
/// Both can only be after somebody was killed, or put another file there; the file is read through then,
/// which takes a second or so for each gigabyte.
///
/// # Errors
/// [`StoreError::Unavailable`] with what to do.
pub fn refuse_damaged(path: &Path) -> StoreResult<()> {
    let Some(log) = left_over_log(path) else {
        return Ok(());
    };
    let (file, log) = (path.display(), log.display());
    if !has_log_format(path) {
        return Err(unusable(format!(
            "{log} does not belong to {file}, which is a copy made with VACUUM INTO or the like: it was left \
             by the database that was there before. If you have restored this copy, delete {log} and \
             {file}-shm, and start again"
        )));
    }
    tracing::info!(%file, "the database was not closed; checking it");
    let found = quick_check(path).unwrap_or_else(|error| error.to_string());
    // Another process uses it, and so has checked it, or is writing its log back.
    if found == "ok" || found.contains("locked") {
        return Ok(());
    }
    Err(unusable(format!(
        "{file} is damaged, or {log} does not belong to it: {found}. If you have restored a backup, delete \
         {log} and {file}-shm, which the database before it has left, and start again; otherwise restore a \
         backup. Nothing has been changed"
    )))
}

/// What SQLite finds wrong with the file and its log, which it only reads; `ok` for nothing.
fn quick_check(path: &Path) -> Result<String, Box<dyn std::error::Error>> {
    #[derive(QueryableByName)]
    struct Check {
        #[diesel(sql_type = Text)]
        quick_check: String,
    }
    // Read only: the last connection that can write would write the log back into the file.
    let mut url =
        url::Url::from_file_path(std::path::absolute(path)?).map_err(|()| "no such path")?;
    url.set_query(Some("mode=ro"));
    let mut connection = SqliteConnection::establish(url.as_str())?;
    connection.batch_execute("PRAGMA busy_timeout = 5000")?;
    let found: Vec<Check> = sql_query("PRAGMA quick_check(3)").load(&mut connection)?;
    Ok(found
        .into_iter()
        .map(|check| check.quick_check)
        .collect::<Vec<_>>()
        .join("; "))
}

/// Which file was opened: SQLite goes on with it after it was removed or replaced, and what is written
/// then is lost with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileIdentity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The identity of the file that is there now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none.
    pub fn of(path: &Path) -> StoreResult<Self> {
        let metadata = std::fs::metadata(path)
            .map_err(|error| unusable(format!("{}: {error}", path.display())))?;
        Ok(Self {
            path: path.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Whether the path still leads to this file; otherwise what has happened, and what to do.
    ///
    /// # Errors
    /// In words for the operator.
    pub fn check(&self) -> Result<(), String> {
        let happened = match Self::of(&self.path) {
            Ok(current) if current == *self => return Ok(()),
            Ok(_) => "was replaced by another file",
            Err(_) => "is not there any more",
        };
        Err(format!(
            "the database file {} {happened} while this server had it open: nothing that is written now \
             would stay. Stop the server, put the right file in its place, start it again",
            self.path.display()
        ))
    }
}

/// Where SQLite keeps what it has not yet written back into the file.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// What SQLite has not yet written back into the file, when a process that used it was killed or still
/// uses it.
fn left_over_log(path: &Path) -> Option<PathBuf> {
    let log = log_of(path);
    std::fs::metadata(&log)
        .is_ok_and(|metadata| metadata.len() > 0)
        .then_some(log)
}

/// Whether the file was written by SQLite with a log beside it (its format, section 1.3.3): a backup made
/// with `VACUUM INTO` was not. An empty file is a new database.
fn has_log_format(path: &Path) -> bool {
    let mut header = [0; 20];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_err() || header[18..20] == [2, 2]
}

/// Bytes of a database and of its disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Its file.
    pub file: u64,
    /// What SQLite has not yet written back into it, and space for more.
    pub log: u64,
    /// What is free on its disk.
    pub free: u64,
}

/// How large a database is, as far as can be seen.
pub fn sizes(path: &Path) -> Sizes {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    Sizes {
        file: size(path),
        log: size(&log_of(path)),
        free: rustix::fs::statvfs(path).map_or(0, |disk| disk.f_bavail * disk.f_frsize),
    }
}
