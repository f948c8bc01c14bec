//! What all handlers share of HTTP.
//!
//! - [`address`] – whose address a request comes from
//! - [`body`] – reading JSON bodies, with limits and all violations at once
//! - [`canonical`] – queries in canonical form
//! - [`params`] – reading query parameters, unknown ones refused
//! - [`hints`] – what was meant by a parameter that is not known
//! - [`path_prefix`] – the path below which a proxy has put this server
//! - [`path`] – slugs and ids in paths
//! - [`conditional`] – ETags, `If-Match`, `If-None-Match`
//! - [`cors`] – what browsers are told of responses to pages of other origins
//! - [`cursor`] – opaque signed positions in lists
//! - [`fields`] – sparse responses (`fields=`)
//! - [`page`] – the shape of a list
//! - [`redirect`] – responses for old slugs
//! - [`routes`] – resources, their methods, and 405 with `Allow`
//! - [`template`] – the path that a request was routed by
//! - [`observe`] – request ids, logs, metrics, time limits, and problems for framework errors

pub mod address;
pub mod body;
pub mod canonical;
pub mod conditional;
pub mod connections;
pub mod cors;
pub mod cursor;
pub mod fields;
pub mod hints;
pub mod listeners;
pub mod observe;
pub mod page;
pub mod params;
pub mod path;
pub mod path_prefix;
pub mod redirect;
pub mod routes;
pub mod template;
