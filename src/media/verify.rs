//! Whether the files and the database agree.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt;

use super::files::File;
use super::store;
use crate::body::media_uses::is_name;
use crate::db::{Database, StoreError};
use crate::objects::{ObjectError, ObjectStore};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Items that were looked at.
    pub items: usize,
    /// Files that there are.
    pub files: usize,
    /// Files that items need and that are not there.
    pub missing: Vec<String>,
    /// Files that are not as large as they were when they were stored.
    pub damaged: Vec<String>,
    /// Files that no item has: of uploads that came to nothing, or of items that were deleted while the store was away.
    pub orphans: Vec<String>,
}

impl Report {
    /// Whether every item has its files as they were stored.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.damaged.is_empty()
    }
}

/// Why it could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The place where files are kept.
    #[error("the files: {0}")]
    Objects(#[from] ObjectError),
}

/// Compares the items of a database with the files of a store.
///
/// # Errors
/// When either cannot be read.
pub async fn verify(database: &Database, objects: &ObjectStore) -> Result<Report, VerifyError> {
    // The files first: what is uploaded meanwhile is not missing.
    let mut found: HashMap<String, u64> = HashMap::new();
    let mut listing = objects.list(None);
    while let Some(file) = listing.next().await {
        let (key, bytes) = file?;
        // A directory or a bucket may hold other things besides, which are nobody's business here.
        if is_of_media(key.as_str()) {
            found.insert(key.as_str().to_owned(), bytes);
        }
    }
    let mut report = Report {
        files: found.len(),
        ..Report::default()
    };
    let mut names: HashSet<String> = HashSet::new();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let items = database
            .read(move |connection| store::names_after(connection, &from))
            .await?;
        let Some((last, _)) = items.last() else {
            break;
        };
        after.clone_from(last);
        for (name, files) in items {
            report.items += 1;
            for (file, bytes) in files {
                let path = format!("{name}/{file}");
                match found.get(&path) {
                    None if objects.size(&path_key(&path)?).await?.is_none() => {
                        report.missing.push(path);
                    }
                    Some(size) if i64::try_from(*size).ok() != Some(bytes) => {
                        report.damaged.push(path);
                    }
                    _ => {}
                }
            }
            names.insert(name);
        }
    }
    let is_orphan = |path: &&String| {
        let name = path.split('/').next().unwrap_or_default();
        !names.contains(name)
    };
    report.orphans = found.keys().filter(is_orphan).cloned().collect();
    report.orphans.sort_unstable();
    Ok(report)
}

fn is_of_media(path: &str) -> bool {
    let parts = path.split_once('/');
    parts.is_some_and(|(name, file)| is_name(name) && File::named(file).is_some())
}

fn path_key(path: &str) -> Result<crate::objects::Key, ObjectError> {
    path.parse()
        .map_err(|_| ObjectError::Refused(format!("{path:?} cannot be the name of a file")))
}
