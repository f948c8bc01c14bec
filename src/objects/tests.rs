//! What both kinds of stores promise. A bucket is tried with `RCLONE=/path/to/rclone`, which serves one.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};

use super::*;

/// A directory for one test.
pub(super) struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("objects-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn store(&self) -> ObjectStore {
        let location = Location::Directory(self.0.join("media"));
        ObjectStore::open(&location, None).unwrap()
    }

    /// Files that are on their way.
    pub fn incoming(&self) -> usize {
        std::fs::read_dir(self.0.join("media/.incoming"))
            .unwrap()
            .count()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// Bytes that show where they come from.
pub(super) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 7 / 5 % 251) as u8).collect()
}

pub(super) async fn received(store: &ObjectStore, bytes: &[u8]) -> Received {
    let mut incoming = store.incoming().await.unwrap();
    for chunk in bytes.chunks(60_000) {
        incoming.write(chunk).await.unwrap();
    }
    assert_eq!(incoming.len(), bytes.len() as u64);
    incoming.finish().await.unwrap()
}

pub(super) async fn body(object: Object) -> io::Result<Vec<u8>> {
    let chunks: Vec<Bytes> = object.body.try_collect().await?;
    assert!(chunks.iter().all(|chunk| chunk.len() <= 128 * 1024));
    Ok(chunks.concat())
}

async fn keys(store: &ObjectStore, below: Option<&str>) -> Vec<(String, u64)> {
    let below = below.map(key);
    let listing = store.list(below.as_ref());
    let pairs = listing.map_ok(|(key, size)| (key.to_string(), size));
    pairs.try_collect().await.unwrap()
}

/// Everything that a store promises of objects.
async fn promises(store: &ObjectStore) {
    store.check().await.unwrap();
    what_is_put_is_read(store).await;
    parts_are_read(store).await;
    lists_are_in_order(store).await;
    missing_is_fine(store).await;
}

async fn what_is_put_is_read(store: &ObjectStore) {
    for len in [0, 1, 128 * 1024, 128 * 1024 + 1, 1_000_003] {
        let (bytes, key) = (pattern(len), key(&format!("sizes/{len}.bin")));
        let file = received(store, &bytes).await;
        assert_eq!(std::fs::read(file.path()).unwrap(), bytes);
        let path = file.path().to_owned();
        store.put(&key, file, "image/jpeg").await.unwrap();
        assert!(!path.exists());
        // The same again.
        store.put(&key, bytes.clone(), "image/jpeg").await.unwrap();
        let object = store.get(&key, None).await.unwrap().unwrap();
        assert_eq!(
            (object.total, object.range.clone()),
            (len as u64, 0..len as u64)
        );
        assert_eq!(body(object).await.unwrap(), bytes);
        assert_eq!(store.size(&key).await.unwrap(), Some(len as u64));
        let whole = store.read(&key, len as u64).await.unwrap();
        assert_eq!(whole.as_deref(), Some(&*bytes));
        if len > 0 {
            let error = store.read(&key, len as u64 - 1).await.unwrap_err();
            assert!(matches!(error, ObjectError::TooLarge { .. }), "{error}");
        }
    }
}

async fn parts_are_read(store: &ObjectStore) {
    use ByteRange::{Between, From, Last};
    let (bytes, key) = (pattern(300_000), key("part-1_2.x/A.bin"));
    store.put(&key, bytes.clone(), "image/jpeg").await.unwrap();
    for (range, expected) in [
        (From(0), 0..300_000),
        (From(299_999), 299_999..300_000),
        (Between(0, 0), 0..1),
        (Between(100, 200_099), 100..200_100),
        (Between(100, 900_000), 100..300_000),
        (Last(1000), 299_000..300_000),
        (Last(300_000), 0..300_000),
    ] {
        let object = store.get(&key, Some(range)).await;
        let object = object
            .unwrap_or_else(|error| panic!("{range:?}: {error}"))
            .unwrap();
        assert_eq!(object.total, 300_000, "{range:?}");
        let (from, to) = (object.range.start, object.range.end);
        assert_eq!(from..to, expected, "{range:?}");
        let part = body(object).await.unwrap();
        assert!(part == bytes[from as usize..to as usize], "{range:?}");
    }
    for range in [From(300_000), Between(300_000, 300_001)] {
        let error = store.get(&key, Some(range)).await.err().unwrap();
        let is_told = matches!(error, ObjectError::OutOfRange { total: 300_000 });
        assert!(is_told, "{error}");
    }
}

async fn lists_are_in_order(store: &ObjectStore) {
    let names = [
        "l/b", "l/a/1", "l/a/2", "l/a.x", "l/a-x/1", "l/a0", "m", "l-x",
    ];
    for (index, name) in names.iter().enumerate() {
        store
            .put(&key(name), vec![0; index], "text/plain")
            .await
            .unwrap();
    }
    let found = keys(store, Some("l")).await;
    let pair = |name: &str, size| (name.to_owned(), size);
    assert_eq!(
        found,
        [
            pair("l/a-x/1", 4),
            pair("l/a.x", 3),
            pair("l/a/1", 1),
            pair("l/a/2", 2),
            pair("l/a0", 5),
            pair("l/b", 0),
        ]
    );
    assert!(keys(store, Some("l/b")).await.is_empty());
    assert!(keys(store, Some("nothing")).await.is_empty());
    let all = keys(store, None).await;
    assert!(all.is_sorted() && all.len() == names.len() + 6, "{all:?}");
}

async fn missing_is_fine(store: &ObjectStore) {
    for name in ["nothing", "nothing/at/all"] {
        let key = key(name);
        assert!(store.get(&key, None).await.unwrap().is_none(), "{name}");
        let part = store.get(&key, Some(ByteRange::From(5))).await.unwrap();
        assert!(part.is_none(), "{name}");
        assert!(store.read(&key, 10).await.unwrap().is_none(), "{name}");
        assert!(store.size(&key).await.unwrap().is_none(), "{name}");
        store.delete(&key).await.unwrap();
    }
    let key = key("m");
    store.delete(&key).await.unwrap();
    assert!(store.get(&key, None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_directory_keeps_what_a_store_promises() {
    let scratch = Scratch::new();
    let store = scratch.store();
    promises(&store).await;
    assert_eq!(scratch.incoming(), 0);
    store
        .put(&key("file"), vec![1], "text/plain")
        .await
        .unwrap();
    let below = key("file/x");
    // Neither below a file nor where a directory is.
    for key in [&below, &key("l")] {
        assert!(store.get(key, None).await.unwrap().is_none());
        assert!(store.size(key).await.unwrap().is_none());
        store.delete(key).await.unwrap();
    }
    let error = store.put(&below, vec![1], "text/plain").await.unwrap_err();
    assert!(matches!(error, ObjectError::Broken(_)), "{error}");
}

/// A server of S3 that checks signatures. It ends with the test.
struct Rclone {
    child: Child,
    location: String,
    _scratch: Scratch,
}

impl Drop for Rclone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rclone {
    /// `None` when no binary is named.
    async fn start() -> Option<Self> {
        let Some(binary) = std::env::var_os("RCLONE") else {
            eprintln!("skipped: RCLONE names no binary of rclone");
            return None;
        };
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.0.join("bucket")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(binary)
            .args([
                "serve",
                "s3",
                "--auth-key",
                "ACCESSKEY,secret/secret+secret",
            ])
            .args(["--addr", &address.to_string(), "--config", "/dev/null"])
            .arg(&scratch.0)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut rclone = Self {
            child,
            location: format!("s3://bucket/a%20pre+fix/ä?endpoint=http://{address}"),
            _scratch: scratch,
        };
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if rclone.store("secret/secret+secret").check().await.is_ok() {
                return Some(rclone);
            }
        }
        rclone.child.kill().unwrap();
        let mut said = String::new();
        rclone
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        panic!("rclone does not serve: {said}");
    }

    fn store(&self, secret: &str) -> ObjectStore {
        let credentials = Credentials {
            access_key_id: "ACCESSKEY".into(),
            secret_access_key: secret.into(),
            session_token: None,
            region: None,
        };
        ObjectStore::open(&self.location.parse().unwrap(), Some(credentials)).unwrap()
    }
}

#[tokio::test]
async fn a_bucket_keeps_what_a_store_promises() {
    let Some(rclone) = Rclone::start().await else {
        return;
    };
    let mut store = rclone.store("secret/secret+secret");
    promises(&store).await;
    // The same list in many pages.
    let Store::S3(s3) = &mut store.store else {
        panic!("a bucket was expected")
    };
    let whole: Vec<_> = s3.list(None).map(Result::unwrap).collect().await;
    s3.set_page(3);
    let paged: Vec<_> = s3.list(None).map(Result::unwrap).collect().await;
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn a_bucket_refuses_a_wrong_secret() {
    let Some(rclone) = Rclone::start().await else {
        return;
    };
    let store = rclone.store("wrong");
    for error in [
        store
            .put(&key("a"), vec![1], "text/plain")
            .await
            .unwrap_err(),
        store.get(&key("a"), None).await.err().unwrap(),
        store.size(&key("a")).await.unwrap_err(),
        store.delete(&key("a")).await.unwrap_err(),
        store.list(None).next().await.unwrap().unwrap_err(),
        store.check().await.unwrap_err(),
    ] {
        assert!(matches!(error, ObjectError::Refused(_)), "{error}");
    }
}
