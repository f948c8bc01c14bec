//! Following the log for one service.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use actix_web::web::Data;
use reqwest::Client;
use tokio::time::Instant;

use super::service::{NotTold, Service};
use super::store;
use super::touched;
use crate::db::{Connection, Database, Id, StoreError, Timestamp};
use crate::metrics::Metrics;
use crate::publication::KnownPublication;

/// How long changes are gathered before they are told: many come together, and other processes hear of them meanwhile.
const GATHERING: Duration = Duration::from_millis(300);
/// The same for those who read at once what they are told of: the cache in front is to have been purged twice.
const AFTER_CACHES: Duration = Duration::from_secs(4);
/// How long it waits for a change until it looks: another process may have written what this one did not hear of.
const LOOKING: Duration = Duration::from_secs(5);
/// How long a turn is.
const TURN: chrono::Duration = chrono::Duration::seconds(30);
/// How long a turn is relied on before it is taken again.
const RELIED_ON: Duration = Duration::from_secs(10);
/// How long after the first time a cache is told again.
const SECOND_TIME: Duration = Duration::from_secs(3);
/// How much later that may be, so that much of it comes together.
const TOGETHER: Duration = Duration::from_secs(1);
/// How long it waits after the first failure; twice as long after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest that it waits by itself.
const MOST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Tells one service.
pub struct Follower {
    /// Whom.
    pub service: Service,
    /// By what means.
    pub client: Client,
    /// Where the log is.
    pub database: Data<Database>,
    /// What the newsroom is called.
    pub publication: Data<KnownPublication>,
    /// What operators measure.
    pub metrics: Data<Metrics>,
    /// Which process this is.
    pub process: Id,
    /// Whether there is a cache that is to be purged first.
    pub waits_for_caches: bool,
}

/// What is still to be told a second time, in the order of its times.
#[derive(Default)]
struct Again(VecDeque<Repeat>);

struct Repeat {
    /// The earliest time of what it holds.
    first: Instant,
    /// When it is told.
    at: Instant,
    items: BTreeSet<String>,
}

impl Again {
    /// What was told now is told again; what is to be told within a second of each other is told together, at the latest of
    /// its times.
    fn add(&mut self, now: Instant, items: Vec<String>) {
        let at = now + SECOND_TIME;
        match self.0.back_mut().filter(|last| at <= last.first + TOGETHER) {
            Some(last) => {
                last.at = at;
                last.items.extend(items);
            }
            None => self.0.push_back(Repeat {
                first: at,
                at,
                items: items.into_iter().collect(),
            }),
        }
    }

    /// When the next is due.
    fn next(&self) -> Option<Instant> {
        self.0.front().map(|repeat| repeat.at)
    }

    /// What is due.
    fn due(&mut self, now: Instant) -> Vec<String> {
        let mut due = BTreeSet::new();
        while self.next().is_some_and(|at| at <= now) {
            due.extend(
                self.0
                    .pop_front()
                    .into_iter()
                    .flat_map(|repeat| repeat.items),
            );
        }
        due.into_iter().collect()
    }
}

/// What came of looking.
enum Outcome {
    /// There may be more.
    More,
    /// The log is told to its end.
    Done,
    /// Another process does it.
    NotOurs,
    /// The service was not told; how long to wait.
    Failed(Duration),
}

impl Follower {
    /// Follows the log for as long as the server runs.
    pub fn start(self) {
        actix_web::rt::spawn(async move { self.follow().await });
    }

    async fn follow(self) {
        let name = self.service.to_string();
        let mut changes = self.database.changes().subscribe();
        let gathering = match self.waits_for_caches {
            true => AFTER_CACHES,
            false => GATHERING,
        };
        let (mut failures, mut again) = (0, Again::default());
        let mut wait = Duration::ZERO;
        loop {
            let mut until = Instant::now() + wait;
            if let (0, Some(next)) = (failures, again.next()) {
                until = until.min(next);
            }
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                _ = changes.changed(), if failures == 0 => tokio::time::sleep(gathering).await,
            }
            if failures == 0 {
                let due = again.due(Instant::now());
                // What fails here was told once.
                let _ = self.tell_all(&name, &due).await;
            }
            wait = match self.look(&name, &mut again).await {
                Ok(Outcome::More) => Duration::ZERO,
                Ok(Outcome::Done | Outcome::NotOurs) => {
                    failures = 0;
                    LOOKING
                }
                Ok(Outcome::Failed(wanted)) => {
                    failures += 1;
                    wanted.max(backoff(failures))
                }
                Err(error) => {
                    tracing::warn!(service = name, reason = %error.reason(), "following the log was put off");
                    LOOKING
                }
            };
        }
    }

    async fn look(&self, name: &str, again: &mut Again) -> Result<Outcome, StoreError> {
        let of = name.to_owned();
        let is_told_all = move |connection: &mut Connection| store::is_told_all(connection, &of);
        // Most of the time nothing happens: then nothing is written.
        if self.database.read(is_told_all).await? {
            return Ok(Outcome::Done);
        }
        let Some(position) = self.take_turn(name).await? else {
            return Ok(Outcome::NotOurs);
        };
        let publication = self.publication.clone();
        let service = self.service.clone();
        let read = move |connection: &mut Connection| {
            touched::read(connection, position, service.reads(publication.0.as_ref()))
        };
        let Some(part) = self.database.read(read).await? else {
            return Ok(Outcome::Done);
        };
        let publication = self.publication.0.as_ref();
        let items = self.service.items(&part.touched, publication);
        match self.tell_all(name, &items).await? {
            Told::All => {}
            Told::NotOurs => return Ok(Outcome::NotOurs),
            Told::Later(reason, wait) => {
                tracing::warn!(
                    service = name,
                    reason,
                    "a service does not take what has changed"
                );
                let (of, process) = (name.to_owned(), self.process);
                let note = move |connection: &mut Connection| {
                    store::failed(connection, &of, process, &reason)
                };
                self.database.write(note).await?;
                return Ok(Outcome::Failed(wait.unwrap_or_default()));
            }
        }
        if self.service.is_told_twice() && !items.is_empty() {
            again.add(Instant::now(), items);
        }
        let (of, process, until) = (name.to_owned(), self.process, part.until);
        let note = move |connection: &mut Connection| store::told(connection, &of, process, until);
        self.database.write(note).await?;
        Ok(match part.has_more {
            true => Outcome::More,
            false => Outcome::Done,
        })
    }

    async fn take_turn(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let (process, of) = (self.process, name.to_owned());
        let until = Timestamp::now().plus(TURN);
        let take =
            move |connection: &mut Connection| store::take_turn(connection, &of, process, until);
        self.database.write(take).await
    }

    /// Tells the service of items, as many in each call as it takes. Of those that it refuses it is told one by one, so
    /// that one which it never takes keeps none of the others.
    async fn tell_all(&self, name: &str, items: &[String]) -> Result<Told, StoreError> {
        let mut relied_on = Instant::now();
        let mut left: Vec<&[String]> = items.chunks(self.service.at_once()).rev().collect();
        while let Some(some) = left.pop() {
            if relied_on.elapsed() > RELIED_ON {
                if self.take_turn(name).await?.is_none() {
                    return Ok(Told::NotOurs);
                }
                relied_on = Instant::now();
            }
            let publication = self.publication.0.as_ref();
            let told = self.service.tell(&self.client, some, publication).await;
            let outcome = match &told {
                Ok(()) => "told",
                Err(NotTold::Refused(_)) => "refused",
                Err(NotTold::Later { .. }) => "failed",
            };
            let metrics = self.metrics.announcements();
            metrics
                .with_label_values(&[self.service.kind(), outcome])
                .inc();
            match told {
                Ok(()) => {}
                Err(NotTold::Refused(_)) if some.len() > 1 => left.extend(some.chunks(1).rev()),
                Err(NotTold::Refused(status)) => {
                    let item = some.first().map(String::as_str).unwrap_or_default();
                    tracing::warn!(service = name, %status, item, "a service refuses what it is told");
                }
                Err(NotTold::Later { reason, wait }) => return Ok(Told::Later(reason, wait)),
            }
        }
        Ok(Told::All)
    }
}

/// What came of telling.
enum Told {
    /// It was told of all, but for what it refuses.
    All,
    /// Another process does it by now.
    NotOurs,
    /// It cannot take it now: why, and how long it wants to be left alone.
    Later(String, Option<Duration>),
}

/// How long to wait after so many failures.
fn backoff(failures: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(MOST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_told_again_three_seconds_later_or_more() {
        let (start, mut again) = (Instant::now(), Again::default());
        let after = |tenths: u64| start + Duration::from_millis(100 * tenths);
        for (at, item) in [(0, "a"), (8, "b"), (13, "c"), (29, "a")] {
            again.add(after(at), vec![item.to_owned()]);
        }
        assert_eq!(again.next(), Some(after(38)));
        assert_eq!(again.due(after(37)), [""; 0]);
        assert_eq!(again.due(after(38)), ["a", "b"]);
        assert_eq!(again.due(after(60)), ["a", "c"]);
        assert_eq!(again.next(), None);
    }

    #[test]
    fn waits_grow_to_five_minutes() {
        let seconds: Vec<u64> = (1..=11)
            .map(|failures| backoff(failures).as_secs())
            .collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff(u32::MAX), MOST_WAIT);
    }
}
