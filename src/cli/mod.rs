//! The command line.
//!
//! - [`serve`] – run the server
//! - [`demo`] – run it with a small newsroom of sample articles
//! - [`migrate`] – bring the database to this version's tables
//! - [`rebuild`] – make anew what is derived from articles
//! - [`copy`] – bring everything to another database
//! - [`audit`] – check the log of who did what
//! - [`media`] – compare uploaded files with the database
//! - [`user`] – people who sign in
//! - [`token`] – API tokens for tools, and the keys of access tokens
//! - [`health`] – ask a running server whether it is ready

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use crate::app::{Opening, StartError, open_database};
use crate::config::DatabaseConfig;
use crate::db::changes::Invalidation;
use crate::db::connection::Watched;
use crate::db::copy::CopyError;
use crate::db::transaction::in_transaction;
use crate::db::{Connection, StoreError, StoreResult};
use crate::events::{self, Change, Origin};
use crate::text::Line;
use crate::validation::Invalid;
use crate::{log, openapi, projections};

pub mod audit;
pub mod copy;
pub mod demo;
pub mod health;
pub mod media;
pub mod migrate;
mod progress;
pub mod rebuild;
pub mod serve;
pub mod token;
pub mod user;

/// A headless JSON content API for newsrooms.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// What is logged: error, warn, info, debug, trace, or a filter such as dateline=debug,info
    #[arg(long, env = "DATELINE_LOG", default_value = DEFAULT_LOG, global = true, value_parser = log_filter)]
    log: String,

    #[command(subcommand)]
    command: Command,
}

/// Malformed requests are their senders' mistakes, which the HTTP library takes for the server's.
const DEFAULT_LOG: &str = "info,actix_http::h1=off,actix_server=warn";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Run the server with a small newsroom of sample articles in a throw-away database
    Demo(demo::Demo),
    /// Bring the database to this version's tables
    Migrate(migrate::Migrate),
    /// Make anew what is derived from articles, tags and authors, while servers go on
    Rebuild(rebuild::Rebuild),
    /// Copy a newsroom to an empty database, from SQLite to Postgres or any other way
    Copy(copy::Copy),
    /// Add and list people who sign in, change passwords
    User(user::User),
    /// Issue, list and revoke API tokens for tools
    Token(token::Token),
    /// Check the log of who did what, and export it
    Audit(audit::Audit),
    /// Compare uploaded files with the database
    Media(media::Media),
    /// Print the OpenAPI document
    Openapi,
    /// Ask a running server whether it is ready; for container health checks
    Health(health::Health),
}

fn log_filter(text: &str) -> Result<String, String> {
    const TAKES: &str = "it takes a level (error, warn, info, debug, trace, off), or parts such as \
                         dateline=debug, comma-separated";
    let is_level = |word: &str| {
        let levels = ["error", "warn", "info", "debug", "trace", "off"];
        levels.iter().any(|level| word.eq_ignore_ascii_case(level))
    };
    for part in text.split(',').map(str::trim) {
        // A word alone that is no level would be the name of a module, and silence all others.
        let is_known = match part.rsplit_once('=') {
            Some((_, level)) => is_level(level),
            None => is_level(part),
        };
        if !is_known {
            return Err(format!("\"{part}\" is not known; {TAKES}"));
        }
    }
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error}; {TAKES}"))
}

impl Cli {
    /// Reads the command line and the environment. An empty variable, as files for containers pass what
    /// is not set, is no value; what is wrong ends the program with a message.
    pub fn read() -> Self {
        let matches = without_empty(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// A name that people are shown: one line with something to see.
fn name(text: &str) -> Result<String, String> {
    let line: Line<120> = text.parse().map_err(|invalid: Invalid| invalid.detail)?;
    Ok(line.into_string())
}

fn without_empty(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let is_empty = arg
            .get_env()
            .and_then(std::env::var_os)
            .is_some_and(|value| value.is_empty());
        if is_empty { arg.env(None::<&str>) } else { arg }
    });
    command.mut_subcommands(without_empty)
}

/// Does what the command line says. Logs go to standard error: pretty on a terminal, JSON lines
/// otherwise.
pub fn run(cli: Cli) -> ExitCode {
    let filter = EnvFilter::try_new(&cli.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let _written_at_the_end = log::to_standard_error(filter);
    log::count_panics();
    let outcome = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Demo(demo) => demo.run(),
        Command::Migrate(migrate) => migrate.run(),
        Command::Rebuild(rebuild) => rebuild.run(),
        Command::Copy(copy) => copy.run(),
        Command::User(user) => user.run(),
        Command::Token(token) => token.run(),
        Command::Audit(audit) => audit.run(),
        Command::Media(media) => media.run(),
        Command::Openapi => {
            print!("{}", openapi::json());
            Ok(())
        }
        Command::Health(health) => health.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "dateline: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The server or the database could not be started or opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same, with what it was about.
    #[error("{0}: {1}")]
    About(String, StoreError),
    /// A database was not copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file, a terminal or an address failed: which, and why.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// A password was not taken.
    #[error("{0}")]
    Password(String),
    /// A password was not hashed.
    #[error("the password was not hashed: {0}")]
    Hash(#[from] argon2::password_hash::Error),
    /// The log of who did what is not as it was written, or cannot be checked as asked.
    #[error("{0}")]
    Audit(String),
    /// Uploaded files are not as the database has them, or that could not be found out.
    #[error("{0}")]
    Media(String),
    /// Nobody signs in with this address.
    #[error("{0} is nobody's address")]
    NoUser(String),
    /// A mistake in the code ended it; the log has more.
    #[error("a mistake in the code ended it; the log says which")]
    Panicked,
    /// The server ended: a worker died, or signals cannot be listened for.
    #[error("the server failed: {0}")]
    Run(io::Error),
    /// A server is not ready: the first line of its answer.
    #[error("not ready: {0}")]
    NotReady(String),
}

/// A connection to a database that is opened for one command.
fn connect(config: &DatabaseConfig, opening: Opening) -> Result<Watched, CommandError> {
    Ok(open_database(config, opening)?.connection()?)
}

/// Makes a change in a transaction, with all that follows from it; the log says that the command line made it.
fn change<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Change<'_>) -> StoreResult<T>,
) -> StoreResult<T> {
    in_transaction(connection, |connection| {
        // Nothing that readers see depends on people and tokens: no server needs to be told.
        let touched = &mut Invalidation::default();
        events::writer::run(connection, touched, projections::ALL, Origin::SYSTEM, work)
    })
}
