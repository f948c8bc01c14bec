//! Black-box tests over real HTTP. Every body runs on SQLite and on Postgres; run them with
//! `scripts/test`, which starts a private Postgres cluster.

#[path = "../attack/mod.rs"]
mod attack;
mod auth;
mod bad_input;
mod browsers;
mod canary;
mod cli;
mod clients;
mod coherence;
mod collections;
mod compatibility;
mod contract;
mod copy;
mod counting;
mod cursors;
mod deleting;
mod document;
mod editorial;
mod endings;
mod events;
mod examples;
mod exclusions;
mod external_addresses;
mod external_shares;
#[path = "../faults/mod.rs"]
mod faults;
mod finding;
mod generators;
mod harness;
mod import;
mod lifetimes;
mod limits;
mod names;
mod one_call;
mod patches;
mod process;
mod public;
mod questions;
mod readme;
mod replica;
mod schemas;
mod search;
mod share_clients;
mod shares;
mod snapshots;
mod storage;
mod structure;
mod teasers;
mod trash;
mod trending;
