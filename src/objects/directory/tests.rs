//! What becomes of files when the process or the disk fails.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;

use crate::objects::tests::{Scratch, key, pattern, received};
use crate::objects::{Location, ObjectError, ObjectStore, OpenError};

#[tokio::test]
async fn a_file_that_came_in_in_vain_is_deleted() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let mut incoming = store.incoming().await.unwrap();
    incoming.write(&pattern(400_000)).await.unwrap();
    assert_eq!((incoming.len(), scratch.incoming()), (400_000, 1));
    drop(incoming);
    assert_eq!(scratch.incoming(), 0);
    let file = received(&store, b"abc").await;
    let mode = fs::metadata(file.path()).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, scratch.incoming()), (0o600, 1));
    drop(file);
    assert_eq!(scratch.incoming(), 0);
}

#[tokio::test]
async fn the_hash_is_that_of_what_was_written() {
    let scratch = Scratch::new();
    let file = received(&scratch.store(), b"abc").await;
    let hash = crate::objects::signature::hexadecimal(&file.sha256());
    assert_eq!(
        hash,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn what_killed_processes_left_behind_is_swept_up_after_a_day() {
    let scratch = Scratch::new();
    drop(scratch.store());
    let directory = scratch.0.join("media/.incoming");
    let (old, new) = (
        directory.join("dateline-incoming-old"),
        directory.join("dateline-incoming-new"),
    );
    let other = directory.join("other");
    for path in [&old, &new, &other] {
        fs::write(path, "x").unwrap();
    }
    let yesterday = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    for path in [&old, &other] {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(yesterday).unwrap();
    }
    drop(scratch.store());
    assert!(!old.exists() && new.exists() && other.exists());
}

#[test]
fn a_directory_is_made_for_nobody_else() {
    let scratch = Scratch::new();
    let path = scratch.0.join("a/b");
    ObjectStore::open(&Location::Directory(path.clone()), None).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_file_is_no_directory() {
    let scratch = Scratch::new();
    let path = scratch.0.join("file");
    fs::write(&path, "x").unwrap();
    let result = ObjectStore::open(&Location::Directory(path), None);
    assert!(matches!(result, Err(OpenError::Directory { .. })));
}

#[tokio::test]
async fn a_directory_that_is_gone_is_not_usable() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.check().await.unwrap();
    fs::remove_dir_all(scratch.0.join("media")).unwrap();
    assert!(store.check().await.is_err());
    assert!(store.incoming().await.is_err());
}

/// A file system of one mebibyte; `None` where mounting is not possible.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(path: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "none"]);
        let status = mount.arg(path).status().ok()?;
        status.success().then_some(Self(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing() {
    let scratch = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&scratch.0) else {
        eprintln!("skipped: a small file system cannot be mounted here");
        return;
    };
    let store = scratch.store();
    let mut incoming = store.incoming().await.unwrap();
    let mut result = Ok(());
    for _ in 0..40 {
        result = incoming.write(&pattern(64 * 1024)).await;
        if result.is_err() {
            break;
        }
    }
    assert!(matches!(result, Err(ObjectError::Full(_))), "{result:?}");
    assert!(incoming.write(&pattern(300_000)).await.is_err());
    drop(incoming);
    let result = store
        .put(&key("a/b"), pattern(2_000_000), "image/jpeg")
        .await;
    assert!(matches!(result, Err(ObjectError::Full(_))), "{result:?}");
    assert_eq!(store.size(&key("a/b")).await.unwrap(), None);
    assert_eq!(scratch.incoming(), 0);
    // There is room again.
    store
        .put(&key("a/b"), pattern(500_000), "image/jpeg")
        .await
        .unwrap();
}

/// Where the process that is to be killed finds its store.
const VICTIM: &str = "OBJECTS_TEST_VICTIM";
const LENGTH: usize = 3_000_000;

/// Not a test by itself: what the process does that is killed.
#[tokio::test]
async fn puts_until_it_is_killed() {
    let Some(path) = std::env::var_os(VICTIM) else {
        return;
    };
    let store = ObjectStore::open(&Location::Directory(path.into()), None).unwrap();
    let run = uuid::Uuid::now_v7();
    for number in 0.. {
        let key = key(&format!("{run}/{number}/x"));
        let bytes = pattern(LENGTH);
        match number % 2 {
            0 => store.put(&key, bytes, "image/jpeg").await.unwrap(),
            _ => {
                let file = received(&store, &bytes).await;
                store.put(&key, file, "image/jpeg").await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_killed_process_leaves_whole_objects_or_none() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut known = 0;
    for round in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{module}::puts_until_it_is_killed")])
            .env(VICTIM, scratch.0.join("media"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut objects = Vec::new();
        while objects.len() <= known {
            assert!(child.try_wait().unwrap().is_none());
            tokio::time::sleep(Duration::from_millis(3 * round + 1)).await;
            objects = store.list(None).try_collect().await.unwrap();
        }
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let objects: Vec<_> = store.list(None).try_collect().await.unwrap();
        for (key, size) in &objects[known.min(objects.len())..] {
            assert_eq!(*size, LENGTH as u64, "{key}");
            let bytes = store.read(key, *size).await.unwrap().unwrap();
            assert!(bytes == pattern(LENGTH), "{key}");
        }
        known = objects.len();
    }
}
