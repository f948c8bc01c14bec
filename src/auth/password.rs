//! Passwords: argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane), the
//! crate's defaults.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::Semaphore;

/// The fewest characters a password may have.
pub const MIN_CHARACTERS: usize = 10;
/// The most bytes: hashing megabytes would be a way to keep the server busy.
pub const MAX_BYTES: usize = 1_000;

/// Each hash takes 19 MiB and a core for some time: this many at once, the others wait.
static TURNS: Semaphore = Semaphore::const_new(2);
/// How many wait or are hashed at once.
pub const MOST_WAITING: usize = 20;
static WAITING: Semaphore = Semaphore::const_new(MOST_WAITING);

/// More passwords wait to be hashed than is worth waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// Hashed in place of a user who does not exist, so that both cases take as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

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

/// Whether the password is the one that was hashed, on a blocking thread; for no hash at all it
/// takes as long and answers no.
///
/// # Errors
/// [`Busy`], at once.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Busy> {
    let waiting = WAITING.try_acquire().map_err(|_| Busy)?;
    let turn = TURNS.acquire().await.map_err(|_| Busy)?;
    let hashed = tokio::task::spawn_blocking(move || {
        // They end with the work, which goes on when nobody waits for it any more.
        let _turns = (waiting, turn);
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash).is_ok_and(|hash| {
            password.len() <= MAX_BYTES
                && Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
        });
        matches && exists
    });
    Ok(hashed.await.unwrap_or(false))
}
