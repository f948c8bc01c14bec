//! `dateline serve`.

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::app::{Application, open_database};
use crate::config::{DatabaseConfig, ServerConfig};
use crate::db::Database;
use crate::http::listeners::Listeners;

/// Run the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseConfig,

    #[command(flatten)]
    server: ServerConfig,

    /// Leave the database's tables as they are; run `dateline migrate` apart
    #[arg(long, env = "DATELINE_NO_MIGRATE", value_parser = BoolishValueParser::new())]
    no_migrate: bool,
}

impl Serve {
    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// Why it could not start, in words.
    pub fn run(self) -> Result<(), String> {
        let listeners = Listeners::bind(self.server.listen, self.server.ops_listen)
            .map_err(|error| error.to_string())?;
        let database =
            open_database(&self.database, !self.no_migrate).map_err(|error| error.to_string())?;
        run_server(listeners, &self.server, database, |_| {})
    }
}

/// Runs a server; `started` is called with its address once it listens.
pub(super) fn run_server(
    listeners: Listeners,
    config: &ServerConfig,
    database: Database,
    started: impl FnOnce(&str),
) -> Result<(), String> {
    actix_web::rt::System::new().block_on(async {
        let url = database.url().clone();
        let application = Application::build_on(listeners, config, database)
            .await
            .map_err(|error| error.to_string())?;
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
            .map_err(|error| error.to_string())
    })
}
