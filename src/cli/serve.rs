//! `dateline serve`.

use clap::Args;
use clap::builder::BoolishValueParser;

use super::CommandError;
use crate::app::{Application, Opening, StartError, open_database};
use crate::config::{DatabaseConfig, ServerConfig};
use crate::db::{Database, DatabaseUrl, file};
use crate::http::cors::EditorialOrigins;
use crate::http::listeners::Listeners;
use crate::starting::Starting;

/// Run the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseConfig,

    #[command(flatten)]
    server: ServerConfig,

    /// Do not run migrations at the start; run `dateline migrate` yourself
    #[arg(long, env = "DATELINE_NO_MIGRATE", value_parser = BoolishValueParser::new())]
    no_migrate: bool,

    /// Create the SQLite file if it does not exist
    #[arg(long, env = "DATELINE_CREATE", value_parser = BoolishValueParser::new())]
    create: bool,
}

impl Serve {
    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// Why it could not start, in words.
    pub fn run(self) -> Result<(), CommandError> {
        let listeners = Listeners::bind(self.server.listen, self.server.ops_listen)
            .map_err(StartError::from)?;
        let opening = match (self.no_migrate, self.create) {
            (true, _) => Opening::AsItIs,
            (false, true) => Opening::Created,
            (false, false) => Opening::Migrated,
        };
        let config = self.database;
        let open = move || {
            if let DatabaseUrl::Sqlite(path) = &config.database_url {
                file::refuse_damaged(path)?;
            }
            Ok(open_database(&config, opening)?)
        };
        run_server(listeners, &self.server, open, |_| {})
    }
}

/// Runs a server on the database that `open` opens, which may take long; `started` is called with its
/// address once it is ready.
pub(super) fn run_server(
    listeners: Listeners,
    config: &ServerConfig,
    open: impl FnOnce() -> Result<Database, CommandError> + Send + 'static,
    started: impl FnOnce(&str),
) -> Result<(), CommandError> {
    config.check().map_err(StartError::Setting)?;
    actix_web::rt::System::new().block_on(async {
        let origins = EditorialOrigins(config.editorial_origins.clone());
        let starting = Starting::begin(&listeners, &origins).map_err(StartError::Listen)?;
        let opening = actix_web::rt::task::spawn_blocking(open);
        let database = opening.await.map_err(|_| CommandError::Panicked)??;
        let url = database.url().clone();
        let application = Application::build_on(listeners, config, database).await?;
        starting.end().await;
        tracing::info!(
            address = application.url(),
            ops = application.ops_url(),
            database = %url,
            "listening"
        );
        started(&application.url());
        application
            .run_until_signal()
            .await
            .map_err(CommandError::Run)
    })
}
