//! `dateline copy`.

use clap::Args;

use super::CommandError;
use super::progress::Progress;
use crate::app::{Opening, migrate_database, open_database, rebuild_projections};
use crate::config::DatabaseConfig;
use crate::db::{DatabaseUrl, copy, file};

/// Copy a newsroom to an empty database, from SQLite to Postgres or any other way.
#[derive(Debug, Args)]
pub struct Copy {
    /// The database to copy, which no server should write to meanwhile: what it writes is not copied
    #[arg(long, value_name = "URL")]
    from: DatabaseUrl,

    /// Where to: an empty database, which is brought to this version's tables first; a SQLite file that is not
    /// there is made
    #[arg(long, value_name = "URL")]
    to: DatabaseUrl,
}

impl Copy {
    /// Copies, rebuilds what is derived, and says how far it has come.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn run(self) -> Result<(), CommandError> {
        if let DatabaseUrl::Sqlite(path) = &self.from {
            file::refuse_damaged(path)?;
        }
        let open = |url| open_database(&DatabaseConfig::at(url), Opening::AsItIs);
        let source = open(self.from)?;
        let mut reading = source.unhurried_connection()?;
        if let DatabaseUrl::Sqlite(path) = &self.to {
            file::create(path)?;
        }
        let target = open(self.to)?;
        let mut writing = target.unhurried_connection()?;
        // Before anything is changed: somebody may have swapped the two.
        copy::check(&mut reading, &mut writing)?;
        migrate_database(&target)?;
        let mut progress = Progress::default();
        copy::copy(&mut reading, &mut writing, &mut |table, rows| {
            progress.report(table, rows);
        })?;
        println!(
            "copied; what is derived is rebuilt now. `dateline migrate` or a server goes on with that"
        );
        rebuild_projections(&target, |name, rows| progress.report(name, rows))?;
        progress.done();
        Ok(())
    }
}
