//! One who listens.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use futures_util::Stream;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::Instant;

use super::broadcast::{ENTRIES, Told, sent};
use crate::db::{Connection, Database, Id, StoreError};
use crate::events::log;
use crate::events::mark::Mark;
use crate::messages::kinds::{Audience, MessageKind};
use crate::messages::read::{self, Written};
use crate::publication::KnownPublication;

/// Who has missed more entries of the log than these is told to begin anew: `/v1/sync` tells what there is.
const MOST_MISSED: i64 = 1_000;

/// What is told to one who listens.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who it is for.
    pub audience: Audience,
    /// Which kinds; `None` for all.
    pub kinds: Option<HashSet<MessageKind>>,
    /// Of articles, those of one user alone.
    pub only_own: Option<Id>,
}

impl Wanted {
    fn has(&self, event: &Written) -> bool {
        let is_for_them =
            self.audience == Audience::Desk || event.kind.audience() == Audience::Readers;
        let is_theirs = match self.only_own {
            Some(user) if event.kind.audience() == Audience::Desk => {
                !event.is_of_article || event.owner == Some(user)
            }
            _ => true,
        };
        let is_wanted = self
            .kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&event.kind));
        is_for_them && is_theirs && is_wanted
    }

    /// What is told of a part of the log.
    fn of(&self, all: &[Written], for_readers: &Bytes) -> Bytes {
        match self {
            Self {
                audience: Audience::Readers,
                kinds: None,
                ..
            } => for_readers.clone(),
            _ => Bytes::from(sent(all.iter().filter(|event| self.has(event)))),
        }
    }
}

/// One who listens.
pub struct Listener {
    /// What happens.
    pub told: broadcast::Receiver<Arc<Told>>,
    /// Where the log is.
    pub database: Data<Database>,
    /// What the newsroom is called.
    pub publication: Data<KnownPublication>,
    /// What they want to be told.
    pub wanted: Wanted,
    /// The last entry that they know of, or say that they do.
    pub known: Mark,
    /// The number of the last entry that they were told of.
    pub position: i64,
    /// Whether the log has more for them than they will be told.
    pub is_behind: bool,
    /// When the stream ends; `None` for never.
    pub until: Option<Instant>,
    /// Their place among those who listen.
    pub place: OwnedSemaphorePermit,
}

/// What stands at the beginning of a stream: how long to wait before coming again, and from where to go on.
fn beginning(known: Mark) -> Bytes {
    Bytes::from(format!("retry: 2000\nid: {known}\n: listening\n\n"))
}

impl Listener {
    /// What is sent, for as long as they listen.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
        let first = beginning(self.known);
        stream::unfold((Some(self), Some(first)), |(listener, first)| async move {
            let mut listener = listener?;
            if let Some(first) = first {
                return Some((Ok(first), (Some(listener), None)));
            }
            match listener.next().await {
                Next::More(bytes) => Some((Ok(bytes), (Some(listener), None))),
                Next::Last(bytes) => Some((Ok(bytes), (None, None))),
                Next::Over => None,
            }
        })
    }

    async fn next(&mut self) -> Next {
        loop {
            if self.is_behind {
                match self.catch_up().await {
                    Ok(bytes) if bytes.is_empty() => continue,
                    Ok(bytes) => return Next::More(bytes),
                    // They come again.
                    Err(_) => return Next::Over,
                }
            }
            let received = match self.until {
                Some(until) => tokio::time::timeout_at(until, self.told.recv()).await,
                None => Ok(self.told.recv().await),
            };
            let told = match received {
                // Whether they still may listen is asked again.
                Err(_) => return Next::Last(Bytes::from_static(b"retry: 1\n\n")),
                Ok(Err(RecvError::Lagged(_))) => {
                    self.is_behind = true;
                    continue;
                }
                Ok(Err(RecvError::Closed)) => return Next::Over,
                Ok(Ok(told)) => told,
            };
            match &*told {
                Told::Closing => return Next::Last(Bytes::from_static(b"retry: 1000\n\n")),
                Told::Nothing { until } if *until > self.position => self.is_behind = true,
                Told::Nothing { .. } => {
                    return Next::More(Bytes::from_static(b": nothing new\n\n"));
                }
                Told::Events { until, .. } if *until <= self.position => {}
                // Something between is missing, or they know a part of it.
                Told::Events { after, .. } if *after != self.position => self.is_behind = true,
                Told::Events {
                    until,
                    events,
                    for_readers,
                    ..
                } => {
                    self.position = *until;
                    let bytes = self.wanted.of(events, for_readers);
                    if !bytes.is_empty() {
                        return Next::More(bytes);
                    }
                }
            }
        }
    }

    /// What the log has after their position, or that they have missed too much.
    async fn catch_up(&mut self) -> Result<Bytes, StoreError> {
        let (known, position) = (self.known, self.position);
        let publication = self.publication.clone();
        let read = move |connection: &mut Connection| {
            let head = log::head(connection)?.mark();
            let is_too_much = head.sequence - position > MOST_MISSED;
            if is_too_much || !log::knows(connection, &known)? {
                return Ok((head, None));
            }
            let part = read::after(connection, position, ENTRIES, publication.0.as_ref())?;
            Ok((head, Some(part)))
        };
        let (head, part) = self.database.read(read).await?;
        match part {
            None => {
                (self.known, self.position, self.is_behind) = (head, head.sequence, false);
                Ok(Bytes::from(format!(
                    "event: reset\ndata: {{}}\nid: {head}\n\n"
                )))
            }
            Some(None) => {
                self.is_behind = false;
                Ok(Bytes::new())
            }
            Some(Some(part)) => {
                self.position = part.until;
                self.is_behind = part.has_more;
                let wanted = part.messages.iter().filter(|event| self.wanted.has(event));
                Ok(Bytes::from(sent(wanted)))
            }
        }
    }
}

enum Next {
    More(Bytes),
    Last(Bytes),
    Over,
}
