//! What happens when something changes.
//!
//! - [`change`] – [`Change`], one write: its transaction, its instant, who makes it, the events it records
//! - [`event`] – [`Event`], what happened to an article, a tag or an author, or at the desk alone
//! - [`projection`] – [`Projection`], what follows from events, and in which order
//! - [`writer`] – [`Writer`], which runs changes: the only place where a change has consequences
//! - `seen` – what readers see of events
//! - [`log`](mod@log) – the event log, in the order of commits, and what the clock alone makes happen
//! - [`mark`] – places in the log, as clients keep them
//! - [`chain`] – the hash of each entry, which the next one is hashed with
//!
//! A store loads a row for update, changes it, and records an event. It knows nobody who depends on
//! the row.

pub mod chain;
pub mod change;
pub mod event;
pub mod log;
pub mod mark;
pub mod projection;
mod seen;
pub mod writer;

pub use change::{Actor, Change, Origin, RequestId};
pub use event::{
    ArticleEvent, ArticleState, CollectionEvent, Correction, DeskEvent, Event, NameEvent, Remark,
};
pub use projection::Projection;
pub use writer::Writer;
