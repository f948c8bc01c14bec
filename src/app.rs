//! The server: which routes exist, the order of middleware, start and stop.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::{Server, ServerHandle};
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use thiserror::Error;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::articles::editorial::DraftQuota;
use crate::articles::public::ArticleLoader;
use crate::auth::jwt::Signer;
use crate::auth::throttle::LoginThrottle;
use crate::cache::middleware::CacheMiddleware;
use crate::cache::response_cache::ResponseCache;
use crate::config::{DatabaseConfig, ServerConfig};
use crate::db::metrics::DatabaseMetrics;
use crate::db::transaction::in_transaction;
use crate::db::{
    Connection, Database, DatabaseUrl, StoreError, Timestamp, file, migrations, suitable,
};
use crate::events::{Projection, Writer};
use crate::gauges::Gauges;
use crate::http::address::TrustedProxies;
use crate::http::body::{BodyReaders, USUAL_LIMIT};
use crate::http::connections::{Connections, connections_that_fit};
use crate::http::cors::{EXPOSED, to_any_origin};
use crate::http::cursor::CursorKey;
use crate::http::listeners::{ListenError, Listeners};
use crate::http::observe::{REQUEST_ID, RequestTimeout, observe};
use crate::http::public_url::PublicUrl;
use crate::http::routes::Resource;
use crate::keys::{self, Key, Purpose};
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::projections::rebuild;
use crate::service::OpenApiJson;
use crate::shares::limits::{ShareLimits, ShareQuotas};
use crate::shares::public::ShareService;
use crate::shares::slug_cache::SlugCache;
use crate::shares::store::rollups;
use crate::shares::time::Granularity;
use crate::shares::visitor::VisitorKey;
use crate::shares::writer::{ShareWriter, WAITING};
use crate::{
    articles, auth, authors, jobs, openapi, ops, projections, service, shares, tags, widgets,
};

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
        tags::resources(),
        authors::resources(),
        auth::session::resources(),
        widgets::resources(),
        service::resources(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is done to a database as it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Nothing.
    AsItIs,
    /// It is brought to this version's tables.
    Migrated,
    /// The same; a SQLite file that is not there is made.
    Created,
}

/// Opens the database.
///
/// # Errors
/// When it cannot be opened or migrated, and when a newer version has migrated it.
pub fn open_database(config: &DatabaseConfig, opening: Opening) -> Result<Database, StartError> {
    if let (Opening::Created, DatabaseUrl::Sqlite(path)) = (opening, &config.database_url) {
        file::create(path)?;
    }
    let database = connect(config)?;
    suitable::check(&database)?;
    if opening == Opening::AsItIs {
        migrations::refuse_newer(&mut *database.connection()?)?;
        return Ok(database);
    }
    for name in migrate_database(&database)? {
        tracing::info!(%name, "migration ran");
    }
    Ok(database)
}

/// Opens the database as it is.
///
/// # Errors
/// When it cannot be opened.
pub fn connect(config: &DatabaseConfig) -> Result<Database, StartError> {
    let metrics = DatabaseMetrics::new().map_err(StartError::Metrics)?;
    let url = &config.database_url;
    Ok(Database::open(url, &config.pool_settings(), metrics)?)
}

/// Brings a database to this version's tables and views; returns the names of what ran. A new database has its
/// projections by then; those of one that has articles are rebuilt while it is served, or by
/// [`rebuild_projections`].
///
/// # Errors
/// When the database fails; what was done before stays.
pub fn migrate_database(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut connection = database.unhurried_connection()?;
    let ran = migrations::run(&mut connection)?;
    for projection in projections::kept() {
        rebuild_step(&mut connection, projection)?;
    }
    Ok(ran)
}

fn rebuild_step(
    connection: &mut Connection,
    projection: &dyn Projection,
) -> Result<Option<usize>, StoreError> {
    migrations::waiting(|| {
        in_transaction(connection, |connection| {
            rebuild::step(connection, projection)
        })
    })
}

/// Rebuilds projections that are not of this version, until all are; `report` is told their names and how many
/// rows are done.
///
/// # Errors
/// When the database fails; what was done before stays.
pub fn rebuild_projections(
    database: &Database,
    mut report: impl FnMut(&str, usize),
) -> Result<(), StoreError> {
    let mut connection = database.unhurried_connection()?;
    for projection in projections::kept() {
        let mut rows = 0;
        while let Some(some) = rebuild_step(&mut connection, projection)? {
            rows += some;
            report(projection.name(), rows);
        }
    }
    Ok(())
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
        let (signing, cursors, visitors) = database
            .write(|connection| {
                Ok((
                    keys::find_or_make(connection, Purpose::AccessTokens)?,
                    keys::find_or_make(connection, Purpose::Cursors)?,
                    keys::find_or_make(connection, Purpose::Visitors)?,
                ))
            })
            .await?;
        let newest = |keys: &[Key]| -> Vec<u8> {
            keys.first()
                .map(|key| key.secret.clone())
                .unwrap_or_default()
        };
        let signer = Data::new(Signer::new(signing));
        let cursor_key = Data::new(CursorKey::new(&newest(&cursors)));
        let metrics = Data::new(Metrics::new(database.metrics()).map_err(StartError::Metrics)?);
        let gauges = Data::new(Gauges::new(metrics.registry()).map_err(StartError::Metrics)?);
        let throttle = Data::new(LoginThrottle::default());
        let site = Data::new(PublicUrl(
            config
                .public_url
                .as_ref()
                .map(|url| url.as_str().trim_end_matches('/').to_owned()),
        ));
        let document = Data::new(OpenApiJson(Bytes::from(openapi::json())));
        let max_body_bytes = config.max_body_bytes as usize;
        let timeout = Data::new(RequestTimeout(Duration::from_secs(config.request_timeout)));
        database.listen().await?;
        // What a server that was killed had acknowledged is in the counts before they are read.
        database.write(shares::store::counting::apply).await?;
        let mut position = Some((Granularity::Hour, Timestamp::EARLIEST));
        while let Some(from) = position {
            let build = move |connection: &mut Connection| rollups::build_missing(connection, from);
            position = database.write(build).await?;
        }
        let responses = Data::new(ResponseCache::new(
            database.clone(),
            u64::from(config.cache_size) * 1024 * 1024,
            config.clock.clone(),
            config.policies(),
            metrics.clone(),
        ));
        let together = Data::new(ArticleLoader::of(&database, &site));
        let proxies = Data::new(TrustedProxies::new(config.trusted_proxies.clone()));
        let connections = Connections::new(
            config.connections_per_address,
            Duration::from_secs(config.write_timeout),
            TrustedProxies::clone(&proxies),
            metrics.connections_refused().clone(),
        );
        let (counter, counted) =
            ShareWriter::open(database.clone(), WAITING).map_err(StartError::Thread)?;
        let counting = Data::new(ShareService {
            articles: SlugCache::new(database.clone()),
            limits: ShareLimits::new(ShareQuotas {
                address: config.shares_per_address,
                article: config.shares_per_article,
                article_hour: config
                    .shares_per_article_hour
                    .unwrap_or_else(|| config.shares_per_article.saturating_mul(5)),
            }),
            key: VisitorKey::new(&newest(&visitors)),
            counter,
        });
        let readers = BodyReaders::start().map_err(StartError::Thread)?;
        let drafts = Data::new(DraftQuota(config.drafts_per_author.into()));
        let writer = Data::new(Writer::new(database.clone(), projections::ALL));
        let database = Data::new(database);
        let origins = config.editorial_origins.clone();

        jobs::sweep(&database, &signer, &throttle);
        jobs::rebuild(&database);
        jobs::render(&database);
        jobs::record_appearances(&database, &writer);
        jobs::keep_shares(&database, &counting, config.hourly_shares_days);

        let workers = config.workers.map_or_else(
            || std::thread::available_parallelism().map_or(2, usize::from),
            usize::from,
        );
        let operators = (
            database.clone(),
            metrics.clone(),
            responses.clone(),
            proxies.clone(),
            timeout.clone(),
            Data::from(counting.counter.load()),
            gauges,
        );
        let ops = HttpServer::new(move || {
            let (database, metrics, responses, proxies, timeout, load, gauges) = operators.clone();
            App::new()
                .app_data(database)
                .app_data(metrics)
                .app_data(load)
                .app_data(gauges)
                .app_data(responses)
                .app_data(proxies)
                .app_data(timeout)
                .wrap(from_fn(observe))
                .configure(|config| {
                    for resource in ops::resources() {
                        resource.register(config, None, USUAL_LIMIT);
                    }
                })
                .default_service(web::to(unknown_path))
        })
        .workers(1)
        .max_connections(OPERATORS)
        .disable_signals()
        .listen(listeners.ops)
        .map_err(StartError::Listen)?;
        let ops_addresses = ops.addrs();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(database.clone())
                .app_data(writer.clone())
                .app_data(signer.clone())
                .app_data(cursor_key.clone())
                .app_data(counting.clone())
                .app_data(proxies.clone())
                .app_data(metrics.clone())
                .app_data(throttle.clone())
                .app_data(site.clone())
                .app_data(together.clone())
                .app_data(document.clone())
                .app_data(timeout.clone())
                .app_data(responses.clone())
                .app_data(drafts.clone())
                .app_data(readers.clone())
                .wrap(from_fn(observe))
                .wrap(CacheMiddleware(responses.clone()))
                .configure(|config| {
                    for resource in resources() {
                        let cors = cors(resource.path(), &origins);
                        resource.register(config, Some(cors), max_body_bytes);
                    }
                })
                .route("/docs", web::get().to(docs_moved))
                .service(
                    SwaggerUi::new("/docs/{_:.*}").config(
                        Config::from("/openapi.json")
                            .try_it_out_enabled(true)
                            .persist_authorization(false),
                    ),
                )
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
        .listen(listeners.public)
        .map_err(StartError::Listen)?;
        let addresses = server.addrs();
        Ok(Self {
            server: server.run(),
            addresses,
            ops: ops.run(),
            ops_addresses,
            counted,
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
        let _ = tokio::time::timeout(LAST_SHARES, self.counted).await;
        Ok(())
    }

    /// Runs until SIGTERM or SIGINT; requests in flight are finished.
    ///
    /// # Errors
    /// When signals cannot be listened for, or a worker dies.
    pub async fn run_until_signal(self) -> io::Result<()> {
        let handle = self.handle();
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
            actix_web::rt::spawn(handle.stop(true));
            told().await;
            // What was acknowledged is written; nobody is waited for.
            tracing::warn!("told to stop again: ending at once");
            std::process::exit(1);
        });
        self.run().await
    }
}

/// What no resource has: the same for pages of any origin.
async fn unknown_path() -> Result<HttpResponse, Problem> {
    Err(to_any_origin(Problem::not_found()))
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

async fn docs_moved() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

/// Anyone's page may read what is public and report shares; the rest is for listed origins.
fn cors(path: &str, editorial_origins: &[String]) -> Cors {
    let guarded = path.starts_with("/v1/editorial/") || path.starts_with("/v1/auth/");
    let cors = if guarded {
        editorial_origins
            .iter()
            .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
    } else {
        // The same for everyone, so that caches need not keep an answer per origin.
        Cors::default()
            .allow_any_origin()
            .send_wildcard()
            .disable_vary_header()
    };
    cors.allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            REQUEST_ID,
        ])
        .expose_headers(EXPOSED)
        .block_on_origin_mismatch(false)
        .max_age(3600)
}
