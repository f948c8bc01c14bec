//! `dateline rebuild`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::CommandError;
use super::progress::Progress;
use crate::app::{Opening, open_database, rebuild_projections};
use crate::config::DatabaseConfig;
use crate::db::transaction::in_transaction;
use crate::projections::{self, rebuild};

/// Make anew what is derived from articles, tags and authors, while servers go on.
#[derive(Debug, Args)]
pub struct Rebuild {
    #[command(flatten)]
    database: DatabaseConfig,

    /// Only this projection
    #[arg(long, value_name = "NAME", value_parser = names())]
    only: Option<String>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(projections::kept().map(|projection| projection.name()))
}

impl Rebuild {
    /// Rebuilds all of them, or one, and says how far it has come.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn run(self) -> Result<(), CommandError> {
        let database = open_database(&self.database, Opening::Migrated)?;
        let mut connection = database.connection()?;
        let wanted = |name| self.only.as_deref().is_none_or(|only| only == name);
        for projection in projections::kept().filter(|projection| wanted(projection.name())) {
            in_transaction(&mut connection, |connection| {
                rebuild::begin(connection, projection)
            })?;
        }
        drop(connection);
        let mut progress = Progress::default();
        rebuild_projections(&database, |name, rows| progress.report(name, rows))?;
        progress.done();
        Ok(())
    }
}
