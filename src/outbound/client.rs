//! Calls, each with an end in time and size.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, LOCATION, RETRY_AFTER,
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::resolver::Resolver;
use super::{Allowed, Blocked, OutboundError, Response, Schemes};

/// How long a connection may take to be made, its name's resolution and TLS included.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long nothing may come, unless the caller says otherwise.
const IDLE: Duration = Duration::from_secs(10);
/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// Calls addresses that other people name. Clones are of the same client.
#[derive(Debug, Clone)]
pub struct Client {
    client: reqwest::Client,
    allowed: Allowed,
    schemes: Schemes,
}

/// The bounds of a call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes of the answer's body.
    pub most_bytes: u64,
    /// How long the call may take with redirects, until the last byte.
    pub time: Duration,
    /// How long nothing may come.
    pub idle: Duration,
}

impl Limits {
    /// Bounds with which nothing may come for ten seconds, or less when the whole is to take less.
    pub fn new(most_bytes: u64, time: Duration) -> Self {
        Self {
            most_bytes,
            time,
            idle: IDLE.min(time),
        }
    }
}

impl Client {
    /// One that calls these addresses.
    ///
    /// # Errors
    /// [`OutboundError::Unusable`] when TLS cannot be used on this machine.
    pub fn new(allowed: Allowed, schemes: Schemes) -> Result<Self, OutboundError> {
        let resolver = Resolver {
            allowed: allowed.clone(),
        };
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(resolver))
            // A proxy would resolve the names.
            .no_proxy()
            // Each address is checked before it is called.
            .redirect(reqwest::redirect::Policy::none())
            // A few bytes can be made to grow to gigabytes.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(CONNECTING)
            // Addresses rarely have the same host, and each call is to resolve it anew.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("dateline/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OutboundError::Unusable(error.to_string()))?;
        Ok(Self {
            client,
            allowed,
            schemes,
        })
    }

    /// Looks at URLs as another client does, and at what names are resolved to as before.
    #[cfg(test)]
    pub(super) fn allowed_before_resolving(&mut self, other: Self) {
        self.allowed = other.allowed;
    }

    /// Whether a URL may be called, as far as that can be told without asking the network.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check_url(&self, url: &Url) -> Result<(), Blocked> {
        self.allowed.check_url(url, self.schemes)
    }

    /// Begins to read what a URL leads to, over at most three redirects, each checked like the first address. `accept`
    /// is the header of this name: `image/*`.
    ///
    /// # Errors
    /// As [`OutboundError`] says. An answer with a status that is no success is an error.
    pub async fn get(
        &self,
        url: &Url,
        accept: &str,
        limits: Limits,
    ) -> Result<Response, OutboundError> {
        let deadline = Instant::now() + limits.time;
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            self.check_url(&url)?;
            // One that never answers is given up before the whole time is over.
            let until = deadline.min(Instant::now() + CONNECTING + limits.idle);
            let request = self.client.get(url.clone()).header(ACCEPT, accept);
            let request = request.header(ACCEPT_ENCODING, "identity");
            let answer = timeout_at(until, request.send())
                .await
                .map_err(|_| OutboundError::TimedOut)?
                .map_err(|error| OutboundError::of(&error))?;
            match target(&url, &answer)? {
                Some(target) => url = target,
                None => return begin(url, answer, limits, deadline),
            }
        }
        Err(OutboundError::Redirects)
    }
}

/// What was answered to something that was sent.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status, whichever.
    pub status: u16,
    /// `Retry-After` as it came, in seconds; `None` without one, or with another one.
    pub retry_after: Option<Duration>,
    /// The beginning of the body, as far as it came in time.
    pub beginning: Vec<u8>,
}

impl Client {
    /// Sends a body to a URL. It follows no redirect, and reads no more of the answer than its limits say: the rest is
    /// not waited for.
    ///
    /// # Errors
    /// As [`OutboundError`] says, but for a status that is no success.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: impl Into<reqwest::Body>,
        limits: Limits,
    ) -> Result<Answered, OutboundError> {
        let deadline = Instant::now() + limits.time;
        self.check_url(url)?;
        let request = self.client.post(url.clone()).headers(headers).body(body);
        let request = request.header(ACCEPT_ENCODING, "identity");
        let mut answer = timeout_at(deadline, request.send())
            .await
            .map_err(|_| OutboundError::TimedOut)?
            .map_err(|error| OutboundError::of(&error))?;
        let retry_after = retry_after(answer.headers());
        let most = usize::try_from(limits.most_bytes).unwrap_or(usize::MAX);
        let mut beginning = Vec::new();
        while beginning.len() < most {
            let until = deadline.min(Instant::now() + limits.idle);
            match timeout_at(until, answer.chunk()).await {
                Ok(Ok(Some(chunk))) => beginning.extend_from_slice(&chunk),
                // The status came, and says what became of it.
                Ok(Ok(None) | Err(_)) | Err(_) => break,
            }
        }
        beginning.truncate(most);
        Ok(Answered {
            status: answer.status().as_u16(),
            retry_after,
            beginning,
        })
    }
}

/// How long an answer asks to be left alone (`Retry-After`); `None` when it does not, or names a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse();
    seconds.ok().map(Duration::from_secs)
}

/// Where an answer redirects to.
fn target(url: &Url, answer: &reqwest::Response) -> Result<Option<Url>, OutboundError> {
    let location = answer.headers().get(LOCATION);
    let location = location.filter(|_| matches!(answer.status().as_u16(), 301..=303 | 307 | 308));
    let Some(location) = location else {
        return Ok(None);
    };
    let target = location.to_str().ok().and_then(|text| url.join(text).ok());
    let target = target.ok_or(OutboundError::Protocol("redirects to what is no URL"))?;
    Ok(Some(target))
}

fn begin(
    url: Url,
    answer: reqwest::Response,
    limits: Limits,
    deadline: Instant,
) -> Result<Response, OutboundError> {
    if !answer.status().is_success() {
        return Err(OutboundError::Status(answer.status().as_u16()));
    }
    // It was asked not to.
    let coding = answer.headers().get(CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(OutboundError::Protocol("compresses its answer"));
    }
    Response::begin(url, answer, limits, deadline)
}
