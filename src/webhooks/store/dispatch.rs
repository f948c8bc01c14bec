//! What is to be sent, and what came of it. When something is due the database's clock decides.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{record, words};
use crate::db::desk_schema::{webhook_attempts, webhook_deliveries, webhooks};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp, dialect};
use crate::events::Change;
use crate::messages::kinds::MessageKind;
use crate::messages::read::Written;
use crate::webhooks::model::DeliveryStatus;
use crate::webhooks::schedule::{
    GIVEN_UP_AFTER, GIVEN_UP_ATTEMPTS, LONGEST_HOLD, USUAL_HOLD, Waits,
};
use crate::webhooks::sender::Attempt;

/// No more is queued for a webhook that has as many due already: the log keeps the rest.
const MOST_DUE: i64 = 1_000;
/// How long deliveries that are over are kept.
const KEPT: chrono::Duration = chrono::Duration::days(30);
/// Most of them that are deleted in one transaction.
const DELETED_AT_ONCE: i64 = 1_000;

/// A webhook that messages are sent to.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which one.
    pub id: Id,
    /// How far it was told of the log.
    pub sequence: i64,
    /// What it wants.
    pub events: HashSet<MessageKind>,
    /// Of which sections; `None` for all.
    pub sections: Option<BTreeSet<Id>>,
    /// How many attempts have failed since the last that did not.
    pub failures: i64,
    /// In how long the next delivery is due, at once when it is; `None` when none is pending.
    pub due_in: Option<Duration>,
    /// Whether as many are due as are queued.
    pub is_full: bool,
}

impl Target {
    /// Whether it wants a message.
    pub fn wants(&self, message: &Written) -> bool {
        let in_sections = match (&self.sections, &message.sections) {
            (Some(wanted), Some(sections)) => !wanted.is_disjoint(sections),
            _ => true,
        };
        self.events.contains(&message.kind) && in_sections
    }
}

#[derive(QueryableByName)]
struct TargetRow {
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Text)]
    events: String,
    #[diesel(sql_type = Text)]
    sections: String,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = Nullable<TimestampSql>)]
    next_at: Option<Timestamp>,
    #[diesel(sql_type = TimestampSql)]
    now: Timestamp,
    #[diesel(sql_type = BigInt)]
    due: i64,
}

/// The webhooks that messages are sent to.
///
/// # Errors
/// When the database fails.
pub fn targets(connection: &mut Connection) -> StoreResult<Vec<Target>> {
    let now = dialect::now(connection);
    let rows: Vec<TargetRow> = diesel::sql_query(format!(
        "SELECT w.id, w.sequence, w.events, w.sections, w.failures, {now} AS now, \
         (SELECT CASE WHEN w.held_until > min(d.next_at) THEN w.held_until ELSE min(d.next_at) END \
          FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.status = 'pending') AS next_at, \
         (SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.status = 'pending' \
                                AND d.next_at <= {now} LIMIT {MOST_DUE}) AS waiting) AS due \
         FROM webhooks w WHERE w.disabled_at IS NULL ORDER BY w.id"
    ))
    .load(connection)?;
    let mut targets = Vec::new();
    for row in rows {
        let stored = words(&row.sections);
        let sections = super::sections::current(connection, &stored)?;
        let sections = sections.iter().filter_map(|section| section.id).collect();
        let due_in = row.next_at.map(|next_at| {
            let left = next_at.utc() - row.now.utc();
            left.to_std().unwrap_or_default()
        });
        targets.push(Target {
            id: row.id,
            sequence: row.sequence,
            events: words(&row.events).into_iter().collect(),
            // What a later version wrote narrows it as well.
            sections: (!row.sections.is_empty()).then_some(sections),
            failures: row.failures,
            due_in,
            is_full: row.due >= MOST_DUE,
        });
    }
    Ok(targets)
}

/// Queues messages for a webhook that was told of the log up to a number, and notes how far it is told then; not when another
/// process has done that. One that was sent before, as after a replay, is sent again.
///
/// # Errors
/// When the database fails.
pub fn queue(
    connection: &mut Connection,
    target: &Target,
    messages: &[Written],
    until: i64,
) -> StoreResult<()> {
    let standing = webhooks::table
        .filter(webhooks::id.eq(target.id))
        .filter(webhooks::sequence.eq(target.sequence))
        .filter(webhooks::disabled_at.is_null());
    let told = diesel::update(standing)
        .set(webhooks::sequence.eq(until))
        .execute(connection)?;
    if told == 0 {
        return Ok(());
    }
    for message in messages.iter().filter(|message| target.wants(message)) {
        insert(connection, target.id, message)?;
    }
    Ok(())
}

/// Queues a message; returns the delivery's key, unless the message has one already.
///
/// # Errors
/// When the database fails.
pub fn insert(connection: &mut Connection, webhook: Id, message: &Written) -> StoreResult<Id> {
    let (id, now) = (Id::generate(), dialect::now(connection));
    diesel::sql_query(format!(
        "INSERT INTO webhook_deliveries (id, webhook_id, message_id, sequence, kind, payload, status, next_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', {now}, {now}) \
         ON CONFLICT (webhook_id, message_id) DO UPDATE SET status = 'pending', finished_at = NULL, attempts_of_round = 0, \
         next_at = CASE WHEN webhook_deliveries.status = 'pending' THEN webhook_deliveries.next_at ELSE excluded.next_at END"
    ))
    .bind::<IdSql, _>(id)
    .bind::<IdSql, _>(webhook)
    .bind::<Text, _>(&message.id)
    .bind::<BigInt, _>(message.mark.sequence)
    .bind::<Text, _>(message.kind.as_str())
    .bind::<Text, _>(&message.payload)
    .execute(connection)?;
    Ok(id)
}

/// A message that is to be sent now.
#[derive(Debug, Clone)]
pub struct Due {
    /// The delivery.
    pub id: Id,
    /// The webhook.
    pub webhook: Id,
    /// Where it is sent.
    pub url: String,
    /// What it is signed with.
    pub secrets: Vec<String>,
    /// What it is known by.
    pub message_id: String,
    /// What is sent.
    pub payload: String,
    /// How many attempts were made.
    pub attempts: i64,
    /// How many of them since it was last asked for.
    pub attempts_of_round: i64,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = Text)]
    payload: String,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
    #[diesel(sql_type = BigInt)]
    attempts_of_round: i64,
}

/// Takes deliveries of a webhook that are due, at most so many, and puts them off: no other process takes them for so long, and
/// when this one ends before it has sent them, another does then.
///
/// # Errors
/// When the database fails.
pub fn take(
    connection: &mut Connection,
    webhook: Id,
    process: Id,
    most: i64,
    hold: Duration,
) -> StoreResult<Vec<Due>> {
    let standing: Option<(String, String, Option<String>, Option<Timestamp>)> = webhooks::table
        .filter(webhooks::id.eq(webhook))
        .filter(webhooks::disabled_at.is_null())
        .select((
            webhooks::url,
            webhooks::secret,
            webhooks::previous_secret,
            webhooks::previous_until,
        ))
        .first(connection)
        .optional()?;
    let Some((url, secret, previous, previous_until)) = standing else {
        return Ok(Vec::new());
    };
    let (now, later) = (dialect::now(connection), dialect::later(connection, "$2"));
    let others_leave = match connection {
        Connection::Sqlite(_) => "",
        Connection::Postgres(_) => "FOR UPDATE SKIP LOCKED",
    };
    let rows: Vec<DueRow> = diesel::sql_query(format!(
        "UPDATE webhook_deliveries SET holder = $1, next_at = {later} WHERE id IN \
         (SELECT d.id FROM webhook_deliveries d WHERE d.webhook_id = $3 AND d.status = 'pending' AND d.next_at <= {now} \
          ORDER BY d.next_at, d.sequence LIMIT $4 {others_leave}) \
         AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id = $3 AND (w.held_until IS NULL OR w.held_until <= {now})) \
         RETURNING id, message_id, payload, attempts, attempts_of_round"
    ))
    .bind::<IdSql, _>(process)
    .bind::<BigInt, _>(milliseconds(hold))
    .bind::<IdSql, _>(webhook)
    .bind::<BigInt, _>(most)
    .load(connection)?;
    let previous = previous.filter(|_| previous_until.is_some_and(|end| end > Timestamp::now()));
    let secrets: Vec<String> = [Some(secret), previous].into_iter().flatten().collect();
    let due = rows.into_iter().map(|row| Due {
        id: row.id,
        webhook,
        url: url.clone(),
        secrets: secrets.clone(),
        message_id: row.message_id,
        payload: row.payload,
        attempts: row.attempts,
        attempts_of_round: row.attempts_of_round,
    });
    Ok(due.collect())
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// What another process of this file was sending is due at once: it has ended. On Postgres there may be others.
///
/// # Errors
/// When the database fails.
pub fn take_over(connection: &mut Connection) -> StoreResult<()> {
    if let Connection::Sqlite(_) = connection {
        let now = dialect::now(connection);
        diesel::sql_query(format!(
            "UPDATE webhook_deliveries SET holder = NULL, next_at = {now} WHERE status = 'pending' AND holder IS NOT NULL"
        ))
        .execute(connection)?;
    }
    Ok(())
}

/// What a process was sending, and will not note any more, is due at once.
///
/// # Errors
/// When the database fails.
pub fn give_back(connection: &mut Connection, process: Id) -> StoreResult<()> {
    let now = dialect::now(connection);
    diesel::sql_query(format!(
        "UPDATE webhook_deliveries SET holder = NULL, next_at = {now} WHERE status = 'pending' AND holder = $1"
    ))
    .bind::<IdSql, _>(process)
    .execute(connection)?;
    Ok(())
}

/// Holds webhooks until the transaction ends, in the order in which all hold them who hold several. On SQLite one writes at a
/// time.
///
/// # Errors
/// When the database fails.
pub fn hold(connection: &mut Connection, ids: BTreeSet<Id>) -> StoreResult<()> {
    if let Connection::Postgres(postgres) = connection {
        let ids: Vec<Id> = ids.into_iter().collect();
        webhooks::table
            .filter(webhooks::id.eq_any(ids))
            .order(webhooks::id)
            .select(webhooks::id)
            .for_no_key_update()
            .load::<Id>(postgres)?;
    }
    Ok(())
}

/// Notes what came of an attempt, unless another process has taken the delivery meanwhile. Returns why the webhook is to be
/// disabled, if it is.
///
/// # Errors
/// When the database fails.
pub fn attempted(
    connection: &mut Connection,
    due: &Due,
    process: Id,
    attempt: &Attempt,
    waits: &Waits,
) -> StoreResult<Option<String>> {
    let number = due.attempts + 1;
    let held = webhook_deliveries::table
        .filter(webhook_deliveries::id.eq(due.id))
        .filter(webhook_deliveries::holder.eq(process));
    let is_ours: Option<Id> = held
        .select(webhook_deliveries::id)
        .first(connection)
        .optional()?;
    if is_ours.is_none() {
        return Ok(None);
    }
    diesel::insert_into(webhook_attempts::table)
        .values((
            webhook_attempts::delivery_id.eq(due.id),
            webhook_attempts::number.eq(number),
            webhook_attempts::started_at.eq(attempt.started_at),
            webhook_attempts::milliseconds.eq(milliseconds(attempt.time)),
            webhook_attempts::status.eq(attempt.status.map(i64::from)),
            webhook_attempts::error.eq(attempt.error.as_deref()),
            webhook_attempts::response.eq(attempt.response.as_deref()),
        ))
        .execute(connection)?;
    let wait = match attempt.is_taken() {
        true => None,
        false => waits.after(due.attempts_of_round + 1).map(|wait| {
            let asked = attempt.retry_after.unwrap_or_default();
            wait.max(asked.min(LONGEST_HOLD))
        }),
    };
    let status = match (attempt.is_taken(), wait) {
        (true, _) => DeliveryStatus::Delivered,
        (false, Some(_)) => DeliveryStatus::Pending,
        (false, None) => DeliveryStatus::Failed,
    };
    let later = dialect::later(connection, "$3");
    // SQLite numbers parameters in the order in which they appear.
    diesel::sql_query(format!(
        "UPDATE webhook_deliveries SET attempts = $1, attempts_of_round = attempts_of_round + 1, status = $2, holder = NULL, \
         next_at = CASE WHEN $2 = 'pending' THEN {later} END, \
         finished_at = CASE WHEN $2 = 'pending' THEN NULL ELSE {} END WHERE id = $4",
        dialect::now(connection)
    ))
    .bind::<BigInt, _>(number)
    .bind::<Text, _>(status.as_str())
    .bind::<BigInt, _>(milliseconds(wait.unwrap_or_default()))
    .bind::<IdSql, _>(due.id)
    .execute(connection)?;
    note_endpoint(connection, due.webhook, attempt)
}

/// Notes how an endpoint does. Returns why it is to be disabled, if it is.
fn note_endpoint(
    connection: &mut Connection,
    id: Id,
    attempt: &Attempt,
) -> StoreResult<Option<String>> {
    let one = webhooks::table.filter(webhooks::id.eq(id));
    let standing: Option<(i64, Option<Timestamp>)> = one
        .select((webhooks::failures, webhooks::failing_since))
        .first(connection)
        .optional()?;
    let Some((failures, failing_since)) = standing else {
        return Ok(None);
    };
    if attempt.is_taken() {
        if failures > 0 {
            diesel::update(one)
                .set((
                    webhooks::failures.eq(0),
                    webhooks::failing_since.eq(None::<Timestamp>),
                    webhooks::held_until.eq(None::<Timestamp>),
                ))
                .execute(connection)?;
        }
        return Ok(None);
    }
    let now = Timestamp::now();
    let since = failing_since.unwrap_or(attempt.started_at);
    diesel::update(one)
        .set((
            webhooks::failures.eq(failures + 1),
            webhooks::failing_since.eq(since),
        ))
        .execute(connection)?;
    let is_overloaded = matches!(attempt.status, Some(429 | 502 | 503 | 504));
    let hold = match (attempt.retry_after, is_overloaded) {
        (Some(asked), _) => Some(asked.min(LONGEST_HOLD)),
        (None, true) => Some(USUAL_HOLD),
        (None, false) => None,
    };
    if let Some(hold) = hold {
        let later = dialect::later(connection, "$1");
        diesel::sql_query(format!(
            "UPDATE webhooks SET held_until = {later} WHERE id = $2"
        ))
        .bind::<BigInt, _>(milliseconds(hold))
        .bind::<IdSql, _>(id)
        .execute(connection)?;
    }
    let is_given_up = failures + 1 >= GIVEN_UP_ATTEMPTS && since.plus(GIVEN_UP_AFTER) <= now;
    Ok(match attempt.status {
        Some(410) => Some("It answered 410 Gone.".to_owned()),
        _ if is_given_up => Some(format!("Every attempt since {since} failed.")),
        _ => None,
    })
}

/// Disables a webhook that takes nothing.
///
/// # Errors
/// When the database fails.
pub fn disable(change: &mut Change<'_>, id: Id, reason: &str) -> StoreResult<()> {
    let enabled = webhooks::table
        .filter(webhooks::id.eq(id))
        .filter(webhooks::disabled_at.is_null());
    let url: Option<String> = enabled
        .select(webhooks::url)
        .first(change.connection)
        .optional()?;
    let Some(url) = url else {
        return Ok(());
    };
    diesel::update(enabled)
        .set((
            webhooks::disabled_at.eq(change.now),
            webhooks::disabled_reason.eq(reason),
            webhooks::version.eq(webhooks::version + 1),
            webhooks::updated_at.eq(change.now),
        ))
        .execute(change.connection)?;
    let detail = serde_json::json!({"reason": reason});
    record(change, "webhook_disabled", id, &url, detail);
    Ok(())
}

/// Deletes deliveries that have been over for a month, some at a time; returns whether there may be more.
///
/// # Errors
/// When the database fails.
pub fn forget(connection: &mut Connection) -> StoreResult<bool> {
    let before = Timestamp::now().plus(-KEPT);
    let old: Vec<Id> = webhook_deliveries::table
        .filter(webhook_deliveries::finished_at.lt(before))
        .order(webhook_deliveries::finished_at)
        .limit(DELETED_AT_ONCE)
        .select(webhook_deliveries::id)
        .load(connection)?;
    let has_more = i64::try_from(old.len()).is_ok_and(|count| count == DELETED_AT_ONCE);
    if !old.is_empty() {
        diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::id.eq_any(old)))
            .execute(connection)?;
    }
    Ok(has_more)
}
