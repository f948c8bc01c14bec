//! How long a call waits, and how often it is made again.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;
use crate::objects::ObjectError;

/// The bounds of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Most tries.
    pub tries: u32,
    /// No try begins later.
    pub whole: Duration,
    /// A try ends when nothing was sent or received for so long.
    pub idle: Duration,
    /// How long the first pause between tries is at most; each is twice as long as the one before.
    pub pause: Duration,
}

impl Patience {
    /// For what an editor waits for, and what would have to be uploaded again.
    pub const WRITING: Self = Self {
        tries: 4,
        whole: Duration::from_secs(60),
        idle: Duration::from_secs(20),
        pause: Duration::from_millis(400),
    };
    /// For what a reader's browser waits for.
    pub const READING: Self = Self {
        tries: 3,
        whole: Duration::from_secs(10),
        idle: Duration::from_secs(10),
        pause: Duration::from_millis(200),
    };
    /// For whether the storage is there: the next question comes by itself.
    pub const CHECKING: Self = Self {
        tries: 1,
        whole: Duration::from_secs(3),
        idle: Duration::from_secs(3),
        pause: Duration::ZERO,
    };

    /// Makes a call until it succeeds, fails for good, or enough was tried.
    pub async fn tries<T, F>(self, mut call: impl FnMut() -> F) -> Result<T, ObjectError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let begun = Instant::now();
        let mut tried = 0;
        loop {
            let failure = match call().await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            tried += 1;
            let pause = self.pause_after(tried);
            let is_over = tried >= self.tries || begun.elapsed() + pause >= self.whole;
            if is_over || !failure.is_passing {
                return Err(failure.error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// The pause after so many tries: half of it by chance, so that processes that failed together do not come back
    /// together.
    fn pause_after(self, tried: u32) -> Duration {
        let longest = self.pause * 2u32.saturating_pow(tried - 1);
        longest.mul_f64(rand::random_range(0.5..=1.0))
    }
}
