//! What happens to a server whose database fails: each fault is a scenario here, which says what readers
//! and editors see while it lasts, and that all is right afterwards. What depends on how fast the machine
//! is, `scripts/bench` measures (docs/RUNBOOK.md).

mod cluster;
mod files;
mod kills;
mod outages;
mod proxy;
mod replicas;
mod starts;

use std::time::Duration;

/// Asks until something is so, for ten minutes at least; a machine may be as slow as it likes.
async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..30_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}
