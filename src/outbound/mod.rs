//! Calls over HTTP to addresses that other people name, which must not reach the private network: what the service can
//! reach there, they cannot.
//!
//! An address is looked at as it is parsed and not as it is written; a name is looked at when it is resolved, and what
//! is connected to is what was looked at.

mod allowed;
mod blocked;
mod client;
mod error;
#[cfg(test)]
pub(crate) mod fake_server;
mod resolver;
mod response;
#[cfg(test)]
mod tests;

pub use self::allowed::Allowed;
pub use self::blocked::{Blocked, Schemes};
pub use self::client::{Answered, Client, Limits, retry_after};
pub use self::error::OutboundError;
pub use self::response::Response;
