//! Dateline: a headless JSON content API for newsrooms.
//!
//! The map, from the outside in; an arrow of imports never points upwards (`tests/api/structure.rs`):
//!
//! - [`cli`] – `serve`, `demo`, `migrate`, `rebuild`, `copy`, `user`, `token`, `audit`, `media`, `openapi`, `health`
//! - [`app`] – the server: which routes exist, the order of middleware, start and stop
//! - [`starting`] – what a server answers that is not ready yet
//! - [`jobs`] – what a server does besides answering
//! - [`openapi`] – the document that the routes add up to
//! - [`ops`] – what operators ask, on a listener of its own: health in detail, metrics
//! - [`gauges`] – what is measured when they ask
//! - [`config`] – every setting once
//! - [`widgets`] – scripts that newsrooms paste into their pages
//! - [`service`] – what anyone may ask of the server itself
//! - [`projections`] – what is derived from articles, tags and authors, and kept true to them
//! - [`webhooks`] – telling other programs what has happened, until they have taken it
//! - [`streams`] – telling those who listen what happens
//! - [`announcements`] – telling CDNs, hubs and search engines what has changed
//! - [`messages`] – what happened, as other programs are told
//! - [`ghost`] – Ghost's Content API, for frontends that were written for it
//! - [`oembed`] – what other sites show of an article
//! - [`sitemaps`] – which pages there are, for search engines
//! - [`sync`] – keeping a copy of everything that is public
//! - [`feeds`] – the list of articles for feed readers and aggregators
//! - [`collections`] – what front pages are made of
//! - [`articles`], [`authors`], [`tags`], [`shares`] – the features, each with its model, store and
//!   handlers
//! - [`media`] – pictures, audio, video and documents that the newsroom has uploaded
//! - [`audit`] – who did what, as the event log has it
//! - [`names`] – what tags and authors share
//! - [`auth`] – people, tools, roles, sessions
//! - [`idempotency`] – requests that may be sent again
//! - [`cache`] – public responses, cached while they are provably current
//! - [`http`] – what all handlers share
//! - [`search`] – words, queries, and the index of what is published
//! - [`body`] – an article's text as blocks, HTML, Markdown and plain text
//! - [`publication`] – the newsroom as the world knows it: names, and absolute addresses
//! - [`problem`] – errors as RFC 9457 problem documents
//! - [`metrics`] – what operators measure
//! - [`keys`] – keys that the service makes for itself
//! - [`events`] – what happens when something changes: changes, events, the event log
//! - [`db`] – pools, the two databases, column types, tables, migrations
//! - [`objects`] – where files are kept: a directory, or a bucket of an S3-compatible service
//! - [`outbound`] – calls to addresses that other people name
//! - [`threads`] – threads for what takes long, made at the start
//! - [`clock`] – the clock that cached responses expire by
//! - [`log`] – logs that no request waits for
//! - [`trace`] – traces across services
//! - [`merge`] – two changes of one document made into one
//! - [`diff`] – what two versions of a document have in common, and what they have not
//! - [`etag`], [`merge_patch`], [`text`], [`words`], [`validation`] – rules of documents, without I/O
//! - [`transliteration`] – text of any script in ASCII
//! - [`xml`] – writing XML
//! - [`characters`] – what single characters are

pub mod announcements;
pub mod app;
pub mod articles;
pub mod audit;
pub mod auth;
pub mod authors;
pub mod body;
pub mod cache;
pub mod characters;
pub mod cli;
pub mod clock;
pub mod collections;
pub mod config;
pub mod db;
pub mod diff;
pub mod etag;
pub mod events;
pub mod feeds;
pub mod gauges;
pub mod ghost;
pub mod http;
pub mod idempotency;
pub mod jobs;
pub mod keys;
pub mod log;
pub mod media;
pub mod merge;
pub mod merge_patch;
pub mod messages;
pub mod metrics;
pub mod names;
pub mod objects;
pub mod oembed;
pub mod openapi;
pub mod ops;
pub mod outbound;
pub mod problem;
pub mod projections;
pub mod publication;
pub mod search;
pub mod service;
pub mod shares;
pub mod sitemaps;
pub mod starting;
pub mod streams;
pub mod sync;
pub mod tags;
pub mod text;
pub mod threads;
pub mod trace;
pub mod transliteration;
pub mod validation;
pub mod webhooks;
pub mod widgets;
pub mod words;
pub mod xml;
