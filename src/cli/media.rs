//! `dateline media`.

use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::CommandError;
use crate::app::{Opening, StartError, open_database};
use crate::config::{DatabaseConfig, MediaConfig};
use crate::media::verify::{Report, verify};
use crate::objects::ObjectStore;

/// Look after uploaded files.
#[derive(Debug, Args)]
pub struct Media {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare the files with the database: which are missing, which are not as they were stored, and which nothing needs.
    /// Servers may go on
    Verify {
        #[command(flatten)]
        database: DatabaseConfig,

        #[command(flatten)]
        media: MediaConfig,

        /// Delete files that nothing needs. Not while files are being uploaded: one that has just arrived is not in the
        /// database yet
        #[arg(long)]
        delete_orphans: bool,
    },
}

impl Media {
    /// Does it and says what was found.
    ///
    /// # Errors
    /// When files are missing or damaged, or it could not be found out.
    pub fn run(self) -> Result<(), CommandError> {
        let Command::Verify {
            database: config,
            media,
            delete_orphans,
        } = self.command;
        let database = open_database(&config, Opening::AsItIs)?;
        let location = media.location(&config.database_url);
        let objects =
            ObjectStore::open(&location, MediaConfig::credentials()).map_err(StartError::from)?;
        let report = actix_web::rt::System::new().block_on(async {
            let report = verify(&database, &objects)
                .await
                .map_err(|error| CommandError::Media(error.to_string()))?;
            // Of another database, or of none yet, all files would be orphans.
            if delete_orphans && report.items == 0 && report.files > 0 {
                let reason = "the database has no items at all: it may be the wrong one";
                return Err(CommandError::Media(reason.into()));
            }
            if delete_orphans {
                for path in &report.orphans {
                    let Ok(key) = path.parse() else {
                        continue;
                    };
                    let deleted = objects.delete(&key).await;
                    deleted.map_err(|error| CommandError::Media(error.to_string()))?;
                }
            }
            Ok::<_, CommandError>(report)
        })?;
        say(&report, delete_orphans)
            .map_err(|error| CommandError::Io("standard output".into(), error))?;
        match report.is_sound() {
            true => Ok(()),
            false => Err(CommandError::Media(format!(
                "{} files are missing and {} damaged",
                report.missing.len(),
                report.damaged.len()
            ))),
        }
    }
}

fn say(report: &Report, deleted: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let orphan = if deleted { "deleted" } else { "orphan" };
    for (what, paths) in [
        ("missing", &report.missing),
        ("damaged", &report.damaged),
        (orphan, &report.orphans),
    ] {
        for path in paths {
            writeln!(out, "{what} {path}")?;
        }
    }
    writeln!(
        out,
        "{} items, {} files: {} missing, {} damaged, {} of no item",
        report.items,
        report.files,
        report.missing.len(),
        report.damaged.len(),
        report.orphans.len()
    )
}
