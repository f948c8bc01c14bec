//! `dateline user`.

use std::io::{BufRead, IsTerminal};

use clap::{Args, Subcommand};

use super::{CommandError, connect};
use crate::app::Opening;
use crate::auth::model::Role;
use crate::auth::password;
use crate::auth::store::users;
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
        #[arg(long, value_parser = super::name)]
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
    /// Block sign-in, and end every session of a user
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
    fn read(&self) -> Result<String, CommandError> {
        let password = if self.password_stdin {
            let mut line = String::new();
            std::io::stdin()
                .lock()
                .read_line(&mut line)
                .map_err(|error| CommandError::Io("standard input".into(), error))?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        } else if std::io::stdin().is_terminal() {
            let ask = |prompt: &str| {
                rpassword::prompt_password(prompt)
                    .map_err(|error| CommandError::Io("terminal".into(), error))
            };
            let first = ask("Password: ")?;
            if first != ask("Again: ")? {
                return Err(CommandError::Password("the two passwords differ".into()));
            }
            first
        } else {
            let reason = "there is no terminal to ask for a password on; use --password-stdin";
            return Err(CommandError::Password(reason.into()));
        };
        password::check(&password)
            .map_err(|reason| CommandError::Password(format!("the password {reason}")))?;
        Ok(password::hash(&password)?)
    }
}

fn email(text: &str) -> Result<String, String> {
    let well_formed = text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && matches!(text.split_once('@'), Some((name, domain)) if !name.is_empty() && !domain.is_empty());
    if !well_formed {
        return Err("it takes an e-mail address such as desk@example.com".into());
    }
    Ok(users::normalise_email(text))
}

/// Changes one user in a transaction.
fn change(
    database: &DatabaseConfig,
    email: &str,
    work: impl FnOnce(&mut Connection) -> StoreResult<()>,
) -> Result<(), CommandError> {
    let mut connection = connect(database, Opening::AsItIs)?;
    in_transaction(&mut connection, work).map_err(|error| match error {
        StoreError::NotFound => CommandError::NoUser(email.to_owned()),
        error => CommandError::About(email.to_owned(), error),
    })
}

fn list(database: &DatabaseConfig) -> Result<(), CommandError> {
    let mut connection = connect(database, Opening::AsItIs)?;
    for user in users::list(&mut connection)? {
        let state = if user.disabled_at.is_some() {
            "  (disabled)"
        } else {
            ""
        };
        println!(
            "{:8}  {}  {}{state}",
            user.stored_role(),
            user.email,
            user.name
        );
    }
    Ok(())
}

impl User {
    /// Does it.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn run(self) -> Result<(), CommandError> {
        match self.command {
            Command::Add {
                database,
                email,
                name,
                role,
                password,
            } => {
                let hash = password.read()?;
                let mut connection = connect(&database, Opening::Migrated)?;
                let id = in_transaction(&mut connection, |connection| {
                    users::add(connection, &email, &name, role, &hash)
                })?;
                println!("added {email} as {role} ({id})");
            }
            Command::Passwd {
                database,
                email,
                password,
            } => {
                let hash = password.read()?;
                change(&database, &email, |connection| {
                    users::set_password(connection, &email, &hash)
                })?;
                println!("changed the password of {email} and ended their sessions");
            }
            Command::Disable { database, email } => {
                change(&database, &email, |connection| {
                    users::set_enabled(connection, &email, false)
                })?;
                println!("{email} cannot sign in any more; their sessions have ended");
            }
            Command::Enable { database, email } => {
                change(&database, &email, |connection| {
                    users::set_enabled(connection, &email, true)
                })?;
                println!("{email} can sign in");
            }
            Command::Role {
                database,
                email,
                role,
            } => {
                change(&database, &email, |connection| {
                    users::set_role(connection, &email, role)
                })?;
                println!("{email} is {role} now");
            }
            Command::List { database } => list(&database)?,
        }
        Ok(())
    }
}
