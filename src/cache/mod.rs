//! Rendered answers, kept while they are provably current.
//!
//! - [`answer`] – an answer ready to be sent: bytes, headers, and what they were made of
//! - [`coding`] – content codings: which one a client takes, and compressing
//! - [`responses`] – [`Responses`](responses::Responses): keeping answers, and making one only once
//! - [`serve`] – the outermost middleware: what is kept goes out without touching anything else
//!
//! An answer is kept under its path and its query in canonical form, once for each coding that
//! clients take. It goes out again only while
//!
//! 1. no write has touched anything that it was made of since before it was read
//!    ([`Changes`](crate::db::changes::Changes)): a write names what it touches in its own
//!    transaction, and on one process is not acknowledged before that is known here;
//! 2. the clock has not reached the instant at which what it shows changes by itself: the next
//!    publication or end of an embargo, as the database saw it when the answer was made;
//! 3. this process hears of writes of others.
//!
//! Otherwise it is made anew; nothing is ever served "a little stale".

pub mod answer;
pub mod coding;
pub mod responses;
pub mod serve;
