//! One write.

use uuid::Uuid;

use super::event::Event;
use crate::db::changes::{CacheTag, Invalidation};
use crate::db::{Connection, Id, Timestamp};

/// Who makes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person, signed in.
    User(Id),
    /// A tool, with an API token.
    Token(Id),
    /// The server itself, or the command line.
    System,
}

/// The id of a request, as it is in logs, in its response, and in what it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

/// Where a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Who makes it.
    pub actor: Actor,
    /// The request that asked for it.
    pub request: Option<Uuid>,
}

impl Origin {
    /// Of a change that no request asked for.
    pub const SYSTEM: Self = Self {
        actor: Actor::System,
        request: None,
    };
}

/// One write: everything in it happens in one transaction, at one instant.
pub struct Change<'a> {
    /// The transaction.
    pub connection: &'a mut Connection,
    /// When it happens.
    pub now: Timestamp,
    /// Where it comes from.
    pub origin: Origin,
    pub(super) events: Vec<Event>,
    pub(super) touched: &'a mut Invalidation,
}

impl Change<'_> {
    /// Records what happened, after it was written. What follows from it is done when the change is
    /// committed.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// What was made of this is out of date from the commit on.
    pub fn invalidate(&mut self, mark: CacheTag) {
        self.touched.add(mark);
    }
}
