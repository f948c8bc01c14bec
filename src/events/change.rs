//! One write.

use uuid::Uuid;

use super::event::Event;
use super::projection::Projection;
use crate::db::changes::{CacheTag, Invalidation};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp, transaction};

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

impl Actor {
    /// What kind of actor it is, as the database has it, and which one.
    pub fn parts(self) -> (&'static str, Option<Id>) {
        match self {
            Self::User(id) => ("user", Some(id)),
            Self::Token(id) => ("token", Some(id)),
            Self::System => ("system", None),
        }
    }
}

impl Actor {
    /// The actor of these parts; the server where they are none's.
    pub fn of_parts(kind: &str, id: Option<Id>) -> Self {
        match (kind, id) {
            ("user", Some(id)) => Self::User(id),
            ("token", Some(id)) => Self::Token(id),
            _ => Self::System,
        }
    }
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
    /// How many of the events have been followed.
    pub(super) followed: usize,
    pub(super) projections: &'a [&'a dyn Projection],
    pub(super) touched: &'a mut Invalidation,
}

impl Change<'_> {
    /// Records what happened, after it was written. What follows from it is done when the change is
    /// committed.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Brings everything that is derived up to what was recorded so far, before more is done in the same change.
    ///
    /// # Errors
    /// When the database fails.
    pub fn follow(&mut self) -> StoreResult<()> {
        while let Some(event) = self.events.get(self.followed).cloned() {
            for projection in self.projections {
                projection.apply(self, &event)?;
            }
            self.followed += 1;
        }
        Ok(())
    }

    /// Does a part of the change that leaves nothing behind when it is refused, while the rest stands; all that
    /// follows from it is done as well.
    ///
    /// # Errors
    /// What is no [refusal](StoreError::is_refusal): then nothing of the change may stand.
    pub fn apart<T>(
        &mut self,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T>,
    ) -> StoreResult<Result<T, StoreError>> {
        self.attempt(|change| work(change).and_then(|value| change.follow().map(|()| value)))
    }

    /// Does a part of the change that leaves nothing behind when it is refused, while the rest stands. What follows from it
    /// is done when the change is committed.
    ///
    /// # Errors
    /// As [`apart`](Self::apart).
    pub fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T>,
    ) -> StoreResult<Result<T, StoreError>> {
        transaction::savepoint(self.connection)?;
        let (recorded, followed) = (self.events.len(), self.followed);
        match work(self) {
            Ok(value) => transaction::release(self.connection).map(|()| Ok(value)),
            Err(refused) if refused.is_refusal() => {
                transaction::back_to_savepoint(self.connection)?;
                self.events.truncate(recorded);
                self.followed = followed;
                Ok(Err(refused))
            }
            Err(failed) => Err(failed),
        }
    }

    /// The slug and the version that an article has after this change, as far as the change has recorded them.
    pub fn recorded_of(&self, article: Id) -> Option<(&str, i64)> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Article {
                id, slug, version, ..
            } if *id == article => Some((slug.as_str(), *version)),
            _ => None,
        })
    }

    /// Something is to happen at another time than was known.
    pub fn schedule(&mut self) {
        self.touched.schedule();
    }

    /// Whether an article is published after this change, as far as the change has recorded it.
    pub fn leaves_published(&self, article: Id) -> bool {
        let last = self.events.iter().rev().find_map(|event| match event {
            Event::Article { id, after, .. } if *id == article => Some(after.is_published),
            _ => None,
        });
        last.unwrap_or(false)
    }

    /// What was made of this is out of date from the commit on.
    pub fn invalidate(&mut self, mark: CacheTag) {
        self.touched.add(mark);
    }
}
