//! Objects in a bucket of S3, or of a server that answers like it. Every request is signed with the hash of what it
//! sends, so that the server refuses what was changed on the way: nothing is read back after it was put.
//!
//! The credentials have to be allowed to list the bucket. Without that S3 refuses what it should call missing.

mod body;
mod failure;
mod patience;
mod server;
#[cfg(test)]
mod tests;
mod xml;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderValue};
use reqwest::{Method, Response, StatusCode};

use self::failure::Failure;
use self::patience::Patience;
use self::server::{Payload, Request, Server};
use self::xml::Page;
use super::blocking::blocking;
use super::error::malformed;
use super::incoming::{self, Incoming};
use super::{Bucket, ByteRange, Content, Credentials, Key, Object, ObjectError, OpenError};

/// Most bytes of a page of a list: a thousand keys of a kilobyte, escaped, with what is told about each.
const MOST_OF_PAGE: u64 = 16 * 1024 * 1024;

/// A part of a bucket.
#[derive(Debug, Clone)]
pub(super) struct S3 {
    server: Arc<Server>,
    /// Where files are on their way.
    receiving: Arc<PathBuf>,
    reading: Patience,
    writing: Patience,
    /// Keys that are asked for at once.
    page: u32,
}

impl S3 {
    pub fn open(bucket: &Bucket, credentials: Credentials) -> Result<Self, OpenError> {
        let mut s3 = Self {
            server: Arc::new(Server::new(bucket, credentials)?),
            receiving: Arc::default(),
            reading: Patience::READING,
            writing: Patience::WRITING,
            page: 1000,
        };
        s3.receive_below(std::env::temp_dir());
        Ok(s3)
    }

    pub fn receive_below(&mut self, directory: PathBuf) {
        // Whether it can be used is told when a file comes in.
        let _ = incoming::sweep(&directory);
        self.receiving = Arc::new(directory);
    }

    #[cfg(test)]
    pub fn set_page(&mut self, keys: u32) {
        self.page = keys;
    }

    pub async fn check(&self) -> Result<(), ObjectError> {
        let request = ask(Method::HEAD, None);
        let patience = Patience::CHECKING;
        let call = || async {
            let answer = self.server.send(&request, patience.idle).await?;
            success(answer).await.map(drop)
        };
        patience.tries(call).await
    }

    pub async fn incoming(&self) -> Result<Incoming, ObjectError> {
        Incoming::in_directory(self.receiving.to_path_buf()).await
    }

    pub async fn put(
        &self,
        key: &Key,
        content: Content,
        content_type: &str,
    ) -> Result<(), ObjectError> {
        let payload = Payload::of(content).await?;
        let request = Request {
            headers: vec![("content-type", content_type.to_owned())],
            payload: &payload,
            ..ask(Method::PUT, Some(key))
        };
        let call = || async {
            let answer = self.server.send(&request, self.writing.idle).await?;
            success(answer).await.map(drop)
        };
        let result = self.writing.tries(call).await;
        // Deleting a temporary file waits for the disk.
        blocking(move || {
            drop(payload);
            Ok(())
        })
        .await?;
        result
    }

    pub async fn get(
        &self,
        key: &Key,
        range: Option<ByteRange>,
    ) -> Result<Option<Object>, ObjectError> {
        let request = Request {
            headers: range
                .map(|range| ("range", range.header()))
                .into_iter()
                .collect(),
            ..ask(Method::GET, Some(key))
        };
        let call = || async {
            let answer = self.server.send(&request, self.reading.idle).await?;
            // It may not say how long the object is.
            if range.is_some() && answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                return Ok(None);
            }
            found(answer).await.map(Some)
        };
        let Some(answer) = self.reading.tries(call).await? else {
            return match self.size(key).await? {
                Some(total) => Err(ObjectError::OutOfRange { total }),
                None => Ok(None),
            };
        };
        answer
            .map(|answer| object(answer, range, self.reading.idle))
            .transpose()
    }

    pub async fn read(&self, key: &Key, most: u64) -> Result<Option<Bytes>, ObjectError> {
        let request = ask(Method::GET, Some(key));
        let call = || async {
            let answer = self.server.send(&request, self.reading.idle).await?;
            let Some(answer) = found(answer).await? else {
                return Ok(None);
            };
            let bytes = length(&answer).map_err(for_good)?;
            if bytes > most {
                return Err(for_good(ObjectError::TooLarge { bytes, most }));
            }
            let body: Vec<Bytes> = body::chunks(answer, bytes, self.reading.idle)
                .try_collect()
                .await
                .map_err(failure::of_body)?;
            Ok(Some(body.concat().into()))
        };
        self.reading.tries(call).await
    }

    pub async fn size(&self, key: &Key) -> Result<Option<u64>, ObjectError> {
        let request = ask(Method::HEAD, Some(key));
        let call = || async {
            let answer = self.server.send(&request, self.reading.idle).await?;
            found(answer).await
        };
        let answer = self.reading.tries(call).await?;
        answer.as_ref().map(length).transpose()
    }

    pub async fn delete(&self, key: &Key) -> Result<(), ObjectError> {
        let request = ask(Method::DELETE, Some(key));
        let call = || async {
            let answer = self.server.send(&request, self.writing.idle).await?;
            found(answer).await.map(drop)
        };
        self.writing.tries(call).await
    }

    pub fn list(
        &self,
        below: Option<&Key>,
    ) -> impl Stream<Item = Result<(Key, u64), ObjectError>> + Send + use<> {
        let mut prefix = self.server.prefix.clone();
        prefix.extend(below.map(|key| format!("{key}/")));
        let state = (self.clone(), prefix, Some(String::new()));
        let pages = stream::try_unfold(state, async |(s3, prefix, next)| {
            let Some(token) = next else {
                return Ok::<_, ObjectError>(None);
            };
            let page = s3.page(&prefix, &token).await?;
            let keys = stream::iter(s3.keys(page.objects).map(Ok));
            Ok(Some((keys, (s3, prefix, page.next))))
        });
        pages.try_flatten()
    }

    /// A page of a list; the token is empty for the first.
    async fn page(&self, prefix: &str, token: &str) -> Result<Page, ObjectError> {
        let size = self.page.to_string();
        let mut parameters = vec![("list-type", "2"), ("max-keys", &*size), ("prefix", prefix)];
        if !token.is_empty() {
            parameters.push(("continuation-token", token));
        }
        let request = Request {
            parameters: &parameters,
            ..ask(Method::GET, None)
        };
        let call = || async {
            let answer = self.server.send(&request, self.reading.idle).await?;
            body::collect(success(answer).await?, MOST_OF_PAGE).await
        };
        let body = self.reading.tries(call).await?;
        let page = std::str::from_utf8(&body).ok().and_then(Page::parse);
        page.ok_or_else(|| malformed("it answered with something else than a list"))
    }

    /// What of a list is the store's.
    fn keys(&self, objects: Vec<(String, u64)>) -> impl Iterator<Item = (Key, u64)> + Send + use<> {
        let server = self.server.clone();
        objects.into_iter().filter_map(move |(text, size)| {
            let key = text.strip_prefix(&server.prefix)?.parse().ok()?;
            Some((key, size))
        })
    }
}

/// A request without anything but its address.
fn ask(method: Method, key: Option<&Key>) -> Request<'_> {
    Request {
        method,
        key,
        parameters: &[],
        headers: Vec::new(),
        payload: &Payload::None,
    }
}

fn for_good(error: ObjectError) -> Failure {
    Failure {
        error,
        is_passing: false,
    }
}

async fn success(answer: Response) -> Result<Response, Failure> {
    match answer.status().is_success() {
        true => Ok(answer),
        false => Err(failure::of_answer(answer).await),
    }
}

/// The answer, or `None` when there is no such object.
async fn found(answer: Response) -> Result<Option<Response>, Failure> {
    if answer.status() != StatusCode::NOT_FOUND {
        return success(answer).await.map(Some);
    }
    match failure::of_missing(answer).await {
        Some(failure) => Err(failure),
        None => Ok(None),
    }
}

/// The length that an answer says it has. That of HEAD has no body.
fn length(answer: &Response) -> Result<u64, ObjectError> {
    let header = answer.headers().get(CONTENT_LENGTH);
    let length = header.and_then(|value| value.to_str().ok()?.parse().ok());
    length.ok_or_else(|| malformed("it does not say how long the object is"))
}

/// The object that an answer has, after it was held against what was asked for.
fn object(
    answer: Response,
    asked: Option<ByteRange>,
    idle: Duration,
) -> Result<Object, ObjectError> {
    let length = length(&answer)?;
    // Not by the status: servers are in use that send a part with 200.
    let (range, total) = match answer.headers().get(CONTENT_RANGE) {
        None => (0..length, length),
        Some(header) => content_range(header)
            .ok_or_else(|| malformed("it does not say which bytes of the object it sends"))?,
    };
    let wanted = match asked {
        None => 0..total,
        Some(asked) => asked.within(total).unwrap_or_default(),
    };
    if range != wanted || range.end - range.start != length {
        return Err(malformed(
            "it answered with other bytes than were asked for",
        ));
    }
    Ok(Object {
        total,
        range,
        body: Box::pin(body::chunks(answer, length, idle)),
    })
}

/// What `Content-Range: bytes 0-9/20` says: which bytes, and of how many.
fn content_range(header: &HeaderValue) -> Option<(Range<u64>, u64)> {
    let header = header.to_str().ok()?;
    let (range, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    let first = first.parse().ok().filter(|first| *first < end)?;
    Some((first..end, total.parse().ok()?))
}
