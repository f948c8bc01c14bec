//! `dateline user`.

use std::io::{BufRead, IsTerminal};

use clap::{Args, Subcommand};

use super::in_words;
use crate::app::{Opening, open_database};
use crate::auth::model::Role;
use crate::auth::{password, store};
use crate::config::DatabaseConfig;
use crate::db::transaction::in_transaction;
use crate::db::{Connection, StoreError, StoreResult};

/// Add, list and disable people who sign in; change passwords and roles.
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
    /// End someone's sessions and let them sign in no more
    Disable {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long)]
        email: String,
    },
    /// Let someone sign in again
    Enable {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long)]
        email: String,
    },
    /// Give someone another role, from their next request on
    Role {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long)]
        email: String,

        /// admin, editor, author or viewer
        #[arg(long)]
        role: Role,
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

/// Changes one user in a transaction.
fn change(
    database: &DatabaseConfig,
    email: &str,
    work: impl FnOnce(&mut Connection) -> StoreResult<()>,
) -> Result<(), String> {
    let database = open_database(database, Opening::AsItIs).map_err(|error| error.to_string())?;
    let mut connection = database.connection().map_err(in_words)?;
    in_transaction(&mut connection, work).map_err(|error| match error {
        StoreError::NotFound => format!("{email} is nobody's address"),
        error => format!("{email}: {}", in_words(error)),
    })
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
                let database = open_database(&database, Opening::Migrated)
                    .map_err(|error| error.to_string())?;
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
                change(&database, &email, |connection| {
                    store::set_password(connection, &email, &hash)
                })?;
                println!("changed the password of {email} and ended their sessions");
            }
            Command::Disable { database, email } => {
                change(&database, &email, |connection| {
                    store::set_enabled(connection, &email, false)
                })?;
                println!("{email} cannot sign in any more; their sessions have ended");
            }
            Command::Enable { database, email } => {
                change(&database, &email, |connection| {
                    store::set_enabled(connection, &email, true)
                })?;
                println!("{email} can sign in");
            }
            Command::Role {
                database,
                email,
                role,
            } => {
                change(&database, &email, |connection| {
                    store::set_role(connection, &email, role)
                })?;
                println!("{email} is {role} now");
            }
            Command::List { database } => {
                let database =
                    open_database(&database, Opening::AsItIs).map_err(|error| error.to_string())?;
                let mut connection = database.connection().map_err(in_words)?;
                for user in store::list_users(&mut connection).map_err(in_words)? {
                    let state = if user.disabled_at.is_some() {
                        "  (disabled)"
                    } else {
                        ""
                    };
                    println!("{:8}  {}  {}{state}", user.role(), user.email, user.name);
                }
            }
        }
        Ok(())
    }
}
