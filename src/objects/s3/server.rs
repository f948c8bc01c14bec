//! Requests as they are signed and sent.

use std::fs::File;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, Client, Method, RequestBuilder, Response};
use sha2::{Digest, Sha256};
use url::Url;

use super::failure::{Failure, of_connection, of_silence};
use crate::objects::blocking::blocking;
use crate::objects::directory;
use crate::objects::signature::{self, Signed, Signer, hexadecimal};
use crate::objects::{Bucket, Content, Credentials, Key, ObjectError, OpenError, Received};

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);
/// The region of servers that have none.
const ANY_REGION: &str = "us-east-1";

/// A part of a bucket, and who the service is there.
#[derive(Debug)]
pub(super) struct Server {
    client: Client,
    /// Scheme, host and port.
    origin: String,
    /// Host and port as the header `Host` has them.
    host: String,
    /// What paths begin with: empty, or a slash and the bucket.
    base: String,
    /// What keys begin with: empty, or ending with a slash.
    pub prefix: String,
    region: String,
    credentials: Credentials,
}

/// What is asked.
pub(super) struct Request<'a> {
    pub method: Method,
    /// `None` for the bucket itself.
    pub key: Option<&'a Key>,
    pub parameters: &'a [(&'a str, &'a str)],
    /// Lower-case names.
    pub headers: Vec<(&'static str, String)>,
    pub payload: &'a Payload,
}

/// What is sent along, and its hash in hexadecimal.
pub(super) enum Payload {
    None,
    Bytes(Bytes, String),
    File(Received),
}

impl Payload {
    pub async fn of(content: Content) -> Result<Self, ObjectError> {
        match content {
            Content::File(file) => Ok(Self::File(file)),
            Content::Bytes(bytes) => {
                blocking(move || {
                    let hash = hexadecimal(&Sha256::digest(&bytes));
                    Ok(Self::Bytes(bytes, hash))
                })
                .await
            }
        }
    }

    fn hash(&self) -> String {
        match self {
            Self::None => hexadecimal(&Sha256::digest([])),
            Self::Bytes(_, hash) => hash.clone(),
            Self::File(file) => hexadecimal(&file.sha256()),
        }
    }

    /// Adds it to a request; what is sent of a file is counted.
    fn add_to(
        &self,
        request: RequestBuilder,
        sent: &Arc<AtomicU64>,
    ) -> Result<RequestBuilder, Failure> {
        let (len, body) = match self {
            Self::None => return Ok(request),
            Self::Bytes(bytes, _) => (bytes.len() as u64, bytes.clone().into()),
            Self::File(file) => {
                let reader = file.reader().map_err(|error| Failure {
                    error: error.into(),
                    is_passing: false,
                })?;
                (file.len(), stream(reader, file.len(), sent))
            }
        };
        // Nothing would be said of the length of an empty body, nor of a stream's.
        Ok(request.header(CONTENT_LENGTH, len).body(body))
    }
}

fn stream(file: File, len: u64, sent: &Arc<AtomicU64>) -> Body {
    let sent = sent.clone();
    let counted = move |chunk: &Bytes| {
        sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    };
    Body::wrap_stream(directory::send(file, len).inspect_ok(counted))
}

impl Server {
    pub fn new(bucket: &Bucket, credentials: Credentials) -> Result<Self, OpenError> {
        let region = bucket.region.as_ref().or(credentials.region.as_ref());
        let (region, endpoint) = match (region, &bucket.endpoint) {
            (None, None) => return Err(OpenError::NoRegion),
            (Some(region), None) => {
                let endpoint = Url::parse(&format!("https://s3.{region}.amazonaws.com"))?;
                (region.clone(), endpoint)
            }
            (region, Some(endpoint)) => {
                let region = region.map_or(ANY_REGION, String::as_str);
                (region.to_owned(), endpoint.clone())
            }
        };
        // A certificate of `*.s3…` is for one label; servers of one's own rarely have names for buckets.
        let is_in_path = bucket.endpoint.is_some() || bucket.name.contains(['.', '_']);
        let is_in_path = bucket.path_style.unwrap_or(is_in_path);
        let host = authority(&endpoint);
        let (host, base) = match is_in_path {
            true => (host, format!("/{}", bucket.name)),
            false => (format!("{}.{host}", bucket.name), String::new()),
        };
        // The host as it is sent, and whether it is one.
        let origin = Url::parse(&format!("{}://{host}", endpoint.scheme()))?;
        Ok(Self {
            client: client()?,
            host: authority(&origin),
            origin: origin.as_str().trim_end_matches('/').to_owned(),
            base,
            prefix: match &*bucket.prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            region,
            credentials,
        })
    }

    /// Sends a request once. An answer of any status is an answer.
    pub async fn send(&self, request: &Request<'_>, idle: Duration) -> Result<Response, Failure> {
        let sent = Arc::new(AtomicU64::new(0));
        let mut answer = pin!(self.signed(request, Utc::now(), &sent)?.send());
        loop {
            match tokio::time::timeout(idle, answer.as_mut()).await {
                Ok(answer) => return answer.map_err(of_connection),
                // A large file on a slow line is no silence.
                Err(_) if sent.swap(0, Ordering::Relaxed) > 0 => {}
                Err(_) => return Err(of_silence()),
            }
        }
    }

    fn signed(
        &self,
        request: &Request<'_>,
        now: DateTime<Utc>,
        sent: &Arc<AtomicU64>,
    ) -> Result<RequestBuilder, Failure> {
        let (path, query) = (self.path(request.key), signature::query(request.parameters));
        let payload = request.payload.hash();
        let mut headers: Vec<(&str, String)> = vec![
            ("host", self.host.clone()),
            ("x-amz-content-sha256", payload.clone()),
            ("x-amz-date", signature::timestamp(now)),
        ];
        if let Some(token) = &self.credentials.session_token {
            headers.push(("x-amz-security-token", token.clone()));
        }
        headers.extend(request.headers.iter().cloned());
        headers.sort();
        let signer = Signer {
            access_key_id: &self.credentials.access_key_id,
            secret_access_key: &self.credentials.secret_access_key,
            region: &self.region,
        };
        let signed = Signed {
            method: request.method.as_str(),
            path: &path,
            query: &query,
            headers: &headers,
            payload: &payload,
        };
        let authorization = signer.authorization(&signed, now);
        let sign = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{sign}{query}", self.origin);
        let mut built = self.client.request(request.method.clone(), url);
        for (name, value) in headers {
            built = built.header(name, value);
        }
        request
            .payload
            .add_to(built.header("authorization", authorization), sent)
    }

    fn path(&self, key: Option<&Key>) -> String {
        match key {
            Some(key) => signature::path(&format!("{}/{}{key}", self.base, self.prefix)),
            None if self.base.is_empty() => "/".to_owned(),
            None => signature::path(&self.base),
        }
    }
}

/// Host and port, without the port that the scheme implies.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn client() -> Result<Client, OpenError> {
    Client::builder()
        .connect_timeout(CONNECTING)
        // A signature is for one host.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Ranges and lengths are those of what is stored.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(concat!("dateline/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| OpenError::Tls(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(location: &str) -> Result<Server, OpenError> {
        let Ok(crate::objects::Location::S3(bucket)) = location.parse() else {
            panic!("{location} is no bucket")
        };
        let credentials = Credentials {
            access_key_id: "key".into(),
            secret_access_key: "secret".into(),
            session_token: Some("a token".into()),
            region: None,
        };
        Server::new(&bucket, credentials)
    }

    fn url(location: &str) -> String {
        let server = server(location).unwrap();
        let key: Key = "a/b.jpg".parse().unwrap();
        format!("{}{}", server.origin, server.path(Some(&key)))
    }

    #[test]
    fn a_bucket_of_aws_is_in_the_name_of_the_host() {
        assert_eq!(
            url("s3://media/x%20y?region=eu-west-1"),
            "https://media.s3.eu-west-1.amazonaws.com/x%20y/a/b.jpg"
        );
        assert_eq!(
            url("s3://my.media?region=eu-west-1"),
            "https://s3.eu-west-1.amazonaws.com/my.media/a/b.jpg"
        );
    }

    #[test]
    fn a_bucket_of_another_server_is_in_the_path_unless_told_otherwise() {
        assert_eq!(
            url("s3://media?endpoint=http://127.0.0.1:9000"),
            "http://127.0.0.1:9000/media/a/b.jpg"
        );
        assert_eq!(
            url("s3://media?endpoint=https://s3.example.org&path_style=false"),
            "https://media.s3.example.org/a/b.jpg"
        );
    }

    #[test]
    fn aws_needs_a_region() {
        assert!(matches!(server("s3://media"), Err(OpenError::NoRegion)));
    }

    #[test]
    fn what_makes_no_host_is_refused() {
        let location = "s3://media?endpoint=http://127.0.0.1:9000&path_style=false";
        assert!(matches!(server(location), Err(OpenError::Address(_))));
    }

    #[test]
    fn the_host_the_token_and_all_headers_are_signed() {
        let server = server("s3://media?endpoint=https://s3.example.org:443").unwrap();
        let key: Key = "a".parse().unwrap();
        let request = Request {
            method: Method::PUT,
            key: Some(&key),
            parameters: &[],
            headers: vec![("content-type", "image/jpeg".into())],
            payload: &Payload::None,
        };
        let built = server.signed(&request, Utc::now(), &Arc::default());
        let built = built.ok().unwrap().build().unwrap();
        let header = |name| built.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header("host"), "s3.example.org");
        assert_eq!(header("x-amz-security-token"), "a token");
        assert!(header("authorization").contains(
            "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
        ));
    }
}
