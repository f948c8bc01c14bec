//! `dateline copy`.

use clap::Args;

use super::CommandError;
use super::progress::Progress;
use crate::app::{Opening, open_database, rebuild_projections};
use crate::config::DatabaseConfig;
use crate::db::{DatabaseUrl, copy};

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
        let open = |url, opening| open_database(&DatabaseConfig::at(url), opening);
        let source = open(self.from, Opening::AsItIs)?;
        let target = open(self.to, Opening::Created)?;
        let mut progress = Progress::default();
        copy::copy(
            &mut *source.unhurried_connection()?,
            &mut *target.unhurried_connection()?,
            &mut |table, rows| progress.report(table, rows),
        )?;
        rebuild_projections(&target, |name, rows| progress.report(name, rows))?;
        progress.done();
        Ok(())
    }
}
