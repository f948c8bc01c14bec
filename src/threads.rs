//! Threads for what takes long or waits, made when the server starts: one that cannot be made is an error
//! then, not in the middle of a request.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A job panicked.
#[derive(Debug, Clone, Copy)]
pub struct Panicked;

/// A number of threads that take jobs in turn. They end with the last handle, once all jobs are done.
pub struct Threads {
    jobs: Sender<Job>,
}

impl Threads {
    /// Starts threads.
    ///
    /// # Errors
    /// When the machine gives no more threads.
    pub fn start(name: &str, count: u32) -> io::Result<Arc<Self>> {
        let (jobs, taken) = channel::<Job>();
        let taken = Arc::new(Mutex::new(taken));
        for _ in 0..count {
            let taken = Arc::clone(&taken);
            std::thread::Builder::new()
                .name(format!("dateline-{name}"))
                .spawn(move || work(&taken))?;
        }
        Ok(Arc::new(Self { jobs }))
    }

    /// Runs a job on one of the threads. One whose caller has left before it began is not run.
    ///
    /// # Errors
    /// When it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (done, outcome) = oneshot::channel();
        let sent = self.jobs.send(Box::new(move || {
            if !done.is_closed() {
                let _ = done.send(job());
            }
        }));
        sent.map_err(|_| Panicked)?;
        outcome.await.map_err(|_| Panicked)
    }

    /// Runs a job on one of the threads, whoever waits for it.
    pub fn begin(&self, job: impl FnOnce() + Send + 'static) {
        let _ = self.jobs.send(Box::new(job));
    }
}

fn work(taken: &Mutex<Receiver<Job>>) {
    loop {
        let job = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        // What it panics with has been written to the log by then; the thread goes on.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}
