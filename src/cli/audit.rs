//! `dateline audit`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::CommandError;
use super::progress::Progress;
use crate::app::{Opening, open_database};
use crate::audit::editorial::line;
use crate::audit::store;
use crate::audit::verify::{Kept, verify};
use crate::config::DatabaseConfig;
use crate::db::connection::Watched;
use crate::db::{Outage, StoreError, migrations};
use crate::events::log;

/// Entries that are exported at a time.
const AT_ONCE: i64 = 2_000;

/// Check the log of who did what, and take it elsewhere. Nothing is written to the database.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether the log is as it was written, or where it is not; servers may go on writing
    Verify {
        #[command(flatten)]
        database: DatabaseConfig,

        /// Begin with this entry, and take those before it for granted
        #[arg(long, value_name = "SEQUENCE", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
        from: i64,

        /// A hash that was kept elsewhere, as `audit head` printed it; may be repeated
        #[arg(long, value_name = "SEQUENCE:HASH")]
        expect: Vec<Kept>,
    },
    /// Print the last entry's number and hash, to be kept where the database's administrators cannot write
    Head {
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Write every entry as a line of JSON
    Export {
        #[command(flatten)]
        database: DatabaseConfig,

        /// Only entries after this one
        #[arg(long, value_name = "SEQUENCE", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        after: i64,

        /// The file to write, which must not be there yet; - for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
    },
}

/// A connection that takes as long as it needs.
fn connect(config: &DatabaseConfig) -> Result<Watched, CommandError> {
    let database = open_database(config, Opening::AsItIs)?;
    let mut connection = database.unhurried_connection()?;
    if migrations::is_current(&mut connection)? {
        return Ok(connection);
    }
    let reason = "the database has not this version's tables; run `dateline migrate` first";
    Err(StoreError::unavailable(Outage::Unsuitable, reason).into())
}

impl Audit {
    /// Does it.
    ///
    /// # Errors
    /// Why not, in words; where the log is not as it was written.
    pub fn run(self) -> Result<(), CommandError> {
        match self.command {
            Command::Verify {
                database,
                from,
                expect,
            } => check(&database, from, &expect),
            Command::Head { database } => head(&database),
            Command::Export {
                database,
                after,
                file,
            } => export(&database, after, &file),
        }
    }
}

fn check(config: &DatabaseConfig, from: i64, expect: &[Kept]) -> Result<(), CommandError> {
    let mut connection = connect(config)?;
    if let Some(kept) = expect.iter().find(|kept| kept.sequence < from) {
        let sequence = kept.sequence;
        return Err(CommandError::Audit(format!(
            "--expect names entry {sequence}, which --from {from} leaves out"
        )));
    }
    let mut progress = Progress::default();
    let verified = verify(&mut connection, from, expect, |entries| {
        progress.report("entries", entries);
    })?;
    for place in &verified.breaks {
        println!("{place}");
    }
    let more = verified.found - verified.breaks.len();
    if more > 0 {
        println!("and {more} more");
    }
    if verified.found > 0 {
        return Err(CommandError::Audit(format!(
            "the log is not as it was written: {} of {} entries looked at",
            match verified.found {
                1 => "1 place".to_owned(),
                places => format!("{places} places"),
            },
            verified.entries
        )));
    }
    let head = match (verified.head.hash, verified.head.sequence) {
        (Some(hash), sequence) => Kept { sequence, hash }.to_string(),
        (None, 0) => "none: the log is empty".into(),
        (None, sequence) => format!("{sequence}, without a hash"),
    };
    println!("{} entries, the chain holds, head {head}", verified.entries);
    if verified.before_chain > 0 {
        println!(
            "{} of them are from before the log had hashes: nothing proves these",
            verified.before_chain
        );
    }
    Ok(())
}

fn head(config: &DatabaseConfig) -> Result<(), CommandError> {
    let head = log::head(&mut *connect(config)?)?;
    match head.hash {
        Some(hash) => {
            let sequence = head.sequence;
            println!("{}", Kept { sequence, hash });
            Ok(())
        }
        None => Err(CommandError::Audit(
            "the log has no entry with a hash at its end".into(),
        )),
    }
}

fn export(config: &DatabaseConfig, after: i64, file: &Path) -> Result<(), CommandError> {
    let mut connection = connect(config)?;
    let failed = |error: io::Error| CommandError::Io(file.display().to_string(), error);
    let mut out: Box<dyn Write> = match file == Path::new("-") {
        true => Box::new(BufWriter::new(io::stdout().lock())),
        false => Box::new(BufWriter::new(File::create_new(file).map_err(failed)?)),
    };
    let last = log::head(&mut connection)?.sequence;
    let mut reached = after;
    while reached < last {
        let entries = store::after(&mut connection, reached, last, AT_ONCE)?;
        for entry in &entries {
            writeln!(out, "{}", line(entry)).map_err(failed)?;
        }
        reached = entries.last().map_or(last, |entry| entry.sequence);
    }
    out.flush().map_err(failed)
}
