//! Requests that may be sent again: `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! - [`key`] – the header, and what tells a request that is sent again from another one
//! - [`reply`] – [`Reply`], a response that is made in the transaction of the write, so that it can be stored there
//! - [`store`] – stored replies, and how many a caller may have
//! - [`writer`] – [`EditorialWriter`], through which handlers write: a `POST` handler that uses it has the key
//!
//! The reply is stored in the transaction of its write. So there is one exactly when the write happened: a request that
//! failed leaves nothing, and what was committed before a process was killed is replayed by another.

pub mod key;
pub mod reply;
pub mod store;
pub mod writer;

pub use reply::Reply;
pub use writer::EditorialWriter;
