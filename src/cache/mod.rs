//! Responses, cached while they are provably current.
//!
//! - [`response`] – a response ready to be sent: bytes, headers, and the cache tags it depends on
//! - [`coding`] – content codings: which one a client takes, and compressing
//! - [`response_cache`] – [`ResponseCache`](response_cache::ResponseCache): caching responses, and making each only once
//! - [`middleware`] – the outermost middleware: a cached response goes out without touching anything else
//!
//! A response is cached under its path and its query in canonical form, once for each coding that
//! clients take. It goes out again only while
//!
//! 1. no write has touched anything that it was made of since before it was read
//!    ([`ChangeTracker`](crate::db::changes::ChangeTracker)): a write names what it touches in its own
//!    transaction, and on one process is not acknowledged before that is known here;
//! 2. the clock has not reached the instant at which what it shows changes by itself: the next
//!    publication, end of an embargo or end of an article, as the database saw it when the response was made;
//! 3. this process hears of writes of others.
//!
//! Otherwise it is made anew; nothing is ever served "a little stale".

pub mod coding;
pub mod fixed;
pub mod middleware;
pub mod response;
pub mod response_cache;
