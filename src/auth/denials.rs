//! Noting in the log that a caller had not the right for what they asked.
//!
//! At most once a minute of each caller and operation, and a few at a time, so that somebody who tries everything fills
//! no disk and keeps no writer busy. Nobody waits for it, and nothing comes of it when the database cannot be written
//! to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::web::Data;
use tokio::sync::Semaphore;

use super::model::{Caller, Right};
use super::store::denials;
use crate::db::Id;
use crate::events::{RequestId, Writer};
use crate::http::observe::{OnForbidden, request_id_of};
use crate::http::routes::OperationIds;
use crate::log::Repeated;

/// How long a caller's next denial of the same operation is not noted.
const QUIET: Duration = Duration::from_secs(60);
/// Callers and operations that are remembered: when there are more, further ones are not noted until a minute is over.
const MOST_REMEMBERED: usize = 10_000;
/// Denials that are written at the same time.
const AT_ONCE: usize = 4;

/// What this process has noted of late. Cheap to clone.
#[derive(Clone)]
pub struct Denials(Arc<Noted>);

struct Noted {
    recent: Mutex<HashMap<(Id, String), Instant>>,
    writing: Arc<Semaphore>,
}

impl Default for Denials {
    fn default() -> Self {
        Self(Arc::new(Noted {
            recent: Mutex::default(),
            writing: Arc::new(Semaphore::new(AT_ONCE)),
        }))
    }
}

impl Denials {
    /// Whether a denial is to be noted; remembers it then.
    fn is_due(&self, caller: Id, operation: &str, now: Instant) -> bool {
        let mut recent = (self.0.recent.lock()).unwrap_or_else(PoisonError::into_inner);
        let is_recent = |noted: &Instant| now.duration_since(*noted) < QUIET;
        let key = (caller, operation.to_owned());
        if recent.get(&key).is_some_and(is_recent) {
            return false;
        }
        if recent.len() >= MOST_REMEMBERED {
            recent.retain(|_, noted| is_recent(noted));
        }
        let has_room = recent.len() < MOST_REMEMBERED;
        if has_room {
            recent.insert(key, now);
        }
        has_room
    }

    /// Writes it while the request is answered.
    fn note(&self, writer: &Writer, caller: Caller, request: RequestId, denied: Denied) {
        static LOG: Repeated = Repeated::new();
        let (id, now) = (caller.id(), Instant::now());
        if !self.is_due(id, &denied.operation, now) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.0.writing).try_acquire_owned() else {
            LOG.warn("denied access was not recorded: too much is at once");
            return;
        };
        let writer = writer.clone();
        actix_web::rt::spawn(async move {
            let _permit = permit;
            let origin = caller.origin(request);
            let noted = writer.change(
                origin,
                move |change| denials::record(change, &caller, &denied.operation, denied.right),
                |_, ()| Ok(()),
            );
            if let Err(error) = noted.await {
                LOG.warn(&format!("denied access was not recorded: {error}"));
            }
        });
    }
}

/// What was denied.
#[derive(Clone)]
struct Denied {
    operation: String,
    /// The right that the operation needs of everybody; `None` when it was for something in the request that another
    /// one was missing.
    right: Option<Right>,
}

/// Has it noted when this request ends with 403: for want of a right, or for something that the handler finds in it.
pub(super) fn watch(request: &HttpRequest, caller: &Caller, right: Option<Right>) {
    let (Some(denials), Some(writer)) = (
        request.app_data::<Data<Denials>>().cloned(),
        request.app_data::<Data<Writer>>().cloned(),
    ) else {
        return;
    };
    let (caller, id) = (caller.clone(), request_id_of(request));
    let denied = Denied {
        operation: OperationIds::of(request),
        right,
    };
    OnForbidden::set(request, move || denials.note(&writer, caller, id, denied));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_noted_once_a_minute_and_not_without_end() {
        let (denials, now) = (Denials::default(), Instant::now());
        let caller = Id::generate();
        assert!(denials.is_due(caller, "listTags", now));
        assert!(!denials.is_due(caller, "listTags", now + Duration::from_secs(59)));
        assert!(denials.is_due(caller, "listTags", now + QUIET));
        assert!(denials.is_due(caller, "createTag", now));
        assert!(denials.is_due(Id::generate(), "createTag", now));
        for number in 0..MOST_REMEMBERED {
            denials.is_due(caller, &number.to_string(), now);
        }
        assert!(!denials.is_due(caller, "one more", now));
        assert!(denials.is_due(caller, "one more", now + 2 * QUIET));
    }
}
