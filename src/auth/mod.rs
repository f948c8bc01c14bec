//! Who may do what: people with passwords and JWTs, tools with API tokens, roles and scopes.
//!
//! - [`model`] – roles, rights, scopes and callers; one table says who may what
//! - [`password`] – argon2id
//! - `hs256` – the one algorithm that they are signed with
//! - [`jwt`] – access tokens and the keys they are signed with
//! - [`secret`] – random tokens and how they are stored
//! - [`throttle`] – limits on attempts to sign in
//! - [`store`] – users, sessions and API tokens in the database
//! - [`guard`] – the extractors with which handlers name the right they need
//! - [`denials`] – noting that somebody had not a right
//! - [`session`] – the handlers of `/v1/auth`

pub mod denials;
pub mod guard;
mod hs256;
pub mod jwt;
pub mod model;
pub mod password;
pub mod secret;
pub mod session;
pub mod store;
pub mod throttle;
