//! Many articles in one call.
//!
//! - [`input`] – what is sent: operations, each read for itself, so that one that is wrong does not refuse the others
//! - [`results`] – what came of each
//! - [`editorial`] – the handler: one transaction for all, or chunks of them
//!
//! What one operation does in a transaction is in [`store::batch`](super::store::batch).

pub mod editorial;
pub mod input;
pub mod results;
