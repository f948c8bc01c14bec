//! Passwords: argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane), the
//! crate's defaults.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{Output, PasswordHash, PasswordHasher, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

/// The fewest characters a password may have.
pub const MIN_CHARACTERS: usize = 10;
/// The most bytes: hashing megabytes would be a way to keep the server busy.
pub const MAX_BYTES: usize = 1_000;

/// Each hash takes 19 MiB and a core for some time: this many at once, on threads of their own, whose
/// memory is used again for the next one.
const HASHERS: usize = 2;
/// How many wait or are hashed at once.
pub const MOST_WAITING: usize = 20;
static WAITING: Semaphore = Semaphore::const_new(MOST_WAITING);

/// More passwords wait to be hashed than is worth waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// What a thread does with a password.
enum Work {
    Compare(Comparison),
    Hash(Hashing),
}

/// A password to be hashed, and its place among those that wait.
struct Hashing {
    password: String,
    hash: oneshot::Sender<Result<String, argon2::password_hash::Error>>,
    _waiting: SemaphorePermit<'static>,
}

/// A password to be compared, and its place among those that wait.
struct Comparison {
    password: String,
    hash: Option<String>,
    matches: oneshot::Sender<bool>,
    _waiting: SemaphorePermit<'static>,
}

static WORK: LazyLock<Sender<Work>> = LazyLock::new(|| {
    let (sender, receiver) = channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for number in 0..HASHERS {
        let receiver = Arc::clone(&receiver);
        let thread = std::thread::Builder::new().name(format!("dateline-password-{number}"));
        let begun = thread.spawn(move || {
            let next = || {
                receiver
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv()
            };
            let mut memory = Vec::new();
            while let Ok(work) = next() {
                match work {
                    Work::Compare(comparison) => comparison.run(&mut memory),
                    Work::Hash(hashing) => hashing.run(),
                }
            }
        });
        if let Err(error) = begun {
            tracing::error!(%error, "no thread to hash passwords on");
        }
    }
    sender
});

impl Hashing {
    fn run(self) {
        if !self.hash.is_closed() {
            let _ = self.hash.send(hash(&self.password));
        }
    }
}

impl Comparison {
    fn run(self, memory: &mut Vec<Block>) {
        // Whoever has left needs no answer.
        if self.matches.is_closed() {
            return;
        }
        let hash = self.hash.as_deref().unwrap_or(NOBODY);
        let matches = self.password.len() <= MAX_BYTES
            && has_hash(&self.password, hash, memory) == Some(true)
            && self.hash.is_some();
        let _ = self.matches.send(matches);
    }
}

/// Compared in place of a user who does not exist, so that both cases take as long: a hash that no
/// password is known for, with the parameters of all others.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password has this hash (PHC string format), in memory that is used again.
fn has_hash(password: &str, hash: &str, memory: &mut Vec<Block>) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let expected = hash.hash?;
    let mut salt = [0; Salt::MAX_LENGTH];
    let salt = hash.salt?.decode_b64(&mut salt).ok()?;
    let params = Params::try_from(&hash).ok()?;
    memory.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(
        Algorithm::try_from(hash.algorithm).ok()?,
        hash.version?.try_into().ok()?,
        params,
    );
    let mut found = vec![0; expected.len()];
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut found, &mut memory[..])
        .ok()?;
    // In constant time.
    Some(Output::new(&found).ok()? == expected)
}

/// Checks that a new password is long enough.
///
/// # Errors
/// The reason, as the end of a sentence.
pub fn check(password: &str) -> Result<(), String> {
    if password.chars().count() < MIN_CHARACTERS {
        return Err(format!("must have at least {MIN_CHARACTERS} characters"));
    }
    if password.len() > MAX_BYTES {
        return Err(format!("must have at most {MAX_BYTES} bytes"));
    }
    Ok(())
}

/// The salted hash of a password in PHC string format.
///
/// # Errors
/// When the system gives no randomness.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(Argon2::default()
        .hash_password(password.as_bytes(), &salt)?
        .to_string())
}

/// Whether the password is the one that was hashed, on a thread apart; for no hash at all it takes as long
/// and returns false.
///
/// # Errors
/// [`Busy`], at once.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Busy> {
    let waiting = WAITING.try_acquire().map_err(|_| Busy)?;
    let (matches, answer) = oneshot::channel();
    let comparison = Comparison {
        password,
        hash,
        matches,
        _waiting: waiting,
    };
    WORK.send(Work::Compare(comparison)).map_err(|_| Busy)?;
    answer.await.map_err(|_| Busy)
}

/// The salted hash of a new password, made on a thread apart.
///
/// # Errors
/// [`Busy`], at once, or when the system gives no randomness.
pub async fn hash_apart(password: String) -> Result<String, Busy> {
    let waiting = WAITING.try_acquire().map_err(|_| Busy)?;
    let (hash, answer) = oneshot::channel();
    let hashing = Hashing {
        password,
        hash,
        _waiting: waiting,
    };
    WORK.send(Work::Hash(hashing)).map_err(|_| Busy)?;
    let hash = answer.await.map_err(|_| Busy)?;
    hash.map_err(|error| {
        tracing::error!(%error, "a password was not hashed");
        Busy
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_is_known_by_its_hash() {
        let hash = hash("correct horse battery").unwrap();
        for (password, stored, matches) in [
            ("correct horse battery", Some(hash.clone()), true),
            ("another horse battery", Some(hash.clone()), false),
            ("correct horse battery", None, false),
            ("correct horse battery", Some("nonsense".into()), false),
        ] {
            assert_eq!(verify(password.into(), stored).await, Ok(matches));
        }
    }

    #[test]
    fn nobody_takes_as_long_as_somebody() {
        // The whole work is done, and no password fits.
        assert_eq!(has_hash("nobody", NOBODY, &mut Vec::new()), Some(false));
        let parameters = |hash: &str| Params::try_from(&PasswordHash::new(hash).unwrap()).unwrap();
        assert_eq!(parameters(NOBODY), parameters(&hash("somebody").unwrap()));
    }
}
