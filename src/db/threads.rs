//! Threads that wait for the database, made when the server starts: one that cannot be made is an error
//! then, not in the middle of a request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::error::{Outage, StoreError, StoreResult};

type Job = Box<dyn FnOnce() + Send>;

/// A number of threads that take jobs in turn. They end with the last handle, once all jobs are done.
pub(super) struct Threads {
    jobs: Sender<Job>,
}

impl Threads {
    /// Starts threads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the machine gives no more threads.
    pub(super) fn start(name: &str, count: u32) -> StoreResult<Arc<Self>> {
        let (jobs, taken) = channel::<Job>();
        let taken = Arc::new(Mutex::new(taken));
        for _ in 0..count {
            let taken = Arc::clone(&taken);
            std::thread::Builder::new()
                .name(format!("dateline-{name}"))
                .spawn(move || work(&taken))
                .map_err(|error| {
                    let reason = format!("cannot start a thread for the database: {error}");
                    StoreError::unavailable(Outage::Busy, reason)
                })?;
        }
        Ok(Arc::new(Self { jobs }))
    }

    /// Runs a job on one of the threads. One whose caller has left before it began is not run.
    ///
    /// # Errors
    /// [`StoreError::Database`] when it panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> StoreResult<T> {
        let (done, outcome) = oneshot::channel();
        let sent = self.jobs.send(Box::new(move || {
            if !done.is_closed() {
                let _ = done.send(job());
            }
        }));
        let panicked = || StoreError::Database(diesel::result::Error::RollbackTransaction);
        sent.map_err(|_| panicked())?;
        outcome.await.map_err(|_| panicked())
    }

    /// Runs a job on one of the threads, whoever waits for it.
    pub(super) fn begin(&self, job: impl FnOnce() + Send + 'static) {
        let _ = self.jobs.send(Box::new(job));
    }
}

fn work(taken: &Mutex<Receiver<Job>>) {
    loop {
        let job = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        // What a job panics with has been written to the log by then; the thread goes on.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("work on the database panicked");
        }
    }
}
