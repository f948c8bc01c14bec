//! Every setting once: flag, environment variable, default, meaning.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use clap::{Args, Command};
use ipnet::IpNet;
use url::Url;

use crate::cache::response::Policy;
use crate::cache::response_cache::Policies;
use crate::clock::Clock;
use crate::db::DatabaseUrl;
use crate::db::connection_pool::PoolSettings;
use crate::http::path_prefix::PathPrefix;
use crate::media::files::usual_directory;
use crate::objects::{Credentials, Location};
use crate::shares::bot::ProductName;

mod announcements;
mod consistency;
mod oidc;
mod publication;
mod webhooks;

pub use announcements::AnnouncementConfig;
pub use oidc::OidcConfig;
pub use publication::PublicationConfig;
pub use webhooks::WebhookConfig;

/// Seconds for which caches may say that something is not there, at most: it may be any moment.
const MISSING_MAX_AGE: u32 = 10;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseConfig {
    /// Where the data is: sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite://dateline.db",
        hide_env_values = true
    )]
    pub database_url: DatabaseUrl,

    /// A streaming replica of the Postgres database, for public reads: postgres://…
    #[arg(long, env = "DATABASE_REPLICA_URL", hide_env_values = true)]
    pub database_replica_url: Option<DatabaseUrl>,

    /// Database connections for reads by key or in index order; on Postgres, half as many more for writes
    #[arg(long, env = "DATELINE_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,

    /// Database connections for searches, counts, facets and trending; half the CPU cores when not set
    #[arg(long, env = "DATELINE_COSTLY_CONNECTIONS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub costly_connections: Option<u32>,

    /// How long a request waits for a free connection before it is answered 503 (seconds)
    #[arg(long, env = "DATELINE_DATABASE_WAIT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub database_wait: u64,

    /// How long a public read may take before it is ended and answered 503 (seconds); costly reads wait at
    /// most half as long for a connection
    #[arg(long, env = "DATELINE_READ_TIMEOUT", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub read_timeout: u64,

    /// How long a write or an editorial read may take before it is ended (seconds)
    #[arg(long, env = "DATELINE_STATEMENT_TIMEOUT", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub statement_timeout: u64,

    /// How long a write waits on Postgres for another write to the same article, tag or author (seconds)
    #[arg(long, env = "DATELINE_LOCK_TIMEOUT", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub lock_timeout: u64,
}

impl DatabaseConfig {
    /// A database with the default settings, whatever the environment says.
    pub fn at(database_url: DatabaseUrl) -> Self {
        Self {
            database_url,
            ..defaults()
        }
    }

    /// What the pools need of it.
    pub fn pool_settings(&self) -> PoolSettings {
        PoolSettings {
            size: self.database_connections,
            costly_size: self.costly_connections.unwrap_or_else(|| {
                let cores = std::thread::available_parallelism().map_or(2, usize::from);
                u32::try_from(cores / 2).unwrap_or(1).max(1)
            }),
            read_timeout: Duration::from_secs(self.read_timeout),
            wait: Duration::from_secs(self.database_wait),
            statement_timeout: Duration::from_secs(self.statement_timeout),
            lock_timeout: Duration::from_secs(self.lock_timeout),
            replica: self.database_replica_url.clone(),
        }
    }
}

/// How the server listens and answers.
#[derive(Debug, Clone, Args)]
pub struct ServerConfig {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "DATELINE_LISTEN", default_value = "127.0.0.1:8080", value_parser = socket_address)]
    pub listen: SocketAddr,

    /// Address of the newsroom's site, with or without a path; an article's canonical_url is this and its slug
    #[arg(long, env = "DATELINE_PUBLIC_URL", value_parser = web_url)]
    pub public_url: Option<Url>,

    /// Path below which a reverse proxy has put this server, and which it takes away from the requests that it
    /// passes on: /content-api
    #[arg(
        long,
        env = "DATELINE_PATH_PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    pub path_prefix: PathPrefix,
    /// Addresses that the site had before, comma-separated, such as `http://old.example` or
    /// `https://news.example/archive`: share counts of what is below them are those of the articles with the same
    /// slugs
    #[arg(long, env = "DATELINE_FORMER_SITES", value_delimiter = ',', value_parser = site)]
    pub former_sites: Vec<Url>,

    /// Worker threads; one per CPU core when not set
    #[arg(long, env = "DATELINE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    /// Address and port for operators (/readyz in detail, /metrics); 127.0.0.1:9464 when not set, or a free
    /// port where that is taken
    #[arg(long, env = "DATELINE_OPS_LISTEN", value_parser = socket_address)]
    pub ops_listen: Option<SocketAddr>,

    /// Maximum concurrent connections; when not set, as many as the limit of open descriptors allows, up to
    /// 25,000
    #[arg(long, env = "DATELINE_MAX_CONNECTIONS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: Option<u32>,

    /// Maximum concurrent connections from one address; 0 is unlimited. Trusted proxies and 127.0.0.1 are
    /// exempt
    #[arg(long, env = "DATELINE_CONNECTIONS_PER_ADDRESS", default_value_t = 256)]
    pub connections_per_address: u32,

    /// How long a client may take to read what it was sent before its connection is closed (seconds)
    #[arg(long, env = "DATELINE_WRITE_TIMEOUT", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub write_timeout: u64,

    /// Maximum size of an article's request body (bytes)
    #[arg(long, env = "DATELINE_MAX_BODY_BYTES", default_value_t = 2 * 1024 * 1024, value_parser = clap::value_parser!(u32).range(1024..=64 * 1024 * 1024))]
    pub max_body_bytes: u32,

    /// How long a request may take (seconds)
    #[arg(long, env = "DATELINE_REQUEST_TIMEOUT", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_timeout: u64,

    /// How long requests in flight may take to finish when the server stops (seconds)
    #[arg(long, env = "DATELINE_SHUTDOWN_TIMEOUT", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub shutdown_timeout: u64,

    /// Memory for cached responses (MiB); 0 caches none
    #[arg(long, env = "DATELINE_CACHE_SIZE", default_value_t = 64, value_parser = clap::value_parser!(u32).range(0..=65_536))]
    pub cache_size: u32,

    /// How long browsers and CDNs may reuse an article without asking (seconds)
    #[arg(long, env = "DATELINE_MAX_AGE_ARTICLE", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub max_age_article: u32,

    /// How long browsers and CDNs may reuse a list of articles without asking (seconds)
    #[arg(long, env = "DATELINE_MAX_AGE_LIST", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub max_age_list: u32,

    /// How long browsers and CDNs may reuse tags and authors without asking (seconds)
    #[arg(long, env = "DATELINE_MAX_AGE_NAMES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub max_age_names: u32,

    /// How old a share count may be, here and in caches (seconds)
    #[arg(long, env = "DATELINE_MAX_AGE_SHARES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub max_age_shares: u32,

    /// How old a trending list may be, here and in caches (seconds)
    #[arg(long, env = "DATELINE_MAX_AGE_TRENDING", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub max_age_trending: u32,

    /// How long shares are stored by the hour, before they are summed up by the day (days)
    #[arg(long, env = "DATELINE_HOURLY_SHARES_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub hourly_shares_days: u32,

    /// How long every saved version of a draft is kept, before the last one of each day is (days); 0 is for ever. What was
    /// published is always kept
    #[arg(long, env = "DATELINE_KEEP_DRAFT_REVISIONS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub keep_draft_revisions: u32,

    /// Require a correction, or `"silent": true`, when the body of an article is changed that has been public for so long
    /// (hours); unset, none is required
    #[arg(long, env = "DATELINE_REQUIRE_CORRECTION_AFTER", value_parser = clap::value_parser!(u32).range(0..=87_600))]
    pub require_correction_after: Option<u32>,

    /// Maximum shares per minute from one address; 0 is unlimited
    #[arg(long, env = "DATELINE_SHARES_PER_ADDRESS", default_value_t = 300)]
    pub shares_per_address: u32,

    /// Maximum shares per minute of one article from one address; 0 is unlimited
    #[arg(long, env = "DATELINE_SHARES_PER_ARTICLE", default_value_t = 60)]
    pub shares_per_article: u32,

    /// Maximum shares per hour of one article from one address; 0 is unlimited, five times
    /// --shares-per-article when not set
    #[arg(long, env = "DATELINE_SHARES_PER_ARTICLE_HOUR")]
    pub shares_per_article_hour: Option<u32>,

    /// Maximum shares per hour of one article from one address that apps tell apart by `installation`; 0 tells
    /// none apart
    #[arg(long, env = "DATELINE_INSTALLATIONS_PER_ADDRESS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub installations_per_address: u32,

    /// Names of the newsroom's own apps as their user agents have them, comma-separated: their shares count,
    /// also where a name looks like a bot's
    #[arg(long, env = "DATELINE_OWN_APPS", value_delimiter = ',')]
    pub own_apps: Vec<ProductName>,

    /// Names of further programs as their user agents have them, comma-separated: their shares do not count
    #[arg(long, env = "DATELINE_OTHER_BOTS", value_delimiter = ',')]
    pub other_bots: Vec<ProductName>,

    /// Maximum unpublished articles of a user who cannot publish
    #[arg(long, env = "DATELINE_DRAFTS_PER_AUTHOR", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub drafts_per_author: u32,

    /// How long articles stay in the trash before they are deleted for good (days); 0 keeps them until somebody
    /// deletes them
    #[arg(long, env = "DATELINE_KEEP_TRASH", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub keep_trash: u32,

    /// Networks of proxies whose Forwarded and X-Forwarded-For headers are trusted, comma-separated:
    /// 10.0.0.0/8,2001:db8::/32
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', value_parser = proxy)]
    pub trusted_proxies: Vec<IpNet>,

    /// How long caches may serve a stale response while they ask for a fresh one (seconds)
    #[arg(long, env = "DATELINE_STALE_WHILE_REVALIDATE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub stale_while_revalidate: u32,

    /// How long this server, while its database is away, and caches, while the server is failing, may serve
    /// stale responses (seconds); 0 is never
    #[arg(long, env = "DATELINE_STALE_IF_ERROR", default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub stale_if_error: u32,

    /// How long shared caches that you purge may reuse a response (s-maxage, seconds); as long as browsers
    /// when not set
    #[arg(long, env = "DATELINE_SHARED_MAX_AGE", value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    pub shared_max_age: Option<u32>,

    /// The response header that lists what a CDN can purge by: surrogate-key, cache-tag or none
    #[arg(long, env = "DATELINE_PURGE_HEADER", default_value = "surrogate-key")]
    pub purge_header: PurgeHeader,

    /// The clock that cached responses expire by
    #[arg(skip)]
    pub clock: Clock,

    /// Origins whose pages may call the editorial API from a browser, comma-separated: scheme://host, or with a :port
    #[arg(long, env = "DATELINE_EDITORIAL_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub editorial_origins: Vec<String>,

    /// Page of the newsroom's desk where people set a password by a link; the link's token stands behind the # of its
    /// address
    #[arg(long, env = "DATELINE_INVITATION_URL", value_parser = page)]
    pub invitation_url: Option<Url>,

    /// Page of the newsroom's site that shows previews by a link; `{token}` in it stands for the link's token, which
    /// otherwise becomes the parameter `token`
    #[arg(long, env = "DATELINE_PREVIEW_URL", value_parser = preview_page)]
    pub preview_url: Option<String>,

    /// How long an invitation is good (days)
    #[arg(long, env = "DATELINE_INVITATION_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
    pub invitation_days: u16,

    /// The newsroom as the world knows it
    #[command(flatten)]
    pub publication: PublicationConfig,

    /// Services that are told what has changed
    #[command(flatten)]
    pub announcements: AnnouncementConfig,

    /// Key of Ghost's Content API (26 hexadecimal digits), which is offered at /ghost/api/content/ then: see docs/GHOST.md
    #[arg(long, env = "DATELINE_GHOST_KEY", value_parser = ghost_key)]
    pub ghost_key: Option<String>,

    /// Maximum concurrent clients that listen to /v1/events and /v1/editorial/events
    #[arg(long, env = "DATELINE_EVENT_STREAMS", default_value_t = 1_000)]
    pub event_streams: u32,

    /// Where messages may be sent, and when again.
    #[command(flatten)]
    pub webhooks: WebhookConfig,

    /// Pictures and other files
    #[command(flatten)]
    pub media: MediaConfig,

    /// The newsroom's identity provider
    #[command(flatten)]
    pub oidc: OidcConfig,
}

/// Where files of the media are kept, and how they are taken in.
#[derive(Debug, Clone, Args)]
pub struct MediaConfig {
    /// Where uploaded files are kept: a directory, or `s3://bucket/prefix?endpoint=https://host&region=name` with the
    /// keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; when not set, a directory beside the SQLite
    /// file, or `dateline-media` below the working directory
    #[arg(long, env = "DATELINE_MEDIA_STORE")]
    pub media_store: Option<Location>,

    /// Address below which readers find the files, such as `https://media.example`, where a CDN or another host serves
    /// them; when not set, `/media` of this server
    #[arg(long, env = "DATELINE_MEDIA_URL", value_parser = media_url)]
    pub media_url: Option<Url>,

    /// Maximum size of an uploaded file (bytes)
    #[arg(long, env = "DATELINE_MAX_MEDIA_BYTES", default_value_t = 64 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(1024..=512 * 1024 * 1024))]
    pub max_media_bytes: u64,

    /// Keep in original files what they say of themselves, places included; renditions never have it
    #[arg(long, env = "DATELINE_KEEP_MEDIA_METADATA")]
    pub keep_media_metadata: bool,

    /// Private networks that files may be fetched from, comma-separated: 10.0.0.0/8
    #[arg(long, env = "DATELINE_FETCH_ALLOW", value_delimiter = ',', value_parser = proxy)]
    pub fetch_allow: Vec<IpNet>,
}

impl MediaConfig {
    /// Where files are kept, for a database.
    pub fn location(&self, database: &DatabaseUrl) -> Location {
        let file = match database {
            DatabaseUrl::Sqlite(path) => Some(path.as_ref()),
            DatabaseUrl::Postgres(_) => None,
        };
        let usual = || Location::Directory(usual_directory(file));
        self.media_store.clone().unwrap_or_else(usual)
    }

    /// Who the service is that keeps them, of what is kept in S3: as its own tools have it, from the environment.
    pub fn credentials() -> Option<Credentials> {
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Credentials {
            access_key_id: said("AWS_ACCESS_KEY_ID")?,
            secret_access_key: said("AWS_SECRET_ACCESS_KEY")?,
            session_token: said("AWS_SESSION_TOKEN"),
            region: said("AWS_REGION").or_else(|| said("AWS_DEFAULT_REGION")),
        })
    }

    /// The address below which readers find the files, without a slash at its end.
    pub fn base(&self, prefix: &PathPrefix) -> String {
        match &self.media_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => prefix.before("/media"),
        }
    }
}

impl ServerConfig {
    /// A server on free local ports with the default settings, whatever the environment says.
    pub fn on_free_port() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: free,
            ops_listen: Some(free),
            ..defaults()
        }
    }
}

/// Settings of which none is set.
fn defaults<T: Args>() -> T {
    let command = T::augment_args(Command::new("defaults")).mut_args(|arg| arg.env(None::<&str>));
    let matches = command.try_get_matches_from(["defaults"]);
    matches
        .and_then(|matches| T::from_arg_matches(&matches))
        .expect("no setting is required")
}

/// Headers that CDNs purge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PurgeHeader {
    /// `Surrogate-Key`, parted by spaces: Fastly, Varnish.
    SurrogateKey,
    /// `Cache-Tag`, parted by commas: Cloudflare, Akamai.
    CacheTag,
    /// None.
    None,
}

impl ServerConfig {
    /// What caches on the way are told.
    pub fn policies(&self) -> Policies {
        let purge_header = match self.purge_header {
            PurgeHeader::SurrogateKey => Some((HeaderName::from_static("surrogate-key"), " ")),
            PurgeHeader::CacheTag => Some((HeaderName::from_static("cache-tag"), ",")),
            PurgeHeader::None => None,
        };
        let policy = |max_age: u32| {
            let stale = format!(
                "stale-while-revalidate={}, stale-if-error={}",
                self.stale_while_revalidate, self.stale_if_error
            );
            Policy::new(max_age, self.shared_max_age, stale, purge_header.clone())
        };
        // Nobody purges a count, and none is served that is older: only of a server that fails.
        let aging = |max_age: u32| {
            let stale = format!("stale-if-error={}", self.stale_if_error);
            Policy::new(max_age, None, stale, purge_header.clone())
        };
        Policies {
            article: policy(self.max_age_article),
            article_list: policy(self.max_age_list),
            name: policy(self.max_age_names),
            shares: aging(self.max_age_shares),
            shares_age: Duration::from_secs(self.max_age_shares.into()),
            trending: aging(self.max_age_trending),
            trending_age: Duration::from_secs(self.max_age_trending.into()),
            stale_if_error: Duration::from_secs(self.stale_if_error.into()),
            missing: HeaderValue::try_from(format!(
                "public, max-age={}",
                self.max_age_article.min(MISSING_MAX_AGE)
            ))
            .expect("digits and letters"),
        }
    }
}

/// A network, or one address.
fn proxy(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "it takes networks such as 10.0.0.0/8 and addresses".into())
}

/// An address with a port.
///
/// # Errors
/// What it takes.
pub fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| {
        let port = text.trim().trim_start_matches(':');
        let port = if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
            port
        } else {
            "8080"
        };
        format!(
            "it takes a socket address, an IP address with a port: 127.0.0.1:{port} for this machine only, 0.0.0.0:{port} \
             for all networks"
        )
    })
}

/// An origin as browsers send it (RFC 6454).
fn origin(text: &str) -> Result<String, String> {
    const TAKES: &str = "it takes origins such as https://desk.example or http://localhost:3000, \
                         comma-separated: a scheme, a host, a port where it is not the usual one, and \
                         no path";
    let text = text.trim();
    let url = Url::parse(text).map_err(|error| format!("{error}; {TAKES}"))?;
    let origin = url.origin().ascii_serialization();
    let alone = text.strip_suffix('/').unwrap_or(text);
    if !matches!(url.scheme(), "http" | "https") || !alone.eq_ignore_ascii_case(&origin) {
        return Err(TAKES.into());
    }
    Ok(origin)
}

/// The beginning of the addresses of a site's pages.
fn site(text: &str) -> Result<Url, String> {
    let url = web_url(text.trim())?;
    if url.query().is_none() && url.fragment().is_none() {
        return Ok(url);
    }
    Err("it takes what the addresses of all articles begin with, without ? and #".into())
}

/// What the addresses of all files of the media begin with.
fn media_url(text: &str) -> Result<Url, String> {
    let url = web_url(text.trim())?;
    match url.query().is_none() && url.fragment().is_none() {
        true => Ok(url),
        false => Err("it takes what the addresses of all files begin with, without ? and #".into()),
    }
}

/// A page, which may have a query and no fragment.
fn preview_page(text: &str) -> Result<String, String> {
    page(&text.replace("{token}", "token"))?;
    Ok(text.to_owned())
}

fn page(text: &str) -> Result<Url, String> {
    const TAKES: &str =
        "it takes the http or https URL of a page, without #, such as https://desk.example/join";
    let url = Url::parse(text.trim()).map_err(|error| format!("{error}; {TAKES}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.fragment().is_some() {
        return Err(TAKES.into());
    }
    Ok(url)
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{error}; it takes a URL such as https://news.example"))?;
    // `Url` finds a host in `https:///path` as well.
    let names_a_host = text
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.starts_with(['/', '\\']));
    if !matches!(url.scheme(), "http" | "https") || !names_a_host {
        return Err("it takes an http or https URL such as https://news.example".into());
    }
    let lead_elsewhere = [
        (url.query().is_some(), "a query (?…)"),
        (url.fragment().is_some(), "a fragment (#…)"),
        (
            !url.username().is_empty() || url.password().is_some(),
            "a user",
        ),
    ];
    match lead_elsewhere.into_iter().find(|(has, _)| *has) {
        Some((_, part)) => Err(format!(
            "it cannot have {part}: an article's address is this, a slash and its slug"
        )),
        None => Ok(url),
    }
}

fn ghost_key(text: &str) -> Result<String, String> {
    match crate::ghost::key::is_key(text) {
        true => Ok(text.to_owned()),
        false => Err("it takes 26 hexadecimal digits in lower case".into()),
    }
}
