//! `dateline migrate`.

use clap::Args;

use super::CommandError;
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
    pub fn run(self) -> Result<(), CommandError> {
        if self.status {
            let database = connect(&self.database)?;
            let mut connection = database.connection()?;
            for migration in migrations::status(&mut connection)? {
                println!("{}  {}", migration.state.as_str(), migration.name);
            }
            return Ok(());
        }
        if let DatabaseUrl::Sqlite(path) = &self.database.database_url {
            file::refuse_damaged(path)?;
            file::create(path)?;
        }
        let database = open_database(&self.database, Opening::AsItIs)?;
        let ran = migrate_database(&database)?;
        for name in &ran {
            println!("applied  {name}");
        }
        rebuild_projections(&database, |_, _| ())?;
        if ran.is_empty() {
            println!("nothing to do");
        }
        Ok(())
    }
}
