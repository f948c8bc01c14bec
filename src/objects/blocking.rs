//! Work that waits for a disk, away from the threads that answer requests.

use std::io;

use super::ObjectError;

/// Runs it on a thread that may wait. It runs to its end even when nobody waits for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ObjectError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(ObjectError::from),
        // The work panicked, or the runtime ends.
        Err(error) => Err(ObjectError::Broken(io::Error::other(error))),
    }
}
