//! How handlers write.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use super::key::Attempt;
use super::reply::Reply;
use super::store;
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::events::{Actor, Change, Origin, RequestId, Writer};
use crate::problem::Problem;

/// The keys of requests that this process is answering.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashSet<(Id, String)>>);

/// Takes a key out of those in flight when the transaction has ended, whoever waits for it.
struct Guard(Data<InFlight>, (Id, String));

impl Guard {
    /// `None` when the key is in flight.
    fn take(in_flight: &Data<InFlight>, attempt: &Attempt) -> Option<Arc<Self>> {
        let key = (attempt.caller, attempt.key.clone());
        let mut keys = in_flight.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = keys.insert(key.clone());
        drop(keys);
        is_new.then(|| Arc::new(Self(in_flight.clone(), key)))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut keys = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.1);
    }
}

/// Runs the changes that editorial requests ask for. With a `POST` it reads `Idempotency-Key`, stores the reply, and
/// replays it. It is asked once the caller's rights are proven and the body is read.
pub struct EditorialWriter {
    writer: Data<Writer>,
    in_flight: Data<InFlight>,
    request: HttpRequest,
    id: RequestId,
}

impl FromRequest for EditorialWriter {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let writer = request.app_data::<Data<Writer>>().cloned();
        let in_flight = request.app_data::<Data<InFlight>>().cloned();
        let id = RequestId::from_request(request, payload).into_inner();
        let made = match (writer, in_flight, id) {
            (Some(writer), Some(in_flight), Ok(id)) => Ok(Self {
                writer,
                in_flight,
                request: request.clone(),
                id,
            }),
            (.., Err(problem)) => Err(problem),
            _ => Err(Problem::unavailable("The server is starting.")),
        };
        ready(made)
    }
}

/// The changes that one request asks for, of one caller.
pub struct Writing {
    writer: Data<Writer>,
    origin: Origin,
    attempt: Option<(Attempt, Arc<Guard>)>,
}

/// A reply, and whether it is a stored one.
pub struct Replied {
    /// The reply.
    pub reply: Reply,
    /// Whether nothing was done for it now.
    pub is_replayed: bool,
}

impl EditorialWriter {
    /// Begins to write for a caller.
    ///
    /// # Errors
    /// `bad-request` for what is no key, `idempotency-key-in-flight` when this process answers a request that has it.
    pub fn begin(&self, caller: impl Into<Actor>) -> Result<Writing, Problem> {
        let origin = Origin {
            actor: caller.into(),
            request: Some(self.id.0),
        };
        let attempt = match (self.request.method(), origin.actor) {
            (&Method::POST, Actor::User(id) | Actor::Token(id)) => Attempt::of(&self.request, id)?,
            _ => None,
        };
        let attempt = match attempt {
            None => None,
            Some(attempt) => {
                let guard = Guard::take(&self.in_flight, &attempt);
                Some((attempt, guard.ok_or(StoreError::KeyInFlight)?))
            }
        };
        Ok(Writing {
            writer: self.writer.clone(),
            origin,
            attempt,
        })
    }

    /// Runs a change in one transaction and responds with the reply that `reply` makes of it there, or with the
    /// stored one.
    ///
    /// # Errors
    /// Those of [`begin`](Self::begin) and [`Writing::part`].
    pub async fn respond<T>(
        &self,
        caller: impl Into<Actor>,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T> + Clone + Send + 'static,
        reply: impl FnOnce(&mut Connection, T) -> StoreResult<Reply> + Clone + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let Replied { reply, is_replayed } = self.begin(caller)?.part(0, work, reply).await?;
        Ok(reply.into_response(is_replayed))
    }

    /// Runs a change that takes something away, and responds with 204.
    ///
    /// # Errors
    /// As [`respond`](Self::respond).
    pub async fn remove<T>(
        &self,
        caller: impl Into<Actor>,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T> + Clone + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        self.respond(caller, work, |_, _| {
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        })
        .await
    }
}

impl Writing {
    /// Runs one of the transactions that a request takes, by their places from 0 on. Whoever writes in several replays
    /// those that were committed, and goes on with the next.
    ///
    /// # Errors
    /// What `work` and `reply` return, those of [`Writer::change`], and `idempotency-key-reused` when another request
    /// had the key.
    pub async fn part<T>(
        &self,
        part: i32,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T> + Clone + Send + 'static,
        reply: impl FnOnce(&mut Connection, T) -> StoreResult<Reply> + Clone + Send + 'static,
    ) -> StoreResult<Replied> {
        let attempt = self.attempt.clone();
        let same = attempt.clone();
        let work = move |change: &mut Change<'_>| {
            if let Some((attempt, _)) = &attempt
                && let Some(reply) = store::find(change.connection, attempt, part, change.now)?
            {
                return Ok(Err(reply));
            }
            work(change).map(Ok)
        };
        let read = move |connection: &mut Connection, done: Result<T, Reply>| {
            let value = match done {
                Ok(value) => value,
                Err(reply) => {
                    return Ok(Replied {
                        reply,
                        is_replayed: true,
                    });
                }
            };
            let reply = reply(connection, value)?;
            if let Some((attempt, _)) = &same {
                store::keep(connection, attempt, part, &reply, Timestamp::now())?;
            }
            Ok(Replied {
                reply,
                is_replayed: false,
            })
        };
        self.writer.change(self.origin, work, read).await
    }
}
