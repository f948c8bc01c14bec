//! People and tools in the database.
//!
//! - [`users`] – people who sign in
//! - [`sessions`] – their sign-ins, as families of refresh tokens
//! - [`tokens`] – API tokens
//! - [`denials`] – denied access, in the log

pub mod denials;
pub mod sessions;
pub mod tokens;
pub mod users;
