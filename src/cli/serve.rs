//! `dateline serve`.

use clap::Args;

use crate::app::{Application, open_database};
use crate::config::{DatabaseConfig, ServerConfig};
use crate::db::Database;

/// Run the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseConfig,

    #[command(flatten)]
    server: ServerConfig,

    /// Leave the database's tables as they are; run `dateline migrate` apart
    #[arg(long, env = "DATELINE_NO_MIGRATE")]
    no_migrate: bool,
}

impl Serve {
    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// Why it could not start, in words.
    pub fn run(self) -> Result<(), String> {
        let database =
            open_database(&self.database, !self.no_migrate).map_err(|error| error.to_string())?;
        run_server(&self.server, database, |_| {})
    }
}

/// Runs a server; `started` is called with its address once it listens.
pub(super) fn run_server(
    config: &ServerConfig,
    database: Database,
    started: impl FnOnce(&str),
) -> Result<(), String> {
    actix_web::rt::System::new().block_on(async {
        let url = database.url().clone();
        let application = Application::build(config, database)
            .await
            .map_err(|error| error.to_string())?;
        tracing::info!(address = application.url(), database = %url, "listening");
        started(&application.url());
        application
            .run_until_signal()
            .await
            .map_err(|error| error.to_string())
    })
}
