//! Whether the database answers, as one watcher finds out for everyone.
//!
//! While it does not, nobody tries for themselves: work is refused at once, what is under way is no
//! longer waited for, and cached responses may go out although they cannot be checked. Only the
//! heartbeat decides; others can ask it to look now.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::{Notify, watch};

use super::error::{Outage, StoreError, StoreResult};

/// What is known of one database. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    state: watch::Sender<State>,
    /// The same as the state, for those who ask thousands of times a second.
    is_away: Arc<AtomicBool>,
    suspected: Arc<Notify>,
}

#[derive(Debug, Clone)]
enum State {
    Answers,
    Away { since: Instant, reason: Arc<str> },
}

impl Default for Health {
    /// Of a database that answers, as far as anyone knows.
    fn default() -> Self {
        Self {
            state: watch::Sender::new(State::Answers),
            is_away: Arc::default(),
            suspected: Arc::default(),
        }
    }
}

impl Health {
    /// Whether it is known not to answer.
    pub fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Acquire)
    }

    /// Why it does not answer, when that is so.
    pub fn reason(&self) -> Option<Arc<str>> {
        match &*self.state.borrow() {
            State::Answers => None,
            State::Away { reason, .. } => Some(Arc::clone(reason)),
        }
    }

    /// Refuses while it does not answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], at once.
    pub fn check(&self) -> StoreResult<()> {
        if !self.is_away() {
            return Ok(());
        }
        match &*self.state.borrow() {
            State::Answers => Ok(()),
            State::Away { reason, .. } => Err(refusal(reason)),
        }
    }

    /// Waits until it does not answer; returns what to say then.
    pub async fn away(&self) -> StoreError {
        let mut state = self.state.subscribe();
        loop {
            if let Err(away) = self.check() {
                return away;
            }
            // This handle keeps the sender alive: there is no error.
            let _ = state.changed().await;
        }
    }

    /// It answers.
    pub(super) fn answers(&self) {
        self.state.send_if_modified(|state| match state {
            State::Answers => false,
            State::Away { since, .. } => {
                tracing::info!(
                    seconds = since.elapsed().as_secs_f64(),
                    "the database answers again"
                );
                *state = State::Answers;
                self.is_away.store(false, Ordering::Release);
                true
            }
        });
    }

    /// It does not answer.
    pub(super) fn does_not_answer(&self, why: &str) {
        self.state.send_if_modified(|state| match state {
            State::Away { reason, .. } if **reason == *why => false,
            State::Away { reason, .. } => {
                *reason = why.into();
                false
            }
            State::Answers => {
                tracing::error!(reason = why, "the database does not answer");
                *state = State::Away {
                    since: Instant::now(),
                    reason: why.into(),
                };
                self.is_away.store(true, Ordering::Release);
                true
            }
        });
    }

    /// Someone has reason to think that it does not answer.
    pub(super) fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// Waits until someone has.
    pub(super) async fn suspected(&self) {
        self.suspected.notified().await;
    }
}

fn refusal(reason: &str) -> StoreError {
    StoreError::unavailable(Outage::Unreachable, reason)
}
