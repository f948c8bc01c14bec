//! The bodies of answers: bounded, and never taken for whole when they are not.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use reqwest::Response;

use super::failure::{Failure, of_connection, of_silence};
use crate::objects::error::{malformed, reasons};

/// How long nothing of a short answer may come.
const IDLE: Duration = Duration::from_secs(10);
/// Most bytes of a chunk that is passed on.
const CHUNK: usize = 128 * 1024;

/// A whole body of at most so many bytes.
pub(super) async fn collect(mut response: Response, most: u64) -> Result<Bytes, Failure> {
    let mut body = Vec::new();
    loop {
        let chunk = tokio::time::timeout(IDLE, response.chunk()).await;
        let chunk = chunk.map_err(|_| of_silence())?.map_err(of_connection)?;
        let Some(chunk) = chunk else {
            return Ok(body.into());
        };
        if (body.len() + chunk.len()) as u64 > most {
            let error = malformed(format!("it answered with more than {most} bytes"));
            let is_passing = false;
            return Err(Failure { error, is_passing });
        }
        body.extend_from_slice(&chunk);
    }
}

struct Reading {
    response: Response,
    /// What came and was not passed on yet.
    ready: Bytes,
    /// Bytes that have to come still.
    rest: u64,
    /// How long nothing may come.
    idle: Duration,
}

/// A body of exactly so many bytes, chunk by chunk.
pub(super) fn chunks(
    response: Response,
    len: u64,
    idle: Duration,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let reading = Reading {
        response,
        ready: Bytes::new(),
        rest: len,
        idle,
    };
    stream::try_unfold(reading, async |mut reading| {
        let chunk = reading.next().await?;
        Ok(chunk.map(|chunk| (chunk, reading)))
    })
}

impl Reading {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        while self.ready.is_empty() {
            let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "the file storage is silent");
            let chunk = tokio::time::timeout(self.idle, self.response.chunk()).await;
            let chunk = chunk.map_err(silent)?;
            let cut = |error: reqwest::Error| {
                let reason = reasons(&error.without_url());
                io::Error::new(io::ErrorKind::ConnectionAborted, reason)
            };
            match chunk.map_err(cut)? {
                Some(chunk) => self.accept(chunk)?,
                None if self.rest == 0 => return Ok(None),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(Some(self.ready.split_to(CHUNK.min(self.ready.len()))))
    }

    fn accept(&mut self, chunk: Bytes) -> io::Result<()> {
        let rest = self.rest.checked_sub(chunk.len() as u64);
        self.rest = rest.ok_or_else(|| {
            let reason = "the file storage sends more bytes than it said";
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })?;
        self.ready = chunk;
        Ok(())
    }
}
