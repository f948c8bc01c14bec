//! People and tools in the database.
//!
//! - [`users`] – people who sign in
//! - [`sessions`] – their sign-ins, as families of refresh tokens
//! - [`tokens`] – API tokens
//! - [`actors`] – the names of those who did something

pub mod actors;
pub mod sessions;
pub mod tokens;
pub mod users;
