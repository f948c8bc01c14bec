//! The files of a directory in the order of their keys.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::is_missing;
use crate::objects::Key;
use crate::objects::key::is_segment;

/// Keys that are read at once.
const PAGE: usize = 1000;

/// A walk through directories in the order of keys.
pub(super) struct Walk {
    root: Arc<Path>,
    /// For each directory that is open the entries that are not visited yet.
    open: Vec<VecDeque<Entry>>,
}

enum Entry {
    /// A key, or the empty text for the root.
    Directory(String),
    File(Key, u64),
}

impl Entry {
    /// What it is ordered by, so that the whole is ordered by key: of a directory's keys all go on with a slash.
    fn order(&self) -> String {
        match self {
            Self::Directory(path) => format!("{path}/"),
            Self::File(key, _) => key.to_string(),
        }
    }
}

impl Walk {
    /// Through all that is below a key, or through everything.
    pub fn new(root: Arc<Path>, below: Option<&Key>) -> Self {
        let first = below.map(Key::to_string).unwrap_or_default();
        let open = vec![VecDeque::from([Entry::Directory(first)])];
        Self { root, open }
    }

    /// The next keys; empty at the end.
    pub fn page(&mut self) -> io::Result<Vec<(Key, u64)>> {
        let mut page = Vec::new();
        while let Some(entries) = self.open.last_mut() {
            match entries.pop_front() {
                None => drop(self.open.pop()),
                Some(Entry::File(key, size)) => page.push((key, size)),
                Some(Entry::Directory(path)) => {
                    let entries = self.entries(&path)?;
                    self.open.push(entries);
                }
            }
            if page.len() >= PAGE {
                break;
            }
        }
        Ok(page)
    }

    /// What is in a directory, in order. What cannot be a part of a key is not the store's.
    fn entries(&self, path: &str) -> io::Result<VecDeque<Entry>> {
        let directory = match fs::read_dir(self.root.join(path)) {
            Err(error) if is_missing(&error) => return Ok(VecDeque::new()),
            other => other?,
        };
        let mut entries = Vec::new();
        for entry in directory {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(name) = name.to_str().filter(|name| is_segment(name)) {
                let path = match path {
                    "" => name.to_owned(),
                    _ => format!("{path}/{name}"),
                };
                entries.extend(visit(&entry, path)?);
            }
        }
        entries.sort_by_cached_key(Entry::order);
        Ok(entries.into())
    }
}

/// An entry of a directory; `None` when it is neither a file nor a directory, or gone.
fn visit(entry: &fs::DirEntry, path: String) -> io::Result<Option<Entry>> {
    if entry.file_type()?.is_dir() {
        return Ok(Some(Entry::Directory(path)));
    }
    let metadata = match entry.metadata() {
        Err(error) if is_missing(&error) => return Ok(None),
        other => other?,
    };
    // A path that is too long for a key is not the store's.
    let key = metadata.is_file().then(|| path.parse().ok()).flatten();
    Ok(key.map(|key| Entry::File(key, metadata.len())))
}
