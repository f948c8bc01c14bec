//! Whom to tell, and how.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::json;
use url::Url;

use super::touched::{Reads, Touched};
use crate::outbound::retry_after;
use crate::publication::Publication;

/// How long a call may take.
const TIME: Duration = Duration::from_secs(15);
/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);
/// The longest that a service can ask to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Most keys in one request to Fastly, as its documentation has it.
const FASTLY_KEYS: usize = 256;
/// Most tags in one request to Cloudflare.
const CLOUDFLARE_TAGS: usize = 100;
/// Most keys in the header of one `PURGE`.
const HEADER_KEYS: usize = 100;
/// Most feeds in one request to a hub.
const HUB_TOPICS: usize = 100;
/// Most addresses in one request of IndexNow.
const INDEXNOW_URLS: usize = 10_000;

/// What stands for a key in the address of a purge.
const KEY: &str = "{key}";

/// A secret by which a CDN knows who purges. It is in no log.
#[derive(Clone)]
pub struct PurgeToken(String);

impl fmt::Debug for PurgeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PurgeToken")
    }
}

impl FromStr for PurgeToken {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_visible = |byte: u8| (0x21..=0x7e).contains(&byte);
        match !text.is_empty() && text.bytes().all(is_visible) {
            true => Ok(Self(text.to_owned())),
            false => Err("it takes visible ASCII characters".into()),
        }
    }
}

/// A service that is told what has changed.
#[derive(Clone)]
pub enum Service {
    /// A hub of WebSub, which tells those that have subscribed to feeds.
    Hub(Url),
    /// Search engines, by IndexNow.
    IndexNow {
        /// Where it is sent.
        endpoint: Url,
        /// By which they know that it is us.
        key: String,
    },
    /// Fastly.
    Fastly {
        /// Its API, without a slash at the end.
        api: String,
        /// Which service.
        service: String,
        /// The token.
        token: PurgeToken,
    },
    /// Cloudflare.
    Cloudflare {
        /// Its API, without a slash at the end.
        api: String,
        /// Which zone.
        zone: String,
        /// The token.
        token: PurgeToken,
    },
    /// Varnish, or any cache that takes the method `PURGE`.
    Purge(String),
}

/// It names no secret.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(url) => write!(f, "hub {url}"),
            Self::IndexNow { endpoint, .. } => write!(f, "indexnow {endpoint}"),
            Self::Fastly { service, .. } => write!(f, "fastly {service}"),
            Self::Cloudflare { zone, .. } => write!(f, "cloudflare {zone}"),
            Self::Purge(template) => write!(f, "purge {template}"),
        }
    }
}

/// Why a service was not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTold {
    /// It cannot take it now.
    Later {
        /// What went wrong, in words that tell no secret.
        reason: String,
        /// How long it wants to be left alone.
        wait: Option<Duration>,
    },
    /// It will never take that: the status that it answered.
    Refused(StatusCode),
}

/// A client for calls to addresses that the newsroom has set.
///
/// # Errors
/// When TLS cannot be used on this machine.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(TIME)
        .connect_timeout(CONNECTING)
        // A token goes where it was meant for, and not on to where an answer says.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("dateline/", env!("CARGO_PKG_VERSION")))
        .build()
}

impl Service {
    /// Whether it is told a second time a little later: what a cache fetched at the moment of a purge may be old.
    pub fn is_told_twice(&self) -> bool {
        matches!(
            self,
            Self::Fastly { .. } | Self::Cloudflare { .. } | Self::Purge(_)
        )
    }

    /// What kind it is, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hub(_) => "hub",
            Self::IndexNow { .. } => "indexnow",
            Self::Fastly { .. } => "fastly",
            Self::Cloudflare { .. } => "cloudflare",
            Self::Purge(_) => "purge",
        }
    }

    /// What it needs to know of the articles that have changed.
    pub fn reads<'p>(&self, publication: Option<&'p Publication>) -> Reads<'p> {
        match (self, publication) {
            (Self::Hub(_), Some(_)) => Reads::Names,
            (Self::IndexNow { .. }, Some(publication)) => Reads::Articles(publication),
            _ => Reads::Nothing,
        }
    }

    /// What it is to be told: keys, feeds or pages.
    pub fn items(&self, touched: &Touched, publication: Option<&Publication>) -> Vec<String> {
        match (self, publication) {
            (Self::Hub(_), Some(publication)) => touched.feeds(publication),
            (Self::IndexNow { .. }, Some(publication)) => touched.pages(publication),
            (Self::Hub(_) | Self::IndexNow { .. }, None) => Vec::new(),
            (Self::Fastly { .. } | Self::Cloudflare { .. } | Self::Purge(_), _) => {
                touched.purge_keys()
            }
        }
    }

    /// How many items it takes in one call.
    pub fn at_once(&self) -> usize {
        match self {
            Self::Hub(_) => HUB_TOPICS,
            Self::IndexNow { .. } => INDEXNOW_URLS,
            Self::Fastly { .. } => FASTLY_KEYS,
            Self::Cloudflare { .. } => CLOUDFLARE_TAGS,
            Self::Purge(template) if template.contains(KEY) => 1,
            Self::Purge(_) => HEADER_KEYS,
        }
    }

    /// Tells it of as many items as it takes in one call.
    ///
    /// # Errors
    /// When it does not take them.
    pub async fn tell(
        &self,
        client: &Client,
        items: &[String],
        publication: Option<&Publication>,
    ) -> Result<(), NotTold> {
        let answer = self.request(client, items, publication).send().await;
        let answer = answer.map_err(|error| NotTold::Later {
            // Addresses may hold what only the newsroom knows.
            reason: reasons(&error.without_url()),
            wait: None,
        })?;
        let status = answer.status();
        if status.is_success() || status == StatusCode::NOT_FOUND && self.may_not_have_it() {
            return Ok(());
        }
        if matches!(status.as_u16(), 400 | 413 | 414 | 422 | 431) {
            return Err(NotTold::Refused(status));
        }
        let wait = retry_after(answer.headers());
        Err(NotTold::Later {
            reason: format!("it answered {status}"),
            wait: wait.map(|wait| wait.min(LONGEST_WAIT)),
        })
    }

    /// Whether it says 404 where there is nothing to purge: a cache that is asked for one key. Of all others it means that
    /// nobody purges there.
    fn may_not_have_it(&self) -> bool {
        matches!(self, Self::Purge(template) if template.contains(KEY))
    }

    fn request(
        &self,
        client: &Client,
        items: &[String],
        publication: Option<&Publication>,
    ) -> RequestBuilder {
        const JSON: &str = "application/json; charset=utf-8";
        match self {
            Self::Hub(hub) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("hub.mode", "publish");
                for topic in items {
                    form.append_pair("hub.url", topic);
                }
                client
                    .post(hub.clone())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form.finish())
            }
            Self::IndexNow { endpoint, key } => {
                let site = publication.map(Publication::site).unwrap_or_default();
                let host = Url::parse(site).ok();
                let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
                let body = json!({
                    "host": host, "key": key, "urlList": items, "keyLocation": format!("{site}{key}.txt"),
                });
                client
                    .post(endpoint.clone())
                    .header("content-type", JSON)
                    .body(body.to_string())
            }
            Self::Fastly {
                api,
                service,
                token,
            } => client
                .post(format!("{api}/service/{service}/purge"))
                .header("fastly-key", &token.0)
                .header("accept", "application/json")
                .header("content-type", JSON)
                .body(json!({"surrogate_keys": items}).to_string()),
            Self::Cloudflare { api, zone, token } => client
                .post(format!("{api}/client/v4/zones/{zone}/purge_cache"))
                .bearer_auth(&token.0)
                .header("content-type", JSON)
                .body(json!({"tags": items}).to_string()),
            Self::Purge(template) => {
                let method = Method::from_bytes(b"PURGE").expect("letters are a method");
                let keys = items.join(" ");
                let request = client.request(method, template.replace(KEY, &keys));
                match template.contains(KEY) {
                    true => request,
                    false => request
                        .header("xkey-purge", &keys)
                        .header("surrogate-key", &keys),
                }
            }
        }
    }
}

/// All that an error was caused by, in one line.
fn reasons(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
