//! The server: which routes exist, the order of middleware, start and stop.
//!
//! - `opening` – a database, brought to this version
//! - `state` – what handlers are given
//! - `docs` – interactive documentation

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use thiserror::Error;

use self::state::State;
use crate::cache::middleware::CacheMiddleware;
use crate::config::ServerConfig;
use crate::db::{Database, StoreError};
use crate::http::address::TrustedProxies;
use crate::http::body::USUAL_LIMIT;
use crate::http::connections::{Connections, connections_that_fit};
use crate::http::cors::{is_preflight, preflight_anywhere};
use crate::http::listeners::{ListenError, Listeners};
use crate::http::observe::observe;
use crate::http::routes::Resource;
use crate::objects::OpenError;
use crate::problem::Problem;
use crate::streams::broadcast::Streams;
use crate::webhooks::dispatcher::Webhooks;
use crate::{
    announcements, articles, audit, auth, authors, collections, feeds, ghost, media, oembed, ops,
    service, shares, sitemaps, streams, sync, tags, webhooks, widgets,
};

mod docs;
mod opening;
mod state;

pub use opening::{Opening, connect, migrate_database, open_database, rebuild_projections};

/// How long a server that ends waits until what it was sent is counted.
const LAST_SHARES: Duration = Duration::from_secs(5);

/// Why a server could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address.
    #[error(transparent)]
    Address(#[from] ListenError),
    /// A listener.
    #[error("cannot listen: {0}")]
    Listen(io::Error),
    /// The metrics: a mistake in the code.
    #[error("metrics: {0}")]
    Metrics(prometheus::Error),
    /// Settings that do not go together.
    #[error("{0}")]
    Setting(&'static str),
    /// The TLS library.
    #[error("cannot call other servers: {0}")]
    Tls(String),
    /// Where files of the media are kept.
    #[error("--media-store: {0}")]
    Media(#[from] OpenError),
    /// A thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Every resource of the server.
pub fn resources() -> Vec<Resource> {
    // Tried in this order: those that are asked for most come first.
    [
        shares::resources(),
        articles::resources(),
        articles::revisions::resources(),
        articles::working_copy::resources(),
        articles::previews::resources(),
        articles::desk::resources(),
        collections::resources(),
        tags::resources(),
        authors::resources(),
        media::resources(),
        sync::resources(),
        streams::resources(),
        feeds::resources(),
        sitemaps::resources(),
        oembed::resources(),
        ghost::resources(),
        announcements::resources(),
        webhooks::resources(),
        auth::resources(),
        audit::resources(),
        widgets::resources(),
        service::resources(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Most connections of operators.
const OPERATORS: usize = 64;

/// Most connections unless something is said.
const CONNECTIONS: u32 = 25_000;

/// A server that is bound to its addresses and ready to run.
pub struct Application {
    server: Server,
    addresses: Vec<SocketAddr>,
    ops: Server,
    ops_addresses: Vec<SocketAddr>,
    /// Ends when the shares that the server was sent are written.
    counted: tokio::sync::oneshot::Receiver<()>,
    streams: Data<Streams>,
    webhooks: Data<Webhooks>,
}

impl Application {
    /// Binds the addresses, loads the keys, starts listening.
    ///
    /// # Errors
    /// When the database does not answer or an address is taken.
    pub async fn build(config: &ServerConfig, database: Database) -> Result<Self, StartError> {
        let listeners = Listeners::bind(config.listen, config.ops_listen)?;
        Self::build_on(listeners, config, database).await
    }

    /// The same on addresses that are bound already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn build_on(
        listeners: Listeners,
        config: &ServerConfig,
        database: Database,
    ) -> Result<Self, StartError> {
        let (state, counted) = State::build(config, database).await?;
        state.begin_jobs(config)?;
        let (streams, webhooks) = (state.streams.clone(), state.webhooks.clone());
        let listen = StartError::Listen;
        let (ops, ops_addresses) = serve_operators(&state, listeners.ops).map_err(listen)?;
        let (server, addresses) = serve_public(state, config, listeners.public).map_err(listen)?;
        Ok(Self {
            server,
            addresses,
            ops,
            ops_addresses,
            counted,
            streams,
            webhooks,
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, |address| address.port())
    }

    /// The address it listens on.
    pub fn url(&self) -> String {
        self.addresses
            .first()
            .map_or_else(String::new, |address| format!("http://{address}"))
    }

    /// The address at which operators are answered.
    pub fn ops_url(&self) -> String {
        self.ops_addresses
            .first()
            .map_or_else(String::new, |address| format!("http://{address}"))
    }

    /// For stopping it from elsewhere.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Runs until it is stopped by its handle.
    ///
    /// # Errors
    /// When a worker dies.
    pub async fn run(self) -> io::Result<()> {
        let ops = self.ops.handle();
        actix_web::rt::spawn(self.ops);
        let served = self.server.await;
        ops.stop(false).await;
        served?;
        let counted = tokio::time::timeout(LAST_SHARES, self.counted);
        let _ = tokio::join!(counted, self.webhooks.end());
        Ok(())
    }

    /// Runs until SIGTERM or SIGINT; requests in flight are finished.
    ///
    /// # Errors
    /// When signals cannot be listened for, or a worker dies.
    pub async fn run_until_signal(self) -> io::Result<()> {
        let (handle, streams) = (self.handle(), self.streams.clone());
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        actix_web::rt::spawn(async move {
            let mut told = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
            };
            told().await;
            tracing::info!("stopping; finishing requests in flight");
            streams.close();
            actix_web::rt::spawn(handle.stop(true));
            told().await;
            // What was acknowledged is written; nobody is waited for.
            tracing::warn!("told to stop again: ending at once");
            std::process::exit(1);
        });
        self.run().await
    }
}

fn serve_operators(state: &State, listener: TcpListener) -> io::Result<(Server, Vec<SocketAddr>)> {
    let state = state.clone();
    let server = HttpServer::new(move || {
        App::new()
            .configure(|config| state.add_to(config))
            .wrap(from_fn(observe))
            .configure(|config| {
                for resource in ops::resources() {
                    resource.register(config, USUAL_LIMIT);
                }
            })
            .default_service(web::to(unknown_path))
    })
    .workers(1)
    .max_connections(OPERATORS)
    .disable_signals()
    .listen(listener)?;
    let addresses = server.addrs();
    Ok((server.run(), addresses))
}

fn serve_public(
    state: State,
    config: &ServerConfig,
    listener: TcpListener,
) -> io::Result<(Server, Vec<SocketAddr>)> {
    let workers = config.workers.map_or_else(
        || std::thread::available_parallelism().map_or(2, usize::from),
        usize::from,
    );
    let connections = Connections::new(
        config.connections_per_address,
        Duration::from_secs(config.write_timeout),
        TrustedProxies::clone(&state.proxies),
        state.metrics.connections_refused().clone(),
    );
    let max_body_bytes = config.max_body_bytes as usize;
    let server = HttpServer::new(move || {
        App::new()
            .configure(|config| state.add_to(config))
            .app_data(state.origins.clone())
            .wrap(from_fn(observe))
            .wrap(CacheMiddleware(state.responses.clone()))
            .configure(|config| {
                for resource in resources() {
                    resource.register(config, max_body_bytes);
                }
            })
            .configure(docs::add_to)
            .default_service(web::to(unknown_path))
    })
    .on_connect(move |connection, data| connections.accepted(connection, data))
    .workers(workers)
    .max_connections(usize::max(1, max_connections(config) as usize / workers))
    // A client that has closed its side is taken to have left, as proxies do: its work ends.
    .h1_allow_half_closed(false)
    .client_request_timeout(Duration::from_secs(10))
    .client_disconnect_timeout(Duration::from_secs(2))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(config.shutdown_timeout)
    .disable_signals()
    .listen(listener)?;
    let addresses = server.addrs();
    Ok((server.run(), addresses))
}

/// What no resource has. A browser that asks what it may send is let through, to be told that.
async fn unknown_path(request: HttpRequest) -> Result<HttpResponse, Problem> {
    match is_preflight(request.method(), request.headers()) {
        true => Ok(preflight_anywhere()),
        false => Err(Problem::not_found()),
    }
}

/// As many connections as there may be and as fit.
fn max_connections(config: &ServerConfig) -> u32 {
    let fit = connections_that_fit();
    match config.max_connections {
        None => fit.min(CONNECTIONS),
        Some(wanted) if wanted > fit => {
            tracing::warn!(
                wanted,
                connections = fit,
                "the limit of open descriptors allows fewer connections than --max-connections; \
                 raise it (ulimit -n, LimitNOFILE)"
            );
            fit
        }
        Some(wanted) => wanted,
    }
}
