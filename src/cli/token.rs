//! `dateline token`.

use clap::{Args, Subcommand};

use super::{CommandError, connect};
use crate::app::Opening;
use crate::auth::model::Right;
use crate::auth::store::tokens;
use crate::config::DatabaseConfig;
use crate::db::transaction::in_transaction;
use crate::db::{Id, StoreError, Timestamp};
use crate::keys::{self, Purpose};

/// Issue, list and revoke API tokens for tools.
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Issue a token and print it, this once, alone on standard output
    Issue {
        #[command(flatten)]
        database: DatabaseConfig,

        /// What it is for
        #[arg(long, value_parser = super::name)]
        name: String,

        /// What it may do, comma-separated: articles:read, articles:write, articles:publish, tags:write,
        /// authors:write, collections:read, collections:write, media:read, media:write, shares:write, people:manage,
        /// tokens:manage, webhooks:manage, audit:read, articles:delete
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<Right>,

        /// Days after which it runs out; never when left out
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
        expires_in_days: Option<u16>,
    },
    /// List all tokens, never the secrets
    List {
        #[command(flatten)]
        database: DatabaseConfig,
    },
    /// Revoke a token
    Revoke {
        #[command(flatten)]
        database: DatabaseConfig,

        /// Its id, as `token list` shows it
        id: Id,
    },
    /// Sign access tokens with a new key from now on; running servers notice within a minute
    RotateKey {
        #[command(flatten)]
        database: DatabaseConfig,

        /// Also drop the old keys: everyone must sign in again or refresh
        #[arg(long)]
        drop_old: bool,
    },
}

impl Token {
    /// Does it.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn run(self) -> Result<(), CommandError> {
        match self.command {
            Command::Issue {
                database,
                name,
                scope,
                expires_in_days,
            } => {
                let expires_at = expires_in_days
                    .map(|days| Timestamp::now().plus(chrono::Duration::days(days.into())));
                let mut connection = connect(&database, Opening::Migrated)?;
                let (_, token) = super::change(&mut connection, |change| {
                    tokens::create(change, &name, &scope, expires_at)
                })?;
                println!("{token}");
            }
            Command::List { database } => {
                let mut connection = connect(&database, Opening::AsItIs)?;
                for token in tokens::list(&mut connection)? {
                    let scopes: Vec<&str> =
                        token.scopes().iter().map(|right| right.as_str()).collect();
                    let state = if token.is_valid() {
                        "valid  "
                    } else {
                        "void   "
                    };
                    let used = token
                        .last_used_at
                        .map_or("never used".to_owned(), |at| format!("used {at}"));
                    println!(
                        "{}  {state}  {}  [{}]  {used}",
                        token.id,
                        token.name,
                        scopes.join(",")
                    );
                }
            }
            Command::Revoke { database, id } => {
                let mut connection = connect(&database, Opening::AsItIs)?;
                super::change(&mut connection, |change| {
                    match tokens::revoke(change, id)? {
                        true => Ok(()),
                        false => Err(StoreError::NotFound),
                    }
                })
                .map_err(|error| CommandError::About(id.to_string(), error))?;
                println!("revoked {id}");
            }
            Command::RotateKey { database, drop_old } => {
                let mut connection = connect(&database, Opening::Migrated)?;
                let dropped = in_transaction(&mut connection, |connection| {
                    keys::add(connection, Purpose::AccessTokens)?;
                    if drop_old {
                        return keys::drop_old(connection, Purpose::AccessTokens);
                    }
                    Ok(0)
                })?;
                println!("added a key, dropped {dropped}");
            }
        }
        Ok(())
    }
}
