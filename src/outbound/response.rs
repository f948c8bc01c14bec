//! Answers, read chunk by chunk.

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{Limits, OutboundError};

/// A successful answer whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    url: Url,
    answer: reqwest::Response,
    limits: Limits,
    deadline: Instant,
    /// Bytes that came so far.
    received: u64,
}

impl Response {
    pub(super) fn begin(
        url: Url,
        answer: reqwest::Response,
        limits: Limits,
        deadline: Instant,
    ) -> Result<Self, OutboundError> {
        let response = Self {
            url,
            answer,
            limits,
            deadline,
            received: 0,
        };
        response.bound(response.content_length().unwrap_or_default())?;
        Ok(response)
    }

    /// Where it was found, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// `Content-Type` as it was sent; `None` without one, or with one that is not ASCII.
    pub fn content_type(&self) -> Option<&str> {
        self.answer.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// How many bytes it says that it has; `None` when it does not say it.
    pub fn content_length(&self) -> Option<u64> {
        self.answer.content_length()
    }

    /// The next bytes; `None` at the end. After an error nothing more is to be read.
    ///
    /// # Errors
    /// [`OutboundError::TooLarge`], [`OutboundError::TimedOut`], or [`OutboundError::Protocol`] when the answer ends
    /// before it is complete.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        let until = self.deadline.min(Instant::now() + self.limits.idle);
        let chunk = timeout_at(until, self.answer.chunk())
            .await
            .map_err(|_| OutboundError::TimedOut)?
            .map_err(|error| OutboundError::of(&error))?;
        if let Some(chunk) = &chunk {
            self.received += chunk.len() as u64;
            self.bound(self.received)?;
        }
        Ok(chunk)
    }

    /// The whole body.
    ///
    /// # Errors
    /// As for [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, OutboundError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }

    fn bound(&self, bytes: u64) -> Result<(), OutboundError> {
        let most = self.limits.most_bytes;
        match bytes > most {
            true => Err(OutboundError::TooLarge { most }),
            false => Ok(()),
        }
    }
}
