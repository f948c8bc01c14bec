//! `dateline user`.

use std::io::{BufRead, IsTerminal};

use clap::{Args, Subcommand};

use super::{CommandError, connect};
use crate::app::Opening;
use crate::auth::email::Email;
use crate::auth::model::Role;
use crate::auth::password;
use crate::auth::store::people::{self, Authority};
use crate::auth::store::{access, users};
use crate::config::DatabaseConfig;
use crate::db::{Id, StoreError, StoreResult};
use crate::events::Change;

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
        email: Email,

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
        #[arg(long, value_parser = email)]
        email: Email,

        #[command(flatten)]
        password: PasswordSource,
    },
    /// Block sign-in, and end every session of a user
    Disable {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long, value_parser = email)]
        email: Email,
    },
    /// Let someone sign in again
    Enable {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long, value_parser = email)]
        email: Email,
    },
    /// Give someone another role, from their next request on
    Role {
        #[command(flatten)]
        database: DatabaseConfig,

        /// E-mail address of the user
        #[arg(long, value_parser = email)]
        email: Email,

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

fn email(text: &str) -> Result<Email, String> {
    text.parse()
        .map_err(|_| "it takes an e-mail address such as desk@example.com".into())
}

/// Changes one user in a transaction.
fn change(
    database: &DatabaseConfig,
    email: &Email,
    work: impl FnOnce(&mut Change<'_>, Id) -> StoreResult<()>,
) -> Result<(), CommandError> {
    let mut connection = connect(database, Opening::AsItIs)?;
    let changed = super::change(&mut connection, |change| {
        let id = people::id_of(change.connection, email)?;
        work(change, id)
    });
    changed.map_err(|error| match error {
        StoreError::NotFound => CommandError::NoUser(email.to_string()),
        error => CommandError::About(email.to_string(), error),
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
                let id = super::change(&mut connection, |change| {
                    people::add(change, email.as_str(), &name, role, &hash)
                })?;
                println!("added {email} as {role} ({id})");
            }
            Command::Passwd {
                database,
                email,
                password,
            } => {
                let hash = password.read()?;
                change(&database, &email, |change, id| {
                    access::set_password(change, id, &hash)
                })?;
                println!("changed the password of {email} and ended their sessions");
            }
            Command::Disable { database, email } => {
                change(&database, &email, |change, id| {
                    people::disable(change, &Authority::Operator, id)
                })?;
                println!("{email} cannot sign in any more; their sessions have ended");
            }
            Command::Enable { database, email } => {
                change(&database, &email, |change, id| {
                    people::enable(change, &Authority::Operator, id)
                })?;
                println!("{email} can sign in");
            }
            Command::Role {
                database,
                email,
                role,
            } => {
                change(&database, &email, |change, id| {
                    people::set_role(change, &Authority::Operator, id, role)
                })?;
                println!("{email} is {role} now");
            }
            Command::List { database } => list(&database)?,
        }
        Ok(())
    }
}
