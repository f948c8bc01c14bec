//! Who may do what: people with passwords and JWTs, tools with API tokens, roles and scopes.
//!
//! - [`actor`] – who did something, as editors are told
//! - [`model`] – roles, rights, scopes and callers; one table says who may what
//! - [`email`] – e-mail addresses to sign in with
//! - [`person`] – people as those see and change them who may
//! - [`api_token`] – API tokens as those see and create them who may
//! - [`password`] – argon2id
//! - `hs256` – the one algorithm that they are signed with
//! - [`jwt`] – access tokens and the keys they are signed with
//! - [`secret`] – random tokens and how they are stored
//! - [`oidc`] – signing in by the newsroom's identity provider
//! - [`throttle`] – limits on attempts to sign in
//! - [`store`] – users, links, sessions and API tokens in the database
//! - [`guard`] – the extractors with which handlers name the right they need
//! - [`denials`] – noting that somebody had not a right
//! - [`session`] – the handlers of `/v1/auth`: signing in and out
//! - [`account`] – those of one's own account: joining, the password, sessions
//! - [`people`] – those of `/v1/editorial/people`
//! - [`tokens`] – those of `/v1/editorial/tokens`

pub mod account;
pub mod actor;
pub mod api_token;
pub mod denials;
pub mod email;
pub mod guard;
mod hs256;
pub mod jwt;
pub mod model;
pub mod oidc;
pub mod password;
pub mod people;
pub mod person;
pub mod secret;
pub mod session;
pub mod store;
pub mod throttle;
pub mod tokens;

use crate::http::routes::Resource;

/// The resources of people, tools and sessions.
pub fn resources() -> Vec<Resource> {
    let parts = [
        session::resources(),
        account::resources(),
        oidc::resources(),
        people::resources(),
        tokens::resources(),
    ];
    parts.into_iter().flatten().collect()
}
