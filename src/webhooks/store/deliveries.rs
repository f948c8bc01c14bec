//! What was sent, for those who look.

use diesel::prelude::*;
use serde_json::value::RawValue;

use super::super::model::{
    DeliveryStatus, WebhookAttempt, WebhookDelivery, WebhookDeliveryDetails,
};
use super::dispatch;
use crate::db::desk_schema::{webhook_attempts, webhook_deliveries, webhooks};
use crate::db::keyset::KeysetBound;
use crate::db::types::IdSql;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp, dialect};
use crate::events::mark::Mark;
use crate::messages::kinds::MessageKind;
use crate::messages::model::{Message, MessageData};
use crate::messages::read::Written;
use crate::page_by_id;

/// Most attempts that are shown.
const MOST_ATTEMPTS: i64 = 50;

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
struct Row {
    id: Id,
    message_id: String,
    kind: String,
    status: String,
    attempts: i64,
    next_at: Option<Timestamp>,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl From<Row> for WebhookDelivery {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            message_id: row.message_id,
            kind: row.kind,
            status: DeliveryStatus::stored(&row.status),
            attempts: row.attempts,
            next_attempt_at: row.next_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_attempts)]
struct AttemptRow {
    number: i64,
    started_at: Timestamp,
    milliseconds: i64,
    status: Option<i64>,
    error: Option<String>,
    response: Option<String>,
}

impl From<AttemptRow> for WebhookAttempt {
    fn from(row: AttemptRow) -> Self {
        Self {
            number: row.number,
            started_at: row.started_at,
            duration_ms: row.milliseconds,
            status: row.status,
            error: row.error,
            response: row.response,
        }
    }
}

/// Up to `limit` deliveries of a webhook from a start, the newest first, all or those of a status.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such webhook.
pub fn list(
    connection: &mut Connection,
    webhook: Id,
    status: Option<DeliveryStatus>,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<WebhookDelivery>> {
    super::find(connection, webhook)?;
    let mut query = webhook_deliveries::table
        .filter(webhook_deliveries::webhook_id.eq(webhook))
        .into_boxed::<MultiBackend>();
    if let Some(status) = status {
        query = query.filter(webhook_deliveries::status.eq(status.as_str()));
    }
    let rows: Vec<Row> = page_by_id!(query, webhook_deliveries::id, start, true)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(WebhookDelivery::from).collect())
}

fn find(connection: &mut Connection, webhook: Id, id: Id) -> StoreResult<(Row, String)> {
    Ok(webhook_deliveries::table
        .filter(webhook_deliveries::id.eq(id))
        .filter(webhook_deliveries::webhook_id.eq(webhook))
        .select((Row::as_select(), webhook_deliveries::payload))
        .first(connection)?)
}

/// A delivery of a webhook, with its attempts.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn read(
    connection: &mut Connection,
    webhook: Id,
    id: Id,
) -> StoreResult<WebhookDeliveryDetails> {
    let (row, payload) = find(connection, webhook, id)?;
    let attempts: Vec<AttemptRow> = webhook_attempts::table
        .filter(webhook_attempts::delivery_id.eq(id))
        .order(webhook_attempts::number.desc())
        .limit(MOST_ATTEMPTS)
        .select(AttemptRow::as_select())
        .load(connection)?;
    Ok(WebhookDeliveryDetails {
        delivery: row.into(),
        payload: RawValue::from_string(payload).map_err(StoreError::unreadable)?,
        attempts_made: attempts.into_iter().map(WebhookAttempt::from).collect(),
    })
}

/// Makes a delivery due at once, whatever has become of it; the endpoint is not left alone any longer.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::InvalidTransition`] when the webhook is disabled.
pub fn retry(connection: &mut Connection, webhook: Id, id: Id) -> StoreResult<()> {
    find(connection, webhook, id)?;
    begin(connection, webhook)?;
    let now = dialect::now(connection);
    // One that is just being sent goes on as it is.
    diesel::sql_query(format!(
        "UPDATE webhook_deliveries SET status = 'pending', next_at = {now}, finished_at = NULL, attempts_of_round = 0 \
         WHERE id = $1 AND (holder IS NULL OR status <> 'pending')"
    ))
    .bind::<IdSql, _>(id)
    .execute(connection)?;
    Ok(())
}

/// Queues a message that says nothing, to try whether it arrives; returns the delivery's key.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::InvalidTransition`] when the webhook is disabled.
pub fn test(connection: &mut Connection, webhook: Id, now: Timestamp) -> StoreResult<Id> {
    begin(connection, webhook)?;
    let message = Message {
        kind: MessageKind::Ping,
        timestamp: now,
        sequence: 0,
        data: MessageData::of(webhook),
    };
    let written = Written {
        id: format!("ping_{}", Id::generate().0.simple()),
        mark: Mark::BEGINNING,
        kind: MessageKind::Ping,
        is_of_article: false,
        owner: None,
        sections: None,
        payload: serde_json::to_string(&message).map_err(StoreError::unreadable)?,
    };
    dispatch::insert(connection, webhook, &written)
}

/// Lets a webhook be told at once.
fn begin(connection: &mut Connection, webhook: Id) -> StoreResult<()> {
    if !super::find(connection, webhook)?.enabled {
        return Err(StoreError::InvalidTransition {
            detail: "The webhook is disabled. Enable it first.".into(),
            allowed: Vec::new(),
        });
    }
    diesel::update(webhooks::table.filter(webhooks::id.eq(webhook)))
        .set(webhooks::held_until.eq(None::<Timestamp>))
        .execute(connection)?;
    Ok(())
}
