//! `dateline user`.

use std::io::{BufRead, IsTerminal};

use clap::{Args, Subcommand};

use super::in_words;
use crate::app::open_database;
use crate::auth::model::Role;
use crate::auth::{password, store};
use crate::config::DatabaseConfig;
use crate::db::pool::in_transaction;

/// Add and list people who sign in, change passwords.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add someone
    Add {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address to sign in with
        #[arg(long, value_parser = email)]
        email: String,

        /// How they are called
        #[arg(long)]
        name: String,

        /// admin, editor, author or viewer
        #[arg(long)]
        role: Role,

        #[command(flatten)]
        password: PasswordSource,
    },
    /// Change a password and end the user's sessions
    Passwd {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long)]
        email: String,

        #[command(flatten)]
        password: PasswordSource,
    },
    /// List everyone
    List {
        #[command(flatten)]
        database: DatabaseConfig,
    },
}

#[derive(Debug, Args)]
struct PasswordSource {
    /// Read the password from the first line of standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordSource {
    fn read(&self) -> Result<String, String> {
        let password = if self.password_stdin {
            let mut line = String::new();
            std::io::stdin()
                .lock()
                .read_line(&mut line)
                .map_err(|error| format!("standard input: {error}"))?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        } else if std::io::stdin().is_terminal() {
            let ask = |prompt: &str| {
                rpassword::prompt_password(prompt).map_err(|error| error.to_string())
            };
            let first = ask("Password: ")?;
            if first != ask("Again: ")? {
                return Err("the two passwords differ".into());
            }
            first
        } else {
            return Err(
                "there is no terminal to ask for a password on; use --password-stdin".into(),
            );
        };
        password::check(&password).map_err(|reason| format!("the password {reason}"))?;
        password::hash(&password).map_err(|error| error.to_string())
    }
}

fn email(text: &str) -> Result<String, String> {
    let well_formed = text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && matches!(text.split_once('@'), Some((name, domain)) if !name.is_empty() && !domain.is_empty());
    if !well_formed {
        return Err("it takes an e-mail address such as desk@example.com".into());
    }
    Ok(store::normalise_email(text))
}

impl User {
    /// Does it.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn run(self) -> Result<(), String> {
        match self.command {
            Command::Add {
                database,
                email,
                name,
                role,
                password,
            } => {
                let hash = password.read()?;
                let database = open_database(&database, true).map_err(|error| error.to_string())?;
                let mut connection = database.connection().map_err(in_words)?;
                let id = in_transaction(&mut connection, |connection| {
                    store::add_user(connection, &email, &name, role, &hash)
                })
                .map_err(in_words)?;
                println!("added {email} as {role} ({id})");
            }
            Command::Passwd {
                database,
                email,
                password,
            } => {
                let hash = password.read()?;
                let database =
                    open_database(&database, false).map_err(|error| error.to_string())?;
                let mut connection = database.connection().map_err(in_words)?;
                in_transaction(&mut connection, |connection| {
                    store::set_password(connection, &email, &hash)
                })
                .map_err(|error| format!("{email}: {}", in_words(error)))?;
                println!("changed the password of {email} and ended their sessions");
            }
            Command::List { database } => {
                let database =
                    open_database(&database, false).map_err(|error| error.to_string())?;
                let mut connection = database.connection().map_err(in_words)?;
                for user in store::list_users(&mut connection).map_err(in_words)? {
                    println!("{:8}  {}  {}", user.role(), user.email, user.name);
                }
            }
        }
        Ok(())
    }
}
