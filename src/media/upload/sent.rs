//! What a client sends, within the time it has.

use std::time::{Duration, Instant};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_util::StreamExt;

use crate::http::observe::Deadline;
use crate::media::files::storing_time;
use crate::problem::{BAD_REQUEST, Problem, REQUEST_TIMEOUT};

/// How long a client may send nothing.
const IDLE: Duration = Duration::from_secs(15);
/// How long an upload may take besides what its bytes take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// As slow as a client may send after that (bytes a second).
const SLOWEST: u64 = 16 * 1024;
/// How much of what is refused is read and dropped, so that the client, still sending, gets the response.
const DRAINED: u64 = 8 * 1024 * 1024;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(5);

/// What a client sends, within the time it has.
pub(super) struct Sent {
    payload: Payload,
    deadline: Option<Deadline>,
    begun: Instant,
    /// How much has come.
    pub(super) bytes: u64,
}

impl Sent {
    /// Of a request, which gets more time as more comes.
    pub(super) fn new(payload: Payload, deadline: Option<Deadline>) -> Self {
        let sent = Self {
            payload,
            deadline,
            begun: Instant::now(),
            bytes: 0,
        };
        sent.go_on();
        sent
    }

    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        let chunk = match tokio::time::timeout(IDLE, self.payload.next()).await {
            Ok(chunk) => chunk?,
            Err(_) => {
                let detail = format!("Nothing was sent for {} seconds.", IDLE.as_secs());
                return Some(Err(Problem::new(&REQUEST_TIMEOUT, detail)));
            }
        };
        Some(chunk.map_err(broken_off).inspect(|chunk| {
            self.bytes += chunk.len() as u64;
            self.go_on();
        }))
    }

    /// Gives the request as much time as it has earned.
    fn go_on(&self) {
        if let Some(deadline) = &self.deadline {
            let earned = PATIENCE + IDLE + Duration::from_secs(self.bytes / SLOWEST);
            deadline.set(self.begun + earned);
        }
    }

    /// All has come: gives the request the time that is needed to store it.
    pub(super) fn is_complete(&self) {
        if let Some(deadline) = &self.deadline {
            deadline.set(Instant::now() + PATIENCE + storing_time(self.bytes));
        }
    }

    /// Reads what a client still sends that has been refused, as far as it is not much.
    pub(super) async fn drain(&mut self) {
        let read = async {
            let before = self.bytes;
            while let Some(Ok(_)) = self.next().await {
                if self.bytes - before > DRAINED {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(DRAINING, read).await;
    }
}

fn broken_off(error: PayloadError) -> Problem {
    let detail = format!("The file could not be received: {error}.");
    Problem::new(&BAD_REQUEST, detail)
}
