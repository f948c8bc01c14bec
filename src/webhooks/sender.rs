//! One attempt.

use std::time::{Duration, Instant};

use ipnet::IpNet;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use super::signature::signatures;
use super::store::dispatch::Due;
use crate::db::Timestamp;
use crate::outbound::{Allowed, Blocked, Client, Limits, OutboundError, Schemes};

/// How long an attempt may take.
pub const TIME: Duration = Duration::from_secs(15);
/// Most of an answer that is kept.
const MOST_KEPT: u64 = 1_024;

/// Sends messages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    /// To the public internet, and networks that are allowed besides.
    with_tls: Client,
    /// To those networks alone.
    without_tls: Option<Client>,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it was begun.
    pub started_at: Timestamp,
    /// How long it took.
    pub time: Duration,
    /// What was answered; `None` when nothing was.
    pub status: Option<u16>,
    /// Why nothing was.
    pub error: Option<String>,
    /// The beginning of the answer.
    pub response: Option<String>,
    /// How long the endpoint wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Attempt {
    /// Whether the message was taken.
    pub fn is_taken(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

impl Sender {
    /// One that may call these networks besides the public internet.
    ///
    /// # Errors
    /// [`OutboundError::Unusable`] when TLS cannot be used on this machine.
    pub fn new(networks: Vec<IpNet>) -> Result<Self, OutboundError> {
        let without_tls = (!networks.is_empty())
            .then(|| Client::new(Allowed::only(networks.clone()), Schemes::Any))
            .transpose()?;
        Ok(Self {
            with_tls: Client::new(Allowed::new(networks), Schemes::HttpsOnly)?,
            without_tls,
        })
    }

    /// Whether messages may be sent to a URL, as far as that can be told without asking the network.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check_url(&self, url: &Url) -> Result<(), Blocked> {
        match self.client(url) {
            Some(client) => client.check_url(url).map_err(|blocked| told(url, blocked)),
            None => Err(Blocked::NotHttps),
        }
    }

    fn client(&self, url: &Url) -> Option<&Client> {
        match url.scheme() {
            "http" => self.without_tls.as_ref(),
            _ => Some(&self.with_tls),
        }
    }

    /// Sends a message once.
    pub async fn send(&self, due: &Due) -> Attempt {
        let (started_at, begun) = (Timestamp::now(), Instant::now());
        let timestamp = started_at.utc().timestamp();
        let answered = match (Url::parse(&due.url), headers(due, timestamp)) {
            (Ok(url), Some(headers)) => self.post(&url, headers, &due.payload).await,
            _ => Err("The URL cannot be read.".to_owned()),
        };
        let time = begun.elapsed();
        match answered {
            Ok(answered) => Attempt {
                started_at,
                time,
                status: Some(answered.status),
                error: None,
                response: Some(readable(&answered.beginning)),
                retry_after: answered.retry_after,
            },
            Err(error) => Attempt {
                started_at,
                time,
                status: None,
                error: Some(error),
                response: None,
                retry_after: None,
            },
        }
    }

    async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        payload: &str,
    ) -> Result<crate::outbound::Answered, String> {
        let answered = match self.client(url) {
            Some(client) => {
                let limits = Limits::new(MOST_KEPT, TIME);
                client.post(url, headers, payload.to_owned(), limits).await
            }
            None => Err(Blocked::NotHttps.into()),
        };
        answered.map_err(|error| match error {
            OutboundError::Blocked(blocked) => OutboundError::from(told(url, blocked)).to_string(),
            other => other.to_string(),
        })
    }
}

/// Why a URL is not called: without TLS only networks that are allowed besides are.
fn told(url: &Url, blocked: Blocked) -> Blocked {
    match (url.scheme(), blocked) {
        ("http", Blocked::Address) => Blocked::NotHttps,
        (_, blocked) => blocked,
    }
}

/// What stands above a message. Each attempt is signed anew, for its own time.
fn headers(due: &Due, timestamp: i64) -> Option<HeaderMap> {
    let secrets: Vec<&str> = due.secrets.iter().map(String::as_str).collect();
    let signature = signatures(&secrets, &due.message_id, timestamp, &due.payload);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-id", HeaderValue::try_from(&due.message_id).ok()?);
    headers.insert("webhook-timestamp", HeaderValue::from(timestamp));
    headers.insert("webhook-signature", HeaderValue::try_from(signature).ok()?);
    Some(headers)
}

/// An answer as text: U+0000 is none.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_only_allowed_networks_are_called() {
        let none = Sender::new(Vec::new()).unwrap();
        let some = Sender::new(vec!["127.0.0.0/8".parse().unwrap()]).unwrap();
        for (url, of_none, of_some) in [
            ("https://example.org/hook", Ok(()), Ok(())),
            ("http://example.org/hook", Err(Blocked::NotHttps), Ok(())),
            (
                "http://8.8.8.8/hook",
                Err(Blocked::NotHttps),
                Err(Blocked::NotHttps),
            ),
            ("http://127.0.0.1:9000/", Err(Blocked::NotHttps), Ok(())),
            ("https://127.0.0.1:9000/", Err(Blocked::Address), Ok(())),
            (
                "https://169.254.169.254/",
                Err(Blocked::Address),
                Err(Blocked::Address),
            ),
            ("https://[::ffff:7f00:1]/", Err(Blocked::Address), Ok(())),
            (
                "https://10.0.0.1/",
                Err(Blocked::Address),
                Err(Blocked::Address),
            ),
            (
                "ftp://example.org/",
                Err(Blocked::Scheme),
                Err(Blocked::Scheme),
            ),
            (
                "https://a:b@example.org/",
                Err(Blocked::Userinfo),
                Err(Blocked::Userinfo),
            ),
        ] {
            let parsed = url.parse().unwrap();
            assert_eq!(none.check_url(&parsed), of_none, "{url}");
            assert_eq!(some.check_url(&parsed), of_some, "{url}");
        }
    }
}
