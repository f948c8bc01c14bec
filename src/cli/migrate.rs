//! `dateline migrate`.

use clap::Args;

use super::in_words;
use crate::app::{Opening, connect, migrate_database, open_database, rebuild_projections};
use crate::config::DatabaseConfig;
use crate::db::{DatabaseUrl, file, migrations};

/// Bring the database to this version's tables.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    database: DatabaseConfig,

    /// Only say which migrations have run
    #[arg(long)]
    status: bool,
}

impl Migrate {
    /// Runs what has not run, or lists all.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn run(self) -> Result<(), String> {
        if self.status {
            let database = connect(&self.database).map_err(|error| error.to_string())?;
            let mut connection = database.connection().map_err(in_words)?;
            for migration in migrations::status(&mut connection).map_err(in_words)? {
                println!("{}  {}", migration.state.as_str(), migration.name);
            }
            return Ok(());
        }
        if let DatabaseUrl::Sqlite(path) = &self.database.database_url {
            file::refuse_damaged(path).map_err(in_words)?;
            file::create(path).map_err(in_words)?;
        }
        let database =
            open_database(&self.database, Opening::AsItIs).map_err(|error| error.to_string())?;
        let ran = migrate_database(&database).map_err(in_words)?;
        for name in &ran {
            println!("applied  {name}");
        }
        rebuild_projections(&database, |_, _| ()).map_err(in_words)?;
        if ran.is_empty() {
            println!("nothing to do");
        }
        Ok(())
    }
}
