//! `dateline rebuild`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::in_words;
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
    pub fn run(self) -> Result<(), String> {
        let database =
            open_database(&self.database, Opening::Migrated).map_err(|error| error.to_string())?;
        let mut connection = database.connection().map_err(in_words)?;
        let wanted = |name| self.only.as_deref().is_none_or(|only| only == name);
        for projection in projections::kept().filter(|projection| wanted(projection.name())) {
            in_transaction(&mut connection, |connection| {
                rebuild::begin(connection, projection)
            })
            .map_err(in_words)?;
        }
        drop(connection);
        let mut said = (String::new(), 0);
        rebuild_projections(&database, |name, rows| {
            // Some lines, however many rows there are.
            if said.0 != name || rows >= said.1 * 2 {
                println!("{name}  {rows}");
                said = (name.to_owned(), rows);
            }
        })
        .map_err(in_words)?;
        println!("done");
        Ok(())
    }
}
