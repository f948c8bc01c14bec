//! Calls to the provider: over TLS, to addresses that it published itself, each with an end in time and size.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

/// Most bytes of a response: a large newsroom's groups are a few kilobytes, the keys of a large provider too.
pub const MOST_BYTES: usize = 256 * 1024;
/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);

/// Why the provider did not give what it was asked for. The words are for the log, and tell no secret.
#[derive(Debug, Error)]
pub enum FetchError {
    /// It cannot be reached, or takes too long.
    #[error("{0}")]
    Away(String),
    /// It says that it cannot do it now: 429 or a status of its own failures.
    #[error("it answered {0}")]
    Busy(StatusCode),
    /// It refuses: the status, and the `error` of RFC 6749, section 5.2, if it gave one.
    #[error("it answered {0} {1}")]
    Refused(StatusCode, String),
    /// It answered with something else than it should.
    #[error("{0}")]
    Malformed(String),
}

/// Calls the provider.
pub struct Fetcher(Client);

impl Fetcher {
    /// A caller that gives each call so long.
    ///
    /// # Errors
    /// When TLS cannot be used on this machine.
    pub fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(timeout)
            .connect_timeout(CONNECTING.min(timeout))
            // A code or a secret goes where the provider said, and not on to where an answer says.
            .redirect(reqwest::redirect::Policy::none())
            // Sign-ins are rare, and each worker has a runtime of its own: a connection that another one made would end
            // with it.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("dateline/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, FetchError> {
        let body = self.bytes(url).await?;
        parse(&body)
    }

    /// The same, not read yet.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn bytes(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        send(self.0.get(url)).await
    }

    /// The same with an access token (RFC 6750).
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn get_with<T: DeserializeOwned>(
        &self,
        url: &str,
        token: &str,
    ) -> Result<T, FetchError> {
        let body = send(self.0.get(url).bearer_auth(token)).await?;
        parse(&body)
    }

    /// Sends a form, with the credentials of a client where they go into a header (RFC 6749, section 2.3.1).
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &[(&str, &str)],
        credentials: Option<(&str, &str)>,
    ) -> Result<T, FetchError> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = self.0.post(url).body(body);
        if let Some((name, secret)) = credentials {
            request = request.basic_auth(encoded(name), Some(encoded(secret)));
        }
        let form = "application/x-www-form-urlencoded";
        let body = send(request.header(CONTENT_TYPE, form)).await?;
        parse(&body)
    }
}

/// As a form has it.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    // What was sent may have a token in it: an error of serde's would quote it.
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        FetchError::Malformed(format!(
            "its answer is not as it should be (line {line}, column {column})"
        ))
    })
}

async fn send(request: RequestBuilder) -> Result<Vec<u8>, FetchError> {
    // Its address may have been given with a secret.
    let away = |error: reqwest::Error| FetchError::Away(reasons(&error.without_url()));
    let mut response = request
        .header("accept", "application/json")
        .send()
        .await
        .map_err(away)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(FetchError::Malformed(format!(
                "its answer is larger than {MOST_BYTES} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        return Ok(body);
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(FetchError::Busy(status));
    }
    Err(FetchError::Refused(status, oauth_error(&body)))
}

/// The `error` of a refusal, when it is one of OAuth's words.
fn oauth_error(body: &[u8]) -> String {
    let error = serde_json::from_slice::<Value>(body).ok();
    let word = error.as_ref().and_then(|error| error["error"].as_str());
    let is_word =
        |text: &&str| text.len() <= 60 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    word.filter(is_word).unwrap_or_default().to_owned()
}

/// An error with what caused it.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
