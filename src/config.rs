//! Every setting once: flag, environment variable, default, meaning.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use url::Url;

use crate::db::DatabaseUrl;
use crate::db::pool::PoolSettings;

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

    /// Database connections for reading (on Postgres, for everything)
    #[arg(long, env = "DATELINE_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,

    /// Seconds to wait for a free connection before answering 503
    #[arg(long, env = "DATELINE_DATABASE_WAIT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub database_wait: u64,

    /// Seconds after which one statement is given up
    #[arg(long, env = "DATELINE_STATEMENT_TIMEOUT", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub statement_timeout: u64,
}

impl DatabaseConfig {
    /// A database with the default settings.
    pub fn at(database_url: DatabaseUrl) -> Self {
        Self {
            database_url,
            database_connections: 8,
            database_wait: 5,
            statement_timeout: 15,
        }
    }

    /// What the pools need of it.
    pub fn pool_settings(&self) -> PoolSettings {
        PoolSettings {
            size: self.database_connections,
            wait: Duration::from_secs(self.database_wait),
            statement_timeout: Duration::from_secs(self.statement_timeout),
        }
    }
}

/// How the server listens and answers.
#[derive(Debug, Clone, Args)]
pub struct ServerConfig {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "DATELINE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Address of the newsroom's site; an article's canonical_url is this and its slug
    #[arg(long, env = "DATELINE_PUBLIC_URL", value_parser = web_url)]
    pub public_url: Option<Url>,

    /// Worker threads; as many as there are cores when left out
    #[arg(long, env = "DATELINE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    /// Most connections at once, each worker's share of them
    #[arg(long, env = "DATELINE_MAX_CONNECTIONS", default_value_t = 25_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,

    /// Most bytes of a request's body
    #[arg(long, env = "DATELINE_MAX_BODY_BYTES", default_value_t = 2 * 1024 * 1024, value_parser = clap::value_parser!(u32).range(1024..=64 * 1024 * 1024))]
    pub max_body_bytes: u32,

    /// Seconds that a request may take
    #[arg(long, env = "DATELINE_REQUEST_TIMEOUT", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_timeout: u64,

    /// Seconds that requests in flight get to finish when the server stops
    #[arg(long, env = "DATELINE_SHUTDOWN_TIMEOUT", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub shutdown_timeout: u64,

    /// Origins whose pages may call the editorial API from a browser, comma-separated
    #[arg(long, env = "DATELINE_EDITORIAL_ORIGINS", value_delimiter = ',')]
    pub editorial_origins: Vec<String>,
}

impl ServerConfig {
    /// A server on a free local port with the default settings.
    pub fn on_free_port() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            workers: None,
            max_connections: 25_000,
            max_body_bytes: 2 * 1024 * 1024,
            request_timeout: 30,
            shutdown_timeout: 20,
            editorial_origins: Vec::new(),
        }
    }
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{error}; it takes a URL such as https://news.example"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(url);
    }
    Err("it takes an http or https URL such as https://news.example".into())
}
