//! People and tools in the database.
//!
//! - [`users`] – rows of people who sign in
//! - [`people`] – what may be done to them: inviting, changing, disabling
//! - [`access`] – setting their passwords, signing them in, ending their sessions
//! - [`links`] – links by which they set a password, once
//! - [`sessions`] – their sign-ins, as families of refresh tokens
//! - [`identities`] – who they are at an identity provider
//! - [`provider_sign_ins`] – what came back from there, once
//! - [`tokens`] – API tokens
//! - [`denials`] – denied access, in the log
//! - [`actors`] – the names of those who did something

pub mod access;
pub mod actors;
pub mod denials;
pub mod identities;
pub mod links;
pub mod people;
pub mod provider_sign_ins;
pub mod sessions;
pub mod tokens;
pub mod users;
