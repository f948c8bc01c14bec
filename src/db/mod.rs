//! Storage: the pools, the two backends, column types, tables and migrations.
//!
//! - [`changes`] – what writes touched, for those who keep what was made of it
//! - [`connection`] – opening SQLite or Postgres behind one [`Connection`] type
//! - `hosts` – the hosts of a Postgres URL, tried in turn
//! - `notify` and `listen` – word of writes between processes
//! - [`connection_pool`] – connections that are asked for in turn, apart for what is costly
//! - [`article_counts`] – how many articles tags and authors have
//! - [`total`] – counting that ends
//! - [`dialect`] – where the SQL of the two differs
//! - `deadline` – work that ends in time, and when nobody waits for it any more
//! - [`pool`] – [`Database`], which runs work on database threads
//! - [`transaction`] – transactions, and what is known of one that failed
//! - [`health`] – whether the database answers; `heartbeat` finds out
//! - [`metrics`] – what connections are measured by
//! - `replica` – a streaming replica of Postgres, for public reads
//! - [`resource`] – articles, tags and authors, where they are alike
//! - [`error`] – [`StoreError`], what a store can answer besides a value
//! - [`file`](mod@file) – the file of a SQLite database
//! - [`batch_loader`] – reading by key, together
//! - [`slugs`] – free slugs and redirects from old ones
//! - [`lock`] – what two transactions must not do at once
//! - [`version`] – optimistic locking
//! - [`visibility`] – when the clock alone changes what is public
//! - [`keyset`] – where a page of a list starts
//! - [`stale`] – what is to be done again in a projection
//! - [`types`] – ids, timestamps and JSON as both databases store them
//! - [`migrations`] – bringing a database to this version's tables
//! - [`views`] – and to its views
//! - [`copy`] – copying everything from one database to another
//! - [`schema`] – the tables as Diesel sees them; [`desk_schema`] – those of what only editors have;
//!   [`identity_schema`] – those of sign-in by an identity provider
//! - [`suitable`] – whether a Postgres server is one that this program can work with
//! - [`statement`] – SQL that is prepared once
//!
//! This module owns the difference between the databases; stores write Diesel queries that both
//! speak, or reach for [`on_each_database!`](crate::on_each_database) where they cannot.

pub mod article_counts;
pub mod batch_loader;
pub mod changes;
pub mod connection;
pub mod connection_pool;
pub mod copy;
mod deadline;
pub mod desk_schema;
pub mod dialect;
pub mod error;
pub mod file;
pub mod health;
mod heartbeat;
mod hosts;
pub mod identity_schema;
pub mod keyset;
mod listen;
pub mod lock;
pub mod metrics;
pub mod migrations;
pub mod month_counts;
mod notify;
pub mod pool;
mod replica;
pub mod resource;
pub mod schema;
pub mod slugs;
pub mod stale;
pub mod statement;
pub mod suitable;
pub mod total;
pub mod transaction;
pub mod types;
pub mod version;
pub mod views;
pub mod visibility;

pub use connection::{AnyConnection as Connection, DatabaseUrl, MultiBackend};
pub use error::{Holder, LockedBy, Outage, StoreError, StoreResult, stored};
pub use pool::Database;
pub use resource::Resource;
pub use types::{Id, Json, RawJson, Timestamp};
pub use visibility::next_visibility_change;
