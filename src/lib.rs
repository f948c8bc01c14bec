//! Dateline: a headless JSON content API for newsrooms.
//!
//! The map, from the outside in; an arrow of imports never points upwards:
//!
//! - [`cli`] – `serve`, `demo`, `migrate`, `rebuild`, `user`, `token`, `openapi`, `health`
//! - [`config`] – every setting once
//! - [`app`] – the server: which routes exist, the order of middleware, start and stop
//! - [`starting`] – what a server answers that is not ready yet
//! - [`housekeeping`] – what a server does besides answering
//! - [`openapi`] – the document that the routes add up to
//! - [`service`] – what anyone may ask of the server itself
//! - [`ops`] – what operators ask, on a listener of its own: health in detail, metrics
//! - [`log`] – logs that no request waits for; [`trace`] – traces across services
//! - [`articles`], [`tags`], [`authors`], [`shares`] – the features, each with its model, store
//!   and handlers
//! - [`auth`] – people, tools, roles
//! - [`widgets`] – scripts that newsrooms paste into their pages
//! - [`cache`] – public answers, kept while they are provably current
//! - [`http`] – what all handlers share
//! - [`problem`] – errors as RFC 9457 problem documents
//! - [`body`] – an article's text as blocks, HTML, Markdown and plain text
//! - [`projections`] – what is derived from articles, tags and authors, and kept true to them
//! - [`events`] – what happens when something changes: changes, events, the event log
//! - [`search`] – words, queries, and the index of what is published
//! - [`db`] – pools, the two databases, column types, tables, migrations
//! - [`threads`] – threads for what takes long, made at the start
//! - [`etag`], [`merge_patch`], [`text`], [`validation`] – rules of documents, without I/O
//! - [`gauges`] – what is measured when operators ask
//! - [`metrics`] – what operators measure; [`clock`] – the clock that kept answers run out by

pub mod app;
pub mod articles;
pub mod auth;
pub mod authors;
pub mod body;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod etag;
pub mod events;
pub mod gauges;
pub mod housekeeping;
pub mod http;
pub mod log;
pub mod merge_patch;
pub mod metrics;
pub mod openapi;
pub mod ops;
pub mod problem;
pub mod projections;
pub mod search;
pub mod service;
pub mod shares;
pub mod starting;
pub mod tags;
pub mod text;
pub mod threads;
pub mod trace;
pub mod validation;
pub mod widgets;
