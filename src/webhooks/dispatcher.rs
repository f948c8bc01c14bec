//! Following the log, and sending. Every process does both: rows of the database decide which of them sends what.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Data;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::schedule::Waits;
use super::sender::{Attempt, Sender, TIME};
use super::store::dispatch::{self, Due, Target};
use crate::db::{Connection, Database, Id, StoreError};
use crate::events::log;
use crate::events::{Change, Origin, Writer};
use crate::messages::read;
use crate::metrics::Metrics;
use crate::publication::KnownPublication;

/// How long it waits for something to happen until it looks: another process may have done what this one did not hear of.
const LOOKING: Duration = Duration::from_secs(5);
/// Entries of the log whose messages are queued in one transaction.
const ENTRIES: i64 = 50;
/// Messages that are on their way to one endpoint at once.
const AT_ONCE: usize = 4;
/// How long a delivery is held by whoever sends it: much longer than an attempt takes.
const HOLD: Duration = Duration::from_secs(60);
/// Most attempts that are noted in one transaction.
const NOTED_AT_ONCE: usize = 256;
/// How long it waits when the database fails.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often what came of attempts is tried to be noted: after that the messages are sent again.
const NOTING: u32 = 30;
/// How long a server that ends waits for messages that are on their way.
const LAST_MESSAGES: Duration = Duration::from_secs(5);

/// What handlers need to know, and whoever ends the server.
#[derive(Debug)]
pub struct Webhooks {
    /// What may be called.
    pub sender: Sender,
    wake: Notify,
    is_ending: watch::Sender<bool>,
    has_ended: watch::Sender<bool>,
}

impl Webhooks {
    /// With what may be called.
    pub fn new(sender: Sender) -> Self {
        Self {
            sender,
            wake: Notify::new(),
            is_ending: watch::Sender::new(false),
            has_ended: watch::Sender::new(false),
        }
    }

    /// There is something to send.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Sends no more, and waits for what is on its way, but not for long; what was not taken until then another process sends at
    /// once.
    pub async fn end(&self) {
        self.is_ending.send_replace(true);
        let ended = async {
            let mut ended = self.has_ended.subscribe();
            let _ = ended.wait_for(|ended| *ended).await;
        };
        // The database may be away.
        let _ = tokio::time::timeout(LAST_MESSAGES * 2, ended).await;
    }
}

/// Sends messages to webhooks.
#[derive(Clone)]
pub struct Dispatcher {
    /// Where webhooks, messages and the log are.
    pub database: Data<Database>,
    /// Disables webhooks that take nothing.
    pub writer: Data<Writer>,
    /// What the newsroom is called.
    pub publication: Data<KnownPublication>,
    /// What operators measure.
    pub metrics: Data<Metrics>,
    /// What may be called.
    pub webhooks: Data<Webhooks>,
    /// When attempts are made again.
    pub waits: Waits,
    /// Which process this is.
    pub process: Id,
}

/// How many messages are on their way to each webhook.
type InFlight = Arc<Mutex<HashMap<Id, usize>>>;

/// A message that was sent, and what came of it.
type Sent = (Due, Attempt);

impl Dispatcher {
    /// Sends messages for as long as the server runs.
    pub fn start(self) {
        let in_flight = InFlight::default();
        let (sent, results) = mpsc::unbounded_channel();
        actix_web::rt::spawn(self.clone().note_all(results, in_flight.clone()));
        actix_web::rt::spawn(self.run(sent, in_flight));
    }

    async fn run(self, sent: mpsc::UnboundedSender<Sent>, in_flight: InFlight) {
        let mut logged = self.database.changes().subscribe_to_log();
        let mut ending = self.webhooks.is_ending.subscribe();
        while let Err(error) = self.database.write(dispatch::take_over).await {
            put_off(&error);
            tokio::time::sleep(PATIENCE).await;
        }
        loop {
            let (wait, has_any) = match self.step(&sent, &in_flight).await {
                Ok(wait) => (wait.unwrap_or(LOOKING), wait.is_some()),
                Err(error) => {
                    put_off(&error);
                    (PATIENCE, true)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                // One that is created here wakes this, and one that is created elsewhere is found soon.
                _ = logged.changed(), if has_any => {}
                () = self.webhooks.wake.notified() => {}
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
        self.give_back(&in_flight).await;
        self.webhooks.has_ended.send_replace(true);
    }

    /// Waits for what is on its way, and leaves the rest to others.
    async fn give_back(&self, in_flight: &InFlight) {
        let until = Instant::now() + LAST_MESSAGES;
        while lock(in_flight).values().any(|count| *count > 0) && Instant::now() < until {
            let _ = tokio::time::timeout_at(until, self.webhooks.wake.notified()).await;
        }
        let process = self.process;
        let give_back = move |connection: &mut Connection| dispatch::give_back(connection, process);
        if let Err(error) = self.database.write(give_back).await {
            put_off(&error);
        }
    }

    /// Queues and sends what there is; returns when there may be more, or `None` when there are no webhooks.
    async fn step(
        &self,
        sent: &mpsc::UnboundedSender<Sent>,
        in_flight: &InFlight,
    ) -> Result<Option<Duration>, StoreError> {
        let look = |connection: &mut Connection| {
            let targets = dispatch::targets(connection)?;
            let head = match targets.is_empty() {
                true => 0,
                false => log::head(connection)?.sequence,
            };
            Ok((head, targets))
        };
        let (head, mut targets) = self.database.read(look).await?;
        if targets.is_empty() {
            return Ok(None);
        }
        let mut behind: BTreeMap<i64, Vec<Target>> = BTreeMap::new();
        for target in &targets {
            if target.sequence < head && !target.is_full {
                let same = behind.entry(target.sequence).or_default();
                same.push(target.clone());
            }
        }
        let mut has_more = false;
        if !behind.is_empty() {
            has_more = self.queue(behind).await?;
            targets = self.database.read(dispatch::targets).await?;
        }
        let mut due: Vec<(Id, usize)> = Vec::new();
        let mut wait = LOOKING;
        for target in &targets {
            let free = free_slots(target, in_flight);
            match target.due_in {
                // Whoever comes back from an endpoint that is busy wakes this.
                _ if free == 0 => {}
                Some(Duration::ZERO) => due.push((target.id, free)),
                Some(later) => wait = wait.min(later),
                None => {}
            }
        }
        if !due.is_empty() {
            self.send(due, sent, in_flight).await?;
        }
        Ok(Some(if has_more { Duration::ZERO } else { wait }))
    }

    /// Queues messages of the log for those who were told of it up to a number; returns whether there are more.
    async fn queue(&self, behind: BTreeMap<i64, Vec<Target>>) -> Result<bool, StoreError> {
        let mut has_more = false;
        for (sequence, targets) in behind {
            let publication = self.publication.clone();
            let read = move |connection: &mut Connection| {
                read::after(connection, sequence, ENTRIES, publication.0.as_ref())
            };
            let Some(part) = self.database.read(read).await? else {
                continue;
            };
            has_more |= part.has_more;
            let part = Arc::new(part);
            let queue = move |connection: &mut Connection| {
                for target in &targets {
                    dispatch::queue(connection, target, &part.messages, part.until)?;
                }
                Ok(())
            };
            self.database.write(queue).await?;
        }
        Ok(has_more)
    }

    /// Takes what is due for each webhook, as many as it has slots, and sends it.
    async fn send(
        &self,
        wanted: Vec<(Id, usize)>,
        sent: &mpsc::UnboundedSender<Sent>,
        in_flight: &InFlight,
    ) -> Result<(), StoreError> {
        let process = self.process;
        let take = move |connection: &mut Connection| {
            let mut due = Vec::new();
            for (webhook, most) in &wanted {
                let most = i64::try_from(*most).unwrap_or(1);
                due.extend(dispatch::take(connection, *webhook, process, most, HOLD)?);
            }
            Ok(due)
        };
        let taken = Instant::now();
        for one in self.database.write(take).await? {
            if taken.elapsed() + TIME * 2 > HOLD {
                // It took too long until they were ours: another process may send them soon.
                break;
            }
            *lock(in_flight).entry(one.webhook).or_default() += 1;
            let (sender, sent) = (self.webhooks.sender.clone(), sent.clone());
            actix_web::rt::spawn(async move {
                let attempt = sender.send(&one).await;
                let _ = sent.send((one, attempt));
            });
        }
        Ok(())
    }

    /// Notes what came of attempts, many in one transaction.
    async fn note_all(self, mut results: mpsc::UnboundedReceiver<Sent>, in_flight: InFlight) {
        let mut some = Vec::new();
        while results.recv_many(&mut some, NOTED_AT_ONCE).await > 0 {
            let results = Arc::new(std::mem::take(&mut some));
            for failures in 1..=NOTING {
                match self.note(&results).await {
                    Ok(()) => break,
                    Err(error) => put_off(&error),
                }
                if failures < NOTING {
                    tokio::time::sleep(PATIENCE).await;
                }
            }
            for (due, attempt) in results.iter() {
                let mut in_flight = lock(&in_flight);
                if let Some(count) = in_flight.get_mut(&due.webhook) {
                    *count = count.saturating_sub(1);
                }
                let outcome = match attempt {
                    attempt if attempt.is_taken() => "delivered",
                    Attempt {
                        status: Some(_), ..
                    } => "refused",
                    _ => "failed",
                };
                let metric = self.metrics.webhook_attempts();
                metric.with_label_values(&[outcome]).inc();
            }
            self.webhooks.wake();
        }
    }

    async fn note(&self, results: &Arc<Vec<Sent>>) -> Result<(), StoreError> {
        let (results, process, waits) = (results.clone(), self.process, self.waits.clone());
        let note = move |connection: &mut Connection| {
            let mut given_up = Vec::new();
            // Nobody holds a delivery and waits for its webhook.
            dispatch::hold(
                connection,
                results.iter().map(|(due, _)| due.webhook).collect(),
            )?;
            for (due, attempt) in results.iter() {
                let reason = dispatch::attempted(connection, due, process, attempt, &waits)?;
                given_up.extend(reason.map(|reason| (due.webhook, reason)));
            }
            Ok(given_up)
        };
        for (webhook, reason) in self.database.write(note).await? {
            tracing::warn!(%webhook, reason, "a webhook is disabled");
            let disable =
                move |change: &mut Change<'_>| dispatch::disable(change, webhook, &reason);
            self.writer
                .change(Origin::SYSTEM, disable, |_, ()| Ok(()))
                .await?;
        }
        Ok(())
    }
}

/// How many more messages can be on their way to an endpoint: one at a time while it fails.
fn free_slots(target: &Target, in_flight: &InFlight) -> usize {
    let most = if target.failures > 0 { 1 } else { AT_ONCE };
    let now = lock(in_flight).get(&target.id).copied().unwrap_or_default();
    most.saturating_sub(now)
}

fn lock(in_flight: &InFlight) -> std::sync::MutexGuard<'_, HashMap<Id, usize>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put_off(error: &StoreError) {
    tracing::warn!(reason = %error.reason(), "sending to webhooks was put off");
}
